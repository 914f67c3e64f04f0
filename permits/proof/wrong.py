"""What may be wrong with a chain, a seal or what the activity tells of, in words."""

import hmac
from collections.abc import Sequence

from django.conf import settings

from permits import digests
from permits.models import Activity, Anchor, Archive, Chain, Seal, SealedHead
from permits.models.chain import Entry, Head, head_content, link_content
from permits.proof import seals
from permits.proof.contents import anchor_content
from permits.proof.links import Carried

State = Archive.State


class Ends:
    """Where a chain ends, where it begins after an archive, and where it was sealed."""

    def __init__(self) -> None:
        self.row: Chain | None = None
        self.anchor: Anchor | None = None
        self.sealed: list[SealedHead] = []


def with_chain(chain: int, carried: Sequence[Carried], ends: Ends) -> str | None:
    """Return what is first wrong with a chain, in words, or None."""
    loose = next((each for each in carried if each.number is None or each.digest is None), None)
    if loose is not None:
        return f"{loose.said} was added; it is no link of the chain."
    start = Head(0, b"")
    if ends.anchor is not None:
        start = Head(ends.anchor.length, bytes(ends.anchor.head))
        anchored = anchor_content(ends.anchor.archive_id, chain, start)
        if not is_proven(anchored, bytes(ends.anchor.proof)):
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
    if is_proven(link_content(chain, expected, digest, each.entry), each.digest or b""):
        return None
    return f"{each.said}, link {expected}, was changed or moved."


def _out_of_order(each: Carried, keys: dict[str, Carried]) -> str | None:
    """Records of one kind are numbered in the order in which they were written."""
    before = keys.get(each.entry.kind)
    keys[each.entry.kind] = each
    if before is None or before.key < each.key or each.entry.kind == "call closed":
        return None
    return f"{each.said} was moved: it follows {before.said}."


def _wrong_with_end(chain: int, end: Head, ends: Ends, start: Head) -> str | None:
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
    if not is_proven(head_content(chain, *_pair(row)), bytes(ends.row.proof)):
        return f"the row that says where it ends, after link {row.length}, was changed."
    if row.length > end.length:
        return f"link {end.length + 1} was removed; there were {row.length}."
    if row != end:
        return f"link {row.length + 1} was added after its end."
    return None


def with_seal(seal: Seal, before: Seal | None) -> str | None:
    """Return what is wrong with a seal after the one before it, in words, or None."""
    previous = b"" if before is None else bytes(before.digest)
    if bytes(seal.previous) != previous:
        return "the seal before it was removed, added or changed."
    count, over = seals.over_heads(seal)
    if (count, over) != (seal.heads, bytes(seal.over)):
        return f"what it holds was changed; it holds {count} ends of chains, and held {seal.heads}."
    if bytes(seal.digest) != digests.plain(seals.content(seal)):
        return "it was changed."
    if not is_proven(seals.content(seal), bytes(seal.proof)):
        return "it was not made by this portal."
    return None


def gone_since(entry: Entry) -> str | None:
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


def is_proven(content: dict[str, object], proof: bytes) -> bool:
    """Whether one of the keys, the newest first, made this proof."""
    return any(
        hmac.compare_digest(digests.keyed(key, content), proof) for key in settings.HISTORY_KEYS
    )


def _pair(head: Head) -> tuple[int, bytes]:
    return head.length, head.digest
