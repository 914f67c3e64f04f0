"""A permit's whole story: edits, calls and decisions in one list, the newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from permits import edits, explain
from permits.models import Decision, Operation, Permit, SyncAttempt

Outcome = SyncAttempt.Outcome
_KEPT = 200  # of each kind; a permit that has more is an accident

_DONE = {
    Operation.PUSH: "Pushed",
    Operation.UPDATE: "Updated on the controller",
    Operation.DELETE: "Deleted on the controller",
}
_ENDINGS = {
    Outcome.SENDING: "under way",
    Outcome.REJECTED: "refused",
    Outcome.NOT_SENT: "not sent",
    Outcome.IN_DOUBT: "unknown outcome",
}
_LOOKS = {
    Outcome.SENDING: ("sending", "info"),
    Outcome.SUCCEEDED: ("check", "success"),
    Outcome.REJECTED: ("cross", "danger"),
    Outcome.NOT_SENT: ("clock", "warning"),
    Outcome.IN_DOUBT: ("question", "danger"),
}


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    at: datetime
    actor: str  # empty: the portal itself
    title: str
    icon: str
    tone: str
    detail: str = ""
    changes: tuple[edits.Change, ...] = ()
    attempt: SyncAttempt | None = None
    took: timedelta | None = None


def of_permit(permit: Permit) -> list[Entry]:
    """Return what happened to a permit, the newest first, in a fixed number of queries."""
    entries = [
        *_calls(permit.attempts.order_by("-pk")[:_KEPT]),
        *_decisions(permit.decisions.order_by("-pk")[:_KEPT]),
        *(_edit(edit) for edit in edits.of_permit(permit)[:_KEPT]),
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _edit(edit: edits.Edit) -> Entry:
    title = "Entered" if edit.is_first else "Edited" if edit.changes else "Saved"
    icon = "plus" if edit.is_first else "pencil"
    return Entry(edit.at, edit.actor, title, icon, "quiet", changes=edit.changes)


def _calls(attempts: Iterable[SyncAttempt]) -> Iterable[Entry]:
    for attempt in attempts:
        outcome, operation = Outcome(attempt.outcome), Operation(attempt.operation)
        if outcome == Outcome.SUCCEEDED:
            title, detail = _DONE[operation], ""
        else:
            title = f"{operation.label}: {_ENDINGS[outcome]}"
            detail = (
                explain.refusal(attempt)
                if outcome == Outcome.REJECTED
                else explain.sentence(attempt.error_message)
            )
        icon, tone = _LOOKS[outcome]
        yield Entry(
            attempt.started_at,
            attempt.actor,
            title,
            icon,
            tone,
            detail=detail,
            attempt=attempt,
            took=attempt.duration,
        )


def _decisions(decisions: Iterable[Decision]) -> Iterable[Entry]:
    for decision in decisions:
        reference = f" Reference ID {decision.reference_id}." if decision.reference_id else ""
        reason = explain.sentence(decision.reason) if decision.reason else ""
        yield Entry(
            decision.decided_at,
            decision.actor,
            decision.get_verdict_display(),
            "person",
            "info",
            detail=f"{reason}{reference}".strip(),
        )
