"""The sync history, ours or a stock admin's, in a process of its own.

    python -m tools.bench.histories fill COUNT
    python -m tools.bench.histories {ours|stock}
    python -m tools.bench.histories export FORM DAYS

The environment says which portal. `fill` writes a history of so many calls, five a permit, five
thousand a day; one permit in a hundred was entered under another plate and pushed anew since.
`ours` and `stock` visit the pages that they are told to, and `export` prints, as JSON on the last
line, what was measured.
"""

import resource
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from tools.bench import lists, visits

CALLS_A_PERMIT: Final = 5
SECONDS: Final = lists.SECONDS // CALLS_A_PERMIT  # from one call to the next
RARE: Final = 10  # calls, the oldest of all, that alone have a rare value
CODE, RARE_CODE, NO_CODE = 9015, 9022, 1234
FULLER: Final = "outcome, zone and person"  # has more calls the more there are in all
FORMS: Final = ("csv", "jsonl", "xlsx")

# Everything follows from the number `m`, which counts back from now: `k` looks like chance.
_FILL: Final = """
    INSERT INTO permits_syncattempt (permit_id, zone_id, controller, operation, outcome, actor,
        source, trace, started_at, lease_until, finished_at, duration_ms, request, http_status,
        response, response_length, error_code, error_message, opened_link, opened_digest, link,
        digest)
    SELECT CASE WHEN is_count THEN NULL ELSE permit END,
        CASE WHEN is_count THEN NULL ELSE (SELECT min(id) FROM permits_zone) + m % {zones} END,
        'https://controller.example/api/OC-TOMA',
        CASE WHEN is_count THEN 'stats' WHEN m % 5 = 0 THEN 'push' WHEN m % 5 = 1 THEN 'delete'
             ELSE 'update' END,
        outcome, CASE WHEN m > {rare} THEN 'seldom' ELSE 'clerk' || (m % 7) END,
        CASE WHEN m > {rare} THEN 'shell' WHEN m % 3 = 0 THEN 'bulk' ELSE 'form' END,
        '0123456789abcdef', {start}, {start}, {start},
        CASE WHEN m % 1000 = 5 THEN 3000 ELSE 40 + m % 120 END,
        '{{"LicencePlate": "ABC 123", "StartDateUtc": "2026-06-01T09:00:00", "Amount": "12.50"}}',
        CASE outcome WHEN 'succeeded' THEN 200 WHEN 'rejected' THEN 422
             WHEN 'not_sent' THEN 503 END,
        '{{"status": "success", "reference_id": "bench-reference"}}', 54,
        CASE WHEN m > {rare} THEN {rare_code} WHEN outcome = 'rejected' THEN {code} END, '',
        1, {digest}, 2, {digest}
    FROM (SELECT m, m % 97 = 0 AS is_count,
            (SELECT max(id) FROM permits_permit) - (m - 1) / {each} AS permit,
            CASE WHEN m > {rare} OR k % 50 = 1 THEN 'rejected' WHEN k % 200 = 2 THEN 'in_doubt'
                 WHEN k % 100 = 3 THEN 'not_sent' ELSE 'succeeded' END AS outcome
          FROM (SELECT n AS m, n * 7919 % 600011 AS k FROM ({numbers}) AS n) AS counted
          ORDER BY m DESC) AS numbered
"""
_FILL_EDITS: Final = """
    INSERT INTO permits_historicalpermit (id, plate, zone_id, ticket_number, start_time, end_time,
        amount, currency, version, actor, history_date, history_type)
    SELECT id, CASE WHEN id % 100 = 0 THEN 'WAS ' || id ELSE plate END, zone_id, ticket_number,
        start_time, end_time, amount, currency, 1, entered_by, entered_at, '+' FROM permits_permit
"""
_FILL_DECISIONS: Final = """
    INSERT INTO permits_decision (permit_id, verdict, reference_id, reason, actor, decided_at)
    SELECT id, 'push_anew', 'lost-reference-' || id, 'It is not there.', 'clerk1', entered_at
    FROM permits_permit WHERE id % 100 = 0
"""
_DIGEST: Final = {"sqlite": "zeroblob(32)", "postgresql": "decode(repeat('00', 32), 'hex')"}
_LIST: Final = "/permits/syncattempt/"
_TEN_DAYS: Final = timedelta(days=10)
_END: Final = "</html>"
_EMPTY: Final = ("an error code that none has", "plate that none has", "plate on days without any")


