"""The pictures above the history and on the home page, drawn from the tallies."""

from collections import Counter
from collections.abc import Sequence, Sized
from datetime import UTC, date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.db import connection
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from permits import explain, moments, numbers, tallying
from permits.admin.time_filters import midnight
from permits.charts import Chart, Column, Part, lying, percentile, standing
from permits.models import CallTally, Permit, ResponseTally, SyncAttempt, Tallied, Zone
from permits.shown import shown

DAYS: Final = 14
HOURS: Final = 24
HOUR: Final = timedelta(hours=1)
MOST: Final = 8  # bars that lie below each other
LIVE: Final = 5_000  # calls too young to be tallied that are counted with a page, at the most

Outcome = SyncAttempt.Outcome
_KINDS: Final = {
    Outcome.SUCCEEDED: "success",
    Outcome.NOT_SENT: "warning",
    Outcome.REJECTED: "danger",
    Outcome.IN_DOUBT: "info",
}


class Pictures:
    """What the tallies say of the last days, as far as the user may follow it up."""

    def __init__(self, request: HttpRequest) -> None:
        """Read the tallies of the days that are shown, and count what is too young for them."""
        sees_calls = request.user.has_perm("permits.view_syncattempt")
        sees_permits = request.user.has_perm("permits.view_permit")
        self._calls = reverse("admin:permits_syncattempt_changelist") if sees_calls else ""
        self._permits = reverse("admin:permits_permit_changelist") if sees_permits else ""
        self.now = timezone.now()
        today = timezone.localdate(self.now)
        self._days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
        self._since = midnight(self._days[0])
        self._state = Tallied.objects.filter(pk=Tallied.ONLY).first()
        self._count()

    def of_calls(self) -> list[Chart]:
        """Return the pictures of calls."""
        return [self._by_day(), self._times_by_hour(), self._by_code()]

    def all(self) -> list[Chart]:
        """Return every picture."""
        return [*self.of_calls(), self._by_zone()]

    def _count(self) -> None:
        """Read the tallies, summed as far as no picture tells apart, and add what is younger."""
        until = self._state and self._state.until
        young = SyncAttempt.objects.order_by("-started_at", "-pk")
        young = young.filter(started_at__gte=max(until or self._since, self._since))
        calls, self._times = tallying.count(young.exclude(outcome=Outcome.SENDING)[:LIVE])
        self._outcomes: Counter[tuple[date, str]] = Counter()
        self._codes: Counter[int] = Counter()
        for (quarter, _operation, outcome, code), count in calls.items():
            self._outcomes[timezone.localdate(quarter), outcome] += count
            self._codes[code] += count
        self._misses = sum(calls.values()) == LIVE
        for place, outcome, code, count in _summed([midnight(day) for day in self._days]):
            self._outcomes[self._days[place], outcome] += count
            self._codes[code] += count
        del self._codes[CallTally.NO_CODE]
        recent = ResponseTally.objects.filter(quarter__gte=_hour_of(self.now) - (HOURS - 1) * HOUR)
        for *key, count in recent.values_list("quarter", "bucket", "calls"):
            self._times[tuple(key)] += count

    def _by_day(self) -> Chart:
        columns = []
        for day in self._days:
            name = moments.say_day(day, self._days[-1])
            span = {"from": day.isoformat(), "to": day.isoformat()}
            parts = [
                Part(
                    kind,
                    str(outcome.label),
                    self._outcomes[day, outcome],
                    numbers.say(self._outcomes[day, outcome]),
                    self._history(**span, outcome=outcome.value),
                )
                for outcome, kind in _KINDS.items()
            ]
            columns.append(Column(name, f"{day.day}", parts, self._history(**span)))
        title = _("Calls a day")
        return standing("calls", title, columns, first=_("Day"), note=self._missing())

    def _times_by_hour(self) -> Chart:
        by_hour: dict[datetime, Counter[int]] = {}
        quarters = {quarter for quarter, _bucket in self._times}
        hours = {quarter: _hour_of(quarter) for quarter in quarters}
        for (quarter, bucket), calls in self._times.items():
            by_hour.setdefault(hours[quarter], Counter())[bucket] += calls
        columns = []
        for back in reversed(range(HOURS)):
            hour = _hour_of(self.now - back * HOUR)
            counts = [
                (ResponseTally.longest_in(bucket), calls)
                for bucket, calls in sorted(by_hour.get(hour, Counter()).items())
            ]
            median, high = percentile(counts, 0.5) or 0.0, percentile(counts, 0.95) or 0.0
            span = {"since": _written(hour), "until": _written(hour + HOUR)}
            href = self._history(**span)
            parts = [
                Part("accent", _("median"), median, _said(median), href),
                Part("quiet", _("95th percentile"), high - median, _said(high), href),
            ]
            short = f"{timezone.localtime(hour):%H}"
            columns.append(Column(moments.say(hour, self.now), short, parts, href))
        error = _(
            "Read from counts by length: a figure is at most a fifth, or 1 ms, longer than the "
            "call took, and never shorter."
        )
        return standing(
            "times",
            _("Response time"),
            columns,
            first=_("Hour"),
            unit=_(" ms"),
            note=f"{error} {self._missing()}".strip(),
        )

    def _by_code(self) -> Chart:
        span = {"from": self._days[0].isoformat()}
        columns = []
        for code, calls in self._codes.most_common(MOST):
            known = explain.REFUSALS.get(code)
            name = f"{code} {shown(known.meaning)}" if known else str(code)
            href = self._history(**span, code=str(code))
            columns.append(
                Column(
                    name, str(code), [Part("danger", name, calls, numbers.say(calls), href)], href
                )
            )
        title = _("Refusals by error code")
        return lying("codes", title, columns, first=_("Error code"), note=_left_out(self._codes))

    def _by_zone(self) -> Chart:
        counts, note = self._state.zones if self._state else (), ""
        if not counts:  # nothing was there when they were counted last, or they never were
            young = Permit.objects.order_by("-pk").values("pk")[:LIVE]
            counts = tallying.by_zone(Permit.objects.filter(pk__in=young))
            told = _("Counted among the last %(count)s permits that were entered.")
            note = told % {"count": numbers.say(LIVE)}
        names = dict(Zone.objects.values_list("pk", "name")) if counts else {}
        columns = []
        for zone, permits in counts[:MOST]:
            name = names.get(zone, "")
            href = f"{self._permits}?state=held&zone={zone}" if self._permits else ""
            columns.append(
                Column(
                    name, name, [Part("accent", name, permits, numbers.say(permits), href)], href
                )
            )
        title = _("Permits on the controller by zone")
        note = f"{_left_out(counts)} {note}".strip()
        return lying("zones", title, columns, first=_("Zone"), note=note)

    def _missing(self) -> str:
        """Say what the pictures leave out, if anything."""
        if not self._misses:
            return ""
        told = _("Of the calls that are not tallied yet, only the last %(count)s are counted here.")
        return told % {"count": numbers.say(LIVE)}

    def _history(self, **query: str) -> str:
        return f"{self._calls}?{urlencode(query)}" if self._calls else ""


