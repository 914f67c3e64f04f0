"""The OPS-COM Controller's API: push, update and delete a permit, and counts per zone.

Source: the vendor's public pages for permit create, update, delete and stats, and its error codes.
Nothing here knows of Django. A call either returns what the controller acknowledged, or
raises one of

    ControllerError
    ├── NotSent                   surely without effect: try again later
    │   ├── NotBegun              held back by us, because calls paused or the portal is ending
    │   ├── Unreachable           no byte of the request left: refused, DNS, no route, TLS, timeout
    │   └── Busy                  429 or 503; `retry_after` where the controller names a wait
    ├── Refused                   the controller said no
    │   ├── PermitRefused         to this permit
    │   │   └── RecordNotFound    it holds no record with this reference ID (9009)
    │   └── ConfigurationRefused  to everything we would send: codes 9000 to 9002, 401, 403, 404,
    │                             any redirect
    └── OutcomeUnknown            it may or may not have happened

    requests  what is sent          answers   what came back
    client    the call itself       meaning   what an answer means: a success, or which error
    cleaning  the answer without the token, which is in no exception, no `repr` and no record
"""

from permits.controller.answers import (
    RESPONSE_KEPT,
    Acknowledgement,
    Answer,
    Totals,
    ZoneTotal,
)
from permits.controller.client import Controller
from permits.controller.errors import (
    Busy,
    ConfigurationRefused,
    ControllerError,
    NotBegun,
    NotSent,
    OutcomeUnknown,
    PermitRefused,
    RecordNotFound,
    Refused,
    Unreachable,
)
from permits.controller.meaning import (
    ALREADY_EXISTS,
    RECORD_NOT_FOUND,
    RETRY_AFTER_MAX,
)
from permits.controller.requests import Path, Request

__all__ = [
    "ALREADY_EXISTS",
    "RECORD_NOT_FOUND",
    "RESPONSE_KEPT",
    "RETRY_AFTER_MAX",
    "Acknowledgement",
    "Answer",
    "Busy",
    "ConfigurationRefused",
    "Controller",
    "ControllerError",
    "NotBegun",
    "NotSent",
    "OutcomeUnknown",
    "Path",
    "PermitRefused",
    "RecordNotFound",
    "Refused",
    "Request",
    "Totals",
    "Unreachable",
    "ZoneTotal",
]
