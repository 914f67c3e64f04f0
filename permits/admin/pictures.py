"""The pictures above the history and on the home page, drawn from the tallies."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from permits import explain, moments, numbers, tallying
from permits.charts import Chart, Column, Part, lying, percentile, standing
from permits.models import CallTally, ResponseTally, SyncAttempt, Tallied, Zone

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
        self._may_follow = request.user.has_perm("permits.view_syncattempt")
        self._may_list = request.user.has_perm("permits.view_permit")
        self.now = timezone.now()
        today = timezone.localdate(self.now)
        self._days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
        self._since = timezone.make_aware(datetime.combine(self._days[0], time.min))
        self._state = Tallied.objects.filter(pk=Tallied.ONLY).first()
        self._calls, self._times = self._counted()

    def of_calls(self) -> list[Chart]:
        """Return the pictures of calls."""
        return [self._by_day(), self._times_by_hour(), self._by_code()]

    def all(self) -> list[Chart]:
        """Return every picture."""
        return [*self.of_calls(), self._by_zone()]

    def _counted(self) -> tuple[Counter[tuple[Any, ...]], Counter[tuple[Any, ...]]]:
        until = self._state and self._state.until
        young = SyncAttempt.objects.order_by("-started_at", "-pk")
        young = young.filter(started_at__gte=max(until or self._since, self._since))
        calls, times = tallying.count(young.exclude(outcome=Outcome.SENDING)[:LIVE])
        since = Tallied.hour_of(self._since)
        for *key, count in CallTally.objects.filter(hour__gte=since).values_list(
            "hour", "operation", "outcome", "error_code", "calls"
        ):
            calls[tuple(key)] += count
        recent = Tallied.hour_of(self.now) - timedelta(hours=HOURS)
        for *key, count in ResponseTally.objects.filter(hour__gt=recent).values_list(
            "hour", "bucket", "calls"
        ):
            times[tuple(key)] += count
        return calls, times

    def _by_day(self) -> Chart:
        counts: Counter[tuple[date, str]] = Counter()
        for (hour, _operation, outcome, _code), calls in self._calls.items():
            counts[timezone.localdate(hour), outcome] += calls
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
        counts: Counter[int] = Counter()
        for (_hour, _operation, _outcome, code), calls in self._calls.items():
            if code != CallTally.NO_CODE:
                counts[code] += calls
        span = {"from": self._days[0].isoformat()}
        columns = []
        for code, calls in counts.most_common(MOST):
            known = explain.REFUSALS.get(code)
            name = f"{code} {known.meaning}" if known else str(code)
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
            address = reverse("admin:permits_permit_changelist")
            href = f"{address}?zone={zone}" if self._may_list else ""
            columns.append(
                Column(
                    name, name, [Part("accent", name, permits, numbers.say(permits), href)], href
                )
            )
        return lying("zones", _("Permits on the controller by zone"), columns, first=_("Zone"))

    def _history(self, **query: str) -> str:
        if not self._may_follow:
            return ""
        return f"{reverse('admin:permits_syncattempt_changelist')}?{urlencode(query)}"


def _said(milliseconds: float) -> str:
    return moments.length(timedelta(milliseconds=milliseconds)) if milliseconds else _("none")
