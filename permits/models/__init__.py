"""The records: what the staff want, what the controller acknowledged, and every call between."""

from permits.models.activity import Activity
from permits.models.alert import Alert
from permits.models.attempt import SETTLES, WAITS_AT_MOST, Operation, Source, SyncAttempt
from permits.models.batch import Batch, BatchItem
from permits.models.chain import Chain
from permits.models.check import Check
from permits.models.decision import Decision
from permits.models.drift import Drift
from permits.models.import_run import ImportBlock, ImportedPermit, ImportRun, ImportZone
from permits.models.link import Link
from permits.models.lockout import FailedTry
from permits.models.permit import Permit
from permits.models.plate import Plate
from permits.models.pull import Pull, ZoneBelief, ZoneCount
from permits.models.saved_view import SavedView
from permits.models.seal import Anchor, Archive, Seal, SealedHead, Verification
from permits.models.tally import CallTally, ResponseTally, Tallied
from permits.models.validation import Validation, ValidationStep
from permits.models.worker import Worker
from permits.models.zone import Zone

__all__ = [
    "SETTLES",
    "WAITS_AT_MOST",
    "Activity",
    "Alert",
    "Anchor",
    "Archive",
    "Batch",
    "BatchItem",
    "CallTally",
    "Chain",
    "Check",
    "Decision",
    "Drift",
    "FailedTry",
    "ImportBlock",
    "ImportRun",
    "ImportZone",
    "ImportedPermit",
    "Link",
    "Operation",
    "Permit",
    "Plate",
    "Pull",
    "ResponseTally",
    "SavedView",
    "Seal",
    "SealedHead",
    "Source",
    "SyncAttempt",
    "Tallied",
    "Validation",
    "ValidationStep",
    "Verification",
    "Worker",
    "Zone",
    "ZoneBelief",
    "ZoneCount",
]
