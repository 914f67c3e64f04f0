"""The pictures: counted once whatever happens, drawn for any numbers, and readable as tables."""

import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from permits import tallying
from permits.admin import pictures
from permits.admin.pictures import Pictures
from permits.charts import HEIGHT, WIDTH, Column, Part, ceiling, lying, percentile, standing
from permits.models import CallTally, ResponseTally, SyncAttempt, Tallied
from tests.engine.office import enter, push
from tests.pages.desk import HISTORY, Desks
from tests.pages.test_history import call, shown
from tests.sandbox_server import Sandbox

NOW = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)


def count_all() -> None:
    """Count whatever can be counted."""
    tallying.tally(go_on=lambda: True)


def counted() -> Counter[tuple[str, str, int]]:
    """The tallies, added up over the hours."""
    found: Counter[tuple[str, str, int]] = Counter()
    for tally in CallTally.objects.all():
        found[tally.operation, tally.outcome, tally.error_code] += tally.calls
    return found


@pytest.mark.usefixtures("desks")
class TestTallies:
    def test_each_call_is_counted_once_however_often_one_counts(self) -> None:
        for hours in (1, 1, 2, 50):
            call(started_at=NOW - timedelta(hours=hours))
        call(started_at=NOW - timedelta(hours=3), outcome="rejected", error_code=9005)
        with time_machine.travel(NOW):
            for _ in range(3):
                count_all()
        assert counted() == {("push", "succeeded", 0): 4, ("push", "rejected", 9005): 1}
        assert sum(ResponseTally.objects.values_list("calls", flat=True)) == 5

    def test_what_comes_later_is_added(self) -> None:
        call(started_at=NOW - timedelta(hours=1))
        with time_machine.travel(NOW):
            count_all()
        call(started_at=NOW)
        with time_machine.travel(NOW + timedelta(minutes=5)):
            count_all()
        assert counted() == {("push", "succeeded", 0): 2}

    def test_a_call_under_way_holds_back_what_began_after_it(self) -> None:
        under_way = call(
            started_at=NOW - timedelta(minutes=20),
            outcome="sending",
            finished_at=None,
            http_status=None,
        )
        call(started_at=NOW - timedelta(minutes=10))
        with time_machine.travel(NOW):
            count_all()
            assert not counted()
            SyncAttempt.objects.filter(pk=under_way.pk).update(outcome="in_doubt", finished_at=NOW)
            count_all()
        assert counted() == {("push", "in_doubt", 0): 1, ("push", "succeeded", 0): 1}

    def test_a_count_that_was_cut_off_never_was(self, monkeypatch: pytest.MonkeyPatch) -> None:
        call(started_at=NOW - timedelta(hours=1))
        with time_machine.travel(NOW):
            with monkeypatch.context() as patch:
                patch.setattr(ResponseTally, "bucket_of", lambda took: took / 0)
                with pytest.raises(ZeroDivisionError):
                    count_all()
            assert not counted()
            count_all()
        assert counted() == {("push", "succeeded", 0): 1}

    def test_they_can_be_counted_anew(self) -> None:
        call(started_at=NOW - timedelta(hours=1))
        with time_machine.travel(NOW):
            count_all()
            CallTally.objects.update(calls=99)
            told = io.StringIO()
            call_command("rebuild_tallies", stdout=told)
        assert counted() == {("push", "succeeded", 0): 1}
        assert told.getvalue() == "Calls in the tallies: 1.\n"

    def test_they_stay_right_about_the_zones(self, sandbox: Sandbox) -> None:
        permit = push()
        count_all()
        assert Tallied.objects.get().zones == [[permit.zone_id, 1]]


