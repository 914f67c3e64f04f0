"""What a person can do with a permit as it stands, and why not the rest."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.urls import get_script_prefix, reverse
from django.utils.translation import gettext as _

from permits import limits
from permits.controller import ALREADY_EXISTS
from permits.models import Operation, Permit, SyncAttempt
from permits.shown import shown

State = Permit.State

SETTLING: Final = 2  # buttons in a row of what needs a person
ONE_STEP: Final = ("extend", "change_plate")


@dataclass(frozen=True)
class Offer:
    """One button: what it says, where it goes, and how."""

    name: str
    label: str
    address: str
    is_post: bool = False  # else it leads to a page that asks
    is_grave: bool = False
    key: str = ""  # the letter that goes there, with Alt


def passed_over(permit: Permit, operation: Operation) -> str:
    """Return why a permit cannot be pushed, updated or deleted just now; empty where it can.

    The text completes "ABC 123: …".
    """
    if permit.state == State.DELETED:
        return _("it is deleted already")
    if operation == Operation.DELETE:
        return ""
    if permit.withdrawn_at:
        return _("it is withdrawn")
    match permit.state:
        case State.IN_DOUBT:
            return _("its last push has an unknown outcome; resolve it first")
        case State.MISSING:
            return _("the controller has lost it; push it anew from its page")
        case State.SENDING:
            return _("a call for it is under way")
    if operation == Operation.PUSH:
        return _("it is on the controller already") if permit.reference_id else ""
    if not permit.reference_id:
        return _("it is not on the controller; push it instead")
    return _no_update(permit)


def _no_update(permit: Permit) -> str:
    try:
        differences = permit.differences()
    except limits.LimitError as error:
        return shown(str(error))
    if not differences:
        return _("the controller has it as it stands here")
    if not any(difference.can_be_sent for difference in differences):
        return _("the controller cannot change what differs; use Replace")
    return ""


def in_a_row(permit: Permit, user: AbstractBaseUser | AnonymousUser) -> list[Offer]:
    """Return the one sensible next step for a permit, and deleting it, as far as the user may."""
    steps = list(_next_steps(permit, user, None))[:1] or one_step(permit, user)
    if _may_be_removed(permit, user) and "delete" not in [step.name for step in steps]:
        steps.append(remove(permit))
    return steps


def settling(
    permit: Permit, user: AbstractBaseUser | AnonymousUser, last: SyncAttempt | None
) -> list[Offer]:
    """Return what settles a permit that needs a person, the most sensible first."""
    last_push = last if last and last.operation == Operation.PUSH else None
    steps = list(_next_steps(permit, user, last_push))
    if may_be_there(permit, last_push):
        steps.sort(key=lambda step: step.name != "resolve")
    elif (
        permit.state == State.REJECTED
        and not permit.withdrawn_at
        and user.has_perm("permits.change_permit")  # type: ignore[union-attr]
    ):
        steps.insert(0, Offer("correct", _("Correct"), permit.get_absolute_url()))
    return steps[:SETTLING]


def all_of(
    permit: Permit, user: AbstractBaseUser | AnonymousUser, last_push: SyncAttempt | None
) -> list[Offer]:
    """Return all that the user can do with a permit, the most sensible first."""
    offers = list(_next_steps(permit, user, last_push))
    if not user.has_perm("permits.send_permit"):  # type: ignore[union-attr]
        return offers
    offers += one_step(permit, user)
    if may_replace(permit, user):
        offers.append(_replace(permit))
    if _may_be_removed(permit, user):
        offers.append(_give_up(permit) if to_be_replaced(permit) else remove(permit))
    unique = {offer.name: offer for offer in reversed(offers)}
    return [offer for offer in offers if unique.pop(offer.name, None)]


def no_step(permit: Permit) -> str:
    """Return why a permit cannot be changed in one step just now; empty where it can."""
    if permit.state == State.SENDING:
        return _("a call is under way. Wait for its end, then do it again.")
    if permit.withdrawn_at or not _is_held(permit):
        return _("this can only be done with a permit that is on the controller.")
    return ""


def one_step(permit: Permit, user: AbstractBaseUser | AnonymousUser) -> list[Offer]:
    """Return what can be changed of a permit on the controller in one step."""
    may = all(
        user.has_perm(f"permits.{name}")  # type: ignore[union-attr]
        for name in ("change_permit", "send_permit")
    )
    if not may or no_step(permit):
        return []
    return [
        Offer("extend", _("Extend"), _to(permit, "extend"), key="e"),
        Offer("change_plate", _("Change plate"), _to(permit, "change_plate"), key="p"),
    ]


def may_replace(permit: Permit, user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the user may put another permit in the place of this one."""
    return (
        _is_held(permit)
        and not permit.withdrawn_at
        and permit.state != State.SENDING
        and all(
            user.has_perm(f"permits.{name}")  # type: ignore[union-attr]
            for name in ("add_permit", "send_permit")
        )
    )


