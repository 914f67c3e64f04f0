"""Making a seal: in many short transactions, with only a page of chains in memory.

A seal that a crash cut off is gone on with. Who makes it keeps a lease, which each transaction
renews, so that two never write the same seal.
"""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from permits import digests
from permits.models import Activity, Chain, Seal, SealedHead

PAGE: Final = 500
LEASE: Final = timedelta(minutes=2)
BEFORE_ALL: Final = -(10**12)  # a number below every chain's


class SealedMeanwhile(Exception):
    """Somebody else is making a seal just now."""


def seal_is_due() -> bool:
    """Whether the last seal is of an earlier day, by the calendar of UTC."""
    last = Seal.objects.filter(is_open=False).first()
    return last is None or last.sealed_at is None or last.sealed_at.date() < timezone.now().date()


def make_seal(actor: str) -> Seal:
    """Seal where every chain ends now, and return the seal.

    Raises `SealedMeanwhile` where another is at it.
    """
    seal = _take(actor)
    last = seal.sealed_heads.order_by("-chain").values_list("chain", flat=True).first()
    after = BEFORE_ALL if last is None else last
    while (reached := _seal_page(seal, after)) is not None:
        after = reached
    return _close(seal)


def _take(actor: str) -> Seal:
    now = timezone.now()
    with transaction.atomic():
        seal = Seal.objects.select_for_update().filter(is_open=True).first()
        if seal is not None and seal.lease_until > now:
            raise SealedMeanwhile
        if seal is not None:
            seal.lease_until = now + LEASE
            seal.save(update_fields=["lease_until"])
            return seal
        try:
            return Seal.objects.create(begun_at=now, lease_until=now + LEASE, actor=actor)
        except IntegrityError:
            raise SealedMeanwhile from None


def _seal_page(seal: Seal, after: int) -> int | None:
    """Seal the next chains that have moved; return the last one looked at, None at the end."""
    ids = list(
        Chain.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:PAGE]
    )
    if not ids:
        return None
    sealed = SealedHead.objects.filter(chain=OuterRef("pk"), length=OuterRef("length"))
    moved = Chain.objects.filter(pk__gt=after, pk__lte=ids[-1]).exclude(Exists(sealed))
    with transaction.atomic():
        _hold(seal)
        SealedHead.objects.bulk_create(
            SealedHead(seal=seal, chain=chain.pk, length=chain.length, head=chain.head)
            for chain in moved.order_by("pk")
        )
    return ids[-1]


def _hold(seal: Seal) -> None:
    """Renew the lease, or raise `SealedMeanwhile` where another has taken it over."""
    until = timezone.now() + LEASE
    mine = Seal.objects.filter(pk=seal.pk, is_open=True, lease_until=seal.lease_until)
    if not mine.update(lease_until=until):
        raise SealedMeanwhile
    seal.lease_until = until


def _close(seal: Seal) -> Seal:
    count, over = over_heads(seal)
    before = Seal.objects.filter(pk__lt=seal.pk).first()
    seal.heads, seal.over = count, over
    seal.previous = b"" if before is None else bytes(before.digest)
    seal.sealed_at, seal.is_open = timezone.now(), False
    seal.digest = digests.plain(content(seal))
    seal.proof = digests.keyed(settings.HISTORY_KEYS[0], content(seal))
    with transaction.atomic():
        _hold(seal)
        seal.save()
        Activity.note(
            kind=Activity.Kind.SEALED,
            actor=seal.actor,
            what=str(seal),
            details={"seal": seal.pk, "digest": seal.digest.hex()},
        )
    return seal


def content(seal: Seal) -> dict[str, object]:
    """Return what a seal's digest and its proof are over."""
    return {
        "seal": seal.pk,
        "sealed_at": "" if seal.sealed_at is None else digests.moment(seal.sealed_at),
        "previous": bytes(seal.previous).hex(),
        "heads": seal.heads,
        "over": bytes(seal.over).hex(),
    }


def over_heads(seal: Seal) -> tuple[int, bytes]:
    """Return how many ends a seal holds, and the SHA-256 of their lines in order."""
    digest, count = hashlib.sha256(), 0
    for head in sealed_heads(seal):
        count += 1
        digest.update(f"{head.chain} {head.length} {bytes(head.head).hex()}\n".encode())
    return count, digest.digest()


def sealed_heads(seal: Seal) -> Iterator[SealedHead]:
    """Return a seal's ends in the order of their chains, a page at a time."""
    after = BEFORE_ALL
    while page := list(seal.sealed_heads.filter(chain__gt=after).order_by("chain")[:PAGE]):
        yield from page
        after = page[-1].chain
