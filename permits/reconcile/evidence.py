"""What became of a push whose outcome is unknown, as far as anything shows it.

The rule is: wrong never. A finding points somewhere only where everything else that could have
brought about what was seen is excluded; in every other case it cannot tell, and says why. It is
shown to the person who decides, and nothing acts on it by itself. docs/reconciling.md has the
argument.
"""

from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from permits.controller import Request
from permits.models import Permit, Pull, SyncAttempt
from permits.reconcile.by_counts import by_counts
from permits.reconcile.by_refusal import by_refusal
from permits.reconcile.changes import zone_sent
from permits.reconcile.findings import Finding, Points
from permits.reconcile.sides import sides, unnamed

SHOWN: Final = 5  # other calls of the plate


@dataclass(frozen=True)
class Counted:
    """The zone's count before and after the call."""

    before: Pull
    after: Pull
    total_before: int | None
    total_after: int | None


@dataclass(frozen=True)
class Evidence:
    """All that shows anything of one push."""

    attempt: SyncAttempt
    zone: str
    findings: tuple[Finding, ...]
    counted: Counted | None
    other_calls: tuple[SyncAttempt, ...]  # of the same plate, the newest first

    @property
    def points(self) -> Points:
        """Where all of it together points; findings that contradict each other cancel out."""
        told = {finding.points for finding in self.findings} - {Points.CANNOT_TELL}
        return told.pop() if len(told) == 1 else Points.CANNOT_TELL


def evidence(attempt: SyncAttempt) -> Evidence:
    """Return what shows whether a push in doubt arrived."""
    zone = zone_sent(attempt.request)
    pulls = Pull.objects.filter(controller=attempt.controller)
    before, after = pulls.before(attempt.started_at), pulls.after(attempt.settles_at)
    counted = None
    if before and after:
        totals = [sides(pull).get(zone, unnamed(zone)).all.total for pull in (before, after)]
        counted = Counted(before, after, *totals)
    findings = [by_counts(attempt, zone, before, after)]
    if refused := by_refusal(attempt):
        findings.append(refused)
    return Evidence(attempt, zone, tuple(findings), counted, tuple(_other_calls(attempt)))


def _other_calls(attempt: SyncAttempt) -> "QuerySet[SyncAttempt]":
    plate = Request("push", attempt.request).fields.get("plate", "")
    of_plate = Permit.objects.of_plate(plate).values("pk")
    calls = SyncAttempt.objects.filter(permit__in=of_plate).exclude(pk=attempt.pk)
    return calls.select_related("permit").defer("response", "request").order_by("-pk")[:SHOWN]
