"""What the benchmark of the proof does inside a portal, each step in a process of its own.

    python -m tools.bench.proving link|write|verify|archive ARGUMENTS…

The answer is printed as JSON on the last line.
"""

import json
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


def link(count: int) -> dict[str, Any]:
    """Write so many calls as the engine does; the seconds that their links took of that.

    The engine reads a chain's end with the permit's row, with which each transaction begins.
    """
    from django.db import transaction

    from permits import digests
    from permits.models import chain
    from permits.models.chain import Entry
    from permits.sync.rows import lock

    permits = _enter(count)
    took = 0.0
    for permit in permits:
        call = _call(permit)
        with transaction.atomic():
            head = lock(permit).head
            began = time.perf_counter()
            call.take_links(head)
            took += time.perf_counter() - began
            call.save(force_insert=True)
        with transaction.atomic():
            head = lock(permit).head
            ended = _ended(call)
            began = time.perf_counter()
            entry = Entry("call closed", digests.fields(ended.items()))
            (closed,), new = chain.extend(permit, [entry], head)
            chain.write_head(permit, head.length, new)
            took += time.perf_counter() - began
            _close(call, ended, closed)
    return {"took": took}


def write(count: int) -> dict[str, Any]:
    """Write a history of so many permits with two calls each."""
    from django.db import transaction

    from permits import digests
    from permits.models import chain
    from permits.models.chain import Entry

    permits = _enter(count)
    for start in range(0, count, AT_ONCE):
        with transaction.atomic():
            for permit in permits[start : start + AT_ONCE]:
                for _ in range(2):
                    call = _call(permit)
                    call.save()
                    ended = _ended(call)
                    entry = Entry("call closed", digests.fields(ended.items()))
                    (closed,) = chain.append(permit, [entry])
                    _close(call, ended, closed)
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


def _ended(call: Any) -> dict[str, Any]:
    return {
        "opened_link": call.opened_link,
        "outcome": "succeeded",
        "finished_at": LONG_AGO + timedelta(milliseconds=80),
        "duration_ms": 80,
        "http_status": 200,
        "response": '{"status": "success", "reference_id": "1a9b5375-cb75-4c71-9939-eeae550b09ac"}',
        "response_length": 78,
    }


def _close(call: Any, ended: dict[str, Any], closed: Any) -> None:
    fields = {name: value for name, value in ended.items() if name != "opened_link"}
    type(call).objects.filter(pk=call.pk).update(**fields, link=closed.number, digest=closed.digest)


if __name__ == "__main__":
    django.setup()
    steps = {step.__name__: step for step in (link, write, verify, archive)}
    print(json.dumps(steps[sys.argv[1]](*map(int, sys.argv[2:]))))
