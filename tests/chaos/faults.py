"""What the controller does wrong, and which of it leaves an outcome unknown."""

import random
from typing import Any, Final

Json = dict[str, Any]

_HOLD: Final = 0.4  # seconds of silence before the connection is closed
_HUGE: Final = 1_500_000  # bytes, more than the portal believes

# After these nobody can know whether the call took effect, so it does or it does not.
_UNKNOWN: Final[tuple[Json, ...]] = (
    {"fault": "reset"},
    {"fault": "close"},
    {"fault": "silence", "hold": _HOLD},
    {"fault": "silence", "hold": 3},
    {"fault": "cut_off"},
    {"fault": "list"},
    {"fault": "null"},
    {"fault": "empty"},
    {"fault": "empty", "status": 500},
    {"fault": "invalid_utf8"},
    {"fault": "huge", "size": _HUGE},
    {"fault": "huge", "size": _HUGE, "chunked": True},
    {"fault": "huge", "size": _HUGE, "gzip": True},
    {"fault": "html"},
    {"fault": "html", "status": 502},
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 504, "body": "gateway timeout"},
    {"fault": "no_reference"},
    {"fault": "markup_reference"},
    {"fault": "long_reference"},
    {"fault": "drip", "interval": 0.05},
    {"fault": "drip_headers", "interval": 0.05},
    {"fault": "answer", "body": {"status": "success", "ErrorCode": 9033}},
    {"fault": "answer", "body": {"status": "perhaps"}, "headers": {"Content-Type": "text/html"}},
)
# A push that is answered with another's reference looks like any success: nobody can see that.
_UNKNOWN_BUT_FOR_PUSHES: Final = tuple(
    {"fault": "other_reference", "operation": operation} for operation in ("update", "delete")
)
# The right answer in an odd way: the call took effect, and the portal knows.
_HARMLESS: Final[tuple[Json, ...]] = (
    {"fault": "slow", "delay": 0.3},
    {"fault": "drip", "interval": 0.002},
    {"fault": "stale"},
)
# An explicit no is believed; a controller that says no and does it all the same is beyond help.
_REFUSALS: Final[tuple[Json, ...]] = (
    {"fault": "error"},
    {"fault": "error", "code": 9005, "status": 400, "message": "The end time is invalid."},
    {"fault": "error", "code": 9022, "operation": "push", "message": "It exists already."},
    {"fault": "error", "code": 9030, "status": 422},
    {"fault": "error", "code": 4711, "status": 500, "message": "A code that no page lists."},
    {"fault": "echo_token"},
    {"fault": "status", "status": 503, "headers": {"Retry-After": "1"}},
    {"fault": "status", "status": 503},
    {"fault": "status", "status": 429, "headers": {"Retry-After": "2"}},
)
# These pause the queue until a probe succeeds or a person resumes it, so they are rare.
_CONFIGURATION: Final[tuple[Json, ...]] = (
    {"fault": "redirect"},
    {"fault": "redirect", "status": 308, "location": "/api/OC-TOMA/v1/permits/push"},
    {"fault": "error", "code": 9002, "status": 403, "message": "The token lacks permission."},
    {"fault": "status", "status": 401},
)

_COMMON: Final = 4  # of each other fault, for one that pauses
_DEFINITE: Final = frozenset({"slow", "stale", "error", "echo_token", "redirect"})
_DEFINITE_STATUSES: Final = frozenset({401, 403, 404, 429, 503})


def random_faults(rate: float, dice: random.Random) -> Json:
    """The sandbox's setting `random_faults`: any of them, for this share of the calls."""
    common = [
        *(
            {**fault, "applied": applied}
            for fault in (*_UNKNOWN, *_UNKNOWN_BUT_FOR_PUSHES)
            for applied in (True, False)
        ),
        *_HARMLESS,
        *_HARMLESS,
        *_REFUSALS,
        *_REFUSALS,
    ]
    faults = [*(common * _COMMON), *_CONFIGURATION]
    return {"rate": rate, "seed": dice.randrange(2**32), "faults": faults}


def leaves_unknown(request: Json) -> bool:
    """Whether a request of the ledger met a fault after which nobody can know its outcome."""
    fault = request["fault"]
    if fault is None or fault in _DEFINITE:
        return False
    return fault != "status" or request["status"] not in _DEFINITE_STATUSES
