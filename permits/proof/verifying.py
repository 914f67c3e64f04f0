"""Walking the whole history, chain by chain, in constant memory.

A chain is read while others write to it. What then looks wrong is looked at once more with the
chain held, and only what is still wrong is a problem.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from permits import digests
from permits.models import Activity, Anchor, Archive, Chain, Seal, SealedHead, Verification, guards
from permits.models.chain import (
    Stream,
    chain_name,
    is_proven,
    read_head,
    stream_chain,
    stream_of,
)
from permits.proof import links, wrong
from permits.proof.contents import archive_content, verification_content
from permits.proof.links import Carried
from permits.stored import said

PAGE: Final = 500  # chains looked at together
SAYS_SO_EVERY: Final = timedelta(seconds=10)
State = Archive.State
log = logging.getLogger(__name__)


class Stopped(Exception):
    """It was asked to end before it had seen everything."""


def verify(actor: str, *, go_on: Callable[[], bool] = lambda: True) -> Verification:
    """Walk everything and keep the result; `problems` names what is wrong, the first first.

    Raises `Stopped` where `go_on` says no; nothing is then said of the history.
    """
    now = timezone.now()
    run = Verification.objects.create(started_at=now, heard_at=now, actor=actor)
    walk = _Walk(go_on, run)
    walk.everything()
    run.records, run.chains, run.seals = walk.records, walk.chains, walk.seals
    run.problems = walk.problems[: Verification.MOST_PROBLEMS]
    run.finished_at = timezone.now()
    with transaction.atomic():
        run.save()
        Activity.note(
            kind=Activity.Kind.VERIFIED,
            actor=actor,
            what=str(run),
            details={
                "verification": run.pk,
                "problems": len(walk.problems),
                "digest": digests.plain(verification_content(run)).hex(),
            },
        )
    if run.problems:
        log.error("The history is not whole: %s", run.problems[0])
    return run


class _Walk:
    def __init__(self, go_on: Callable[[], bool], run: Verification) -> None:
        self.records = self.chains = self.seals = 0
        self.problems: list[str] = []
        self._told: set[int] = set()  # verifications of which the activity tells
        self._go_on, self._run = go_on, run

    def everything(self) -> None:
        self.problems += [
            said("The trigger %(name)s is missing.") % {"name": name} for name in guards.missing()
        ]
        self._seals()
        for made in Archive.objects.filter(state__in=(State.REMOVING, State.DONE)):
            if not is_proven(archive_content(made), bytes(made.proof)):
                self.problems.append(
                    said("Archive %(number)s was not made by this portal, or changed.")
                    % {"number": made.pk}
                )
        for stream in Stream:
            self._stream(stream)
        self._verifications()
        self._permits()

    # --- Seals ------------------------------------------------------------------------------------

    def _seals(self) -> None:
        before: Seal | None = None
        for seal in Seal.objects.filter(is_open=False).order_by("pk").iterator():
            self._pause()
            problem = wrong.with_seal(seal, before)
            if problem:
                self.problems.append(
                    said("Seal %(number)s: %(problem)s") % {"number": seal.pk, "problem": problem}
                )
            self.seals += 1
            before = seal

    # --- Chains -----------------------------------------------------------------------------------

    def _stream(self, stream: Stream) -> None:
        """Walk a stream's days: those that have a chain, were sealed, or hold any record."""
        at = datetime.min.replace(tzinfo=UTC)
        while (day := _next_day(stream, at)) is not None:
            self._pause()
            chain = stream_chain(stream, day)
            carried = links.of_stream(chain)
            self._chain(chain, carried, _ends([chain]))
            self.problems += [
                p for each in carried if (p := wrong.gone_since(each.entry)) is not None
            ]
            self._told |= {run for each in carried if (run := wrong.verification_told(each.entry))}
            at = datetime.combine(day.date(), time(), UTC) + timedelta(days=1)

    def _verifications(self) -> None:
        """Look for those that ended before this one and of which the activity does not tell.

        It tells of all since the first that it tells of.
        """
        ended = Verification.objects.filter(finished_at__lt=self._run.started_at)
        since = ended.filter(pk__gt=min(self._told)) if self._told else ended.none()
        for number in since.order_by("pk").values_list("pk", flat=True):
            if number not in self._told:
                self.problems.append(
                    said("Verification %(number)s was added.") % {"number": number}
                )

    def _permits(self) -> None:
        """Walk the permits' chains: those that have a row, were sealed, or hold any record."""
        low = 0
        while True:
            self._pause()
            known = _known_chains(low)
            high = known[-1] if len(known) == PAGE else None
            ends = _ends(known)
            missing = iter(known)
            expected = next(missing, None)
            for chain, carried in links.of_permits(low, high):
                while expected is not None and expected < chain:
                    self._chain(expected, [], ends)
                    expected = next(missing, None)
                if expected == chain:
                    expected = next(missing, None)
                self._chain(chain, carried, ends)
                if high is None and chain not in ends and len(self.problems) > PAGE:
                    return
            while expected is not None:
                self._chain(expected, [], ends)
                expected = next(missing, None)
            if high is None:
                return
            low = high

    def _chain(self, chain: int, carried: Sequence[Carried], ends: dict[int, wrong.Ends]) -> None:
        self.chains += 1
        self.records += len(carried)
        if wrong.with_chain(chain, carried, ends.get(chain, _NO_ENDS)) is None:
            return
        problem = _look_again(chain)
        if problem:
            self.problems.append(f"{chain_name(chain).capitalize()}: {problem}")

    def _pause(self) -> None:
        if not self._go_on():
            raise Stopped
        now = timezone.now()
        if now - self._run.heard_at > SAYS_SO_EVERY:
            self._run.heard_at = now
            self._run.save(update_fields=["heard_at"])


