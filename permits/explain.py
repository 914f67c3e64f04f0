"""What happened, in sentences that say what to do: from a call or a permit to words.

Nothing here touches the database or makes HTML. What the controller answered is quoted as data.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.messages import constants
from django.utils import timezone

from permits import moments
from permits.models import Link, Operation, Permit, SyncAttempt


@dataclass(frozen=True)
class Said:
    """One sentence or two for a person, and how grave they are."""

    level: int  # one of `django.contrib.messages.constants`
    text: str


@dataclass(frozen=True)
class Refusal:
    """What one of the controller's error codes means, and what to do about it."""

    meaning: str  # completes "The controller refused this permit: …"
    cure: str


# Source: the vendor's page of error codes for permits.
REFUSALS: Final = {
    9000: Refusal("the client code is missing", "An administrator must set OPSCOM_CLIENT_CODE."),
    9001: Refusal("the API token is missing", "An administrator must set OPSCOM_API_TOKEN."),
    9002: Refusal(
        "the API token lacks the permission",
        "An administrator must ask the vendor to grant permit-create to the token.",
    ),
    9003: Refusal(
        "the request could not be read",
        "Push it again; if that fails too, show this call to an administrator.",
    ),
    9004: Refusal("the end time is missing", "Enter the end and push again."),
    9005: Refusal("the end time is invalid", "Change the end and push again."),
    9006: Refusal("the plate is missing", "Enter the plate and push again."),
    9007: Refusal("the start time is invalid", "Change the start and push again."),
    9008: Refusal("the reference ID is missing", "Show this call to an administrator."),
    9009: Refusal(
        "it holds no such record",
        "If the permit is still wanted, push it anew.",
    ),
    9022: Refusal(
        "a record with these details already exists",
        "Look for it on the controller: if it is this permit, enter its reference ID under "
        "Resolve; if not, change what is the same and push again.",
    ),
    9030: Refusal("a field is longer than allowed", "Shorten it and push again."),
    9031: Refusal("a required field is empty", "Fill it in and push again."),
    9032: Refusal("a field is shorter than allowed", "Complete it and push again."),
    9033: Refusal("a field's value is invalid", "Correct it and push again."),
}
ALREADY_EXISTS: Final = 9022

_DONE: Final = {
    Operation.PUSH: "It is on the controller. Reference ID {reference_id}.",
    Operation.UPDATE: "The controller has the changes.",
    Operation.DELETE: "It is deleted on the controller.",
}


def refusal(attempt: SyncAttempt) -> str:
    """Return why the controller refused, in words, with the code and the controller's own words."""
    code = attempt.error_code
    if code is None:
        return sentence(attempt.error_message or "the controller gave no reason")
    words = attempt.error_message.strip()
    if known := REFUSALS.get(code):
        is_new = words and words.lower() != known.meaning
        quoted = f" It said: “{words.rstrip('.')}”." if is_new else ""
        return f"{sentence(f'{known.meaning} ({code})')}{quoted}"
    return f"Code {code}, which the vendor does not document. It said: “{words or 'nothing'}”."


def cure(attempt: SyncAttempt) -> str:
    """Return what to do after a refusal, in the words of the call that was refused."""
    known = REFUSALS.get(attempt.error_code or 0)
    if not known:
        return "Correct the permit and send it again, or show this call to an administrator."
    if attempt.operation == Operation.UPDATE:
        return known.cure.replace("push again", "update again").replace("Push it", "Update it")
    if attempt.operation == Operation.DELETE and "push" in known.cure.lower():
        # A delete sends nothing of the permit but its reference ID: there is nothing to correct.
        return "Delete it again; if that fails too, show this call to an administrator."
    return known.cure


def answer(attempt: SyncAttempt, permit: Permit) -> Said:
    """Return what became of a call, and what the person who asked for it should do."""
    outcome, operation = attempt.outcome, Operation(attempt.operation)
    match outcome:
        case SyncAttempt.Outcome.SUCCEEDED:
            done = _DONE[operation].format(reference_id=permit.reference_id)
            if permit.state == Permit.State.CHANGED:
                done += " It was edited since; update it to send the edit too."
                return Said(constants.WARNING, f"{permit.plate}: {done}")
            return Said(constants.SUCCESS, f"{permit.plate}: {done}")
        case SyncAttempt.Outcome.REJECTED:
            return _refused(attempt, permit)
        case SyncAttempt.Outcome.NOT_SENT:
            return Said(
                constants.WARNING,
                f"{permit.plate}: not sent. "
                f"{sentence(attempt.error_message or 'The controller could not be reached')} "
                f"{_what_follows(permit)}",
            )
        case SyncAttempt.Outcome.IN_DOUBT:
            return _in_doubt(attempt, permit)
    return Said(constants.INFO, f"{permit.plate}: a call is under way. Reload to see its outcome.")


