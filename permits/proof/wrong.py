"""What may be wrong with a chain, a seal or what the activity tells of, in words."""

from collections.abc import Sequence
from typing import Any, Final

from permits import digests
from permits.models import Activity, Anchor, Archive, Chain, Seal, SealedHead, Verification
from permits.models.chain import Entry, Head, head_content, is_proven, link_content
from permits.proof import seals
from permits.proof.contents import anchor_content, verification_content
from permits.proof.links import Carried
from permits.stored import said

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
        return said("%(said)s was added; it is no link of the chain.") % {"said": loose.said}
    start = Head(0, b"")
    if ends.anchor is not None:
        start = Head(ends.anchor.length, bytes(ends.anchor.head))
        anchored = anchor_content(ends.anchor.archive_id, chain, start)
        if not is_proven(anchored, bytes(ends.anchor.proof)):
            return said("the anchor of its archive, after link %(length)s, was changed.") % {
                "length": start.length
            }
    if ends.anchor is not None and ends.anchor.archive.state == State.REMOVING:
        carried = [each for each in carried if (each.number or 0) > start.length]
    ordered = sorted(carried, key=lambda each: (each.number or 0, each.key))
    sealed = {head.length: bytes(head.head) for head in ends.sealed}
    digest, number = start.digest, start.length
    keys: dict[str, Carried] = {}
    for each in ordered:
        problem = _wrong_with_link(chain, each, number, digest)
        if problem is None and sealed.get(each.number or 0, each.digest) != each.digest:
            problem = said("%(said)s is not the one that was sealed.") % {"said": each.said}
        if problem is None:
            problem = _out_of_order(each, keys)
        if problem:
            return problem
        number, digest = number + 1, each.digest or b""
    return _wrong_with_end(chain, Head(number, digest), ends, start)


def _wrong_with_link(chain: int, each: Carried, number: int, digest: bytes) -> str | None:
    expected = number + 1
    if each.number is None or each.number > expected:
        return said("link %(expected)s was removed, before %(said)s, which is link %(number)s.") % {
            "expected": expected,
            "said": each.said,
            "number": each.number,
        }
    if each.number < expected:
        if each.number <= 0 or number == 0:
            return said("%(said)s was moved or added: it has the number %(number)s.") % {
                "said": each.said,
                "number": each.number,
            }
        return said("%(said)s was added: there is another link %(number)s.") % {
            "said": each.said,
            "number": each.number,
        }
    if proven_entry(chain, expected, digest, each):
        return None
    return said("%(said)s, link %(expected)s, was changed or moved.") % {
        "said": each.said,
        "expected": expected,
    }


def _out_of_order(each: Carried, keys: dict[str, Carried]) -> str | None:
    """Records of one kind are numbered in the order in which they were written."""
    before = keys.get(each.entry.kind)
    keys[each.entry.kind] = each
    if before is None or before.key < each.key or each.entry.kind == "call closed":
        return None
    return said("%(said)s was moved: it follows %(said_2)s.") % {
        "said": each.said,
        "said_2": before.said,
    }


def _wrong_with_end(chain: int, end: Head, ends: Ends, start: Head) -> str | None:
    last_sealed = ends.sealed[-1] if ends.sealed else None
    if last_sealed is not None and last_sealed.length > end.length:
        return said("link %(length)s was removed; until %(seal)s there were %(length_2)s.") % {
            "length": end.length + 1,
            "seal": last_sealed.seal,
            "length_2": last_sealed.length,
        }
    if ends.row is None:
        if end.length:
            return said("the row that says where it ends, after link %(length)s, was removed.") % {
                "length": end.length
            }
        return None
    row = Head(ends.row.length, bytes(ends.row.head))
    if not is_proven(head_content(chain, *_pair(row)), bytes(ends.row.proof)):
        return said("the row that says where it ends, after link %(length)s, was changed.") % {
            "length": row.length
        }
    if row.length > end.length:
        return said("link %(length)s was removed; there were %(length_2)s.") % {
            "length": end.length + 1,
            "length_2": row.length,
        }
    if row != end:
        return said("link %(length)s was added after its end.") % {"length": row.length + 1}
    return None


def with_seal(seal: Seal, before: Seal | None) -> str | None:
    """Return what is wrong with a seal after the one before it, in words, or None."""
    previous = b"" if before is None else bytes(before.digest)
    if bytes(seal.previous) != previous:
        return said("the seal before it was removed, added or changed.")
    count, over = seals.over_heads(seal)
    if (count, over) != (seal.heads, bytes(seal.over)):
        return said(
            "what it holds was changed; it holds %(count)s ends of chains, and held %(heads)s."
        ) % {"count": count, "heads": seal.heads}
    if bytes(seal.digest) != digests.plain(seals.content(seal)):
        return said("it was changed.")
    if not is_proven(seals.content(seal), bytes(seal.proof)):
        return said("it was not made by this portal.")
    return None


def gone_since(entry: Entry) -> str | None:
    """Return what is wrong where the activity tells of what is not there, or not like that."""
    told, number = entry.fields.get("details", {}), _number_told(entry)
    if number is None:
        return None
    match entry.fields.get("kind"):
        case Activity.Kind.ARCHIVED:
            there = Archive.objects.filter(pk=number).exists()
            return None if there else said("Archive %(number)s was removed.") % {"number": number}
        case Activity.Kind.SEALED:
            seal = Seal.objects.filter(pk=number, is_open=False).first()
            if seal is None:
                return said("Seal %(number)s was removed.") % {"number": number}
            if bytes(seal.digest).hex() != told.get("digest"):
                return said("Seal %(number)s is not the one that was made.") % {"number": number}
        case Activity.Kind.VERIFIED:
            run = Verification.objects.filter(pk=number).exclude(finished_at=None).first()
            if run is None:
                return said("Verification %(number)s was removed.") % {"number": number}
            if digests.plain(verification_content(run)).hex() != told.get("digest"):
                return said("Verification %(number)s was changed.") % {"number": number}
    return None


def verification_told(entry: Entry) -> int | None:
    """Return the number of the verification that an activity tells of, if it tells of one."""
    of_one = entry.fields.get("kind") == Activity.Kind.VERIFIED
    return _number_told(entry) if of_one else None


def _number_told(entry: Entry) -> int | None:
    """Return the number of what it tells of; None where of nothing, or its link says: changed."""
    told = entry.fields.get("details", {})
    name = _TOLD_OF.get(entry.fields.get("kind"))
    number = told.get(name) if isinstance(told, dict) else None
    return number if isinstance(number, int) else None


# What the details of an activity call the number of what it tells of.
_TOLD_OF: Final[dict[Any, str]] = {
    Activity.Kind.ARCHIVED: "archive",
    Activity.Kind.SEALED: "seal",
    Activity.Kind.VERIFIED: "verification",
}


def proven_entry(chain: int, number: int, previous: bytes, each: Carried) -> Entry | None:
    """Return what a carried link is over, where it follows the digest of the one before."""
    for entry in filter(None, (each.entry, each.other)):
        if is_proven(link_content(chain, number, previous, entry), each.digest or b""):
            return entry
    return None


def _pair(head: Head) -> tuple[int, bytes]:
    return head.length, head.digest
