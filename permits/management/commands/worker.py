"""`manage.py worker`: send what is due in the background, until asked to end."""

import logging
import os
import signal
import socket
import threading
from argparse import ArgumentParser
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from permits import sync, tasks
from permits.models import Worker

NICE: Final = 15  # a page that somebody waits for comes first on a machine that both share

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Runs Huey's consumer; SIGINT and SIGTERM both let the calls under way end."""

    help = "Send what is due in the background, until SIGINT or SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Let all workers but one leave the periodic sweep to that one."""
        parser.add_argument("--no-periodic", action="store_true", help="leave the sweep to others")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep once, then work until a signal comes; no call is begun after it."""
        os.nice(NICE)
        ended = threading.Event()
        consumer = tasks.queue.create_consumer(
            workers=sync.callers(),
            worker_type="thread",
            periodic=not options["no_periodic"],
            max_delay=0.1,
        )
        tasks.sweep.call_local()
        consumer.start()

        def end(*_: object) -> None:
            tasks.stopping.set()
            sync.hold_back(for_good=True)
            ended.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        self.stdout.write(f"Working with {settings.OPSCOM_CONNECTIONS} connections.")
        self.stdout.flush()
        name = f"{socket.gethostname()}:{os.getpid()}"
        _be_seen(name)
        while not ended.wait(Worker.SEEN_EVERY.total_seconds()):
            consumer.check_worker_health()
            _be_seen(name)
        self.stdout.write("Ending: the calls under way are finished, no new one is begun.")
        consumer.stop(graceful=True)
        Worker.objects.filter(name=name).delete()


def _be_seen(name: str) -> None:
    """Note that this worker is at work; a database that is away hears of it the next time."""
    try:
        Worker.objects.see(name, connections=settings.OPSCOM_CONNECTIONS)
    except DatabaseError:
        log.exception("It could not be noted that this worker is at work")
        connection.close()
