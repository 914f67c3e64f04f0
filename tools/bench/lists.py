"""The list of permits, ours or a stock admin's, in a process of its own.

    python -m tools.bench.lists fill COUNT
    python -m tools.bench.lists {ours|stock}

The environment says which portal. `fill` enters permits as an office does that enters a thousand a
day; the others visit the pages that they are told to.
"""

import sys
from typing import Any, Final
from urllib.parse import urlencode

from tools.bench import visits

ZONES: Final = 10
PART: Final = "QX7"  # which 30 permits have in their plates
PLATE: Final = "EXACT 1"  # which 10 permits have
SECONDS: Final = 95  # from one entry to the next

# Everything follows from the number `n`, which counts back from now: `k` looks like chance.
_LENGTHS: Final = """CASE WHEN k % 100 < 40 THEN 3600 WHEN k % 100 < 60 THEN 7200
    WHEN k % 100 < 80 THEN 28800 WHEN k % 100 < 90 THEN 86400 WHEN k % 100 < 95 THEN 604800
    WHEN k % 100 < 99 THEN 2592000 ELSE 31536000 END"""
_PLATE: Final = """CASE WHEN n % {tenth} = 7 THEN 'EXACT 1'
    WHEN n % {thirtieth} = 1 THEN 'AQX7 ' || (n / {thirtieth} + 100)
    ELSE substr(letters, CAST(1 + k % 21 AS integer), 1)
      || substr(letters, CAST(1 + k / 21 % 21 AS integer), 1)
      || substr(letters, CAST(1 + k / 441 % 21 AS integer), 1) || ' ' || (1000 + k % 8999) END"""
_STATE: Final = """CASE WHEN k % 200 = 150 THEN 'rejected' WHEN k % 50 = 1 THEN 'draft'
    WHEN k % 50 = 2 THEN 'changed' WHEN k % 20 = 3 THEN 'deleted' ELSE 'synced' END"""
_ON_CONTROLLER: Final = {
    "sqlite": "json_object('plate', {plate}, 'end_time', strftime('%Y-%m-%dT%H:%M:%S', {end}))",
    "postgresql": "jsonb_build_object('plate', {plate}, "
    "'end_time', to_char(({end}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS'))",
}
_REFERENCE: Final = "CASE WHEN k % 200 = 150 OR k % 50 = 1 THEN '' ELSE 'bench-reference-' || n END"
_FILL: Final = """
    INSERT INTO permits_permit (plate, zone_id, ticket_number, start_time, end_time, amount,
        currency, entered_by, entered_at, state, reference_id, acknowledged)
    SELECT {plate}, (SELECT min(id) FROM permits_zone) + n % {zones},
        CASE WHEN k % 2 = 0 THEN 'T' || n ELSE '' END, {start}, {end}, 1 + k % 40, 'CAD',
        'clerk' || (k % 7), {start}, {state}, {reference},
        CASE WHEN {reference} = '' THEN {nothing} ELSE {acknowledged} END
    FROM (SELECT n, n * 7919 % 600011 AS k, 'ABCDEFGHJKLMNPRSTUVWZ' AS letters FROM ({numbers}) AS n
          ORDER BY n DESC) AS numbered
"""
_NOTHING: Final = {"sqlite": "'{}'", "postgresql": "'{}'::jsonb"}
NUMBERS: Final = {
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) "
    "SELECT n FROM s",
    "postgresql": "SELECT n FROM generate_series(1::bigint, {count}) AS n",
}
MOMENT: Final = {
    "sqlite": "datetime(strftime('%s', 'now') - ({seconds}), 'unixepoch')",
    "postgresql": "date_trunc('second', now()) - ({seconds}) * interval '1 second'",
}


def fill(count: int) -> int:
    """Enter so many permits, the last of them just now."""
    from django.db import connection

    from permits.models import Permit, Zone

    Zone.objects.bulk_create(Zone(name=f"Lot {number}") for number in range(1, ZONES + 1))
    moment = MOMENT[connection.vendor]
    plate = _PLATE.format(tenth=count // 10, thirtieth=count // 30)
    end = moment.format(seconds=f"n * {SECONDS} - {_LENGTHS}")
    sql = _FILL.format(
        plate=plate,
        zones=ZONES,
        start=moment.format(seconds=f"n * {SECONDS}"),
        end=end,
        state=_STATE,
        reference=_REFERENCE,
        acknowledged=_ON_CONTROLLER[connection.vendor].format(plate=plate, end=end),
        nothing=_NOTHING[connection.vendor],
        numbers=NUMBERS[connection.vendor].format(count=count),
    )
    with visits.without_indexes("permits_permit"), connection.cursor() as cursor:
        cursor.execute(sql)
    as_after_a_while()
    return Permit.objects.count()


def as_after_a_while() -> None:
    """Have PostgreSQL know its tables, as its autovacuum sees to."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def ours() -> None:
    """Visit our list."""
    from permits.models import Permit, Zone

    zone = Zone.objects.order_by("pk").values_list("pk", flat=True)[3]
    middle = _in_the_middle(Permit)
    _visit(
        {
            "first page": {},
            "a page in the middle": {"after": middle.pk},
            "exact plate": {"q": PLATE},
            "part of a plate": {"q": PART},
            "reference": {"q": middle.reference_id},
            "one state": {"state": "rejected"},
            "one zone, valid now": {"zone": zone, "validity": "now"},
        }
    )


def stock() -> None:
    """Visit the list of a stock `ModelAdmin` over the same table, in Django's own templates."""
    from django.utils import timezone

    from permits.models import Permit, Zone

    zone = Zone.objects.order_by("pk").values_list("pk", flat=True)[3]
    now = timezone.now().strftime("%Y-%m-%d %H:%M:%S+00:00")
    with visits.on_stock():
        _visit(
            {
                "first page": {},
                "a page in the middle": {"p": Permit.objects.count() // 100},
                "exact plate": {"q": PLATE},
                "part of a plate": {"q": PART},
                "reference": {"q": _in_the_middle(Permit).reference_id},
                "one state": {"state__exact": "rejected"},
                "one zone, valid now": {
                    "zone__id__exact": zone,
                    "start_time__lte": now,
                    "end_time__gt": now,
                },
            }
        )


def _visit(pages: dict[str, dict[str, Any]]) -> None:
    visits.visit(
        {
            name: visits.Page(f"/permits/permit/?{urlencode(query)}", "result_list")
            for name, query in pages.items()
        }
    )


def _in_the_middle(permit: Any) -> Any:
    half = permit.objects.count() // 2
    return permit.objects.exclude(reference_id="").filter(pk__lte=half).order_by("-pk").first()


if __name__ == "__main__":
    visits.run(sys.argv[1:], fill, ours, stock)