class TestThePages:
    def test_each_bar_leads_to_its_calls(self, desks: Desks) -> None:
        call(started_at=timezone.now(), outcome="rejected", error_code=9005, http_status=422)
        page = desks.auditor.open("/")
        today = timezone.localdate().isoformat()
        links = {link.attributes["href"] for link in page.root.all("a")}
        assert f"{HISTORY}?from={today}&to={today}&outcome=rejected" in links
        assert any("code=9005" in link for link in links)

    def test_permits_are_counted_by_zone_before_the_tally_has_seen_any(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        count_all()
        permit = push()
        enter(plate="DRAFT 1")
        page = desks.clerk.open("/")
        bars = {bar.attributes["aria-label"]: bar for bar in page.root.all("a[aria-label]")}
        listed = desks.clerk.open(bars["Lot 4: 1"].attributes["href"])
        assert [row["Plate"] for row in listed.rows()] == [permit.plate]
        assert "Counted among the last 5,000 permits that were entered." in page.text

    def test_each_hour_leads_to_its_own_calls(self, desks: Desks) -> None:
        with time_machine.travel(NOW, tick=False):
            here = call(started_at=NOW - timedelta(minutes=29), duration_ms=100)
            call(started_at=NOW - timedelta(minutes=31), duration_ms=900)
            page = desks.auditor.open(HISTORY)
            (bar,) = {
                link.attributes["href"]
                for link in page.root.all("a[aria-label]")
                if link.attributes["aria-label"].startswith("today 10:00: median")
            }
            found = desks.auditor.open(bar)
        assert "since=2026-11-25T10%3A00-05%3A00" in bar
        assert shown(found) == [here.pk]
        assert "from 2026-11-25 10:00 EST to 2026-11-25 11:00 EST" in found.text

    @pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"])
    @pytest.mark.parametrize("is_tallied", [True, False])
    def test_a_day_and_an_hour_are_those_of_the_staffs_clock(
        self, desks: Desks, zone: str, is_tallied: bool
    ) -> None:
        midnight = datetime(2026, 11, 25, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        for minutes in (-1, 1, 16, 59):
            call(started_at=midnight + timedelta(minutes=minutes), duration_ms=100)
        with time_machine.travel(midnight + timedelta(hours=2)), timezone.override(zone):
            if is_tallied:
                count_all()
                assert CallTally.objects.exists()
            request = RequestFactory().get("/")
            request.user = User.objects.get(username="auditor")
            by_day, times, *_ = Pictures(request).of_calls()
        assert [column.parts[0].value for column in by_day.columns[-2:]] == [1, 3]
        assert [column.parts[0].words for column in times.columns[-4:]] == [
            *("114 ms", "114 ms", "none", "none")
        ]

    def test_an_hour_that_the_clock_passes_twice_leads_to_the_calls_of_one(
        self, desks: Desks
    ) -> None:
        first = datetime(2026, 11, 1, 5, 10, tzinfo=UTC)  # 01:10 EDT; an hour later 01:10 EST
        calls = [call(started_at=first + timedelta(hours=n), duration_ms=100) for n in range(2)]
        with time_machine.travel(first + timedelta(hours=3), tick=False):
            page = desks.auditor.open(HISTORY)
            bars = [
                link.attributes["href"]
                for link in page.root.all("a[aria-label]")
                if link.attributes["aria-label"].startswith("today 01:00: median")
            ]
            lists = [desks.auditor.open(bar) for bar in bars]
            assert [shown(each) for each in lists] == [[each.pk] for each in calls]
            since = lists[1].root.one("[name=since]")
            assert since.attributes["value"] == "2026-11-01T01:00:00-05:00"
            typed = desks.auditor.open(f"{HISTORY}?since=2026-11-01T01:00&until=2026-11-01T01:59")
            assert shown(typed) == [calls[1].pk, calls[0].pk]

    @pytest.mark.parametrize("typed", ["soon", "2026-13-01T00:00", "0001-01-01T00:00", "14:00"])
    def test_a_time_that_cannot_be_read_is_told(self, desks: Desks, typed: str) -> None:
        page = desks.auditor.open(f"{HISTORY}?since={typed}")
        assert "Enter a day and a time, such as 2026-04-03T14:30." in page.text

    def test_the_possible_error_of_a_percentile_is_stated(self, desks: Desks) -> None:
        call(started_at=timezone.now(), duration_ms=100)
        assert "at most a fifth, or 1 ms, longer than the call took" in desks.auditor.open("/").text

    def test_what_is_not_counted_yet_is_stated(
        self, desks: Desks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        call(started_at=timezone.now()), call(started_at=timezone.now())
        told = "Of the calls that are not tallied yet, only the last 2 are counted here."
        assert told not in desks.auditor.open("/").text
        monkeypatch.setattr(pictures, "LIVE", 2)
        assert told in desks.auditor.open("/").text

    def test_bars_that_are_left_out_are_told(self, desks: Desks) -> None:
        for code in range(9030, 9030 + pictures.MOST):
            call(started_at=timezone.now(), outcome="rejected", error_code=code)
        assert "The longest" not in desks.auditor.open("/").text
        call(started_at=timezone.now(), outcome="rejected", error_code=9999)
        assert "The longest 8 bars of 9." in desks.auditor.open("/").text

    def test_a_reader_who_sees_no_history_is_led_nowhere(self, desks: Desks) -> None:
        call(started_at=timezone.now())
        page = desks.clerk.open("/")
        links = [link.attributes["href"] for link in page.root.all("a")]
        assert not [link for link in links if link.startswith(HISTORY)]
        assert page.root.all("rect")

    def test_the_numbers_stand_in_tables_too(self, desks: Desks) -> None:
        for _ in range(3):
            call(started_at=timezone.now(), duration_ms=100)
        page = desks.auditor.open(HISTORY)
        tables = [each.text for each in page.root.all("details.chart-table")]
        assert len(tables) == 2
        assert "today 3 0 0 0" in tables[0]
        named = page.root.all("details.chart-table")[0].one("table").attributes["aria-labelledby"]
        assert page.root.one(f"#{named}").text == "Calls a day"
        assert page.root.all("svg")
        assert not page.root.all("[style]")

    def test_a_table_of_counts_is_headed_so_in_french(self, desks: Desks) -> None:
        call(started_at=timezone.now(), outcome="rejected", error_code=9005)
        desks.auditor.client.cookies["language"] = "fr"
        page = desks.auditor.open("/")
        (table,) = [t.text for t in page.root.all("details.chart-table") if "9005" in t.text]
        assert "erreur Nombre" in table


@given(st.lists(st.lists(st.integers(0, 10**9), min_size=2, max_size=2), max_size=40))
def test_whatever_the_numbers_no_bar_leaves_the_chart(numbers: list[list[int]]) -> None:
    columns = [
        Column(str(n), str(n), [Part("success", "a", a, str(a)), Part("danger", "b", b, str(b))])
        for n, (a, b) in enumerate(numbers)
    ]
    for chart in (standing("x", "X", columns, first="n"), lying("x", "X", columns, first="n")):
        assert len(chart.bars) >= sum(1 for pair in numbers for value in pair if value)
        for bar in chart.bars:
            assert bar.x >= 0
            assert bar.x + bar.width <= WIDTH + 0.1
            assert bar.y >= -0.1
            assert bar.y + bar.height <= max(chart.height, HEIGHT) + 0.1


@given(st.floats(0, 1e12))
def test_the_scale_holds_its_largest_value_and_no_half_call(value: float) -> None:
    assert value <= ceiling(value) <= max(2 * value + 2, 2)
    assert ceiling(value) % 2 == 0


@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.95]))
def test_a_percentile_from_buckets_is_at_most_a_fifth_too_long(
    times: list[int], share: float
) -> None:
    buckets = Counter(ResponseTally.bucket_of(took) for took in times)
    counts = [
        (ResponseTally.longest_in(bucket), calls) for bucket, calls in sorted(buckets.items())
    ]
    exact = sorted(times)[max(-(-int(len(times) * share * 100) // 100) - 1, 0)]
    found = percentile(counts, share)
    assert found is not None
    assert found >= exact
    assert found <= max(sorted(times)[min(int(len(times) * share), len(times) - 1)] * 1.2, 1)


def test_buckets_grow_and_leave_no_gap() -> None:
    assert ResponseTally.bucket_of(0) == ResponseTally.bucket_of(1) == 0
    bounds = [ResponseTally.longest_in(bucket) for bucket in range(70)]
    assert all(after == pytest.approx(before * 1.2) for before, after in pairwise(bounds))
