"""Times and lengths of time as people say them."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

_NEAR_DAYS: Final = {
    -1: gettext_lazy("yesterday"),
    0: gettext_lazy("today"),
    1: gettext_lazy("tomorrow"),
}
_UNITS: Final = (("day", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def say(moment: datetime, now: datetime, *, exact: bool = False) -> str:
    """Return a time as said aloud at `now`: `today 14:05`, `Fri 27 Nov 09:00`, `2 Jul 2018 09:00`.

    Both times are aware; the words are in the current time zone. Seconds are left out unless the
    time has to be told from others, as where it changed.
    """
    local, today = timezone.localtime(moment), timezone.localtime(now).date()
    clock = f"{local:%H:%M:%S}" if exact and local.second else f"{local:%H:%M}"
    return _at(local.date(), today, get_language()).format(clock=clock)


def say_day(day: date, today: date) -> str:
    """Return a day as said aloud on `today`: `yesterday`, `Fri 27 Nov`, `2 Jul 2018`."""
    return _said(day, today, get_language())


def in_full(moment: datetime) -> str:
    """Return a time with nothing left out, e.g. `Monday 2 July 2018, 09:00:00 EDT`."""
    local = timezone.localtime(moment)
    return f"{_written_out(local.date(), get_language())}, {local:%H:%M:%S %Z}"  # English: a sign


# The days of a page are few, and what is said of each in the language that is active is kept.


@lru_cache
def _at(day: date, today: date, language: str | None) -> str:
    return _("%(day)s %(clock)s") % {"day": _said(day, today, language), "clock": "{clock}"}


@lru_cache
def _said(day: date, today: date, _language: str | None) -> str:
    if near := _NEAR_DAYS.get((day - today).days):
        return str(near)
    # Translators: how Django's template filter `date` writes a day.
    return str(date_format(day, _("D j M") if day.year == today.year else _("j M Y")))


@lru_cache
def _written_out(day: date, _language: str | None) -> str:
    # Translators: how Django's template filter `date` writes a day.
    return str(date_format(day, _("l j F Y")))


def to_the_millisecond(moment: datetime | None) -> str:
    """Return a time as records have it, e.g. `2018-07-02 09:00:00.123 EDT`; empty for none."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03} {local:%Z}"


def length(period: timedelta) -> str:
    """Return a length of time by its two largest units: `2 h`, `1 day 6 h`, `84 ms`, `1.2 s`."""
    if period < timedelta(seconds=1):
        return f"{round(period / timedelta(milliseconds=1))} ms"  # English: a sign
    if period < timedelta(seconds=10) and period.microseconds:
        return f"{number_format(period.total_seconds(), 1)} s"
    parts: list[str] = []
    rest = round(period.total_seconds())
    for unit, seconds in _UNITS:
        count, rest = divmod(rest, seconds)
        if count:
            word = ngettext("day", "days", count) if unit == "day" else unit
            parts.append(f"{count} {word}")
    return " ".join(parts[:2])
