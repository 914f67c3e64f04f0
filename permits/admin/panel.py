"""What stands beside a permit's form: where it stands, what differs, what will be sent."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permits import explain, limits, moments
from permits.admin import offers
from permits.controller import Request
from permits.edits import FIELD_NAMES
from permits.models import Operation, Permit, SyncAttempt
from permits.shown import shown

SUCCESSORS_SHOWN: Final = 5  # one that stands, and some that were given up
_OTHER_NAMES = {"reference_id": gettext_lazy("Reference ID"), "zones": gettext_lazy("Zones")}


@dataclass(frozen=True)
class Row:
    """One field in which the controller's record and the staff's wish differ, in words."""

    name: str
    there: str  # what the controller has
    wanted: str
    can_be_sent: bool


@dataclass(frozen=True)
class Panel:
    """All that the panel says."""

    permit: Permit
    rows: tuple[Row, ...]
    will_send: str
    trouble: str  # why it is not on the controller, and the cure
    notes: tuple[str, ...]
    offers: tuple[offers.Offer, ...]
    predecessor: Permit | None
    successors: tuple[tuple[str, Permit], ...]  # each under what it is to this one

    @property
    def has_next_step(self) -> bool:
        """Whether the permit waits for its first offer to be taken."""
        quiet = (*offers.ONE_STEP, "replace", "delete")
        return bool(self.offers) and self.offers[0].name not in quiet

    @property
    def can_be_pushed(self) -> bool:
        """Whether an edit can be sent as soon as it is saved."""
        return self.permit.state not in (Permit.State.IN_DOUBT, Permit.State.MISSING)


def of_permit(permit: Permit, user: AbstractBaseUser | AnonymousUser) -> Panel:
    """Return the panel of a permit for this user."""
    attempts = list(permit.attempts.order_by("-pk").defer("response")[:50])
    last = attempts[0] if attempts else None
    last_push = next((a for a in attempts if a.operation == Operation.PUSH), None)
    successors = tuple(permit.successors.order_by("-pk")[:SUCCESSORS_SHOWN])
    try:
        rows, will_send = tuple(_rows(permit)), _will_send(permit)
    except limits.LimitError as error:
        rows, will_send = (), shown(str(error))
    return Panel(
        permit=permit,
        rows=rows if permit.reference_id and permit.state != Permit.State.DELETED else (),
        will_send=will_send,
        trouble=explain.trouble(permit, last),
        notes=(*_notes(permit), *_story(permit, successors)),
        offers=tuple(offers.all_of(permit, user, last_push)),
        predecessor=permit.replaces,
        successors=tuple((_relation(permit, each), each) for each in successors),
    )


@dataclass(frozen=True)
class Sent:
    """One field of a call: the controller's name and text for it, and ours."""

    wire_name: str
    text: str
    name: str
    words: str


def sent_by(attempt: SyncAttempt) -> list[Sent]:
    """Return what a call sent, field by field, in the order of the form.

    PostgreSQL keeps no order of what is in JSON.
    """
    request = _request_of(attempt)
    ours = dict(zip(_wire_names(request), request.fields, strict=True))
    places = {field: place for place, field in enumerate(FIELD_NAMES)}
    rows = []
    for wire_name in sorted(request.body, key=lambda name: places.get(ours.get(name, ""), -1)):
        text, field = request.body[wire_name], ours.get(wire_name, "")
        name = FIELD_NAMES.get(field) or _OTHER_NAMES.get(wire_name, wire_name)
        rows.append(Sent(wire_name, str(text), str(name), in_words(field, str(text))))
    return rows


def text_of(attempt: SyncAttempt, field: str) -> str:
    """Return the plate or ticket number that a call sent, else the one that its permit has now."""
    return _request_of(attempt).fields.get(field) or str(getattr(attempt.permit, field, ""))


def reference_of(attempt: SyncAttempt) -> str:
    """Return the reference ID that a call named or minted, else the one that its permit has now."""
    own = _request_of(attempt).reference_id or _minted_by(attempt)
    return own or str(getattr(attempt.permit, "reference_id", ""))


