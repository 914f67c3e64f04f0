"""Walking the whole history, chain by chain, in constant memory.

A chain is read while others write to it. What then looks wrong is looked at once more with the
chain held, and only what is still wrong is a problem.
"""

import hmac
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from permits import digests
from permits.models import Activity, Anchor, Archive, Chain, Seal, SealedHead, Verification, guards
from permits.models.chain import (
    Entry,
    Head,
    Stream,
    chain_name,
    head_content,
    link_content,
    read_head,
    stream_chain,
    stream_of,
)
from permits.proof import links, seals
from permits.proof.contents import anchor_content, archive_content
from permits.proof.links import Carried

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
    run.save()
    if run.problems:
        log.error("The history is not whole: %s", run.problems[0])
    return run


class _Walk:
    def __init__(self, go_on: Callable[[], bool], run: Verification) -> None:
        self.records = self.chains = self.seals = 0
        self.problems: list[str] = []
        self._go_on, self._run = go_on, run

    def everything(self) -> None:
        self.problems += [f"The trigger {name} is missing." for name in guards.missing()]
        self._seals()
        for made in Archive.objects.filter(state__in=(State.REMOVING, State.DONE)):
            if not _is_proven(archive_content(made), bytes(made.proof)):
                self.problems.append(f"Archive {made.pk} was not made by this portal, or changed.")
        for stream in Stream:
            self._stream(stream)
        self._permits()

    # --- Seals ------------------------------------------------------------------------------------

    def _seals(self) -> None:
        before: Seal | None = None
        for seal in Seal.objects.filter(is_open=False).order_by("pk").iterator():
            self._pause()
            problem = _wrong_with_seal(seal, before)
            if problem:
                self.problems.append(f"Seal {seal.pk}: {problem}")
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
            self.problems += [p for each in carried if (p := _gone_since(each.entry)) is not None]
            at = datetime.combine(day.date(), time(), UTC) + timedelta(days=1)

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

    def _chain(self, chain: int, carried: Sequence[Carried], ends: "dict[int, _Ends]") -> None:
        self.chains += 1
        self.records += len(carried)
        if _wrong_with_chain(chain, carried, ends.get(chain, _NO_ENDS)) is None:
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


class _Ends:
    """Where a chain ends, where it begins after an archive, and where it was sealed."""

    def __init__(self) -> None:
        self.row: Chain | None = None
        self.anchor: Anchor | None = None
        self.sealed: list[SealedHead] = []


_NO_ENDS: Final = _Ends()


def _ends(chains: Sequence[int]) -> dict[int, _Ends]:
    ends = {chain: _Ends() for chain in chains}
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
        return _wrong_with_chain(chain, carried, _ends([chain])[chain])


# --- What may be wrong ----------------------------------------------------------------------------


def _wrong_with_chain(chain: int, carried: Sequence[Carried], ends: _Ends) -> str | None:
    """Return what is first wrong with a chain, in words, or None."""
    loose = next((each for each in carried if each.number is None or each.digest is None), None)
    if loose is not None:
        return f"{loose.said} was added; it is no link of the chain."
    start = Head(0, b"")
    if ends.anchor is not None:
        start = Head(ends.anchor.length, bytes(ends.anchor.head))
        anchored = anchor_content(ends.anchor.archive_id, chain, start)
        if not _is_proven(anchored, bytes(ends.anchor.proof)):
            return f"the anchor of its archive, after link {start.length}, was changed."
    if ends.anchor is not None and ends.anchor.archive.state == State.REMOVING:
        carried = [each for each in carried if (each.number or 0) > start.length]
    ordered = sorted(carried, key=lambda each: (each.number or 0, each.key))
    sealed = {head.length: bytes(head.head) for head in ends.sealed}
    digest, number = start.digest, start.length
    keys: dict[str, Carried] = {}
    for each in ordered:
        problem = _wrong_with_link(chain, each, number, digest)
        if problem is None and sealed.get(each.number or 0, each.digest) != each.digest:
            problem = f"{each.said} is not the one that was sealed."
        if problem is None:
            problem = _out_of_order(each, keys)
        if problem:
            return problem
        number, digest = number + 1, each.digest or b""
    return _wrong_with_end(chain, Head(number, digest), ends, start)