def _left_out(found: Sized) -> str:
    """Say where there are more bars than are drawn; nothing where all of them are."""
    if len(found) <= MOST:
        return ""
    told = _("The longest %(drawn)s bars of %(all)s.")
    return told % {"drawn": MOST, "all": numbers.say(len(found))}


def _summed(begins: Sequence[datetime]) -> list[tuple[int, str, int, int]]:
    """Return the tallied calls of each day by outcome and code, the day as its place in the list.

    A look into the index for each day, written out: Django takes longer to put such a query
    together than the database to answer it. The last day is open to what is tallied meanwhile.
    """
    table = CallTally._meta.db_table
    days, bounds = [], []
    for place, begin in enumerate(begins):
        until = begins[place + 1] if place + 1 < len(begins) else datetime.max.replace(tzinfo=UTC)
        days.append(
            f"SELECT {place}, outcome, error_code, SUM(calls) FROM {table} "  # noqa: S608
            "WHERE quarter >= %s AND quarter < %s GROUP BY outcome, error_code"
        )
        bounds += [connection.ops.adapt_datetimefield_value(each) for each in (begin, until)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(days), bounds)
        found: list[tuple[int, str, int, int]] = cursor.fetchall()
        return found


def _hour_of(moment: datetime) -> datetime:
    """Return the beginning of a moment's hour on the staff's clock, in UTC."""
    local = timezone.localtime(moment)
    return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)


def _written(moment: datetime) -> str:
    """Return a time as an address has it; an hour that a clock passes twice is told apart."""
    return timezone.localtime(moment).isoformat(timespec="minutes")


def _said(milliseconds: float) -> str:
    return moments.length(timedelta(milliseconds=milliseconds)) if milliseconds else _("none")
