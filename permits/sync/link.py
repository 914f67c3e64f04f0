"""Whether calls are made at all: pause, probe, resume, and the rate across all processes.

A refused configuration pauses the queue at once, a controller that gives no usable answer after a
few calls in a row. While it is paused the background makes no calls but one probe at a time, which
is a harmless request for counts; a person's own push goes through as that probe. A backup that was
restored pauses it too, and nothing but `after_restore` ends that.
"""

import logging
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from permits.controller import (
    Acknowledgement,
    ConfigurationRefused,
    Controller,
    ControllerError,
    Refused,
    Totals,
)
from permits.models import Link
from permits.sync import home

log = logging.getLogger(__name__)

FAILURES_BEFORE_PAUSE: Final = 5  # calls in a row without a usable answer, in one process
PROBE_FIRST: Final = timedelta(seconds=5)
PROBE_LONGEST: Final = timedelta(minutes=1)
LEASE_MARGIN: Final = timedelta(seconds=5)

Result = Acknowledgement | Totals | ControllerError


@lru_cache(maxsize=4)
def _controller(
    url: str,
    client_code: str,
    token: str,
    connect_timeout: float,
    read_timeout: float,
    deadline: float,
    connections: int,
) -> Controller:
    return Controller(
        url=url,
        client_code=client_code,
        token=token,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        deadline=deadline,
        connections=connections,
    )


def controller() -> Controller:
    """Return the configured controller, one for all threads of the process."""
    return _controller(
        settings.OPSCOM_URL,
        settings.OPSCOM_CLIENT_CODE,
        settings.OPSCOM_API_TOKEN,
        settings.OPSCOM_CONNECT_TIMEOUT,
        settings.OPSCOM_READ_TIMEOUT,
        settings.OPSCOM_DEADLINE,
        settings.OPSCOM_CONNECTIONS,
    )


def callers() -> int:
    """Return how many threads keep every connection busy: while some call, others write down.

    Under a rate limit there is one for each connection, so that no call waits between its turn and
    its connection.
    """
    connections: int = settings.OPSCOM_CONNECTIONS
    return connections if settings.OPSCOM_RATE_LIMIT else connections + -(-connections // 4)


def lease(now: datetime) -> datetime:
    """Return when a call begun now must have ended, whatever the controller does."""
    return now + timedelta(seconds=settings.OPSCOM_DEADLINE) + LEASE_MARGIN


class _Failures:
    """Counts the calls in a row without a usable answer, in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def reset(self) -> None:
        self._count = 0

    def add(self) -> bool:
        """Count one more; return whether that is too many."""
        with self._lock:
            self._count += 1
            return self._count >= FAILURES_BEFORE_PAUSE


_failures = _Failures()


class _Holds:
    """Counts the moments after which no call that was claimed before may begin, in this process."""

    count = 0
    for_good = False


_holds = _Holds()


def holds() -> int:
    """Return a number that changes when calls are held back."""
    return _holds.count


def hold_back(*, for_good: bool = False) -> None:
    """Let no call begin that is claimed by now, or ever; those under way end as they do."""
    _holds.count += 1
    _holds.for_good |= for_good


def is_held_back(holds: int) -> bool:
    """Return whether a call that was claimed after there were so many holds must not begin."""
    return _holds.for_good or _holds.count != holds


def is_paused() -> bool:
    """Return whether no calls but probes are made."""
    home.look()
    return Link.objects.paused().exists()


def begin_probe(*, scheduled: bool) -> bool:
    """Take the right to probe a paused link; only one at a time wins, and a schedule waits."""
    now = timezone.now()
    free = Link.objects.resumable().filter(Q(probing_until=None) | Q(probing_until__lte=now))
    if scheduled:
        free = free.filter(Q(probe_at=None) | Q(probe_at__lte=now))
    return free.update(probing_until=lease(now)) == 1


def leave_probe() -> None:
    """Give the right to probe back, unused."""
    Link.objects.paused().update(probing_until=None)


def note(result: Result, *, probed: bool) -> None:
    """Draw the conclusion from one call's result: pause, go on probing, or resume.

    Only a probe resumes: an answer to a call made before the pause says nothing about after it.
    """
    if isinstance(result, ConfigurationRefused):
        _pause(Link.Pause.CONFIGURATION, str(result), probed=probed)
    elif isinstance(result, ControllerError) and not isinstance(result, Refused):
        if _failures.add():
            _pause(Link.Pause.UNREACHABLE, str(result), probed=probed)
        elif probed:
            _probe_failed()
    else:
        _failures.reset()
        if probed:
            _resume()


def resume(actor: str) -> bool:
    """Make calls again at once, because a person says so; return whether none were made."""
    log.info("Calls to the controller are resumed by %s", actor)
    _failures.reset()
    return _resume()


def _resume() -> bool:
    return Link.objects.resumable().update(**Link.IN_USE) > 0


def _pause(why: str, detail: str, *, probed: bool) -> None:
    """Pause, or go on pausing after a probe; of calls that fail together only the first does."""
    now = timezone.now()
    link = Link.current()
    if link.is_paused and not probed:
        return
    hold_back()
    log.warning("Calls to the controller are paused: %s", detail)
    Link.objects.filter(pk=link.pk, pause=link.pause).update(
        pause=why,
        paused_at=link.paused_at or now,
        detail=detail,
        probes=link.probes + 1,
        probe_at=now + min(PROBE_FIRST * 2 ** min(link.probes, 10), PROBE_LONGEST),
        probing_until=None,
    )
    hold_back()  # what was claimed while this was written down


def _probe_failed() -> None:
    link = Link.current()
    if link.is_paused:
        _pause(link.pause, link.detail, probed=True)


def take_turn(*, urgent: bool) -> None:
    """Wait until `OPSCOM_RATE_LIMIT` allows one more call by any process.

    A bulk call waits until its turn is now; an urgent one books the next turn, and so passes all
    that wait.
    """
    rate = settings.OPSCOM_RATE_LIMIT
    if not rate:
        return
    gap = timedelta(seconds=1 / rate)
    while True:
        now, booked = timezone.now(), Link.current().next_call_at
        turn = max(now, booked or now)
        if turn > now and not urgent:
            time.sleep(min((turn - now).total_seconds(), 0.25))
            continue
        if Link.objects.filter(pk=Link.ONLY, next_call_at=booked).update(next_call_at=turn + gap):
            with suppress(ValueError):
                time.sleep((turn - timezone.now()).total_seconds())
            return