def _wrong_with_link(chain: int, each: Carried, number: int, digest: bytes) -> str | None:
    expected = number + 1
    if each.number is None or each.number > expected:
        return f"link {expected} was removed, before {each.said}, which is link {each.number}."
    if each.number < expected:
        if each.number <= 0 or number == 0:
            return f"{each.said} was moved or added: it has the number {each.number}."
        return f"{each.said} was added: there is another link {each.number}."
    if _is_proven(link_content(chain, expected, digest, each.entry), each.digest or b""):
        return None
    return f"{each.said}, link {expected}, was changed or moved."


def _out_of_order(each: Carried, keys: dict[str, Carried]) -> str | None:
    """Records of one kind are numbered in the order in which they were written."""
    before = keys.get(each.entry.kind)
    keys[each.entry.kind] = each
    if before is None or before.key < each.key or each.entry.kind == "call closed":
        return None
    return f"{each.said} was moved: it follows {before.said}."


def _wrong_with_end(chain: int, end: Head, ends: _Ends, start: Head) -> str | None:
    last_sealed = ends.sealed[-1] if ends.sealed else None
    if last_sealed is not None and last_sealed.length > end.length:
        return (
            f"link {end.length + 1} was removed; until {last_sealed.seal} there were "
            f"{last_sealed.length}."
        )
    if ends.row is None:
        if end.length:
            return f"the row that says where it ends, after link {end.length}, was removed."
        return None
    row = Head(ends.row.length, bytes(ends.row.head))
    if not _is_proven(head_content(chain, *_pair(row)), bytes(ends.row.proof)):
        return f"the row that says where it ends, after link {row.length}, was changed."
    if row.length > end.length:
        return f"link {end.length + 1} was removed; there were {row.length}."
    if row != end:
        return f"link {row.length + 1} was added after its end."
    return None


def _wrong_with_seal(seal: Seal, before: Seal | None) -> str | None:
    previous = b"" if before is None else bytes(before.digest)
    if bytes(seal.previous) != previous:
        return "the seal before it was removed, added or changed."
    count, over = seals.over_heads(seal)
    if (count, over) != (seal.heads, bytes(seal.over)):
        return f"what it holds was changed; it holds {count} ends of chains, and held {seal.heads}."
    if bytes(seal.digest) != digests.plain(seals.content(seal)):
        return "it was changed."
    if not _is_proven(seals.content(seal), bytes(seal.proof)):
        return "it was not made by this portal."
    return None


def _gone_since(entry: Entry) -> str | None:
    """Return what is wrong where the activity tells of what is not there, or not like that."""
    if entry.fields.get("kind") == Activity.Kind.ARCHIVED:
        number = entry.fields["details"].get("archive")
        there = Archive.objects.filter(pk=number).exists()
        return None if there else f"Archive {number} was removed."
    if entry.fields.get("kind") != Activity.Kind.SEALED:
        return None
    told = entry.fields.get("details", {})
    seal = Seal.objects.filter(pk=told.get("seal"), is_open=False).first()
    if seal is None:
        return f"Seal {told.get('seal')} was removed."
    if bytes(seal.digest).hex() != told.get("digest"):
        return f"Seal {seal.pk} is not the one that was made."
    return None


def _is_proven(content: dict[str, object], proof: bytes) -> bool:
    """Whether one of the keys, the newest first, made this proof."""
    return any(
        hmac.compare_digest(digests.keyed(key, content), proof) for key in settings.HISTORY_KEYS
    )


def _pair(head: Head) -> tuple[int, bytes]:
    return head.length, head.digest
