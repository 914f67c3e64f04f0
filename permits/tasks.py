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
from django.db import close_old_connections, connection
from django.utils import timezone
from django.utils.module_loading import import_string
from huey import Huey, crontab
from huey.api import Task, TaskWrapper

from permits import alerts, importing, proof, reconcile, sync, tallying, validation

log = logging.getLogger(__name__)

SLICE: Final = 10.0  # seconds that one look sends for, before it makes room for another task
LEFT_AT_ONCE: Final = 2  # messages: to leave one for each thread would keep the first from sending
SWEEP_FIRST: Final = 100  # the sweep's priority over looks

_queue = dict(settings.QUEUE)
queue: Huey = import_string(_queue.pop("huey_class"))(
    "permitportal", results=False, immediate=False, create_tables=False, **_queue
)
stopping = threading.Event()  # set when this worker has been asked to end


def create_queue() -> None:
    """Create the queue's tables where they are missing; migrating does this."""
    queue.storage.initialize_schema()


@queue.on_startup()  # type: ignore[untyped-decorator]
def _connect() -> None:
    """Let each thread be connected to the database before there is anything to send."""
    connection.ensure_connection()


@queue.pre_execute()  # type: ignore[untyped-decorator]
def _begin_afresh(task: Task) -> None:
    """Let a task meet no connection that the database has dropped since the last one."""
    close_old_connections()


@queue.post_execute()  # type: ignore[untyped-decorator]
def _leave_clean(task: Task, value: object, error: object) -> None:
    """Keep no connection that has failed, or has grown old, until the next task."""
    close_old_connections()


def nudge(task: TaskWrapper, *arguments: object) -> bool:
    """Put a task into the queue; whether that could be done.

    What is to be done stands in the database, so the sweep makes up for a message that is lost.
    """
    try:
        task(*arguments)
    except Exception:  # whatever the queue's database raises
        log.exception("The worker could not be told of %s", task.func.__name__)
        return False
    return True


@queue.task()  # type: ignore[untyped-decorator]
def look() -> None:
    """Send what is due for a while.

    While there is more, messages for other threads wait in the queue: whoever takes one leaves two.
    So one nudge sets every free thread of every worker to work, each as soon as it looks.
    """
    _leave_word()
    ends = time.monotonic() + SLICE
    sync.drain(go_on=lambda: time.monotonic() < ends and not stopping.is_set())
    _leave_word()


def _leave_word() -> None:
    """See that somebody looks again: now where something is due, else when something will be."""
    when = sync.next_look()
    if when is None or stopping.is_set():
        return
    wait = (when - timezone.now()).total_seconds()
    if wait <= 0:
        for _ in range(min(LEFT_AT_ONCE, sync.callers() - queue.pending_count())):
            look()
    elif queue.scheduled_count() < sync.callers():
        look.schedule(delay=wait)


def carry_on_import(run_id: int) -> None:
    """Check an import, or write it and have what it pushes sent."""
    run = importing.carry_on(run_id, go_on=lambda: not stopping.is_set())
    if run is not None and run.batch_id is not None:
        nudge(look)


@queue.task()  # type: ignore[untyped-decorator]
def look_at_import(run_id: int) -> None:
    """Check or write an import in the background."""
    carry_on_import(run_id)


@queue.periodic_task(crontab(minute="*/10"))  # type: ignore[untyped-decorator]
def seal() -> None:
    """Seal the history, once a day."""
    try:
        if proof.seal_is_due():
            proof.make_seal(actor="")
    except proof.SealedMeanwhile:
        log.info("Somebody else is making a seal just now.")


@queue.task()  # type: ignore[untyped-decorator]
def verify_now(actor: str) -> None:
    """Verify the whole history because a person asked."""
    _verify(actor)


@queue.periodic_task(crontab(hour="3", minute="17"))  # type: ignore[untyped-decorator]
def verify_nightly() -> None:
    """Verify the whole history every night."""
    _verify("")


def _verify(actor: str) -> None:
    try:
        proof.verify(actor, go_on=lambda: not stopping.is_set())
    except proof.Stopped:
        log.info("The verification of the history was stopped with the worker.")


@queue.periodic_task(crontab(minute="*"), priority=SWEEP_FIRST)  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Find what was cut off, and look for what is due, whatever became of earlier messages."""
    sync.recover()
    sync.end_unlisted()
    sync.end_exhausted()
    if sync.next_look() is not None:
        nudge(look)
    for run_id in importing.unfinished():
        nudge(look_at_import, run_id)
    importing.tidy()
    validation.tend()
    for run_id in validation.waiting():
        nudge(validate, run_id)
    ends = time.monotonic() + SLICE
    tallying.tally(go_on=lambda: time.monotonic() < ends and not stopping.is_set())


@queue.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
def tell() -> None:
    """Write what is to be told of, and send what is written.

    This is no part of the sweep: a mail server that hangs holds up neither it nor any call.
    """
    alerts.write_due()
    alerts.write_seal()
    alerts.send_due()


@queue.task()  # type: ignore[untyped-decorator]
def look_at_alerts() -> None:
    """Send what is written, in the background."""
    alerts.send_due()


@queue.task()  # type: ignore[untyped-decorator]
def validate(run_id: int) -> None:
    """Make a validation run in the background."""
    validation.run(run_id)


@queue.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
def count() -> None:
    """Fetch the controller's counts when it is time to, compare them, and forget old ones."""
    sync.pull_if_due()
    reconcile.catch_up()
    sync.thin_counts()
