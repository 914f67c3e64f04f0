"""What came back of a call, and what the controller acknowledges with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

RESPONSE_KEPT: Final = 10_000  # characters of an answer that are kept for the record


@dataclass(frozen=True)
class Answer:
    """What came back, fit to be kept: no token, no character that a database refuses."""

    status: int | None = None  # HTTP status
    text: str = ""  # the body, cut to `RESPONSE_KEPT` characters
    length: int | None = None  # bytes that came
    took: float | None = None  # seconds that the call lasted; None where none was made to its end
    date: datetime | None = None  # what time the controller said it was, if it did


@dataclass(frozen=True)
class Acknowledgement:
    """The controller did what it was asked."""

    answer: Answer
    reference_id: str
    internal_reference_id: str  # empty where the controller named none that is valid


@dataclass(frozen=True)
class ZoneTotal:
    """How many permits of one type the controller counts in one zone."""

    zone: str
    type: str
    total: int


@dataclass(frozen=True)
class Totals:
    """The controller's counts."""

    answer: Answer
    totals: tuple[ZoneTotal, ...]
