"""Exporting closed history to a sealed file, and then removing it: what alone may remove any.

The file is written, brought to the disk and read back, each digest checked, before the first record
goes. A run that was cut off is gone on with by the next: a file that was not finished is begun
anew, and what is in a finished one goes on being removed. docs/archives.md describes the file.
"""

import gzip
import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, TextIO

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from permits import digests
from permits.models import (
    Activity,
    Anchor,
    Archive,
    Chain,
    Decision,
    Permit,
    Pull,
    Seal,
    SealedHead,
    SyncAttempt,
    ValidationStep,
)
from permits.models.chain import (
    Head,
    Stream,
    chain_name,
    head_content,
    link_content,
    read_head,
    stream_of,
)
from permits.proof import links, seals
from permits.proof.contents import anchor_content, archive_content
from permits.proof.verify_archive import check

FORMAT: Final = "permitportal history 1"
PAGE: Final = 200  # chains looked at, or emptied, in one transaction
STREAMS: Final = (Stream.COUNTS, Stream.ACTIVITY)  # zones are few, and their names are needed

State = Archive.State
_PermitEdit: Any = Permit.history.model
_BUSY: Final = (Permit.State.QUEUED, Permit.State.SENDING, Permit.State.IN_DOUBT)


class NothingToArchive(Exception):
    """No history is closed for long enough."""


def archive(before: datetime, folder: Path, *, actor: str) -> Archive:
    """Export what was closed before this moment to a file in the folder, and remove it here.

    Goes on with what an earlier run has left. Raises `NothingToArchive`, `OSError` where the file
    cannot be written, and `verify_archive.Broken` where it does not read back as it was written;
    nothing is removed then.
    """
    begun = Archive.objects.filter(state=State.REMOVING).first()
    if begun is None:
        for left in Archive.objects.filter(state=State.WRITING):
            _move(left, State.ABANDONED)
            Path(f"{left.file}.part").unlink(missing_ok=True)
        seals.make_seal(actor)  # what goes is in a seal that stays
        begun = _export(before, folder, actor)
    _remove(begun)
    return begun


# --- Exporting ------------------------------------------------------------------------------------


def _export(before: datetime, folder: Path, actor: str) -> Archive:
    eligible = _eligible(before)
    first = next(eligible, None)
    if first is None:
        raise NothingToArchive
    made = Archive.objects.create(before=before, begun_at=timezone.now(), actor=actor)
    made.file = str((folder / f"history-{made.pk:06}-{before:%Y-%m-%d}.jsonl.gz").resolve())
    made.save(update_fields=["file"])
    part = Path(f"{made.file}.part")
    with part.open("wb") as raw:
        with gzip.open(raw, "wt", encoding="ascii", newline="\n") as file:
            made.records = _write(made, file, first, eligible)
        raw.flush()
        os.fsync(raw.fileno())
    check(part, settings.HISTORY_KEYS)
    part.rename(made.file)
    _to_disk(folder)
    made.size, made.digest = Path(made.file).stat().st_size, _digest(Path(made.file))
    made.state = State.REMOVING
    made.proof = digests.keyed(settings.HISTORY_KEYS[0], archive_content(made))
    with transaction.atomic():
        made.save()
        Activity.note(
            kind=Activity.Kind.ARCHIVED,
            actor=actor,
            what=str(made),
            details={
                **archive_content(made),
                "file": made.file,
            },
        )
    return made


def _write(made: Archive, file: TextIO, first: int, rest: Iterator[int]) -> int:
    """Write every line of the file; return how many links are in it."""
    whole, records, chains = hashlib.sha256(), 0, 0

    def line(content: dict[str, Any]) -> None:
        text = f"{digests.text(content)}\n"
        whole.update(text.encode())
        file.write(text)

    line(
        {
            "format": FORMAT,
            "archive": made.pk,
            "before": digests.moment(made.before),
            "written": digests.moment(timezone.now()),
        }
    )
    for chain in _with(first, rest):
        content = _anchor(made, chain)
        if content is None:
            continue
        for each in content:
            line(each)
            records += "link" in each
        chains += 1
    seal = Seal.objects.filter(is_open=False).first()
    if seal is not None:
        line({**seals.content(seal), "digest": bytes(seal.digest).hex()})
    end = {"links": records, "chains": chains, "sha256": whole.hexdigest()}
    file.write(f"{digests.text({**end, 'proof': _proof(end)})}\n")
    return records


def _with(first: int, rest: Iterator[int]) -> Iterator[int]:
    yield first
    yield from rest


def _proof(content: dict[str, Any]) -> str:
    return digests.keyed(settings.HISTORY_KEYS[0], content).hex()


def _anchor(made: Archive, chain: int) -> list[dict[str, Any]] | None:
    """Write down where the chain will go on, and return its lines; None where it is in use."""
    with transaction.atomic():
        head = read_head(chain)
        if not _is_eligible(chain, made.before):
            return None
        start = _start(chain)
        Anchor.objects.create(
            archive=made,
            chain=chain,
            length=head.length,
            head=head.digest,
            proof=digests.keyed(settings.HISTORY_KEYS[0], anchor_content(made.pk, chain, head)),
        )
        carried = _carried(chain)
        sealed = SealedHead.objects.filter(chain=chain, length__gt=start.length)
        ends = [
            {"chain": chain, "seal": each.seal_id, "length": each.length, "head": _hex(each.head)}
            for each in sealed.order_by("length")
        ]
    lines: list[dict[str, Any]] = [
        {
            "chain": chain,
            "name": chain_name(chain),
            "after": start.length,
            "start": _hex(start.digest),
        }
    ]
    previous = start.digest
    for each in sorted(carried, key=lambda link: link.number or 0):
        content = link_content(chain, each.number or 0, previous, each.entry)
        lines.append({**content, "digest": _hex(each.digest), "id": each.key})
        previous = each.digest or b""
    return [*lines, *ends, {**head_content(chain, head.length, head.digest), "end": True}]


