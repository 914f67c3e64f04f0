"""A count that takes too long is given up, and the page says what it knows."""

import time

from django.db import connection
from django.db.models.expressions import RawSQL

from permits.admin.counting import Count, count_rows
from permits.models import Permit
from tests.engine.office import enter

# Counts to a billion, which takes either database minutes.
_ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) "


def test_a_count_that_takes_too_long_is_given_up(database: str) -> None:
    permit = enter()
    endless = Permit.objects.filter(pk__in=RawSQL(f"{_ENDLESS} SELECT max(i) FROM n", []))
    began = time.monotonic()
    assert count_rows(endless, seen=50) == Count(50, is_exact=False)
    assert time.monotonic() - began < 5
    assert Permit.objects.get() == permit


def test_the_next_query_may_take_its_time(database: str) -> None:
    enter()
    assert count_rows(Permit.objects.all(), seen=1) == Count(1, is_exact=True)
    slow = "SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
    with connection.cursor() as cursor:
        cursor.execute(f"{slow} WHERE i < 300000) SELECT i FROM n) AS counted")
        assert cursor.fetchone() == (300000,)
