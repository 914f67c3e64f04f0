"""Dates and times: one meaning or none."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permits import limits
from permits.importing.times import STAMP, Column, Order, Reader

TORONTO = ZoneInfo("America/Toronto")
NINE = "2026-04-03 13:00:00"  # 09:00 in Toronto, in UTC
ZONES = [
    ZoneInfo(name)
    for name in (
        *("America/Toronto", "UTC", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"),
        *("Europe/Dublin", "Pacific/Apia", "Africa/Casablanca", "America/Sao_Paulo"),
    )
]


def reader(*values: str, is_end: bool = False, zone: ZoneInfo = TORONTO) -> Reader:
    """A reader of a column that has these values."""
    column = Column()
    for value in values:
        column.look(value)
    return Reader(column, zone, ZoneInfo("UTC"), is_end=is_end)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-04-03 09:00", "2026-04-03T09:00", "2026-04-03T09:00:00", "2026-04-03  9:00"),
        *("2026-04-03 09:00:00.000", "2026-04-03T09:00:00-04:00", "2026-04-03T13:00Z"),
        *("2026-04-03 15:00:00 +02:00", "2026-04-03T18:45+0545", "2026/04/03 09:00"),
        *("3 Apr 2026 09:00", "3 April 2026 9:00", "Fri 3 Apr 2026 09:00", "Apr 3, 2026 9:00 AM"),
        *("2026-04-03 9:00 am", " 2026-04-03 09:00 ", "03-Apr-2026 09:00"),
    ],
)
def test_it_reads_what_can_mean_one_moment(text: str) -> None:
    assert reader()(text) == NINE


@pytest.mark.parametrize("mark", ["/", "-", "."])
def test_a_day_that_can_be_a_month_is_refused(mark: str) -> None:
    with pytest.raises(limits.LimitError, match="can mean day/month or month/day"):
        reader()(f"03{mark}04{mark}2026 09:00")


@pytest.mark.parametrize(
    ("other", "order"),
    [("25/12/2026 10:00", Order.DAY_FIRST), ("12/25/2026 10:00", Order.MONTH_FIRST)],
)
def test_another_value_of_the_column_shows_which_is_the_day(other: str, order: Order) -> None:
    read = reader(other)
    expected = NINE if order is Order.DAY_FIRST else "2026-03-04 14:00:00"
    assert read("03/04/2026 09:00") == expected
    column = Column()
    column.look(other)
    assert (
        column.in_words() == f"dates are read as {order.value}, because {other} can only be read so"
    )


def test_a_column_that_has_both_ways_shows_nothing() -> None:
    read = reader("25/12/2026 10:00", "12/25/2026 10:00")
    with pytest.raises(limits.LimitError, match="The column has both ways"):
        read("03/04/2026 09:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("25/12/2026 10:00", "2026-12-25 15:00:00"),
        ("12/25/2026 10:00", "2026-12-25 15:00:00"),
        ("04/04/2026 10:00", "2026-04-04 14:00:00"),
        ("12/25/2026 10:00 PM", "2026-12-26 03:00:00"),
        ("25/12/2026 12:05 am", "2026-12-25 05:05:00"),
    ],
)
def test_a_date_that_is_clear_by_itself_is_read(text: str, expected: str) -> None:
    assert reader()(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("03/04/26 09:00", "year with four digits"),
        ("tomorrow", "cannot be read as a date and time"),
        ("2026-02-30 09:00", "no such day or time"),
        ("2026-04-03 25:00", "no such day or time"),
        ("31/31/2026 09:00", "no such day or time"),
        ("3 Foo 2026 09:00", "no such day or time"),
        ("2026-04-03 13:00 pm", "no such day or time"),
        ("2026-04-03T09:00+19:00", "No clock on earth"),
        ("2026-03-08 02:30", "does not exist: the clocks skip it (America/Toronto)"),
        ("2026-11-01 01:30", "happens twice"),
        ("1999-04-03 09:00", "The year must lie between"),
        ("2126-04-03 09:00", "The year must lie between"),
        ("45000", "cannot be read"),
    ],
)
def test_what_means_no_moment_is_refused(text: str, words: str) -> None:
    with pytest.raises(limits.LimitError) as refused:
        reader()(text)
    assert words in str(refused.value)


def test_an_offset_tells_apart_what_happens_twice() -> None:
    assert reader()("2026-11-01T01:30-04:00") == "2026-11-01 05:30:00"
    assert reader()("2026-11-01T01:30-05:00") == "2026-11-01 06:30:00"


def test_what_the_controller_could_not_tell_apart_is_refused() -> None:
    read = Reader(Column(), ZoneInfo("UTC"), TORONTO, is_end=False)
    with pytest.raises(limits.LimitError, match="happens twice in America/Toronto"):
        read("2026-11-01 05:30")


def test_a_day_alone_begins_a_permit_and_does_not_end_one() -> None:
    assert reader()("2026-04-03") == "2026-04-03 04:00:00"
    with pytest.raises(limits.LimitError, match="such as 2026-04-03 23:59"):
        reader(is_end=True)("2026-04-03")


@given(
    st.datetimes(datetime(2000, 1, 3), datetime(2099, 12, 28)),  # noqa: DTZ001
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
)
def test_the_short_way_and_the_long_way_agree(
    naive: datetime, zone: ZoneInfo, wire_zone: ZoneInfo
) -> None:
    read = Reader(Column(), zone, wire_zone, is_end=False)
    naive = naive.replace(microsecond=0)
    text = f"{naive:%Y-%m-%d %H:%M:%S}"
    assert _or_sentence(lambda: read(text)) == _or_sentence(lambda: read._aware(naive))


@given(st.integers(-400, 400))
def test_the_two_ways_agree_about_a_clock_change(minutes: int) -> None:
    naive = datetime(2026, 11, 1, 2) + timedelta(minutes=minutes)  # noqa: DTZ001
    read = reader()
    text = f"{naive:%Y-%m-%d %H:%M}"
    assert _or_sentence(lambda: read(text)) == _or_sentence(lambda: read._aware(naive))


@given(st.datetimes(datetime(2000, 1, 3), datetime(2099, 12, 28), timezones=st.just(UTC)))  # noqa: DTZ001
def test_what_is_exported_is_read_back(moment: datetime) -> None:
    from permits.spreadsheet import defused

    moment = moment.replace(microsecond=0)
    assert reader()(defused(moment)) == f"{moment:{STAMP}}"


@given(st.text("0123456789-/:. TZ+apmPM", max_size=25))
def test_anything_is_read_or_refused_in_a_sentence(text: str) -> None:
    read = _or_sentence(lambda: reader()(text))
    assert read.endswith(".") or f"{datetime.fromisoformat(read):{STAMP}}" == read


def _or_sentence(read: object) -> str:
    try:
        return str(read())  # type: ignore[operator]
    except limits.LimitError as error:
        return str(error)
