"""A permit's whole story in one list, the newest first: edits, calls, decisions and replacements.

It is shown a page at a time, and all of it can be reached; what was archived is said to be.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from permits import edits, explain, numbers
from permits.admin import merged, offers
from permits.admin.counting import Count, count_rows
from permits.models import Anchor, Archive, Decision, ImportedPermit, Operation, Permit, SyncAttempt
from permits.shown import shown

Outcome = SyncAttempt.Outcome
Verdict = Decision.Verdict
SIZE: Final = 50  # entries of a page
OLDER: Final = "older"  # than a position
NEWER: Final = "newer"
_HEAD: Final = "#timeline"
_REMOVED: Final = (Archive.State.REMOVING, Archive.State.DONE)

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
# As something that was done: `Withdrawn by clerk`.
_DECIDED = {
    Verdict.THERE: _("Found on the controller"),
    Verdict.NOT_THERE: _("Not found on the controller"),
    Verdict.PUSH_ANEW: _("Ordered to be pushed anew"),
    Verdict.WITHDRAW: _("Withdrawn"),
    Verdict.KEEP: _("Kept after all"),
    Verdict.LATE_ANSWER: _("Late answer noted"),
    Verdict.RESTORED: _("Put in doubt after a restore"),
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
    permit: Permit | None = None  # another that it is about
    imported: ImportedPermit | None = None


@dataclass(frozen=True)
class Timeline:
    """One page of the story, and what lies beside it."""

    entries: Sequence[Entry]
    count: Count  # of all entries, on whatever page
    newer: str  # address; empty where there is nothing newer
    older: str
    archive: Archive | None  # where the oldest part is, if it is not here any more
    problem: str  # what the address asks for and is not there

    @property
    def counted(self) -> str:
        """How many entries there are in all, in words."""
        if not self.count.is_exact:
            return gettext("more than %(count)s entries") % {"count": numbers.say(self.count.rows)}
        told = ngettext("%(count)s entry", "%(count)s entries", self.count.rows)
        return told % {"count": numbers.say(self.count.rows)}


def of_permit(permit: Permit, address: QueryDict) -> Timeline:
    """Return the page that an address asks for, in a fixed number of queries."""
    sources = _sources(permit)
    page, problem = _page(sources, address)
    rows = [[each.row for each in page.found if each.source == n] for n in range(len(sources))]
    told: list[Iterable[Entry]] = [
        _edits(permit, rows[0]),
        _calls(rows[1]),
        _decisions(rows[2]),
        _replacements(rows[3]),
    ]
    entries = [iter(each) for each in told]
    anchors = Anchor.objects.filter(chain=permit.pk, archive__state__in=_REMOVED)
    anchor = anchors.select_related("archive").order_by("-archive_id").first()
    return Timeline(
        entries=[next(entries[each.source]) for each in page.found],
        count=_count(sources),
        newer=f"?{NEWER}={merged.write(page.newer)}{_HEAD}" if page.newer else "",
        older=f"?{OLDER}={merged.write(page.older)}{_HEAD}" if page.older else "",
        archive=anchor.archive if anchor else None,
        problem=problem,
    )


def _sources(permit: Permit) -> list[merged.Source]:
    calls = permit.attempts.defer("request", "response").order_by()
    return [
        merged.Source(permit.history.order_by(), lambda edit: edit.history_date),
        merged.Source(calls, lambda call: call.started_at),
        merged.Source(permit.decisions.order_by(), lambda decision: decision.decided_at),
        merged.Source(permit.successors.order_by(), lambda successor: successor.entered_at),
    ]


def _page(sources: Sequence[merged.Source], address: QueryDict) -> tuple[merged.Page, str]:
    for name, beside in ((OLDER, merged.older_than), (NEWER, merged.newer_than)):
        if position := merged.read(address.get(name, ""), len(sources)):
            return beside(sources, position, SIZE), ""
    asked = address.get(OLDER) or address.get(NEWER)
    told = gettext("The page that was asked for is not there. This is the first one.")
    return merged.newest(sources, SIZE), told if asked else ""


def _count(sources: Sequence[merged.Source]) -> Count:
    first, *rest = (source.rows.values_list("pk") for source in sources)
    together: QuerySet[Any, Any] = first.union(*rest, all=True)
    return count_rows(together)


def _edits(permit: Permit, records: Sequence[Any]) -> Iterable[Entry]:
    """Tell the edits, each beside the one before it, and the first with where it came from."""
    lowest = records[-1].pk if records else 0
    before = permit.history.filter(pk__lt=lowest).order_by("-pk").first()
    imported = ImportedPermit.objects.filter(pk=permit.pk).select_related("run").first()
    for edit in edits.of_records(records, before):
        if edit.is_first:
            title = _("Imported") if imported else _("Entered")
            yield Entry(
                edit.at,
                edit.actor,
                _("Entered as the replacement of") if permit.replaces else title,
                "plus",
                "quiet",
                permit=permit.replaces,
                imported=imported,
            )
        else:
            title = _("Edited") if edit.changes else _("Saved")
            yield Entry(edit.at, edit.actor, title, "pencil", "quiet", changes=edit.changes)


def _replacements(successors: Iterable[Permit]) -> Iterable[Entry]:
    for successor in successors:
        yield Entry(
            successor.entered_at,
            successor.entered_by,
            _("Replacement entered:"),
            "copy",
            "quiet",
            detail=_what_became_of(successor),
            permit=successor,
        )


def _what_became_of(successor: Permit) -> str:
    """Say why a replacement did not take its permit's place; nothing where it did, or still may."""
    if offers.was_given_up(successor):
        return gettext("It was given up.")
    if successor.state == Permit.State.REJECTED:
        return gettext("The controller refused it; this permit stays until it is there.")
    return ""


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
            _DECIDED[Verdict(decision.verdict)],
            "person",
            "info",
            detail=f"{reason} {reference}".strip(),
        )
