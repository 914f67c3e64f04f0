"""The run that the vendor asks of a new integration, before it issues a token for good.

A permit that says it is a test is pushed, changed and deleted through the same code as every other,
and calls that must be refused are seen to be refused. All of it is ordinary: permits in the list,
attempts in the history. So a run that is cut off leaves nothing that the portal does not know of,
and `tend` takes it back.

    plan        the steps, in order, and what each must bring
    running     ask for a run, make it, and put one right that was cut off
    transcript  the run as text, for the vendor, without the token
"""

from permits.validation.running import Refused, ask, run, tend, waiting
from permits.validation.transcript import text

__all__ = ["Refused", "ask", "run", "tend", "text", "waiting"]