_NO_ENDS: Final = wrong.Ends()


def _ends(chains: Sequence[int]) -> dict[int, wrong.Ends]:
    ends = {chain: wrong.Ends() for chain in chains}
    for row in Chain.objects.filter(pk__in=chains):
        ends[row.pk].row = row
    kept = (State.REMOVING, State.DONE)
    anchors = Anchor.objects.filter(chain__in=chains, archive__state__in=kept)
    for anchor in anchors.select_related("archive").order_by("length"):
        ends[anchor.chain].anchor = anchor
    for head in SealedHead.objects.filter(chain__in=chains).order_by("length"):
        ends[head.chain].sealed.append(head)
    return ends


def _known_chains(low: int) -> list[int]:
    """Return the next permits' chains that have a row or were sealed."""
    rows = Chain.objects.filter(pk__gt=low).order_by("pk").values_list("pk", flat=True)
    sealed = SealedHead.objects.filter(chain__gt=low).order_by("chain")
    heads = sealed.values_list("chain", flat=True).distinct()
    return sorted({*rows[:PAGE], *heads[:PAGE]})[:PAGE]


def _next_day(stream: Stream, at: datetime) -> datetime | None:
    """Return the next day from this moment on of which a stream has any trace."""
    days = [found] if (found := links.next_day(stream, at)) else []
    # A later day's chain has a lower number.
    upto = stream_chain(stream, at) if at.year > 1 else 0
    for numbers in (
        Chain.objects.filter(pk__lt=0, pk__lte=upto).values_list("pk", flat=True).order_by("-pk"),
        SealedHead.objects.filter(chain__lt=0, chain__lte=upto)
        .values_list("chain", flat=True)
        .order_by("-chain"),
    ):
        for number in numbers.iterator():
            if -number % 10 == stream:
                day = datetime.combine(stream_of(number)[1], time(), UTC)
                days.append(day)
                break
    return min(days, default=None)


def _look_again(chain: int) -> str | None:
    """Look at one chain while nobody can write to it."""
    with transaction.atomic():
        read_head(chain)
        if chain < 0:
            carried = links.of_stream(chain)
        else:
            found = dict(links.of_permits(chain - 1, chain))
            carried = found.get(chain, [])
        return wrong.with_chain(chain, carried, _ends([chain])[chain])
