"""The pictures above the history and on the home page, drawn from the tallies."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from django.db.models import Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from permits import explain, moments, numbers, tallying
from permits.charts import Chart, Column, Part, lying, percentile, standing
from permits.models import CallTally, ResponseTally, SyncAttempt, Tallied, Zone
from permits.shown import shown

DAYS: Final = 14
HOURS: Final = 24
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
        self._since = timezone.make_aware(datetime.combine(self._days[0], time.min))
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
        self._outcomes: Counter[tuple[datetime, str]] = Counter()
        self._codes: Counter[int] = Counter()
        for (hour, _operation, outcome, code), count in calls.items():
            self._outcomes[hour, outcome] += count
            self._codes[code] += count
        tallied = CallTally.objects.filter(hour__gte=Tallied.hour_of(self._since)).order_by()
        for hour, outcome, count in tallied.values_list("hour", "outcome").annotate(Sum("calls")):
            self._outcomes[hour, outcome] += count
        refused = tallied.exclude(error_code=CallTally.NO_CODE)
        for code, count in refused.values_list("error_code").annotate(Sum("calls")):
            self._codes[code] += count
        del self._codes[CallTally.NO_CODE]
        recent = Tallied.hour_of(self.now) - timedelta(hours=HOURS)
        for *key, count in ResponseTally.objects.filter(hour__gt=recent).values_list(
            "hour", "bucket", "calls"
        ):
            self._times[tuple(key)] += count

    def _by_day(self) -> Chart:
        days = {hour: timezone.localdate(hour) for hour, _outcome in self._outcomes}
        counts: Counter[tuple[date, str]] = Counter()
        for (hour, outcome), calls in self._outcomes.items():
            counts[days[hour], outcome] += calls
        columns = []
        for day in self._days:
            name = moments.say_day(day, self._days[-1])
            span = {"from": day.isoformat(), "to": day.isoformat()}
            parts = [
                Part(
                    kind,
                    str(outcome.label),
                    counts[day, outcome],
                    numbers.say(counts[day, outcome]),
                    self._history(**span, outcome=outcome.value),
                )
                for outcome, kind in _KINDS.items()
            ]
            columns.append(Column(name, f"{day.day}", parts, self._history(**span)))
        return standing("calls", _("Calls a day"), columns, first=_("Day"))

    def _times_by_hour(self) -> Chart:
        by_hour: dict[datetime, list[tuple[int, int]]] = {}
        for (hour, bucket), calls in self._times.items():
            by_hour.setdefault(hour, []).append((bucket, calls))
        columns = []
        for back in reversed(range(HOURS)):
            hour = Tallied.hour_of(self.now) - timedelta(hours=back)
            counts = [
                (ResponseTally.longest_in(bucket), calls)
                for bucket, calls in sorted(by_hour.get(hour, []))
            ]
            median, high = percentile(counts, 0.5) or 0.0, percentile(counts, 0.95) or 0.0
            local = timezone.localtime(hour)
            day = local.date().isoformat()
            href = self._history(**{"from": day, "to": day})
            parts = [
                Part("accent", _("median"), median, _said(median), href),
                Part("quiet", _("95th percentile"), high - median, _said(high), href),
            ]
            columns.append(Column(moments.say(hour, self.now), f"{local:%H}", parts, href))
        title = _("Response time")
        return standing("times", title, columns, first=_("Hour"), unit=_(" ms"))

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
        return lying("codes", _("Refusals by error code"), columns, first=_("Error code"))

    def _by_zone(self) -> Chart:
        counts: Iterable[tuple[int, int]] = self._state.zones[:MOST] if self._state else ()
        names = dict(Zone.objects.values_list("pk", "name")) if counts else {}
        columns = []
        for zone, permits in counts:
            name = names.get(zone, "")
            href = f"{self._permits}?zone={zone}" if self._permits else ""
            columns.append(
                Column(
                    name, name, [Part("accent", name, permits, numbers.say(permits), href)], href
                )
            )
        return lying("zones", _("Permits on the controller by zone"), columns, first=_("Zone"))

    def _history(self, **query: str) -> str:
        return f"{self._calls}?{urlencode(query)}" if self._calls else ""


def _said(milliseconds: float) -> str:
    return moments.length(timedelta(milliseconds=milliseconds)) if milliseconds else _("none")
