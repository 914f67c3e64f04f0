"""What happened, in sentences that say what to do: from a call or a permit to words.

Nothing here touches the database or makes HTML. What the controller answered is quoted as data.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.messages import constants
from django.utils import timezone
from django.utils.translation import gettext as _

from permits import moments
from permits.models import Link, Operation, Permit, SyncAttempt
from permits.shown import shown
from permits.stored import said


@dataclass(frozen=True)
class Said:
    """One sentence or two for a person, and how grave they are."""

    level: int  # one of `django.contrib.messages.constants`
    text: str


@dataclass(frozen=True)
class Refusal:
    """What one of the controller's error codes means, and what to do about it, in English."""

    meaning: str  # completes "The controller refused this permit: …"
    cure: str
    cure_of_update: str = ""  # where it is another after an update


# Source: the vendor's page of error codes for permits.
REFUSALS: Final = {
    9000: Refusal(
        said("the client code is missing"), said("An administrator must set OPSCOM_CLIENT_CODE.")
    ),
    9001: Refusal(
        said("the API token is missing"), said("An administrator must set OPSCOM_API_TOKEN.")
    ),
    9002: Refusal(
        said("the API token lacks the permission"),
        said("An administrator must ask the vendor to grant permit-create to the token."),
    ),
    9003: Refusal(
        said("the request could not be read"),
        said("Push it again; if that fails too, show this call to an administrator."),
        said("Update it again; if that fails too, show this call to an administrator."),
    ),
    9004: Refusal(
        said("the end time is missing"),
        said("Enter the end and push again."),
        said("Enter the end and update again."),
    ),
    9005: Refusal(
        said("the end time is invalid"),
        said("Change the end and push again."),
        said("Change the end and update again."),
    ),
    9006: Refusal(
        said("the plate is missing"),
        said("Enter the plate and push again."),
        said("Enter the plate and update again."),
    ),
    9007: Refusal(
        said("the start time is invalid"),
        said("Change the start and push again."),
        said("Change the start and update again."),
    ),
    9008: Refusal(said("the reference ID is missing"), said("Show this call to an administrator.")),
    9009: Refusal(
        said("it holds no such record"), said("If the permit is still wanted, push it anew.")
    ),
    9022: Refusal(
        said("a record with these details already exists"),
        said(
            "Look for it on the controller: if it is this permit, enter its reference ID under "
            "Resolve; if not, change what is the same and push again."
        ),
        said(
            "Look for it on the controller: if it is this permit, enter its reference ID under "
            "Resolve; if not, change what is the same and update again."
        ),
    ),
    9030: Refusal(
        said("a field is longer than allowed"),
        said("Shorten it and push again."),
        said("Shorten it and update again."),
    ),
    9031: Refusal(
        said("a required field is empty"),
        said("Fill it in and push again."),
        said("Fill it in and update again."),
    ),
    9032: Refusal(
        said("a field is shorter than allowed"),
        said("Complete it and push again."),
        said("Complete it and update again."),
    ),
    9033: Refusal(
        said("a field's value is invalid"),
        said("Correct it and push again."),
        said("Correct it and update again."),
    ),
}
ALREADY_EXISTS: Final = 9022


def refusal(attempt: SyncAttempt) -> str:
    """Return why the controller refused, in words, with the code and the controller's own words."""
    code = attempt.error_code
    if code is None:
        return sentence(shown(attempt.error_message) or _("The controller gave no reason"))
    words = attempt.error_message.strip()
    known = REFUSALS.get(code)
    if known is None:
        told = _("Code %(code)s, which the vendor does not document. It said: “%(words)s”.")
        return told % {"code": code, "words": words or _("nothing")}
    facts = {"meaning": sentence(shown(known.meaning))[:-1], "code": code}
    if not words or words.lower() == known.meaning:
        return _("%(meaning)s (%(code)s).") % facts
    told = _("%(meaning)s (%(code)s). It said: “%(words)s”.")
    return told % {**facts, "words": words.rstrip(".")}


def cure(attempt: SyncAttempt) -> str:
    """Return what to do after a refusal, in the words of the call that was refused."""
    known = REFUSALS.get(attempt.error_code or 0)
    if not known:
        return _("Correct the permit and send it again, or show this call to an administrator.")
    if attempt.operation == Operation.UPDATE and known.cure_of_update:
        return shown(known.cure_of_update)
    if attempt.operation == Operation.DELETE and "push" in known.cure.lower():
        # A delete sends nothing of the permit but its reference ID: there is nothing to correct.
        return _("Delete it again; if that fails too, show this call to an administrator.")
    return shown(known.cure)


def answer(attempt: SyncAttempt, permit: Permit) -> Said:
    """Return what became of a call, and what the person who asked for it should do."""
    match attempt.outcome:
        case SyncAttempt.Outcome.SUCCEEDED:
            return _done(Operation(attempt.operation), permit)
        case SyncAttempt.Outcome.REJECTED:
            return _refused(attempt, permit)
        case SyncAttempt.Outcome.NOT_SENT:
            told = _("%(plate)s: not sent. %(why)s %(what_follows)s")
            why = shown(attempt.error_message) or _("The controller could not be reached")
            facts = {"plate": permit.plate, "why": sentence(why)}
            return Said(constants.WARNING, told % {**facts, "what_follows": _what_follows(permit)})
        case SyncAttempt.Outcome.IN_DOUBT:
            return _in_doubt(attempt, permit)
    told = _("%(plate)s: a call is under way. Reload to see its outcome.")
    return Said(constants.INFO, told % {"plate": permit.plate})


