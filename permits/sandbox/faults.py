"""The faults that can be asked for: what each takes, and which comes next.

How each looks on the wire is in `misbehaviour`; what each is for is in the package's docstring.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from permits.sandbox import reading
from permits.sandbox.rules import Operation


class Name(StrEnum):
    """Every fault there is."""

    RESET = "reset"
    CLOSE = "close"
    SILENCE = "silence"
    SLOW = "slow"
    STATUS = "status"
    REDIRECT = "redirect"
    HTML = "html"
    CUT_OFF = "cut_off"
    LIST = "list"
    NULL = "null"
    EMPTY = "empty"
    INVALID_UTF8 = "invalid_utf8"
    HUGE = "huge"
    DRIP = "drip"
    DRIP_HEADERS = "drip_headers"
    NO_REFERENCE = "no_reference"
    OTHER_REFERENCE = "other_reference"
    MARKUP_REFERENCE = "markup_reference"
    LONG_REFERENCE = "long_reference"
    ERROR = "error"
    ANSWER = "answer"
    ECHO_TOKEN = "echo_token"  # noqa: S105 - the name of a fault
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class _Kind:
    applied: bool
    """Whether the call takes effect when the fault does not say."""
    takes: Mapping[str, object] = field(default_factory=dict)
    """Its own parameters, with what they are when left out."""


_KINDS: Mapping[Name, _Kind] = {
    Name.RESET: _Kind(applied=True),
    Name.CLOSE: _Kind(applied=True),
    Name.SILENCE: _Kind(applied=True, takes={"hold": 600}),
    Name.SLOW: _Kind(applied=True),
    Name.STATUS: _Kind(applied=False, takes={"status": 503, "headers": {}, "body": ""}),
    Name.REDIRECT: _Kind(applied=False, takes={"status": 302, "location": "/elsewhere"}),
    Name.HTML: _Kind(applied=False, takes={"status": 200}),
    Name.CUT_OFF: _Kind(applied=True),
    Name.LIST: _Kind(applied=True),
    Name.NULL: _Kind(applied=True),
    Name.EMPTY: _Kind(applied=True, takes={"status": 200}),
    Name.INVALID_UTF8: _Kind(applied=True),
    Name.HUGE: _Kind(
        applied=True, takes={"size": 50 * 1024 * 1024, "chunked": False, "gzip": False}
    ),
    Name.DRIP: _Kind(applied=True, takes={"interval": 1}),
    Name.DRIP_HEADERS: _Kind(applied=True, takes={"interval": 1}),
    Name.NO_REFERENCE: _Kind(applied=True),
    Name.OTHER_REFERENCE: _Kind(applied=True),
    Name.MARKUP_REFERENCE: _Kind(applied=True),
    Name.LONG_REFERENCE: _Kind(applied=True),
    Name.ERROR: _Kind(
        applied=False,
        takes={"status": 200, "code": 9033, "message": "The value of a field is invalid."},
    ),
    Name.ANSWER: _Kind(applied=False, takes={"status": 200, "headers": {}, "body": ""}),
    Name.ECHO_TOKEN: _Kind(applied=False, takes={"status": 200}),
    Name.STALE: _Kind(applied=True, takes={"interval": 0.05}),
}
_COMMON = ("fault", "operation", "times", "applied", "delay")


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave, for the next `times` calls of `operation` (None: of any)."""

    name: Name
    operation: Operation | None
    times: int
    applied: bool
    """Whether the call takes effect first."""
    delay: float
    """Seconds to wait before misbehaving, on top of the sandbox's own delay."""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: Any = ""
    location: str = ""
    hold: float = 0
    interval: float = 0
    size: int = 0
    chunked: bool = False
    gzip: bool = False
    code: int = 0
    message: str = ""

    def as_json(self) -> dict[str, object]:
        """The fault as it would be asked for, its defaults filled in."""
        every = asdict(self) | {"fault": self.name, "headers": dict(self.headers)}
        return {name: every[name] for name in (*_COMMON, *_KINDS[self.name].takes)}