def fill(count: int) -> int:
    """Write so many calls, the last of them just now, and count them as the worker does."""
    from django.db import connection

    from permits import tallying
    from permits.models import SyncAttempt

    lists.fill(count // CALLS_A_PERMIT)
    sql = _FILL.format(
        zones=lists.ZONES,
        each=CALLS_A_PERMIT,
        rare=count - RARE,
        code=CODE,
        rare_code=RARE_CODE,
        start=lists.MOMENT[connection.vendor].format(seconds=f"m * {SECONDS}"),
        digest=_DIGEST[connection.vendor],
        numbers=lists.NUMBERS[connection.vendor].format(count=count),
    )
    tables = ("permits_syncattempt", "permits_historicalpermit", "permits_decision")
    with visits.without_indexes(*tables), connection.cursor() as cursor:
        for statement in (sql, _FILL_EDITS, _FILL_DECISIONS):
            cursor.execute(statement)
    lists.as_after_a_while()
    tallying.tally(go_on=lambda: True)
    return SyncAttempt.objects.count()


def ours() -> None:
    """Visit our history, the page of a call and of a permit, and the home page."""
    from django.utils import timezone

    call, zone, days = _examples()
    since = timezone.localdate() - _TEN_DAYS
    rare = {"outcome": "rejected", "zone": zone, "actor": "clerk3"}
    changed = (call.permit_id // 100 + 1) * 100
    pages: dict[str, dict[str, Any]] = {
        "first page": {},
        "a page in the middle": {"after": f"{call.pk}~{call.started_at.isoformat()}"},
        "two days": {"from": f"{days[0]:%Y-%m-%d}", "to": f"{days[1]:%Y-%m-%d}"},
        "one operation": {"operation": "delete"},
        "one outcome": {"outcome": "in_doubt"},
        "an error code": {"code": CODE},
        "a rare error code": {"code": RARE_CODE},
        "an error code that none has": {"code": NO_CODE},
        "an HTTP status": {"status": 503},
        "one zone": {"zone": zone},
        "one person": {"actor": "clerk3"},
        "who asked seldom": {"actor": "seldom"},
        "one source": {"source": "bulk"},
        "a rare source": {"source": "shell"},
        "one controller": {"controller": "https://controller.example/api/OC-TOMA"},
        "slow calls": {"took": 2},
        "ten days, outcome, zone and person": {"from": f"{since:%Y-%m-%d}", **rare},
        FULLER: rare,
        "two days, outcome and zone": {
            "from": f"{days[0]:%Y-%m-%d}",
            "to": f"{days[1]:%Y-%m-%d}",
            "outcome": "rejected",
            "zone": zone,
        },
        "plate": {"q": lists.PLATE},
        "part of a plate": {"q": lists.PART},
        "ticket": {"q": call.permit.ticket_number},
        "reference": {"q": call.permit.reference_id},
        "attempt number": {"q": f"#{call.pk}"},
        "plate that was changed": {"q": f"WAS {changed}"},
        "reference that was lost": {"q": f"lost-reference-{changed}"},
        "plate and outcome": {"q": lists.PLATE, "outcome": "succeeded"},
        "plate on days without any": {"q": lists.PLATE, "to": "2001-01-01"},
        "plate that none has": {"q": "NONE 1"},
    }
    none = {name: pages.pop(name) for name in _EMPTY}
    month = f"{_LIST}?from={timezone.localdate() - timedelta(days=30)}"
    visits.visit(
        {
            **_listed(pages, "result_list"),
            **_listed(none, _END),
            "a call": visits.Page(call.get_absolute_url(), _END),
            "a permit's story": visits.Page(call.permit.get_absolute_url(), _END),
            "home, with its pictures": visits.Page("/", _END),
            "this month's pictures": visits.Page(month, _END),
        }
    )


def stock() -> None:
    """Visit the same of a stock `ModelAdmin` over the same table, in Django's own templates."""
    from django.utils import timezone

    from permits.admin.time_filters import midnight

    call, zone, days = _examples()
    since = timezone.localdate() - _TEN_DAYS
    rare = {"outcome__exact": "rejected", "zone__id__exact": zone, "actor__exact": "clerk3"}
    first, last = (midnight(day) for day in days)
    within = {"started_at__gte": first, "started_at__lt": last + timedelta(days=1)}
    middle = call.__class__.objects.count() // 100
    pages: dict[str, dict[str, Any]] = {
        "first page": {},
        "a page in the middle": {"p": middle},
        "two days": within,
        "one operation": {"operation__exact": "delete"},
        "one outcome": {"outcome__exact": "in_doubt"},
        "an error code": {"error_code__exact": CODE},
        "a rare error code": {"error_code__exact": RARE_CODE},
        "an HTTP status": {"http_status__exact": 503},
        "one zone": {"zone__id__exact": zone},
        "one person": {"actor__exact": "clerk3"},
        "who asked seldom": {"actor__exact": "seldom"},
        "one source": {"source__exact": "bulk"},
        "a rare source": {"source__exact": "shell"},
        "one controller": {"controller__exact": "https://controller.example/api/OC-TOMA"},
        "slow calls": {"duration_ms__gte": 2000},
        "ten days, outcome, zone and person": {"started_at__gte": midnight(since), **rare},
        FULLER: rare,
        "two days, outcome and zone": {
            **within,
            "outcome__exact": "rejected",
            "zone__id__exact": zone,
        },
        "plate": {"q": lists.PLATE},
        "part of a plate": {"q": lists.PART},
        "ticket": {"q": call.permit.ticket_number},
        "reference": {"q": call.permit.reference_id},
        "attempt number": {"id__exact": call.pk},
    }
    with visits.on_stock():
        visits.visit({**_listed(pages, _END), "a call": visits.Page(call.get_absolute_url(), _END)})


def _listed(pages: Mapping[str, dict[str, Any]], showing: str) -> dict[str, visits.Page]:
    return {
        name: visits.Page(f"{_LIST}?{urlencode(query)}", showing) for name, query in pages.items()
    }


def export(form: int, days: int) -> dict[str, float]:
    """Fetch a file of the last days: its rows, the seconds, the peak of memory in MB."""
    from django.contrib.auth.models import User
    from django.test import Client
    from django.utils import timezone

    from permits.models import SyncAttempt

    client = Client()
    user, _ = User.objects.get_or_create(username="root", is_staff=True, is_superuser=True)
    client.force_login(user)
    since = timezone.localtime() - timedelta(days=days)
    calls = SyncAttempt.objects.filter(started_at__gte=since.replace(hour=0, minute=0, second=0))
    began = time.perf_counter()
    answer: Any = client.get(f"{_LIST}export/{FORMS[form]}/?from={since:%Y-%m-%d}")
    length = sum(len(piece) for piece in answer.streaming_content)
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = calls.count()
    if answer.status_code != 200 or length < rows:
        raise RuntimeError(f"{FORMS[form]}: {answer.status_code}, {length} bytes")
    return {"rows": rows, "took": took, "peak": peak}


def _examples() -> tuple[Any, int, tuple[Any, Any]]:
    """Return a call in the middle, a zone, and two days in the middle."""
    from django.utils import timezone

    from permits.models import SyncAttempt, Zone

    zone = Zone.objects.order_by("pk").values_list("pk", flat=True)[3]
    half = SyncAttempt.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    known = SyncAttempt.objects.select_related("permit").exclude(permit__reference_id="")
    call = known.exclude(permit__ticket_number="").filter(pk__lte=half // 2).order_by("-pk").first()
    if call is None:
        raise RuntimeError("The history is empty.")
    day = timezone.localdate(call.started_at)
    return call, zone, (day, day + timedelta(days=1))


if __name__ == "__main__":
    visits.run(sys.argv[1:], fill, ours, stock, export)
