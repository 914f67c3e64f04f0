"""Counts are fetched when it is time to, kept as reported, and thinned with age."""

import json
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from permits import sync
from permits.models import Link, Pull, SyncAttempt, ZoneCount
from tests.engine.office import push
from tests.reconcile.office import count, lasting, lose_a_push, pass_time
from tests.sandbox_server import Sandbox


def pulls() -> int:
    return SyncAttempt.objects.filter(operation="stats").count()


class TestTheSchedule:
    def test_it_asks_at_once_and_then_each_interval(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        assert sync.pull_if_due()
        pass_time(clock, minutes=14)
        assert not sync.pull_if_due()
        pass_time(clock, minutes=1)
        assert sync.pull_if_due()
        assert SyncAttempt.objects.filter(source="schedule").count() == 2

    def test_without_an_interval_it_never_asks(self, sandbox: Sandbox, settings: Settings) -> None:
        settings.OPSCOM_COUNT_EVERY = 0
        assert not sync.pull_if_due()
        assert pulls() == 0

    def test_it_does_not_ask_while_calls_are_paused(self, sandbox: Sandbox) -> None:
        Link.current()
        Link.objects.update(pause=Link.Pause.UNREACHABLE, paused_at=timezone.now())
        assert not sync.pull_if_due()
        assert pulls() == 0

    def test_of_two_workers_one_asks(self, sandbox: Sandbox, clock: Traveller) -> None:
        assert [sync.pull_if_due(), sync.pull_if_due()] == [True, False]

    def test_an_unknown_outcome_is_counted_for_once_it_has_settled(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        sync.pull_if_due()
        pass_time(clock, minutes=1)
        lose_a_push(sandbox, applied=False)
        pass_time(clock, minutes=4)
        assert not sync.pull_if_due()
        pass_time(clock, minutes=2)
        assert sync.pull_if_due()
        pass_time(clock, minutes=3)
        assert not sync.pull_if_due()


class TestWhatIsKept:
    def test_types_are_kept_as_reported(self, sandbox: Sandbox) -> None:
        rows = [
            {"type": "Été ½", "zone": "Lot 4", "total": "3"},
            {"type": "Été ½", "zone": "Lot 4", "total": "2"},
            {"type": "", "zone": "Lot 4", "total": "0"},
        ]
        sandbox.fault("answer", operation="stats", body={"data": rows})
        count()
        kept = ZoneCount.objects.order_by("type").values_list("zone", "type", "total")
        assert list(kept) == [("Lot 4", "", 0), ("Lot 4", "Été ½", 5)]

    @pytest.mark.parametrize("name", ["a\u0000b", "\ud800", "Z" * 300, "Lot 4,North"])
    def test_whatever_a_zone_is_called_it_is_counted(self, sandbox: Sandbox, name: str) -> None:
        body = json.dumps({"data": [{"type": name, "zone": name, "total": "1"}]})
        sandbox.fault("answer", operation="stats", body=body)
        count()
        assert ZoneCount.objects.get().total == 1

    def test_a_failed_pull_leaves_no_counts(self, sandbox: Sandbox) -> None:
        sandbox.fault("close", operation="stats")
        sync.pull_counts(actor="", source="shell")  # type: ignore[arg-type]
        assert not Pull.objects.exists()


def keep(*moments: datetime) -> None:
    """Have counts of these moments, as fetching them would leave them."""
    for moment in moments:
        hour = moment.replace(minute=0)
        grain = Pull.Grain.EACH
        for name, first in ((Pull.Grain.HOUR, hour), (Pull.Grain.DAY, hour.replace(hour=0))):
            if not Pull.objects.filter(began_at__gte=first, began_at__lte=moment).exists():
                grain = name
        Pull.objects.create(began_at=moment, ended_at=moment, grain=grain)


class TestThinning:
    def test_all_stay_for_two_days_hourly_for_a_month_and_then_daily(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        now = timezone.now()
        for age in (timedelta(days=1), timedelta(days=3), timedelta(days=40)):
            first = (now - age).replace(hour=0)
            keep(*(first + timedelta(minutes=15 * number) for number in range(96)))
        while sync.thin_counts():
            pass
        left = [pull.began_at for pull in Pull.objects.all()]
        ages = [(now - began) // timedelta(days=1) for began in left]
        assert sum(age < 2 for age in ages) == 96
        assert sum(2 <= age < 31 for age in ages) == 24
        assert sum(age >= 31 for age in ages) == 1

    def test_it_goes_in_bounded_steps(self, sandbox: Sandbox, clock: Traveller) -> None:
        first = (timezone.now() - timedelta(days=50)).replace(hour=0)
        keep(*(first + timedelta(minutes=3 * number) for number in range(300)))
        assert sync.thin_counts() == 200

    def test_the_counts_around_an_open_doubt_stay_and_go_once_it_is_decided(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        push(lasting())
        for _ in range(3):
            pass_time(clock, minutes=9)
            count()
        before = Pull.objects.latest("began_at")
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=False)
        pass_time(clock, minutes=8)
        after = count()
        pass_time(clock, minutes=3)
        count()
        assert after.grain == before.grain == Pull.Grain.EACH
        pass_time(clock, days=60)
        while sync.thin_counts():
            pass
        assert {before, after} <= set(Pull.objects.all())
        assert doubt.permit_id is not None
        sync.resolve_not_there(doubt.permit_id, reason="Looked.", actor="boss")
        while sync.thin_counts():
            pass
        assert not {before, after} & set(Pull.objects.all())