def _carried(chain: int) -> list[links.Carried]:
    if chain < 0:
        return links.of_stream(chain)
    return dict(links.of_permits(chain - 1, chain)).get(chain, [])


def _start(chain: int) -> Head:
    """Return where the chain begins: after what went into an earlier archive."""
    anchors = Anchor.objects.filter(chain=chain, archive__state=State.DONE)
    anchor = anchors.order_by("-length").first()
    return Head(0, b"") if anchor is None else Head(anchor.length, bytes(anchor.head))


def _hex(digest: bytes | memoryview | None) -> str:
    return "" if digest is None else bytes(digest).hex()


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _to_disk(folder: Path) -> None:
    """Have the folder itself remember the file's new name after a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- What is closed for long enough ---------------------------------------------------------------


def _eligible(before: datetime) -> Iterator[int]:
    """Return the chains of which everything was closed before this moment."""
    after = seals.BEFORE_ALL
    while page := list(
        Chain.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:PAGE]
    ):
        streams = [chain for chain in page if chain < 0 and _is_eligible(chain, before)]
        permits = [chain for chain in page if chain > 0]
        yield from sorted((*streams, *_closed(permits, before)))
        after = page[-1]


def _is_eligible(chain: int, before: datetime) -> bool:
    if chain > 0:
        return bool(_closed([chain], before))
    stream, day = stream_of(chain)
    ends = datetime.combine(day, time(), UTC) + timedelta(days=1)
    if stream not in STREAMS or ends > before:
        return False
    carried = links.of_stream(chain)
    under_way = stream == Stream.COUNTS and SyncAttempt.objects.filter(
        permit=None, started_at__lt=ends, finished_at=None
    )
    return bool(carried) and not (under_way and under_way.exists())


def _closed(permits: list[int], before: datetime) -> set[int]:
    """Return those of the permits whose time is over and of which nothing happened since."""
    of_edit, of_permit = OuterRef("id"), OuterRef("id")
    calls = SyncAttempt.objects.filter(permit=of_permit).filter(
        Q(finished_at=None) | Q(finished_at__gte=before)
    )
    decisions = Decision.objects.filter(permit=of_permit, decided_at__gte=before)
    edits = _PermitEdit.objects.filter(id=of_edit, history_date__gte=before)
    in_use = Q(end_time__gte=before) | Q(state__in=_BUSY)
    current = Permit.objects.filter(in_use, pk=of_permit)
    told = _PermitEdit.objects.filter(id=of_edit).order_by()
    called = SyncAttempt.objects.filter(permit=of_permit).order_by()
    chains = Chain.objects.filter(pk__in=permits).filter(Exists(told) | Exists(called))
    for newer in (calls, decisions, edits, current):
        chains = chains.exclude(Exists(newer))
    return set(chains.values_list("pk", flat=True))


# --- Removing -------------------------------------------------------------------------------------


def _remove(made: Archive) -> None:
    """Remove what is in the file, as the triggers let pass while its archive is in this state."""
    after = 0
    while page := list(made.anchors.filter(pk__gt=after).order_by("pk")[:PAGE]):
        with transaction.atomic():
            for anchor in page:
                _remove_links(anchor)
        after = page[-1].pk
    made.finished_at = timezone.now()
    _move(made, State.DONE)


def _remove_links(anchor: Anchor) -> None:
    if anchor.chain > 0:
        upto = {"link__lte": anchor.length}
        _raw(Decision.objects.filter(permit=anchor.chain, **upto))
        _raw_calls(SyncAttempt.objects.filter(permit=anchor.chain, **upto))
        _raw(_PermitEdit.objects.filter(id=anchor.chain, **upto))
        return
    stream, day = stream_of(anchor.chain)
    start = datetime.combine(day, time(), UTC)
    end = start + timedelta(days=1)
    if stream == Stream.ACTIVITY:
        _raw(Activity.objects.filter(at__gte=start, at__lt=end))
    else:
        of_day = {"started_at__gte": start, "started_at__lt": end}
        _raw_calls(SyncAttempt.objects.filter(permit=None, **of_day))


def _raw_calls(calls: Any) -> None:
    """Remove calls; counts and steps of a validation run stay, and name their call no more."""
    for model in (Pull, ValidationStep):
        model._default_manager.filter(attempt__in=calls.values("pk")).update(attempt=None)
    _raw(calls)


def _raw(records: Any) -> None:
    """Remove records without loading them; nothing that stays refers to them."""
    records._raw_delete(records.db)  # noqa: SLF001 - Django has no public name for it


def _move(made: Archive, state: "Archive.State") -> None:
    made.state = state
    with transaction.atomic():
        made.save(update_fields=["state", "finished_at"])
