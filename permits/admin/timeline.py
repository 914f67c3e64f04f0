"""A permit's whole story: edits, calls and decisions in one list, the newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from permits import edits, explain
from permits.models import Decision, Operation, Permit, SyncAttempt
from permits.shown import shown

Outcome = SyncAttempt.Outcome
_KEPT = 200  # of each kind; a permit that has more is an accident

_DONE = {
    Operation.PUSH: _("Pushed"),
    Operation.UPDATE: _("Updated on the controller"),
    Operation.DELETE: _("Deleted on the controller"),
}
_ENDINGS = {
    Outcome.SENDING: _("under way"),
    Outcome.REJECTED: _("refused"),
    Outcome.NOT_SENT: _("not sent"),
    Outcome.IN_DOUBT: _("unknown outcome"),
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
    title: Any
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
    title = _("Entered") if edit.is_first else _("Edited") if edit.changes else _("Saved")
    icon = "plus" if edit.is_first else "pencil"
    return Entry(edit.at, edit.actor, title, icon, "quiet", changes=edit.changes)


def _calls(attempts: Iterable[SyncAttempt]) -> Iterable[Entry]:
    for attempt in attempts:
        outcome, operation = Outcome(attempt.outcome), Operation(attempt.operation)
        if outcome == Outcome.SUCCEEDED:
            title, detail = str(_DONE[operation]), ""
        else:
            title = gettext("%(operation)s: %(ending)s") % {
                "operation": operation.label,
                "ending": _ENDINGS[outcome],
            }
            detail = (
                explain.refusal(attempt)
                if outcome == Outcome.REJECTED
                else explain.sentence(shown(attempt.error_message))
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
        reference = ""
        if decision.reference_id:
            told = gettext("Reference ID %(reference)s.")
            reference = told % {"reference": decision.reference_id}
        reason = explain.sentence(shown(decision.reason)) if decision.reason else ""
        yield Entry(
            decision.decided_at,
            decision.actor,
            decision.get_verdict_display(),
            "person",
            "info",
            detail=f"{reason} {reference}".strip(),
        )
