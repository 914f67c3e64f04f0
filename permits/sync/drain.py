"""Send whatever is due, one call after the other, as long as there is something to send."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

from django.db import connection
from django.utils import timezone

from permits.models import Link, Permit
from permits.sync import bulk, home, link
from permits.sync.calls import call_one
from permits.sync.counts import probe

LOOK_EVERY: Final = 0.1  # seconds between two looks at whether the queue runs low
FEEDING_TAKES: Final = 0.01  # seconds to leave to whoever feeds the queue just now


class _Feeder:
    """Keeps the queue from running low, looking at it only so often for all threads together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._look_at = 0.0

    def top_up(self) -> None:
        with self._lock:
            now = time.monotonic()
            if now < self._look_at:
                return
            self._look_at = now + LOOK_EVERY
        bulk.top_up()


_feeder = _Feeder()


def drain(*, go_on: Callable[[], bool]) -> Counter[str]:
    """Make due calls until none is left or `go_on` says no; return how many had which outcome.

    Any number of threads and processes may drain at once. Where the queue is paused, this asks the
    controller whether it is back, if it is time to, and otherwise makes no call.
    """
    outcomes: Counter[str] = Counter()
    home.look()
    while go_on():
        _feeder.top_up()
        if (made := call_one()) is not None:
            outcomes[made.attempt.outcome] += 1
        elif link.is_paused():
            if not probe():
                break
        elif (fed := bulk.feed()) == bulk.Fed.NOTHING:
            break
        elif fed == bulk.Fed.BY_ANOTHER:
            time.sleep(FEEDING_TAKES)
    bulk.end_exhausted()
    return outcomes


def drain_with_threads(*, go_on: Callable[[], bool]) -> Counter[str]:
    """Drain with as many threads as keep every connection busy."""

    def run(_: int) -> Counter[str]:
        try:
            return drain(go_on=go_on)
        finally:
            connection.close()

    callers = link.callers()
    with ThreadPoolExecutor(callers) as threads:
        return sum(threads.map(run, range(callers)), Counter())


def next_look() -> datetime | None:
    """Return when there will be something to do: a retry, a bulk run, a probe of a paused queue."""
    if link.is_paused():
        paused = Link.current()
        if paused.is_restored:
            return None
        return max(filter(None, (paused.probe_at, paused.probing_until)), default=timezone.now())
    if bulk.has_waiting():
        return timezone.now()
    waiting = Permit.objects.filter(state=Permit.State.QUEUED, due_at__isnull=False)
    return waiting.order_by("due_at").values_list("due_at", flat=True).first()
