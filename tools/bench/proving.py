"""What the benchmark of the proof does inside a portal, each step in a process of its own.

    python -m tools.bench.proving link|write|verify|archive ARGUMENTS…

The answer is printed as JSON on the last line.
"""

import json
import math
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import django

LONG_AGO: Final = datetime(2015, 6, 1, 9, tzinfo=UTC)
AT_ONCE: Final = 500
A_ROUND: Final = 5  # permits, for each of which a call of either kind is written in a round
ENDED: Final[dict[str, Any]] = {
    "outcome": "succeeded",
    "finished_at": LONG_AGO + timedelta(milliseconds=80),
    "duration_ms": 80,
    "http_status": 200,
    "response": '{"status": "success", "reference_id": "1a9b5375-cb75-4c71-9939-eeae550b09ac"}',
    "response_length": 78,
    "error_code": None,
    "error_message": "",
}


def link(rounds: int) -> dict[str, Any]:
    """Write calls by turns with their links and without, as the engine does.

    How many seconds a call's two links took, and what else is written of it without them: each of
    the quickest round, for whatever else the machine does can only add to it.
    """
    from django.db import transaction

    permits = _enter(A_ROUND)
    took = {True: math.inf, False: math.inf}
    for _ in range(rounds):
        spent = dict.fromkeys(took, 0.0)
        with transaction.atomic():
            for permit in permits:
                for linked in took:
                    spent[linked] += _written(permit, linked=linked)
        took = {linked: min(took[linked], spent[linked]) for linked in took}
    return {"links": (took[True] - took[False]) / A_ROUND, "bare": took[False] / A_ROUND}


def _written(permit: int, *, linked: bool) -> float:
    """Write one call and close it; the seconds that this took.

    The engine reads a chain's end with the permit's row, with which each transaction begins.
    """
    from permits.sync.outcomes import write_end
    from permits.sync.rows import lock
    from permits.sync.statements import add, change

    call = _call(permit)
    head = lock(permit).head
    began = time.perf_counter()
    add(call, call.follow(head) if linked else None)
    took = time.perf_counter() - began
    head = lock(permit).head
    began = time.perf_counter()
    if linked:
        write_end(call, ENDED, head)
    else:
        change(type(call), {"id": call.pk, "outcome": "sending"}, ENDED)
    return took + time.perf_counter() - began


def write(count: int) -> dict[str, Any]:
    """Write a history of so many permits with two calls each."""
    from django.db import transaction

    from permits.sync.outcomes import write_end
    from permits.sync.rows import lock
    from permits.sync.statements import add

    permits = _enter(count)
    for start in range(0, count, AT_ONCE):
        with transaction.atomic():
            for permit in permits[start : start + AT_ONCE]:
                for _ in range(2):
                    call = _call(permit)
                    add(call, call.follow(lock(permit).head))
                    write_end(call, ENDED, lock(permit).head)
    return {}


def verify() -> dict[str, Any]:
    """Verify everything; how long that took, and the most memory."""
    from permits import proof

    began = time.perf_counter()
    run = proof.verify("")
    took = time.perf_counter() - began
    if run.problems:
        raise RuntimeError(run.problems[0])
    return {"took": took, "links": run.records, "peak": _peak()}


def archive() -> dict[str, Any]:
    """Archive everything; the same."""
    from permits import proof

    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        made = proof.archive(LONG_AGO + timedelta(days=999), Path(folder), actor="")
    return {"took": time.perf_counter() - began, "links": made.records, "peak": _peak()}


def _peak() -> int:
    """Return the most memory that this process had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _enter(count: int) -> list[int]:
    from permits.models import Permit

    ends = LONG_AGO + timedelta(hours=2)
    for start in range(0, count, AT_ONCE):
        Permit.objects.bulk_create(
            Permit(plate=f"BENCH {number}", start_time=LONG_AGO, end_time=ends)
            for number in range(start, min(start + AT_ONCE, count))
        )
    return list(Permit.objects.order_by("pk").values_list("pk", flat=True))


def _call(permit: int) -> Any:
    from permits.models import Operation, Source, SyncAttempt

    return SyncAttempt(
        permit_id=permit,
        operation=Operation.PUSH,
        actor="clerk",
        source=Source.FORM,
        started_at=LONG_AGO,
        lease_until=LONG_AGO,
        request={
            "LicencePlate": "ABC 123",
            "StartDateUtc": "2015-06-01T09:00:00",
            "EndDateUtc": "2015-06-01T11:00:00",
            "Amount": "12.50",
            "CurrencyID": "CAD",
            "ParkingZoneName": "Lot 4",
        },
    )


if __name__ == "__main__":
    django.setup()
    steps = {step.__name__: step for step in (link, write, verify, archive)}
    print(json.dumps(steps[sys.argv[1]](*map(int, sys.argv[2:]))))
