"""A call as it will be sent, but for the token."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from permits import limits

Path = Literal["push", "update", "delete", "stats"]

UTC_ZONES: Final = frozenset({"UTC", "Etc/UTC"})

# The name each field is sent under. The vendor takes several; these are the first of its rows.
# Times go under the names that fit what the zone of times is set to.
_NAMES: Final = {
    "plate": "plate",
    "start_time": "startTime",
    "end_time": "endTime",
    "amount": "amount",
    "currency": "currency",
    "ticket_number": "permitNo",
    "zone": "zone",
}
_UTC_NAMES: Final = _NAMES | {"start_time": "StartDateUtc", "end_time": "EndDateUtc"}
_FIELDS: Final = {name: field for names in (_NAMES, _UTC_NAMES) for field, name in names.items()}


@dataclass(frozen=True)
class Request:
    """One call as it will be sent, but for the token."""

    path: Path
    body: Mapping[str, str]  # by the controller's names

    @classmethod
    def push(cls, wanted: Mapping[str, str], zone: ZoneInfo) -> "Request":
        """Create a record from a permit's fields, as they go on the wire."""
        return cls("push", _on_wire(wanted, zone))

    @classmethod
    def update(cls, reference_id: str, changed: Mapping[str, str], zone: ZoneInfo) -> "Request":
        """Change the fields of a record that are given, and no others."""
        if not changed or not set(changed) <= set(limits.CHANGEABLE):
            raise ValueError(f"An update cannot consist of {sorted(changed)}.")
        return cls("update", {"reference_id": reference_id, **_on_wire(changed, zone)})

    @classmethod
    def delete(cls, reference_id: str) -> "Request":
        """Remove a record."""
        return cls("delete", {"reference_id": reference_id})

    @classmethod
    def stats(cls, zones: Iterable[str] = ()) -> "Request":
        """Count the permits of these zones, or of all."""
        names = ",".join(limits.zone_name(zone) for zone in zones)
        return cls("stats", {"zones": names} if names else {})

    @property
    def reference_id(self) -> str:
        """The record that the call concerns; empty for a push and for stats."""
        return self.body.get("reference_id", "")

    @property
    def fields(self) -> dict[str, str]:
        """The permit's fields in the call, by our names."""
        return {_FIELDS[name]: text for name, text in self.body.items() if name in _FIELDS}


def _on_wire(fields: Mapping[str, str], zone: ZoneInfo) -> dict[str, str]:
    names = _UTC_NAMES if zone.key in UTC_ZONES else _NAMES
    return {names[name]: text for name, text in fields.items()}
