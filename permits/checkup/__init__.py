"""Whether the controller can be reached and talks to us: step by step, each failure with its cure.

No address but the configured one is ever asked, and the token leaves only with the last step: the
request for counts, which is made and written down like every other call.

    steps     what is looked at, in order, and what is said of it
    network   names, connections and certificates, as plain answers
"""

from permits.checkup.steps import Standing, Step, check, has_failed, last_check, token_hint

__all__ = ["Standing", "Step", "check", "has_failed", "last_check", "token_hint"]
