"""Writing closed history to a file: brought to the disk, read back, and only then believed.

A few chains at a time are held while they are read and their anchors are written, and only those
are in memory. docs/archives.md describes the file.
"""

import gzip
import hashlib
import os
from collections.abc import Iterator
from datetime import datetime
from itertools import chain as one_after_the_other
from pathlib import Path
from typing import Any, Final, TextIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from permits import digests
from permits.models import Activity, Anchor, Archive, Chain, Seal, SealedHead
from permits.models.chain import NO_LINK, Head, chain_name, head_content, link_content
from permits.proof import closed, links, seals, wrong
from permits.proof.contents import anchor_content, archive_content
from permits.proof.verify_archive import check

FORMAT: Final = "permitportal history 1"  # English: the format

PAGE: Final = 50  # permits' chains held together

State = Archive.State


class NothingToArchive(Exception):
    """No history is closed for long enough."""


def export(before: datetime, folder: Path, actor: str) -> Archive:
    """Write what was closed before this moment to a file, and return its archive.

    Raises as `archives.archive` does; nothing refers to the file then.
    """
    found = closed.eligible(before)
    first = next(found, None)
    if first is None:
        raise NothingToArchive
    made = Archive.objects.create(before=before, begun_at=timezone.now(), actor=actor)
    made.file = str((folder / f"history-{made.pk:06}-{before:%Y-%m-%d}.jsonl.gz").resolve())
    made.save(update_fields=["file"])
    part = Path(f"{made.file}.part")
    with part.open("wb") as raw:
        with gzip.open(raw, "wt", encoding="ascii", newline="\n") as file:
            made.records = _write(made, file, one_after_the_other([first], found))
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


def _write(made: Archive, file: TextIO, found: Iterator[int]) -> int:
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
    for page in _pages(found):
        for content in _anchor(made, page):
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


def _proof(content: dict[str, Any]) -> str:
    return digests.keyed(settings.HISTORY_KEYS[0], content).hex()


def _pages(found: Iterator[int]) -> Iterator[list[int]]:
    """Return the chains a few at a time; a day of a stream may be long, and is alone."""
    page: list[int] = []
    for chain in found:
        page.append(chain)
        if chain < 0 or len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _anchor(made: Archive, chains: list[int]) -> list[list[dict[str, Any]]]:
    """Write down where the chains will go on, and return their lines; none of those in use."""
    with transaction.atomic():
        held = Chain.objects.select_for_update().filter(pk__in=chains).order_by("pk")
        heads = {row.pk: Head(row.length, bytes(row.head)) for row in held}
        idle = closed.eligible_of(chains, made.before)
        starts = _starts(idle)
        Anchor.objects.bulk_create(_new_anchor(made, chain, heads[chain]) for chain in idle)
        carried = _carried(idle)
        sealed: dict[int, list[SealedHead]] = {chain: [] for chain in idle}
        for each in SealedHead.objects.filter(chain__in=idle).order_by("length"):
            if each.length > starts[each.chain].length:
                sealed[each.chain].append(each)
    return [
        _lines(chain, starts[chain], carried[chain], sealed[chain], heads[chain]) for chain in idle
    ]


def _new_anchor(made: Archive, chain: int, head: Head) -> Anchor:
    return Anchor(
        archive=made,
        chain=chain,
        length=head.length,
        head=head.digest,
        proof=digests.keyed(settings.HISTORY_KEYS[0], anchor_content(made.pk, chain, head)),
    )


def _lines(
    chain: int,
    start: Head,
    carried: list[links.Carried],
    sealed: list[SealedHead],
    end: Head,
) -> list[dict[str, Any]]:
    """Return the lines of one chain, which ends there."""
    first: dict[str, Any] = {
        "chain": chain,
        "name": chain_name(chain),
        "after": start.length,
        "start": _hex(start.digest),
    }
    lines, previous = [first], start.digest
    for each in sorted(carried, key=lambda link: link.number or 0):
        entry = wrong.proven_entry(chain, each.number or 0, previous, each) or each.entry
        content = link_content(chain, each.number or 0, previous, entry)
        lines.append({**content, "digest": _hex(each.digest), "id": each.key})
        previous = each.digest or b""
    for head in sealed:
        there = {"length": head.length, "head": _hex(head.head)}
        lines.append({"chain": chain, "seal": head.seal_id, **there})
    return [*lines, {**head_content(chain, end.length, end.digest), "end": True}]


def _carried(chains: list[int]) -> dict[int, list[links.Carried]]:
    of_days = {chain: links.of_stream(chain) for chain in chains if chain < 0}
    permits = [chain for chain in chains if chain > 0]
    return {**of_days, **dict(links.of_these_permits(permits))}


def _starts(chains: list[int]) -> dict[int, Head]:
    """Return where each chain begins: after what went into an earlier archive."""
    starts = dict.fromkeys(chains, NO_LINK)
    anchors = Anchor.objects.filter(chain__in=chains, archive__state=State.DONE)
    for anchor in anchors.order_by("length"):
        starts[anchor.chain] = Head(anchor.length, bytes(anchor.head))
    return starts


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
