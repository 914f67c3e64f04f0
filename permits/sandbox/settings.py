"""How a sandbox behaves from call to call; settable while it runs."""

from dataclasses import dataclass, field, replace
from typing import Any

from permits.sandbox import reading
from permits.sandbox.faults import RandomFaults, read_random_faults

DUPLICATES = ("accept", "refuse")


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; a change makes a new one."""

    token: str = field(repr=False)
    duplicates: str = "accept"
    """`refuse` answers 9022 to a push whose every detail a live record has."""
    delay: float = 0
    """Seconds between a call's effect and its answer."""
    error_status: int = 200
    """The HTTP status of a refusal."""
    random_faults: RandomFaults | None = None
    counts_expired: bool = True
    """Whether the stats count permits whose end (taken as UTC) has passed."""
    close_after_requests: int | None = None
    """How many requests a connection may carry before it is closed, said in its last answer."""

    def changed(self, value: object) -> "Settings":
        """These settings with those given put in; raises Unacceptable and changes nothing."""
        given = reading.mapping(value, "settings", _READERS)
        return replace(self, **{name: _READERS[name](given[name]) for name in given})

    def as_json(self) -> dict[str, object]:
        """Every setting but the token, which is never shown."""
        shown: dict[str, object] = {
            name: getattr(self, name) for name in _READERS if name != "token"
        }
        if self.random_faults is not None:
            shown["random_faults"] = self.random_faults.as_json()
        return shown


def _read_token(value: object) -> str:
    token = reading.text(value, "token")
    if not token:
        raise reading.Unacceptable("token must not be empty.")
    return token


def _read_error_status(value: object) -> int:
    if value not in (200, 400, 422) or isinstance(value, float):
        raise reading.Unacceptable("error_status must be 200, 400 or 422.")
    return reading.whole(value, "error_status", lowest=200, highest=422)


def _read_close_after(value: object) -> int | None:
    if value is None:
        return None
    return reading.whole(value, "close_after_requests", lowest=1, highest=1_000_000)


_READERS: dict[str, Any] = {
    "token": _read_token,
    "duplicates": lambda value: reading.choice(value, "duplicates", DUPLICATES),
    "delay": lambda value: reading.number(value, "delay", highest=3600),
    "error_status": _read_error_status,
    "random_faults": read_random_faults,
    "counts_expired": lambda value: reading.flag(value, "counts_expired"),
    "close_after_requests": _read_close_after,
}
