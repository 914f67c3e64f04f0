"""Mail about what needs a person: computed from the records, told once, and grouped.

Nothing in the engine rings a bell. Each minute the worker looks at what is open now, and at what
the messages before have told; the difference is what is new. So nothing is forgotten when a process
dies, and a night in which everything breaks is told in three messages.

A seal of the history is mailed on the same way, so that it is kept where nobody can change it.

    concerns    what may be open, and how many of it are
    rules       whether a message is due: pure, and all of it stated there
    words       the message's subject and body; no plate is in either
    outbox      write what is due down, then send it, outside every transaction
"""

from permits.alerts.concerns import Concern, standing
from permits.alerts.outbox import send_due, write_due, write_seal, write_test

__all__ = ["Concern", "send_due", "standing", "write_due", "write_seal", "write_test"]
