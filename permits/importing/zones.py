"""Match the zones that a file names to those that are known."""

import difflib
from collections import Counter, defaultdict
from typing import Final

from permits import limits
from permits.importing.cells import Cell, text
from permits.models import Zone
from permits.stored import said

NAMED: Final = 1_000  # unknown names for which the nearest is looked up, and which are counted


_UNKNOWN: Final = said("There is no zone “%(given)s”.")


class UnknownZone(limits.LimitError):
    """A name that no zone bears."""


class ZoneReader:
    """Reads the zones of a file; counts the rows of each name."""

    def __init__(self) -> None:
        zones = list(Zone.objects.values_list("name", "pk"))
        self._known: dict[str, int] = dict(zones)
        self._alike = defaultdict(list)
        for name, _ in zones:
            self._alike[name.casefold()].append(name)
        self._unknown: dict[str, str] = {}
        self.known_rows: Counter[str] = Counter()  # by the zone's own name
        self.unknown_rows: Counter[str] = Counter()

    def __call__(self, cell: Cell) -> int | None:
        """Return the zone's primary key, nothing for an empty cell."""
        if isinstance(cell, str) and (found := self._known.get(cell)) is not None:
            self.known_rows[cell] += 1
            return found
        given = text(cell).strip()
        if not given:
            return None
        name = given if given in self._known else self._one_alike(given)
        self.known_rows[name] += 1
        return self._known[name]

    def ids(self) -> dict[str, int]:
        """Return the primary key of each zone that is known."""
        return self._known

    def _one_alike(self, given: str) -> str:
        alike = self._alike.get(given.casefold(), [])
        if len(alike) == 1:
            return alike[0]
        if alike:
            one, other, *_more = (f"“{name}”" for name in alike)
            raise limits.LimitError(
                said("The zones %(one)s and %(other)s differ in case only. Write one exactly so.")
                % {"one": one, "other": other}
            )
        given = limits.zone_name(given)
        if given in self._known:
            return given
        if given in self._unknown or len(self._unknown) < NAMED:
            self.unknown_rows[given] += 1
        if given not in self._unknown and len(self._unknown) < NAMED:
            near = difflib.get_close_matches(given, self._known, n=1, cutoff=0.6)
            told = said("There is no zone “%(given)s”. Did you mean “%(near)s”?")
            self._unknown[given] = (told if near else _UNKNOWN) % {
                "given": given,
                "near": near[0] if near else "",
            }
        raise UnknownZone(self._unknown.get(given, _UNKNOWN % {"given": given}))
