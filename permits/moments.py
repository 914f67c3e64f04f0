"""Times and lengths of time as people say them."""

from datetime import date, datetime, timedelta
from typing import Final

from django.utils import timezone

_NEAR_DAYS: Final = {-1: "yesterday", 0: "today", 1: "tomorrow"}
_UNITS: Final = (("day", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def say(moment: datetime, now: datetime, *, exact: bool = False) -> str:
    """Return a time as said aloud at `now`: `today 14:05`, `Fri 27 Nov 09:00`, `2 Jul 2018 09:00`.

    Both times are aware; the words are in the current time zone. Seconds are left out unless the
    time has to be told from others, as where it changed.
    """
    local, today = timezone.localtime(moment), timezone.localtime(now).date()
    clock = f"{local:%H:%M:%S}" if exact and local.second else f"{local:%H:%M}"
    return f"{say_day(local.date(), today)} {clock}"


def say_day(day: date, today: date) -> str:
    """Return a day as said aloud on `today`: `yesterday`, `Fri 27 Nov`, `2 Jul 2018`."""
    if near := _NEAR_DAYS.get((day - today).days):
        return near
    if day.year == today.year:
        return f"{day:%a} {day.day} {day:%b}"
    return f"{day.day} {day:%b} {day.year}"


def in_full(moment: datetime) -> str:
    """Return a time with nothing left out, e.g. `Monday 2 July 2018, 09:00:00 EDT`."""
    local = timezone.localtime(moment)
    return f"{local:%A} {local.day} {local:%B} {local.year}, {local:%H:%M:%S %Z}"


def to_the_millisecond(moment: datetime | None) -> str:
    """Return a time as records have it, e.g. `2018-07-02 09:00:00.123 EDT`; empty for none."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03} {local:%Z}"


def length(period: timedelta) -> str:
    """Return a length of time by its two largest units: `2 h`, `1 day 6 h`, `84 ms`, `1.2 s`."""
    if period < timedelta(seconds=1):
        return f"{round(period / timedelta(milliseconds=1))} ms"
    if period < timedelta(seconds=10) and period.microseconds:
        return f"{period.total_seconds():.1f} s"
    parts: list[str] = []
    rest = round(period.total_seconds())
    for unit, seconds in _UNITS:
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''}")
    return " ".join(parts[:2])