def _minted_by(attempt: SyncAttempt) -> str:
    if (attempt.operation, attempt.outcome) != (Operation.PUSH, SyncAttempt.Outcome.SUCCEEDED):
        return ""
    try:
        answer = json.loads(attempt.response)
    except ValueError:  # a long one, of which only the beginning is kept
        return ""
    return str(answer.get("reference_id", "")) if isinstance(answer, dict) else ""


def _request_of(attempt: SyncAttempt) -> Request:
    return Request(attempt.operation, attempt.request)  # type: ignore[arg-type] # a text there


def _wire_names(request: Request) -> list[str]:
    """Return the controller's names of the permit's fields in a call, in their order."""
    return [name for name in request.body if Request(request.path, {name: ""}).fields]


def in_words(field: str, text: str | None) -> str:
    """Return a field's text on the wire as people say it."""
    if text is None:
        return _("not known")
    if field in ("start_time", "end_time") and text:
        try:
            moment = limits.moment_from_wire(text, settings.OPSCOM_TIME_ZONE)
        except limits.LimitError:
            return text
        return moments.say(moment, timezone.now(), exact=True)
    return text or _("nothing")


def _rows(permit: Permit) -> Iterable[Row]:
    for difference in permit.differences():
        yield Row(
            FIELD_NAMES[difference.field],
            in_words(difference.field, difference.acknowledged),
            in_words(difference.field, difference.wanted),
            difference.can_be_sent,
        )


def _will_send(permit: Permit) -> str:
    if permit.state == Permit.State.MISSING and not permit.withdrawn_at:
        return _("Nothing, until someone pushes it anew.")
    if permit.state == Permit.State.IN_DOUBT:
        return _("Nothing, until someone says whether the last push arrived.")
    match permit.operation_due():
        case Operation.PUSH:
            return _("A push with its %(fields)s.") % {"fields": _listed(permit.texts())}
        case Operation.UPDATE:
            sent = [d.field for d in permit.differences() if d.can_be_sent]
            return _("An update of its %(fields)s.") % {"fields": _listed(sent)}
        case Operation.DELETE:
            return _("A delete of its record there.")
    return ""


def _listed(fields: Iterable[str]) -> str:
    *words, last = [str(FIELD_NAMES[field]).lower() for field in fields]
    if not words:
        return last
    return _("%(words)s and %(last)s") % {"words": ", ".join(words), "last": last}


def _notes(permit: Permit) -> Iterable[str]:
    if permit.withdrawn_at and permit.state != Permit.State.DELETED:
        yield _("Withdrawn %(when)s.") % {"when": moments.say(permit.withdrawn_at, timezone.now())}
    if permit.zone and not permit.zone.is_reported and permit.state != Permit.State.DELETED:
        yield _(
            "The controller has never reported the zone %(zone)s: under a name that it does not "
            "know, the permit would be a disconnected record that officers may not find."
        ) % {"zone": permit.zone}


def _relation(permit: Permit, successor: Permit) -> str:
    if offers.was_given_up(successor):
        return _("Replacement given up")
    is_done = permit.withdrawn_at and successor.reference_id
    return _("Replaced by") if is_done else _("To be replaced by")


def _story(permit: Permit, successors: Iterable[Permit]) -> Iterable[str]:
    """Say where a replacement stands that is under way, and what to do about it."""
    if old := offers.to_be_replaced(permit):
        match permit.state:
            case Permit.State.IN_DOUBT:
                told = _(
                    "This permit is to replace permit %(number)s. Until someone has found out "
                    "whether it arrived, that one stays on the controller. Resolve this one, or "
                    "give the replacement up."
                )
            case Permit.State.REJECTED:
                told = _(
                    "This permit is to replace permit %(number)s, which stays on the controller "
                    "as it was. Correct this one and push it again, or give the replacement up."
                )
            case _other:
                told = _(
                    "This permit is to replace permit %(number)s, which is deleted there as soon "
                    "as the controller holds this one."
                )
        yield told % {"number": old.pk}
    pending = (s for s in successors if not s.reference_id and s.state != Permit.State.DELETED)
    if (new := next(pending, None)) and not permit.withdrawn_at:
        told = _(
            "Permit %(number)s is to replace this one, which stays on the controller until that "
            "one is there. It stands at “%(state)s”."
        )
        yield told % {"number": new.pk, "state": new.get_state_display()}
