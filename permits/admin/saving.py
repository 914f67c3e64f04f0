"""What entering and editing a permit mean besides writing it down."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from permits.models import Permit

State = Permit.State


class EnteredAlready(Exception):
    """The same form was sent twice, by a double click or by going back."""

    def __init__(self, permit: Permit) -> None:
        super().__init__(permit.plate)
        self.permit = permit


def first_values(request: HttpRequest) -> dict[str, Any]:
    """Return what a new permit starts with: now, and the last entry's zone and currency.

    With `like` in the query, it starts as that permit did, but for its plate and ticket number.
    """
    now = timezone.now().replace(second=0, microsecond=0)
    initial: dict[str, Any] = {
        "start_time": now,
        "zone": request.session.get("last_zone", ""),
        "currency": request.session.get("last_currency", ""),
    }
    like = request.GET.get("like", "")
    if like.isdecimal() and (
        permit := Permit.objects.select_related("zone").filter(pk=like).first()
    ):
        initial |= {
            "zone": permit.zone.name if permit.zone else "",
            "currency": permit.currency,
            "amount": permit.amount,
            "end_time": now + (permit.end_time - permit.start_time),
        }
    return initial


def frozen(permit: Permit) -> str:
    """Return why a permit cannot be edited just now; empty where it can."""
    if permit.state == State.SENDING:
        return _("A call is under way, so the permit cannot be edited until it has ended.")
    if permit.state == State.DELETED:
        return _("This permit is deleted. It is kept for its history.")
    if permit.withdrawn_at:
        return _("This permit is withdrawn. To edit it, keep it first.")
    return ""


def is_edited(permit: Permit) -> bool:
    """Whether the permit differs from what is stored; the same value written otherwise does not."""
    stored = Permit.objects.select_related("zone").get(pk=permit.pk)
    return any(getattr(stored, name) != getattr(permit, name) for name in Permit.STAFF_FIELDS)


def write_edit(permit: Permit) -> None:
    """Write the staff's fields alone, where one of them changed, and what follows for the state."""
    if is_edited(permit):
        permit.version += 1
        permit.save(update_fields=[*Permit.STAFF_FIELDS, "version"])
        settle(permit)


def settle(permit: Permit) -> None:
    """Move a permit whose edit made or undid a difference; a call that starts meanwhile wins."""
    rests = permit.state in (State.SYNCED, State.CHANGED) or (
        permit.state == State.REJECTED and permit.reference_id and not permit.differences()
    )
    if rests:
        Permit.objects.filter(pk=permit.pk, state=permit.state).update(state=permit.resting_state())


def refuse_second_submission(request: HttpRequest, permit: Permit, opened: datetime | None) -> None:
    """Raise `EnteredAlready` where the form, opened at `opened`, has entered this permit already.

    The user's row is locked until the transaction ends, so that the second of two clicks waits for
    the first. A form that was opened afterwards means a second permit. What counts is what was
    entered: another may have edited or withdrawn the permit before a lost form is sent again.
    """
    if opened is None:
        return
    actor = request.user.get_username()
    User.objects.select_for_update().get(username=actor)
    same = {name: getattr(permit, name) for name in Permit.STAFF_FIELDS}
    entered = Permit.objects.entered_as(same, actor=actor, since=opened)
    if first := entered.order_by("pk").first():
        raise EnteredAlready(first)


def remember(request: HttpRequest, permit: Permit) -> None:
    """Keep what the next permit of the same person starts with."""
    request.session["last_zone"] = permit.zone.name if permit.zone else ""
    request.session["last_currency"] = permit.currency
