"""What happens in these tests: time passes, counts are fetched, pushes are lost on the way."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from time_machine import Traveller

from permits import reconcile
from permits.controller import Totals
from permits.models import Permit, Pull, Source, SyncAttempt
from tests.engine.office import enter, send
from tests.sandbox_server import Sandbox

# Of these the sandbox, whose clock is the real one, and the tests' standing clock think alike.
OVER: Final = datetime(2020, 1, 2, tzinfo=UTC)
FAR: Final = datetime(2096, 1, 2, tzinfo=UTC)
LENGTH: Final = timedelta(hours=2)


def lasting(plate: str = "ABC 123", **changes: Any) -> Permit:
    """Enter a permit whose end does not pass."""
    return enter(plate=plate, start_time=FAR - LENGTH, end_time=FAR, **changes)


def ended(plate: str = "OLD 1", **changes: Any) -> Permit:
    """Enter a permit whose end has passed."""
    return enter(plate=plate, start_time=OVER - LENGTH, end_time=OVER, **changes)


def count() -> Pull:
    """Fetch the counts and compare them; what is kept of them."""
    assert isinstance(reconcile.pull(actor="clerk", source=Source.SHELL), Totals)
    return Pull.objects.latest("pk")


def lose_a_push(
    sandbox: Sandbox, *, applied: bool, plate: str = "LOST 1", **changes: Any
) -> SyncAttempt:
    """Push a permit whose answer gets lost; `applied` says whether the controller made it."""
    sandbox.fault("close", applied=applied)
    return send_in_doubt(lasting(plate, **changes))


def send_in_doubt(permit: Permit) -> SyncAttempt:
    """Push a permit; its outcome is to be unknown."""
    attempt = send(permit)
    assert attempt.outcome == SyncAttempt.Outcome.IN_DOUBT
    return attempt


def pass_time(clock: Traveller, **length: float) -> None:
    """Let time pass."""
    clock.shift(timedelta(**length))


def standing(zone: str = "Lot 4") -> reconcile.Standing:
    """How a zone stands as of the last counts."""
    return next(each for each in reconcile.board().standings if each.zone == zone)
