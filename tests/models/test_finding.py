"""Finding permits by parts of their plates, and by when they are valid."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permits.models import Permit, Plate, Zone
from permits.models.validity import LENGTHS, valid_during
from tests import environment
from tests.engine.office import END, START, edit, enter

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def keys(plates: "list[Plate]") -> list[str]:
    return sorted(plate.key for plate in plates)


def bulk(*plates: str) -> None:
    Permit.objects.bulk_create(
        Permit(plate=plate, start_time=START, end_time=END) for plate in plates
    )


class TestPlates:
    @pytest.mark.parametrize(
        ("part", "found"),
        [
            ("ABC123", ["ABC123"]),
            ("BC1", ["ABC123", "XBC1"]),
            ("C123", ["ABC123"]),
            ("BC", ["ABC123", "XBC1"]),
            ("23", ["ABC123"]),
            ("C1", ["ABC123", "XBC1"]),
            ("1", ["ABC123", "XBC1"]),
            ("É", ["ÉTÉ5"]),
            ("ÉT", ["ÉTÉ5"]),
            ("TÉ5", ["ÉTÉ5"]),
            ('"A', []),
            ('A"B*', []),
            ("A%", []),
            ("_", []),
            ("BC2", []),
            ("QQ", []),
        ],
    )
    def test_hold_a_part_wherever_it_stands(
        self, database: str, part: str, found: list[str]
    ) -> None:
        bulk("ABC 123", "X-BC 1", "ÉTÉ 5")
        assert keys(list(Plate.objects.holding(part))) == found

    @pytest.mark.parametrize(
        ("part", "found"), [("AB", ["AB2", "ABC1"]), ("ABC1", ["ABC1"]), ("B", [])]
    )
    def test_begin_with_a_part(self, database: str, part: str, found: list[str]) -> None:
        bulk("ABC 1", "AB 2", "AC 3")
        assert keys(list(Plate.objects.starting_with(part))) == found

    def test_are_each_kept_once(self, database: str) -> None:
        bulk("ABC 1", "A-B-C 1", "abc1".upper())
        enter(plate="ABC 1")
        assert keys(list(Plate.objects.all())) == ["ABC1"]

    def test_follow_a_change_whoever_makes_it(self, database: str) -> None:
        permit = enter(plate="ABC 1")
        edit(permit, plate="NEW 1")
        Permit.objects.filter(pk=permit.pk).update(plate="RAW 1")
        assert keys(list(Plate.objects.all())) == ["ABC1", "NEW1", "RAW1"]

    def test_that_are_removed_are_found_no_more(self, database: str) -> None:
        bulk("ABC 1", "ABC 2")
        Plate.objects.filter(key="ABC1").delete()
        assert keys(list(Plate.objects.holding("ABC"))) == ["ABC2"]

    def test_are_read_through_an_index(self, database: str) -> None:
        bulk(*(f"P {number}" for number in range(2000)))
        with CaptureQueriesContext(connection) as captured:
            list(Plate.objects.holding("P17"))
        with connection.cursor() as cursor:
            prefix = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
            cursor.execute(f"{prefix} {captured[0]['sql']}")
            plan = " ".join(str(row) for row in cursor.fetchall())
        assert "SCAN permits_plate'" not in plan
        assert "Seq Scan" not in plan or "permits_plate_part" in plan


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example begins afresh
)
@given(
    spans=st.lists(
        st.tuples(
            st.integers(-500 * 24 * 60, 60),
            st.one_of(
                st.integers(1, 500 * 24 * 60),
                st.sampled_from([most // MINUTE + more for most in LENGTHS for more in (-1, 0, 1)]),
            ),
        ),
        max_size=30,
    ),
    during=st.integers(0, 3 * 24 * 60),
)
def test_what_is_valid_during_a_time(
    database: str, spans: list[tuple[int, int]], during: int
) -> None:
    first, last = NOON, NOON + during * MINUTE
    Permit.objects.all().delete()
    permits = Permit.objects.bulk_create(
        Permit(
            plate=f"P {number}",
            start_time=NOON + start * MINUTE,
            end_time=NOON + (start + length) * MINUTE,
        )
        for number, (start, length) in enumerate(spans)
    )
    meant = {p.plate for p in permits if p.start_time <= last and p.end_time > first}
    found = valid_during(Permit.objects.all(), first, last)
    assert set(found.values_list("plate", flat=True)) == meant


def test_what_was_narrowed_down_before_stays_so(database: str) -> None:
    enter(plate="ABC 1", start_time=NOON - MINUTE, end_time=NOON + MINUTE)
    enter(plate="ABC 2", start_time=NOON - MINUTE, end_time=NOON + MINUTE)
    found = valid_during(Permit.objects.filter(plate="ABC 2"), NOON, NOON)
    assert [permit.plate for permit in found] == ["ABC 2"]


@pytest.mark.skipif(environment.ON_POSTGRES, reason="PostgreSQL plans by what it counted")
def test_what_was_not_valid_then_is_not_read(database: str) -> None:
    zone = Zone.objects.create(name="Lot 4")
    plan = valid_during(Permit.objects.filter(zone=zone, withdrawn_at=None), NOON, NOON).explain()
    assert plan.count("USING COVERING INDEX permit_valid_then") == len(LENGTHS) + 1