def _done(operation: Operation, permit: Permit) -> Said:
    match operation:
        case Operation.PUSH:
            told = _("%(plate)s: It is on the controller. Reference ID %(reference)s.")
        case Operation.UPDATE:
            told = _("%(plate)s: The controller has the changes.")
        case _:
            told = _("%(plate)s: It is deleted on the controller.")
    told %= {"plate": permit.plate, "reference": permit.reference_id}
    if permit.state != Permit.State.CHANGED:
        return Said(constants.SUCCESS, told)
    more = _("It was edited since; update it to send the edit too.")
    return Said(constants.WARNING, f"{told} {more}")


def trouble(permit: Permit, last: SyncAttempt | None) -> str:
    """Return why a permit is not on the controller as it should be, and the cure."""
    state = Permit.State
    if permit.state == state.MISSING:
        return _(
            "The controller answered that it holds no such record (9009). If the permit is still "
            "wanted, push it anew."
        )
    if permit.is_doubted_since_restore:
        return _(
            "The database was restored from a backup; whether this permit was pushed after that "
            "was taken is not known here."
        )
    if last is None:
        return ""
    if permit.state == state.REJECTED:
        return f"{refusal(last)} {cure(last)}"
    problem = sentence(shown(last.error_message))
    if permit.state == state.IN_DOUBT:
        told = _("%(problem)s Nobody can tell yet whether the permit is on the controller.")
        return told % {"problem": problem or _("No answer came back.")}
    if permit.is_stuck:
        told = _("Tried %(tries)s times. %(problem)s Send it again.")
        return told % {"tries": permit.tries, "problem": problem}
    if permit.state == state.QUEUED and permit.tries and permit.due_at:
        told = _("%(problem)s Tried %(tries)s times; the next try is %(when)s.")
        when = moments.say(permit.due_at, timezone.now())
        return told % {"problem": problem, "tries": permit.tries, "when": when}
    return ""


def nothing_sent(permit: Permit, link: Link, now: datetime) -> Said:
    """Return why a permit that a person asked to send was not sent just now."""
    facts = {"plate": permit.plate}
    match permit.state:
        case Permit.State.SENDING:
            told = _("%(plate)s: a call is under way already. What you saved follows it by itself.")
        case Permit.State.QUEUED if link.is_paused and link.paused_at:
            told = _(
                "%(plate)s: it is queued. Calls to the controller are paused since %(since)s; it "
                "is sent by itself once they resume."
            )
            facts["since"] = moments.say(link.paused_at, now)
        case Permit.State.QUEUED:
            told = _("%(plate)s: it is queued and is sent by itself.")
        case Permit.State.DELETED:
            told = _("%(plate)s: it is deleted; there is nothing to send.")
        case Permit.State.IN_DOUBT:
            told = _("%(plate)s: its last push has an unknown outcome. Resolve it first.")
        case _other:
            told = _(
                "%(plate)s: the controller has it as it stands here; there is nothing to send."
            )
    return Said(constants.INFO, told % facts)


def sentence(text: str) -> str:
    """Return the text with a capital at its start and a full stop at its end."""
    text = text.strip()
    if not text:
        return ""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _refused(attempt: SyncAttempt, permit: Permit) -> Said:
    code = attempt.error_code
    if permit.state == Permit.State.DELETED:
        told = _("%(plate)s: the controller held no such record any more, so it is deleted.")
        return Said(constants.SUCCESS, told % {"plate": permit.plate})
    if permit.state == Permit.State.QUEUED:
        told = _(
            "%(plate)s: the controller refuses the portal's configuration. %(why)s The permit "
            "stays queued and is sent once an administrator has put that right."
        )
        return Said(constants.ERROR, told % {"plate": permit.plate, "why": refusal(attempt)})
    known = REFUSALS.get(code or 0)
    words = attempt.error_message.strip().rstrip(".")
    reason = shown(known.meaning) if known else shown(words) or _("it gave no reason")
    told = _("%(plate)s: the controller refused this permit: %(reason)s. %(cure)s")
    facts = {"plate": permit.plate, "cure": cure(attempt)}
    return Said(
        constants.ERROR, told % {**facts, "reason": f"{reason} ({code})" if code else reason}
    )


def _in_doubt(attempt: SyncAttempt, permit: Permit) -> Said:
    why = sentence(shown(attempt.error_message) or _("No answer came back"))
    facts = {"plate": permit.plate, "why": why}
    if attempt.operation == Operation.PUSH:
        told = _(
            "%(plate)s: the push was sent, but what became of it is not known. %(why)s Find out "
            "whether the permit is on the controller, then use Resolve. It is not sent again until "
            "then."
        )
        return Said(constants.ERROR, told % facts)
    if attempt.operation == Operation.UPDATE:
        told = _(
            "%(plate)s: the update was sent, but no clear answer came back. %(why)s Repeating it "
            "is harmless. %(what_follows)s"
        )
    else:
        told = _(
            "%(plate)s: the delete was sent, but no clear answer came back. %(why)s Repeating it "
            "is harmless. %(what_follows)s"
        )
    return Said(constants.WARNING, told % {**facts, "what_follows": _what_follows(permit)})


def _what_follows(permit: Permit) -> str:
    if permit.is_stuck:
        return _("It was tried as often as is sensible and waits for you to send it again.")
    return _("It is queued and is sent again by itself.")
