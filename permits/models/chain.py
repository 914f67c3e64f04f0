"""The chains that hold the history together, and how a record becomes a link of one.

Each permit has a chain: its calls (opened and closed), its decisions and its edits, in the order in
which they were written. What belongs to no permit is in a chain of its day and kind. A link's
digest is keyed and covers the link's content, its number and the digest before it, so nothing can
be changed, removed, added or moved without the key. The chain's row holds how many links there are
and the last digest, with a proof that is keyed as well, so that none can be removed at the end. An
end that somebody else has put there is never proven by what follows it.

Writing a link locks its own chain and no other. Whoever has locked a permit's row locks its chain
after it, never before.
"""

import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from enum import IntEnum
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection, models, transaction

from permits import digests
from permits.models import direct
from permits.stored import said


class Stream(IntEnum):
    """What belongs to no permit, and has a chain for each day."""

    COUNTS = 1
    ACTIVITY = 2
    ZONES = 3


_STREAM_NAMES: Final = {
    Stream.COUNTS: said("counts of %(day)s"),
    Stream.ACTIVITY: said("activity of %(day)s"),
    Stream.ZONES: said("edits of zones of %(day)s"),
}


class Chain(models.Model):
    """Where a chain ends. Its number is its permit's, or is below zero for a stream's day."""

    id = models.BigIntegerField(primary_key=True)
    length = models.PositiveIntegerField()
    head = models.BinaryField(max_length=digests.LENGTH)  # the last link's digest
    proof = models.BinaryField(max_length=digests.LENGTH)  # keyed, over the three before

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return chain_name(self.pk)


class Head(NamedTuple):
    """The end of a chain, as it was read."""

    length: int
    digest: bytes
    proof: bytes = b""


class Entry(NamedTuple):
    """What a link is over."""

    kind: str
    fields: dict[str, Any]  # as `digests.fields` returns them


class Link(NamedTuple):
    """A link as it is kept with its record."""

    number: int
    digest: bytes


class Move(NamedTuple):
    """How a chain's end moves on with the record that its new links are kept with."""

    chain: int
    before: int  # links until now
    end: Head


NO_LINK: Final = Head(0, b"")
# What moves an end on that is there already; beside what writes a record, too.
MOVE: Final = "UPDATE permits_chain SET length = %s, head = %s, proof = %s"
WHERE_IT_WAS: Final = "WHERE permits_chain.id = %s AND permits_chain.length = %s"


class Overtaken(Exception):
    """Somebody else has written a link since the chain's end was read: read it again."""


def stream_chain(stream: Stream, moment: datetime) -> int:
    """Return the number of the chain of a stream's day, by the calendar of UTC."""
    return -(moment.astimezone(UTC).date().toordinal() * 10 + stream)


def stream_of(chain: int) -> tuple[Stream, date]:
    """Return which stream's day has the chain of this number below zero."""
    ordinal, stream = divmod(-chain, 10)
    return Stream(stream), date.fromordinal(ordinal)


def chain_name(chain: int) -> str:
    """Return a chain's name for people."""
    if chain > 0:
        return said("permit %(number)s") % {"number": chain}
    stream, day = stream_of(chain)
    return _STREAM_NAMES[stream] % {"day": day}


def link_content(chain: int, number: int, previous: bytes, entry: Entry) -> dict[str, Any]:
    """Return what a link's digest is over."""
    return {
        "chain": chain,
        "link": number,
        "previous": previous.hex(),
        "kind": entry.kind,
        "fields": entry.fields,
    }


def head_content(chain: int, length: int, digest: bytes) -> dict[str, Any]:
    """Return what the proof of a chain's end is over."""
    return {"chain": chain, "length": length, "head": digest.hex()}


def read_head(chain: int) -> Head:
    """Return the chain's end, held until the transaction ends."""
    lock = "FOR UPDATE" if connection.features.has_select_for_update else ""
    row = direct.first(
        f"SELECT length, head, proof FROM permits_chain WHERE id = %s {lock}",  # noqa: S608
        [chain],
    )
    return NO_LINK if row is None else head_of(*row)