def to_be_replaced(permit: Permit) -> Permit | None:
    """Return the permit that this one is to replace, and has not yet: both can still stay."""
    old = permit.replaces
    is_open = (
        old is not None
        and not permit.reference_id
        and not permit.withdrawn_at
        and permit.state != State.DELETED
        and _is_held(old)
        and not old.withdrawn_at
    )
    return old if is_open else None


def was_given_up(successor: Permit) -> bool:
    """Whether a permit that was to replace another was withdrawn before it did."""
    old = successor.replaces
    if old is None or successor.withdrawn_at is None:
        return False
    if not successor.reference_id or old.withdrawn_at is None:
        return True
    return successor.withdrawn_at < old.withdrawn_at


def _replace(permit: Permit) -> Offer:
    return Offer("replace", _("Replace"), _to(permit, "replace"), key="r")


def _give_up(permit: Permit) -> Offer:
    return Offer("delete", _("Give up replacing"), _to(permit, "delete"), is_grave=True)


def remove(permit: Permit) -> Offer:
    """Return the way to take a permit off the controller, or away altogether."""
    label = _("Delete on controller") if _is_held(permit) else _("Delete")
    return Offer("delete", label, _to(permit, "delete"), is_grave=True)


def may_be_there(permit: Permit, last_push: SyncAttempt | None) -> bool:
    """Whether a refused push may have been refused because the permit is there already."""
    return (
        permit.state == State.REJECTED
        and not permit.reference_id
        and last_push is not None
        and last_push.error_code == ALREADY_EXISTS
    )


def _next_steps(permit: Permit, user: Any, last_push: SyncAttempt | None) -> Iterable[Offer]:
    may_send, may_resolve = (
        user.has_perm(f"permits.{name}") for name in ("send_permit", "resolve_permit")
    )
    if permit.state == State.IN_DOUBT and may_resolve:
        yield Offer("resolve", _("Resolve"), _to(permit, "resolve"))
    if permit.state == State.MISSING and may_resolve and not permit.withdrawn_at:
        yield Offer("push_anew", _("Push anew"), _to(permit, "push_anew"))
    if may_send:
        if permit.withdrawn_at and permit.state in (State.QUEUED, State.REJECTED, State.IN_DOUBT):
            if permit.state != State.IN_DOUBT:
                yield Offer(
                    "delete", _("Delete on controller"), _to(permit, "delete"), is_grave=True
                )
            yield Offer("keep", _("Keep"), _to(permit, "keep"))
        for operation in (Operation.PUSH, Operation.UPDATE):
            if not passed_over(permit, operation):
                label = _("Push") if operation == Operation.PUSH else _("Update")
                yield Offer(operation.value, label, _to(permit, operation.value), is_post=True)
        if permit.state == State.CHANGED and _no_update(permit):
            yield _replace(permit)
    if may_resolve and may_be_there(permit, last_push):
        yield Offer("resolve", _("Resolve"), _to(permit, "resolve"))


def _may_be_removed(permit: Permit, user: Any) -> bool:
    return (
        user.has_perm("permits.send_permit")
        and permit.withdrawn_at is None
        and permit.state != State.DELETED
    )


def _is_held(permit: Permit) -> bool:
    return bool(permit.reference_id) and permit.state not in (State.DELETED, State.MISSING)


def _to(permit: Permit, page: str) -> str:
    return _address(page, get_script_prefix()).replace("/0/", f"/{permit.pk}/")


@cache
def _address(page: str, prefix: str) -> str:  # which every address begins with
    return reverse(f"admin:permits_permit_{page}", args=[0])
