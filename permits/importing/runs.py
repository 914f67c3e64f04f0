"""The life of an import: receive a file, have it checked, confirm, have it written, discard."""

import logging
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from permits import limits
from permits.importing import blocks, holding
from permits.importing.checking import check
from permits.importing.unreadable import Unreadable
from permits.importing.writing import write
from permits.models import ImportBlock, ImportRun, Zone
from permits.stored import said
from permits.sync.refused import Refused

log = logging.getLogger(__name__)

MOST_BYTES: Final = 200 << 20
State = ImportRun.State


def receive(parts: Iterable[bytes], *, file_name: str, user: Any) -> ImportRun:
    """Keep a file, and mark it as to be checked. Raises `Unreadable` where it is too large."""
    run = ImportRun.objects.create(
        file_name=file_name[-200:],
        user=user,
        actor=user.get_username() if user else "",
    )
    size = 0
    for number, part in enumerate(_in_parts(parts)):
        size += len(part)
        if size > MOST_BYTES:
            run.delete()
            raise Unreadable(
                said("The file is larger than %(most)s MB. Split it into several files.")
                % {"most": MOST_BYTES >> 20}
            )
        blocks.store_part(run, number, part)
    run.size, run.state = size, State.CHECKING
    run.save(update_fields=["size", "state"])
    return run


def carry_on(run_id: int, *, go_on: Callable[[], bool]) -> ImportRun | None:
    """Check or write an import, whichever is due; return it, or None where another does.

    Where this is cut off at any instant, calling it again goes on with what is missing.
    """
    run = holding.take_hold(run_id)
    if run is None:
        return None
    try:
        step = check if run.state == State.CHECKING else write
        step(run, go_on=go_on)
    except holding.HoldLost:
        log.info("%s went on elsewhere, or was discarded", run)
    except holding.Interrupted:
        _release(run, tries=0)
    except Exception as error:  # the last word on it: it is kept, shown, and tried again
        log.exception("%s was stopped", run)
        _release(run, trouble=f"{type(error).__name__}: {error}")
    return run


def _release(run: ImportRun, **values: Any) -> None:
    ImportRun.objects.filter(pk=run.pk).update(held_until=None, **values)


def unfinished() -> list[int]:
    """Return the imports that wait to be checked or written, and that nobody works on."""
    waiting = ImportRun.objects.filter(
        Q(held_until=None) | Q(held_until__lte=timezone.now()),
        state__in=ImportRun.MOVING,
        tries__lt=ImportRun.MOST_TRIES,
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def try_again(run: ImportRun) -> None:
    """Have an import taken up again that was given up."""
    ImportRun.objects.filter(pk=run.pk, tries__gte=ImportRun.MOST_TRIES).update(tries=0)


def confirm(run: ImportRun, *, only_if_all_good: bool, push: bool) -> None:
    """Have the good rows written. Raises `Refused` where that is not to be, or was done already."""
    if not run.good:
        raise Refused(said("There is no row to write."))
    if only_if_all_good and run.bad:
        raise Refused(
            said(
                "Nothing was written, because 1 row is bad. Mend the file and load it again, or "
                "write the good rows alone."
            )
            if run.bad == 1
            else said(
                "Nothing was written, because %(bad)s rows are bad. Mend the file and load it "
                "again, or write the good rows alone."
            )
            % {"bad": f"{run.bad:,}"}
        )
    confirmed = ImportRun.objects.filter(pk=run.pk, state=State.READY).update(
        state=State.WRITING, push=push, confirmed_at=timezone.now(), tries=0
    )
    if not confirmed:
        raise Refused(said("This import was confirmed or removed already."))


def add_zones(run: ImportRun, names: Iterable[str], *, user: Any) -> int:
    """Add zones that the file names and nobody knew, and have it checked anew; return how many."""
    wanted = set(names) & set(run.zones.filter(zone=None).values_list("name", flat=True))
    with transaction.atomic():
        there = set(Zone.objects.filter(name__in=wanted).values_list("name", flat=True))
        for name in sorted(wanted - there):
            zone = Zone(name=limits.zone_name(name))
            zone._history_user = user  # type: ignore[attr-defined]  # noqa: SLF001 - simple_history's own name
            zone.save()
        if not wanted or not ImportRun.objects.filter(pk=run.pk, state=State.READY).update(
            state=State.CHECKING, tries=0
        ):
            raise Refused(said("There is no zone to add to this import."))
    return len(wanted)


def discard(run: ImportRun) -> None:
    """Remove a file that is not to be written."""
    with transaction.atomic():
        discarded = ImportRun.objects.filter(
            pk=run.pk, state__in=(State.RECEIVING, State.CHECKING, State.READY, State.REFUSED)
        )
        if not discarded.exists():
            raise Refused(said("This import was confirmed, so it cannot be discarded."))
        discarded.delete()


def tidy() -> None:
    """Remove what was kept long enough: files never confirmed, and the bad rows of the others."""
    long_ago = timezone.now() - ImportRun.KEPT
    old = ImportRun.objects.filter(created_at__lt=long_ago)
    for run in old.exclude(state__in=(State.WRITING, State.DONE)):
        with transaction.atomic():
            run.delete()
    for run in old.filter(state=State.DONE, blocks__isnull=False).distinct():
        with transaction.atomic():
            ImportBlock.objects.filter(run=run).delete()


def _in_parts(parts: Iterable[bytes]) -> Iterable[bytes]:
    """Cut what comes, in pieces of any size, into parts of one size."""
    held = bytearray()
    for part in parts:
        held += part
        while len(held) >= blocks.PART:
            yield bytes(held[: blocks.PART])
            del held[: blocks.PART]
    if held:
        yield bytes(held)
