"""What a benchmark does inside a portal, each step in a process of its own.

    python -m tools.bench.steps STEP ARGUMENTS…

The environment says which portal; the answer is printed as JSON on the last line.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import django

PATIENCE: Final = 1800.0  # seconds until a run that does not end is given up
AT_ONCE: Final = 5000


def fill(count: int) -> list[int]:
    """Enter so many permits in ten zones, none of them pushed; their keys."""
    from permits.models import Permit, Zone

    zones = [Zone.objects.get_or_create(name=f"Lot {number}")[0] for number in range(1, 11)]
    first = Permit.objects.count()
    now = datetime.now(UTC).replace(microsecond=0)
    for start in range(first, first + count, AT_ONCE):
        Permit.objects.bulk_create(
            Permit(
                plate=f"BENCH {number}",
                zone=zones[number % len(zones)],
                ticket_number=str(number),
                start_time=now,
                end_time=now + timedelta(hours=8),
                amount="12.50",
                currency="CAD",
            )
            for number in range(start, min(start + AT_ONCE, first + count))
        )
    return list(Permit.objects.order_by("-pk").values_list("pk", flat=True)[:count])


def start_push() -> dict[str, Any]:
    """Start a bulk run that pushes every permit not pushed yet."""
    from permits import sync, tasks
    from permits.models import Batch, Permit

    began = time.time()
    batch = sync.start_batch(Batch.Kind.PUSH, Permit.objects.all(), actor="bench")
    tasks.nudge(tasks.look)
    return {"began": began, "batch": batch.pk}


def push_all() -> dict[str, Any]:
    """Push every permit in a bulk run; how many seconds until the last was on the controller."""
    run = start_push()
    result = wait_for(run["batch"])
    return {"took": result["ended"] - run["began"], **result}


def wait_for(batch: int) -> dict[str, Any]:
    """Wait until a run has ended; when its last permit was settled, and what became of all."""
    from django.db.models import Max

    from permits.models import Batch, BatchItem

    ends = time.monotonic() + PATIENCE
    while not Batch.objects.filter(pk=batch, state=Batch.State.FINISHED).exists():
        if time.monotonic() > ends:
            raise RuntimeError(f"The run has not ended: {outcomes()}")
        time.sleep(0.25)
    last = BatchItem.objects.filter(batch=batch).aggregate(at=Max("settled_at"))["at"]
    return {"ended": last.timestamp(), **outcomes()}


def outcomes() -> dict[str, Any]:
    """Count the permits by state, and the calls by outcome."""
    from django.db.models import Count

    from permits.models import Permit, SyncAttempt

    permits = Permit.objects.order_by().values_list("state").annotate(Count("pk"))
    calls = SyncAttempt.objects.order_by().values_list("outcome").annotate(Count("pk"))
    return {"permits": dict(permits), "calls": dict(calls)}


def sign_in_many(count: int) -> list[dict[str, str]]:
    """Make so many clerks, and sign in as each; the cookies of their sessions."""
    return [sign_in(f"clerk{number}") for number in range(count)]


def controller_times() -> dict[int, float]:
    """Return how many seconds the first call for each permit took, by the permit's key."""
    from permits.models import SyncAttempt

    calls = SyncAttempt.objects.exclude(permit=None).order_by("-pk")
    times = calls.values_list("permit", "duration_ms")
    return {permit: (took or 0) / 1000 for permit, took in times}


def sign_in(username: str = "clerk") -> dict[str, str]:
    """Make a clerk, and sign in as them; the cookies of the session."""
    from django.conf import settings
    from django.contrib.auth.models import Group, User
    from django.test import Client

    clerk = User.objects.create(username=username, is_staff=True)
    clerk.groups.add(Group.objects.get(name="Parking staff"))
    client = Client()
    client.force_login(clerk)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {settings.SESSION_COOKIE_NAME: cookie, settings.CSRF_COOKIE_NAME: "c" * 32}


def versions() -> dict[str, str]:
    """Name the versions of what the portal runs on."""
    from django.db import connection

    with connection.cursor() as cursor:
        sqlite = connection.vendor == "sqlite"
        cursor.execute("SELECT sqlite_version()" if sqlite else "SHOW server_version")
        return {"django": django.get_version(), "database": str(cursor.fetchone()[0])}


_STEPS: Final[dict[str, Callable[..., Any]]] = {
    step.__name__: step
    for step in (
        fill,
        start_push,
        push_all,
        wait_for,
        outcomes,
        sign_in,
        sign_in_many,
        controller_times,
        versions,
    )
}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(_STEPS[sys.argv[1]](*map(int, sys.argv[2:]))))