def head_of(length: int, digest: Any, proof: Any) -> Head:
    """Return a chain's end from the columns of its row, as a driver gives them."""
    return Head(length, bytes(digest), bytes(proof))


def extend(chain: int, entries: Iterable[Entry], head: Head) -> tuple[list[Link], Head]:
    """Return the links that follow a chain's end, and its new end; writes nothing.

    Where the end was not proven, the new one is not either: else whoever removed the last link and
    put the end back would only have to wait for the next.
    """
    key = settings.HISTORY_KEYS[0]
    links: list[Link] = []
    number, digest = head.length, head.digest
    for entry in entries:
        number += 1
        digest = digests.keyed(key, link_content(chain, number, digest, entry))
        links.append(Link(number, digest))
    proof = head.proof
    if head == NO_LINK or _is_keyed(_head_text(chain, head.length, head.digest), proof):
        proof = digests.keyed_text(key, _head_text(chain, number, digest))
    return links, Head(number, digest, proof)


def _head_text(chain: int, length: int, digest: bytes) -> str:
    """Return the text of `head_content`, which each link needs twice, without the encoder."""
    return f'{{"chain":{chain},"head":"{digest.hex()}","length":{length}}}'


def is_proven(content: Mapping[str, Any], proof: bytes) -> bool:
    """Whether one of the keys, the newest first, made this proof."""
    return _is_keyed(digests.text(content), proof)


def _is_keyed(text: str, proof: bytes) -> bool:
    return any(
        hmac.compare_digest(digests.keyed_text(key, text), proof) for key in settings.HISTORY_KEYS
    )


def moved(move: Move) -> list[Any]:
    """Return what `MOVE` and `WHERE_IT_WAS` are given."""
    return [move.end.length, move.end.digest, move.end.proof, move.chain, move.before]


def write_head(move: Move) -> None:
    """Move the chain's end on; raise `Overtaken` where it is no longer where it was."""
    if move.before:
        written = direct.first(f"{MOVE} {WHERE_IT_WAS} RETURNING 1", moved(move))
    else:
        written = direct.first(
            "INSERT INTO permits_chain (id, length, head, proof) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (id) DO NOTHING RETURNING id",
            [move.chain, move.end.length, move.end.digest, move.end.proof],
        )
    if written is None:
        raise Overtaken(chain_name(move.chain))


class Linked(models.Model):
    """A record that is a link of a chain, written once."""

    link = models.PositiveIntegerField(null=True, editable=False)
    digest = models.BinaryField(max_length=digests.LENGTH, null=True, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the record and its link together."""
        with transaction.atomic():
            if self._state.adding and not self.is_linked():
                self._link_up()
            super().save(*args, **kwargs)

    def chain(self) -> int:
        """Return the number of the chain that the record is in."""
        raise NotImplementedError

    def entry(self) -> Entry:
        """Return what the record's link is over."""
        raise NotImplementedError

    def is_linked(self) -> bool:
        """Whether it has its link already."""
        return self.digest is not None

    def follow(self, head: Head) -> Move:
        """Become the link after a chain's end, which must move on with the record."""
        (taken,), end = extend(self.chain(), [self.entry()], head)
        self.link, self.digest = taken.number, taken.digest
        return Move(self.chain(), head.length, end)

    def _link_up(self) -> None:
        while True:
            try:
                write_head(self.follow(read_head(self.chain())))
            except Overtaken:
                continue  # the chain was just begun by another
            return


def named(record: models.Model, names: Iterable[str]) -> dict[str, Any]:
    """Return these fields of a record as its digest sees them."""
    return digests.fields((name, getattr(record, name)) for name in names)


def typed(record: models.Model, names: Iterable[str]) -> dict[str, Any]:
    """Return the same of a record whose fields may be as someone typed them: `"5"` for 5.00."""
    return digests.fields(
        (name, record._meta.get_field(name).to_python(getattr(record, name)))  # type: ignore[union-attr]
        for name in names
    )