def read_fault(value: object) -> Fault:
    """One fault, as the control interface is given it; raises Unacceptable."""
    given = reading.mapping(value, "a fault")
    name = Name(reading.choice(given.get("fault"), "fault", list(Name)))
    kind = _KINDS[name]
    given = reading.mapping(given, name, (*_COMMON, *kind.takes))
    operation = given.get("operation")
    if operation is not None:
        operation = Operation(reading.choice(operation, "operation", list(Operation)))
    own = {key: _read_parameter(key, given.get(key, left)) for key, left in kind.takes.items()}
    return Fault(
        name=name,
        operation=operation,
        times=reading.whole(given.get("times", 1), "times", lowest=1, highest=1_000_000),
        applied=reading.flag(given.get("applied", kind.applied), "applied"),
        delay=reading.number(given.get("delay", 0), "delay", highest=3600),
        **own,
    )


def _read_parameter(name: str, value: object) -> Any:
    match name:
        case "status":
            return reading.whole(value, name, lowest=200, highest=999)
        case "code":
            return reading.whole(value, name, lowest=0, highest=999_999)
        case "size":
            return reading.whole(value, name, lowest=1, highest=10_000_000_000)
        case "hold" | "interval":
            return reading.number(value, name, highest=3600)
        case "chunked" | "gzip":
            return reading.flag(value, name)
        case "headers":
            return reading.header_pairs(value, name)
        case "location":
            return reading.header_pairs({"Location": value}, name)[0][1]
        case "message":
            return reading.text(value, name)
        case _:
            return value


@dataclass(frozen=True, slots=True)
class RandomFaults:
    """Faults that strike at random, the same ones again for the same seed and calls."""

    rate: float
    """From 0 to 1, of the calls."""
    seed: int
    faults: tuple[Fault, ...]

    def as_json(self) -> dict[str, object]:
        """The setting as it would be asked for."""
        faults = [fault.as_json() for fault in self.faults]
        return {"rate": self.rate, "seed": self.seed, "faults": faults}


def read_random_faults(value: object) -> RandomFaults | None:
    """The setting `random_faults`; raises Unacceptable."""
    if value is None:
        return None
    given = reading.mapping(value, "random_faults", ("rate", "seed", "faults"))
    faults = tuple(read_fault(each) for each in reading.items(given.get("faults", [])))
    if not faults:
        raise reading.Unacceptable("random_faults needs at least one fault in faults.")
    return RandomFaults(
        rate=reading.number(given.get("rate"), "rate", highest=1),
        seed=reading.whole(given.get("seed", 0), "seed", lowest=0, highest=2**63),
        faults=faults,
    )


class FaultQueue:
    """The faults that wait, in order, and those that strike at random."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._random: RandomFaults | None = None
        self._dice = random.Random()  # noqa: S311 - a game of chance, no secret

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._waiting)

    def __len__(self) -> int:
        return sum(fault.times for fault in self._waiting)

    def add(self, faults: list[Fault]) -> None:
        """Put faults at the end."""
        self._waiting += faults

    def clear(self) -> None:
        """Forget the faults that wait; those that strike at random are a setting, and stay."""
        self._waiting.clear()

    def strike_at_random(self, faults: RandomFaults | None) -> None:
        """Set, or with None end, the faults that strike at random; the dice start anew."""
        self._random = faults
        self._dice = random.Random(faults.seed if faults else None)  # noqa: S311

    def take(self, operation: Operation) -> Fault | None:
        """The fault that this call meets, which is then used up."""
        for position, fault in enumerate(self._waiting):
            if fault.operation in (None, operation):
                if fault.times > 1:
                    self._waiting[position] = replace(fault, times=fault.times - 1)
                else:
                    del self._waiting[position]
                return fault
        return self._roll(operation)

    def _roll(self, operation: Operation) -> Fault | None:
        if self._random is None or self._dice.random() >= self._random.rate:
            return None
        fitting = [f for f in self._random.faults if f.operation in (None, operation)]
        return self._dice.choice(fitting) if fitting else None
