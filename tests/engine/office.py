"""What the staff do in these tests, and what can be seen of it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from permits import sync
from permits.models import Permit, Source, SyncAttempt, Zone

ACTOR: Final = "clerk"
START: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
END: Final = datetime(2026, 11, 23, 11, tzinfo=UTC)
LATER: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER_ON_WIRE: Final = "2026-11-23T12:00:00"
ON_WIRE: Final = {
    "plate": "ABC 123",
    "start_time": "2026-11-23T09:00:00",
    "end_time": "2026-11-23T11:00:00",
    "amount": "12.50",
    "currency": "CAD",
    "ticket_number": "T-100",
    "zone": "Lot 4",
}
"""What `enter` enters, as it goes on the wire."""


def enter(**changes: Any) -> Permit:
    """Enter a permit, which is a draft.

    The constraints are left to the database, which holds them as well: to ask it for each of them
    beforehand took two thirds of the time.
    """
    fields: dict[str, Any] = {
        "plate": "ABC 123",
        "start_time": START,
        "end_time": END,
        "amount": Decimal("12.50"),
        "currency": "CAD",
        "ticket_number": "T-100",
        "zone": Zone.objects.get_or_create(name="Lot 4")[0],
        **changes,
    }
    permit = Permit(**fields)
    permit.full_clean(validate_constraints=False)
    permit.save()
    return permit


def edit(permit: Permit, **changes: Any) -> None:
    """Save other values, as the form would: only what the staff own is written."""
    for name, value in changes.items():
        setattr(permit, name, value)
    permit.version += 1
    permit.full_clean(validate_constraints=False)
    permit.save(update_fields=[*changes, "version"])


def ask(permit: Permit) -> None:
    """Ask for the permit's difference to be sent."""
    sync.ask(permit.pk, actor=ACTOR, source=Source.FORM)


def send(permit: Permit) -> SyncAttempt:
    """Ask for the permit's difference to be sent, and send it now; the call that was made."""
    ask(permit)
    return make_call(permit)


def make_call(permit: Permit) -> SyncAttempt:
    """Make the permit's call, which is due."""
    attempt = sync.send(permit.pk)
    assert attempt is not None, "No call was made."
    permit.refresh_from_db()
    return attempt


def push(permit: Permit | None = None) -> Permit:
    """Push a permit to the controller; without one, a permit as `enter` enters it."""
    permit = enter() if permit is None else permit
    assert send(permit).outcome == SyncAttempt.Outcome.SUCCEEDED
    assert permit.state == Permit.State.SYNCED
    return permit


def withdraw(permit: Permit, reason: str = "") -> None:
    """Withdraw the permit."""
    sync.withdraw(permit.pk, actor=ACTOR, source=Source.FORM, reason=reason)


def make_due(permit: Permit, operation: str) -> None:
    """Take a permit that was entered, or pushed, to where this is its next call."""
    if operation == "update":
        edit(permit, end_time=LATER)
    if operation == "delete":
        withdraw(permit)
    else:
        ask(permit)


def queued_for(operation: str) -> Permit:
    """A permit whose next call is this one, and which is due."""
    permit = enter() if operation == "push" else push()
    make_due(permit, operation)
    permit.refresh_from_db()
    return permit


def now(permit: Permit) -> Permit:
    """The permit as the database holds it now."""
    permit.refresh_from_db()
    return permit


def wanted(permit: Permit) -> dict[str, str]:
    """The differences between wish and record: the wanted text of each field."""
    return {difference.field: difference.wanted for difference in now(permit).differences()}


def history(permit: Permit) -> list[tuple[str, str]]:
    """Operation and outcome of every call for the permit, oldest first."""
    return list(permit.attempts.order_by("pk").values_list("operation", "outcome"))
