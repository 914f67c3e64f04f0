"""What the clients make up: plates, periods, amounts, and a ticket number that stands for one
permit alone."""

import random
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

STAFF_ZONE: Final = ZoneInfo("America/Toronto")
_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"
_SPOTS: Final = ("Lot 1", "Lot 2", "North Garage", "Hôtel-Dieu", "Garage P1 (reserved)", "")


class Wishes:
    """One client's imagination."""

    def __init__(self, name: str, dice: random.Random) -> None:
        self._name = name
        self._dice = dice
        self._numbers = count(1)

    def ticket(self) -> str:
        """A ticket number that nobody else makes up."""
        return f"{self._name}-{next(self._numbers)}"

    def plate(self) -> str:
        """A plate; several permits may well have the same."""
        letters = "".join(self._dice.choices(_LETTERS, k=4))
        return f"{letters} {self._dice.randrange(1000):03}"

    def start(self) -> datetime:
        """A start in daylight, where no clock changes."""
        day = datetime(2027, 1, 4, tzinfo=UTC) + timedelta(days=self._dice.randrange(300))
        hour, minute = self._dice.randrange(8, 20), self._dice.randrange(60)
        return day.replace(tzinfo=STAFF_ZONE, hour=hour, minute=minute)

    def length(self) -> timedelta:
        """How long it is valid: hours, or whole days."""
        if self._dice.random() < 0.5:
            return timedelta(minutes=self._dice.randrange(15, 180))
        return timedelta(days=self._dice.randrange(1, 40))

    def amount(self) -> str:
        """An amount, or none."""
        return f"{self._dice.randrange(1, 20_000) / 100:.2f}" if self._dice.random() < 0.7 else ""

    def currency(self) -> str:
        """A currency, or none."""
        return self._dice.choice(["CAD", "USD", ""])

    def zone(self) -> str:
        """A zone's name, or none."""
        return self._dice.choice(_SPOTS)

    def permit(self) -> dict[str, Any]:
        """A permit's fields, by the model's names; the zone by its name."""
        start = self.start()
        return {
            "plate": self.plate(),
            "start_time": start,
            "end_time": start + self.length(),
            "zone": self.zone(),
            "ticket_number": self.ticket(),
            "amount": self.amount(),
            "currency": self.currency(),
        }


def typed(fields: dict[str, Any]) -> dict[str, str]:
    """A permit's fields as a browser's form sends them."""
    return {
        name: f"{value.astimezone(STAFF_ZONE):%Y-%m-%dT%H:%M:%S}"
        if isinstance(value, datetime)
        else str(value)
        for name, value in fields.items()
    }
