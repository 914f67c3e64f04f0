"""What one piece of evidence says: where it points, and why."""

from dataclasses import dataclass
from enum import StrEnum


class Points(StrEnum):
    """Where a finding points."""

    ARRIVED = "arrived"
    DID_NOT = "did_not"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, where it points, and why, in sentences for a person."""

    points: Points
    why: str


def cannot_tell(why: str) -> Finding:
    """Return a finding that points nowhere."""
    return Finding(Points.CANNOT_TELL, why)