def trouble(permit: Permit, last: SyncAttempt | None) -> str:
    """Return why a permit is not on the controller as it should be, and the cure."""
    state = Permit.State
    if permit.state == state.MISSING:
        return (
            "The controller answered that it holds no such record (9009). If the permit is still "
            "wanted, push it anew."
        )
    if permit.is_doubted_since_restore:
        return (
            "The database was restored from a backup; whether this permit was pushed after that "
            "was taken is not known here."
        )
    if last is None:
        return ""
    if permit.state == state.REJECTED:
        return f"{refusal(last)} {cure(last)}"
    if permit.state == state.IN_DOUBT:
        return (
            f"{sentence(last.error_message or 'No answer came back')} Nobody can tell yet "
            "whether the permit is on the controller."
        )
    if permit.is_stuck:
        return f"Tried {permit.tries} times. {sentence(last.error_message)} Send it again."
    if permit.state == state.QUEUED and permit.tries and permit.due_at:
        return (
            f"{sentence(last.error_message)} Tried {permit.tries} times; the next try is "
            f"{moments.say(permit.due_at, timezone.now())}."
        )
    return ""


def nothing_sent(permit: Permit, link: Link, now: datetime) -> Said:
    """Return why a permit that a person asked to send was not sent just now."""
    if permit.state == Permit.State.SENDING:
        text = "a call is under way already. What you saved follows it by itself."
    elif link.is_paused and permit.state == Permit.State.QUEUED:
        since = f" since {moments.say(link.paused_at, now)}" if link.paused_at else ""
        text = (
            f"it is queued. Calls to the controller are paused{since}; it is sent by itself once "
            "they resume."
        )
    elif permit.state == Permit.State.QUEUED:
        text = "it is queued and is sent by itself."
    elif permit.state == Permit.State.DELETED:
        text = "it is deleted; there is nothing to send."
    elif permit.state == Permit.State.IN_DOUBT:
        text = "its last push has an unknown outcome. Resolve it first."
    else:
        text = "the controller has it as it stands here; there is nothing to send."
    return Said(constants.INFO, f"{permit.plate}: {text}")


def sentence(text: str) -> str:
    """Return the text with a capital at its start and a full stop at its end."""
    text = text.strip()
    if not text:
        return ""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _refused(attempt: SyncAttempt, permit: Permit) -> Said:
    code = attempt.error_code
    if permit.state == Permit.State.DELETED:
        return Said(
            constants.SUCCESS,
            f"{permit.plate}: the controller held no such record any more, so it is deleted.",
        )
    if permit.state == Permit.State.QUEUED:
        return Said(
            constants.ERROR,
            f"{permit.plate}: the controller refuses the portal's configuration. "
            f"{refusal(attempt)} The permit stays queued and is sent once an administrator has "
            "put that right.",
        )
    known = REFUSALS.get(code or 0)
    words = attempt.error_message.strip().rstrip(".") or "it gave no reason"
    reason = f"{known.meaning if known else words}{f' ({code})' if code else ''}"
    return Said(
        constants.ERROR,
        f"{permit.plate}: the controller refused this permit: {reason}. {cure(attempt)}",
    )


def _in_doubt(attempt: SyncAttempt, permit: Permit) -> Said:
    if attempt.operation == Operation.PUSH:
        return Said(
            constants.ERROR,
            f"{permit.plate}: the push was sent, but what became of it is not known. "
            f"{sentence(attempt.error_message or 'No answer came back')} Find out whether the "
            "permit is on the controller, then use Resolve. It is not sent again until then.",
        )
    return Said(
        constants.WARNING,
        f"{permit.plate}: the {attempt.operation} was sent, but no clear answer came back. "
        f"{sentence(attempt.error_message or 'No answer came back')} "
        f"Repeating it is harmless. {_what_follows(permit)}",
    )


def _what_follows(permit: Permit) -> str:
    if permit.is_stuck:
        return "It was tried as often as is sensible and waits for you to send it again."
    return "It is queued and is sent again by itself."
