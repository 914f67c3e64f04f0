"""Writing closed history to a file: brought to the disk, read back, and only then believed.

A chain is held while it is read and its anchor is written, and is in memory alone at that time.
docs/archives.md describes the file.
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
from permits.models import Activity, Anchor, Archive, Seal, SealedHead
from permits.models.chain import Head, chain_name, head_content, link_content, read_head
from permits.proof import closed, links, seals, wrong
from permits.proof.contents import anchor_content, archive_content
from permits.proof.verify_archive import check

FORMAT: Final = "permitportal history 1"  # English: the format

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
    for chain in found:
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


def _proof(content: dict[str, Any]) -> str:
    return digests.keyed(settings.HISTORY_KEYS[0], content).hex()


def _anchor(made: Archive, chain: int) -> list[dict[str, Any]] | None:
    """Write down where the chain will go on, and return its lines; None where it is in use."""
    with transaction.atomic():
        head = read_head(chain)
        if not closed.is_eligible(chain, made.before):
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
        entry = wrong.proven_entry(chain, each.number or 0, previous, each) or each.entry
        content = link_content(chain, each.number or 0, previous, entry)
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
