"""Background work. The permits are the outbox; a message in the queue only says "look now".

A message that is lost or doubled does no harm: whoever looks claims what is due in the database,
and a sweep each minute looks in any case. Huey forgets a task whose process is killed, and that is
why nothing but the wish to look is ever put into its queue.
"""

import logging
import threading
import time
from typing import Final

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone
from django.utils.module_loading import import_string
from huey import Huey, crontab

from permits import alerts, importing, proof, reconcile, sync, tallying, validation

log = logging.getLogger(__name__)

SLICE: Final = 10.0  # seconds that one look sends for, before it makes room for another task
SWEEP_FIRST: Final = 100  # the sweep's priority over looks

_queue = dict(settings.QUEUE)
queue: Huey = import_string(_queue.pop("huey_class"))(
    "permitportal", results=False, immediate=False, create_tables=False, **_queue
)
stopping = threading.Event()  # set when this worker has been asked to end


def create_queue() -> None:
    """Create the queue's tables where they are missing; migrating does this."""
    queue.storage.initialize_schema()


def nudge() -> None:
    """Say that there is something to send. The sweep makes up for a message that is lost."""
    try:
        look()
    except Exception:  # whatever the queue's database raises; the permits are safely queued
        log.exception("The worker could not be told to look; its sweep will find what is due")


@queue.task()  # type: ignore[untyped-decorator]
def look() -> None:
    """Send what is due for a while.

    While there is more, a message for every thread waits in the queue: whoever takes one leaves the
    next. So one nudge sets every free thread of every worker to work, as soon as it looks.
    """
    close_old_connections()
    try:
        _leave_word()
        ends = time.monotonic() + SLICE
        sync.drain(go_on=lambda: time.monotonic() < ends and not stopping.is_set())
        _leave_word()
    finally:
        close_old_connections()


def _leave_word() -> None:
    """See that somebody looks again: now where something is due, else when something will be."""
    when = sync.next_look()
    if when is None or stopping.is_set():
        return
    wait = (when - timezone.now()).total_seconds()
    if wait <= 0:
        for _ in range(sync.callers() - queue.pending_count()):
            look()
    elif queue.scheduled_count() < sync.callers():
        look.schedule(delay=wait)


def carry_on_import(run_id: int) -> None:
    """Check an import, or write it and have what it pushes sent."""
    run = importing.carry_on(run_id, go_on=lambda: not stopping.is_set())
    if run is not None and run.batch_id is not None:
        nudge()


@queue.task()  # type: ignore[untyped-decorator]
def look_at_import(run_id: int) -> None:
    """Check or write an import in the background."""
    close_old_connections()
    try:
        carry_on_import(run_id)
    finally:
        close_old_connections()


def nudge_import(run_id: int) -> None:
    """Say that there is an import to check or to write. The sweep makes up for a lost message."""
    try:
        look_at_import(run_id)
    except Exception:  # whatever the queue's database raises; the file is safely kept
        log.exception("The worker could not be told of an import; its sweep will find it")


@queue.periodic_task(crontab(minute="*/10"))  # type: ignore[untyped-decorator]
def seal() -> None:
    """Seal the history, once a day."""
    close_old_connections()
    try:
        if proof.seal_is_due():
            proof.make_seal(actor="")
    except proof.SealedMeanwhile:
        log.info("Somebody else is making a seal just now.")
    finally:
        close_old_connections()


@queue.task()  # type: ignore[untyped-decorator]
def verify_now(actor: str) -> None:
    """Verify the whole history because a person asked."""
    _verify(actor)


@queue.periodic_task(crontab(hour="3", minute="17"))  # type: ignore[untyped-decorator]
def verify_nightly() -> None:
    """Verify the whole history every night."""
    _verify("")


def _verify(actor: str) -> None:
    close_old_connections()
    try:
        proof.verify(actor, go_on=lambda: not stopping.is_set())
    except proof.Stopped:
        log.info("The verification of the history was stopped with the worker.")
    finally:
        close_old_connections()


@queue.periodic_task(crontab(minute="*"), priority=SWEEP_FIRST)  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Find what was cut off, and look for what is due, whatever became of earlier messages."""
    close_old_connections()
    try:
        sync.recover()
        sync.end_unlisted()
        sync.end_exhausted()
        if sync.next_look() is not None:
            nudge()
        for run_id in importing.unfinished():
            nudge_import(run_id)
        importing.tidy()
        validation.tend()
        for run_id in validation.waiting():
            nudge_validation(run_id)
        ends = time.monotonic() + SLICE
        tallying.tally(go_on=lambda: time.monotonic() < ends and not stopping.is_set())
    finally:
        close_old_connections()


@queue.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
def tell() -> None:
    """Write what is to be told of, and send what is written.

    This is no part of the sweep: a mail server that hangs holds up neither it nor any call.
    """
    close_old_connections()
    try:
        alerts.write_due()
        alerts.send_due()
    finally:
        close_old_connections()


@queue.task()  # type: ignore[untyped-decorator]
def look_at_alerts() -> None:
    """Send what is written, in the background."""
    close_old_connections()
    try:
        alerts.send_due()
    finally:
        close_old_connections()


def nudge_alerts() -> None:
    """Say that there is mail to send. The next minute makes up for a lost message."""
    try:
        look_at_alerts()
    except Exception:  # whatever the queue's database raises; the message is safely kept
        log.exception("The worker could not be told of an alert; it finds it within a minute")


@queue.task()  # type: ignore[untyped-decorator]
def validate(run_id: int) -> None:
    """Make a validation run in the background."""
    close_old_connections()
    try:
        validation.run(run_id)
    finally:
        close_old_connections()


def nudge_validation(run_id: int) -> None:
    """Say that a validation run is wanted. The sweep makes up for a lost message."""
    try:
        validate(run_id)
    except Exception:  # whatever the queue's database raises; the wish is safely kept
        log.exception("The worker could not be told of a validation run; its sweep finds it")


@queue.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
def count() -> None:
    """Fetch the controller's counts when it is time to, compare them, and forget old ones."""
    close_old_connections()
    try:
        sync.pull_if_due()
        reconcile.catch_up()
        sync.thin_counts()
    finally:
        close_old_connections()
