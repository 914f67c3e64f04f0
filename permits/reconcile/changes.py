"""What a zone's count says by moving between two pulls, once all we know of is taken away.

Between two pulls the count moves by what we surely pushed and deleted, by what may have happened
(calls under way at either pull, pushes in doubt, permits just ending), and by what others did. The
first is known; the second lies in a range; what the count moved beyond both is nobody's of ours.
"""

from collections import defaultdict
from dataclasses import dataclass

from permits.controller import RECORD_NOT_FOUND, Request
from permits.models import SETTLES, Decision, Operation, Pull, SyncAttempt
from permits.reconcile.sides import Side


@dataclass(frozen=True)
class Change:
    """How much a count moved beyond our certain calls, and how much of that we may have done."""

    moved: int
    down: int  # may have gone, at most
    up: int  # may have come, at most

    @property
    def strayed(self) -> int:
        """How much of it nothing of ours can explain: above nothing came, below vanished."""
        if self.moved > self.up:
            return self.moved - self.up
        return min(self.moved + self.down, 0)


@dataclass(frozen=True)
class Between:
    """What happened around two pulls and is in neither of them for certain."""

    recent: dict[str, set[int]]  # by zone: pushes in doubt that may take effect after the first
    missing: dict[str, int]  # by zone: records that were found missing
    named: int  # calls about records whose reference ID a person entered, which may be another's


def between(first: Pull, last: Pull) -> Between:
    """Return what happened around two pulls, by zone."""
    around = SyncAttempt.objects.about(first.began_at - SETTLES, last.ended_at).order_by()
    recent: dict[str, set[int]] = defaultdict(set)
    in_doubt = around.filter(operation=Operation.PUSH, outcome=SyncAttempt.Outcome.IN_DOUBT)
    for pk, sent in in_doubt.values_list("pk", "request"):
        recent[zone_sent(sent)].add(pk)
    missing: dict[str, int] = defaultdict(int)
    lost = around.filter(error_code=RECORD_NOT_FOUND).values_list("permit", flat=True)
    pushed = SyncAttempt.objects.filter(permit__in=set(lost), operation=Operation.PUSH)
    for sent in dict(pushed.order_by("pk").values_list("permit", "request")).values():
        missing[zone_sent(sent)] += 1
    named = around.filter(
        operation__in=(Operation.UPDATE, Operation.DELETE),
        permit__in=Decision.objects.filter(verdict=Decision.Verdict.THERE).values("permit"),
    )
    return Between(recent, missing, named.count())


def zone_sent(body: dict[str, str]) -> str:
    """Return the zone that a push named."""
    return Request("push", body).fields.get("zone", "")


def change(first: Side, last: Side, happened: Between) -> Change:
    """Return how a zone's count moved; one that is not named counts as nothing."""
    moved = (last.total or 0) - (first.total or 0) - (last.certain - first.certain)
    down = first.unsure + happened.named
    up = last.unsure + happened.named + happened.missing.get(first.zone, 0)
    recent = happened.recent.get(first.zone, set())
    for pk in first.doubts | last.doubts | recent:
        before, after = pk in first.doubts, pk in last.doubts
        # One in both stands there or does not, both times alike, unless it was still on its way.
        up += (pk in recent) if before else 1
        down += not after
    return Change(moved, down, up)
