"""Times: what is sent means one moment, also where the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from permits import limits

TORONTO = ZoneInfo("America/Toronto")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # changes by half an hour
SANTIAGO = ZoneInfo("America/Santiago")  # changes at midnight
APIA = ZoneInfo("Pacific/Apia")  # left out a whole day
ZONES = st.sampled_from(
    [
        *(TORONTO, LORD_HOWE, SANTIAGO, APIA, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu")),
        *(ZoneInfo("America/St_Johns"), ZoneInfo("Europe/London"), ZoneInfo("Africa/Casablanca")),
    ]
)
FIRST, LAST = datetime.fromisoformat("2000-01-02"), datetime.fromisoformat("2099-12-30")
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
WALL_TIMES = st.datetimes(FIRST, LAST).map(lambda t: t.replace(microsecond=0))


def utc(text: str) -> datetime:
    """The moment, e.g. of `2026-11-01T05:30:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def moments_of(wall: datetime, zone: ZoneInfo) -> set[datetime]:
    """Every moment at which a clock in the zone shows this, found by trying all offsets."""
    offsets = (timedelta(minutes=15 * quarters) for quarters in range(-15 * 4, 15 * 4 + 1))
    tried = (wall.replace(tzinfo=UTC) - offset for offset in offsets)
    return {moment for moment in tried if moment.astimezone(zone).replace(tzinfo=None) == wall}


class TestOnTheWire:
    @pytest.mark.parametrize(
        ("zone", "sent"),
        [
            (ZoneInfo("UTC"), "2018-07-02T09:00:00"),
            (TORONTO, "2018-07-02T05:00:00"),
            (ZoneInfo("Asia/Kathmandu"), "2018-07-02T14:45:00"),
        ],
    )
    def test_a_moment_is_sent_as_the_controllers_clock_shows_it(
        self, zone: ZoneInfo, sent: str
    ) -> None:
        assert limits.moment_on_wire(utc("2018-07-02T09:00:00"), zone) == sent

    @given(MOMENTS, ZONES)
    @example(utc("2026-11-01T05:30:00"), TORONTO)
    @example(utc("2026-04-04T15:00:00"), LORD_HOWE)
    @example(utc("2026-04-05T03:00:00"), SANTIAGO)
    def test_what_is_sent_means_that_moment_alone_or_is_refused(
        self, moment: datetime, zone: ZoneInfo
    ) -> None:
        moment = moment.replace(microsecond=0)
        meant = moments_of(moment.astimezone(zone).replace(tzinfo=None), zone)
        if len(meant) == 1:
            sent = limits.moment_on_wire(moment, zone)
            assert limits.moment_from_wire(sent, zone) == moment
            assert len(sent) == 19
        else:
            with pytest.raises(limits.LimitError, match="happens twice"):
                limits.moment_on_wire(moment, zone)

    @pytest.mark.parametrize("first_or_second", ["05:30:00", "06:30:00"])
    def test_both_moments_of_a_repeated_hour_are_refused_with_the_cure(
        self, first_or_second: str
    ) -> None:
        with pytest.raises(
            limits.LimitError,
            match=r"2026-11-01 01:30 happens twice in America/Toronto.*an hour earlier or later",
        ):
            limits.moment_on_wire(utc(f"2026-11-01T{first_or_second}"), TORONTO)

    @pytest.mark.parametrize(
        ("moment", "sent"),
        [
            ("2026-11-01T04:59:59", "2026-11-01T00:59:59"),
            ("2026-11-01T07:00:00", "2026-11-01T02:00:00"),
            ("2026-03-08T06:59:59", "2026-03-08T01:59:59"),
            ("2026-03-08T07:00:00", "2026-03-08T03:00:00"),
        ],
    )
    def test_the_seconds_beside_a_clock_change_are_sent(self, moment: str, sent: str) -> None:
        assert limits.moment_on_wire(utc(moment), TORONTO) == sent

    def test_fractions_of_a_second_are_cut(self) -> None:
        moment = utc("2026-06-01T12:00:00.999999")
        assert limits.moment_on_wire(moment, TORONTO) == "2026-06-01T08:00:00"
        assert limits.moment(moment) == utc("2026-06-01T12:00:00")

    @pytest.mark.parametrize("year", [1, 1999, 2100, 9999])
    def test_a_year_that_is_a_slip_is_refused(self, year: int) -> None:
        with pytest.raises(limits.LimitError, match=f"between 2000 and 2099; {year} does not"):
            limits.moment(datetime(year, 6, 1, tzinfo=UTC))

    @pytest.mark.parametrize("year", [2000, 2099])
    def test_the_first_and_the_last_year_are_taken(self, year: int) -> None:
        moment = datetime(year, 6, 1, tzinfo=UTC)
        assert limits.moment(moment) == moment


class TestFromTheWire:
    @given(WALL_TIMES, ZONES)
    @example(datetime.fromisoformat("2026-03-08T02:30:00"), TORONTO)
    @example(datetime.fromisoformat("2026-10-04T02:15:00"), LORD_HOWE)
    @example(datetime.fromisoformat("2026-09-06T00:30:00"), SANTIAGO)
    @example(datetime.fromisoformat("2011-12-30T12:00:00"), APIA)
    def test_a_time_is_read_as_a_moment_that_it_can_mean_or_refused(
        self, wall: datetime, zone: ZoneInfo
    ) -> None:
        meant = moments_of(wall, zone)
        if meant:
            assert limits.moment_from_wire(wall.isoformat(), zone).astimezone(UTC) in meant
        else:
            with pytest.raises(limits.LimitError, match=f"does not exist in {zone.key}"):
                limits.moment_from_wire(wall.isoformat(), zone)

    @pytest.mark.parametrize(
        ("skipped", "zone"),
        [
            ("2026-03-08T02:00:00", TORONTO),
            ("2026-03-08T02:59:59", TORONTO),
            ("2026-10-04T02:29:59", LORD_HOWE),
            ("2026-09-06T00:00:00", SANTIAGO),
            ("2011-12-30T00:00:00", APIA),
        ],
    )
    def test_a_time_that_the_clocks_skip_is_refused(self, skipped: str, zone: ZoneInfo) -> None:
        with pytest.raises(limits.LimitError, match="the clocks skip it"):
            limits.moment_from_wire(skipped, zone)

    @pytest.mark.parametrize(
        "text",
        [
            *("", " ", "tomorrow", "2018-07-02", "2018-07-02 09:00:00", "2018-07-02T09:00"),
            *("2018-07-02T09:00:00Z", "2018-07-02T09:00:00+00:00", "2018-07-02T09:00:00.5"),
            *("2018-02-30T09:00:00", "2018-07-02T24:00:00", "2018-07-02T09:60:00"),
            *("18-07-02T09:00:00", "2018-07-02T09:00:00\n", " 2018-07-02T09:00:00"),
        ],
    )
    def test_another_format_is_refused_with_an_example(self, text: str) -> None:
        with pytest.raises(limits.LimitError, match="written like 2018-07-02T09:00:00"):
            limits.moment_from_wire(text, TORONTO)


class TestPeriods:
    def test_a_permit_lasts_from_its_start_to_its_end(self) -> None:
        start = utc("2026-06-01T09:00:00")
        assert limits.period(start, start + timedelta(hours=2)) == timedelta(hours=2)

    @pytest.mark.parametrize("seconds", [0, -1, -3600])
    def test_an_end_that_is_not_after_the_start_is_refused(self, seconds: int) -> None:
        start = utc("2026-06-01T09:00:00")
        with pytest.raises(limits.LimitError, match="end must lie after the start"):
            limits.period(start, start + timedelta(seconds=seconds))
