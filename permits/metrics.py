"""How calls and the queue stand, for Prometheus: from the database, so alike from any process.

Calls that are tallied are read from the tallies, and the few that are too young are counted beside
them. So no scrape counts millions of rows, and archived calls stay in the counters.
"""

import hmac
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Min, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, exposition
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from permits import tallying
from permits.models import (
    CallTally,
    Link,
    Operation,
    Permit,
    ResponseTally,
    SyncAttempt,
    Tallied,
    Verification,
    Worker,
)

_BUCKETS: Final = range(0, 69, 4)  # of the tallies', each about twice as long as the one before
_STANDING: Final = (
    *(Permit.State.QUEUED, Permit.State.SENDING, Permit.State.IN_DOUBT),
    *(Permit.State.REJECTED, Permit.State.MISSING),
)

Counts = tuple[Counter[tuple[str, str]], Counter[int]]


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer whoever bears `METRICS_TOKEN`; without one set there is no such page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN.encode()
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), wanted):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Standing(timezone.now()))
    return HttpResponse(
        exposition.generate_latest(registry), content_type=exposition.CONTENT_TYPE_PLAIN_0_0_4
    )


class _Standing(Collector):
    """What a scrape finds."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def describe(self) -> list[Metric]:
        """Name nothing beforehand: to register must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give every metric."""
        yield from _of_calls()
        yield from _of_queue(self._now)
        yield _paused()
        yield from _of_others(self._now)


def _of_calls() -> Iterator[Metric]:
    calls, times = _counted()
    of_outcomes = CounterMetricFamily(
        "permitportal_calls",
        "Calls to the controller that have ended, those archived since included.",
        labels=["operation", "outcome"],
    )
    ended = [outcome for outcome in SyncAttempt.Outcome if outcome != SyncAttempt.Outcome.SENDING]
    for operation in Operation:
        for outcome in ended:
            of_outcomes.add_metric([operation, outcome], calls[operation, outcome])
    yield of_outcomes
    durations = HistogramMetricFamily(
        "permitportal_call_duration_seconds",
        "How long calls took that were answered. The tallies keep no sum.",
    )
    within = [
        (f"{ResponseTally.longest_in(most) / 1000:.3g}", _up_to(times, most)) for most in _BUCKETS
    ]
    durations.add_metric([], [*within, ("+Inf", times.total())], sum_value=None)
    durations.add_sample("permitportal_call_duration_seconds_count", {}, times.total())
    yield durations


def _up_to(times: Counter[int], most: int) -> int:
    return sum(calls for bucket, calls in times.items() if bucket <= most)


def _counted() -> Counts:
    """Count ended calls by operation and outcome, and answered ones by the bucket of their time.

    The tallies and what they do not hold yet are several reads; where somebody tallied between
    them, they are read anew.
    """
    while True:
        until = _tallied_until()
        calls, times = _tallied()
        young = SyncAttempt.objects.exclude(outcome=SyncAttempt.Outcome.SENDING).order_by()
        if until is not None:
            young = young.filter(started_at__gte=until)
        outcomes, lengths = tallying.count(young)
        if _tallied_until() == until:
            break
    for (_quarter, operation, outcome, _code), number in outcomes.items():
        calls[operation, outcome] += number
    for (_quarter, bucket), number in lengths.items():
        times[bucket] += number
    return calls, times


def _tallied_until() -> datetime | None:
    return Tallied.objects.values_list("until", flat=True).first()


def _tallied() -> Counts:
    by_outcome = CallTally.objects.values_list("operation", "outcome").order_by()
    calls = Counter({(does, ends): n for does, ends, n in by_outcome.annotate(n=Sum("calls"))})
    by_time = ResponseTally.objects.values_list("bucket").order_by()
    return calls, Counter(dict(by_time.annotate(n=Sum("calls"))))


def _of_queue(now: datetime) -> Iterator[Metric]:
    permits = Permit.objects.filter(state__in=_STANDING).order_by()
    counts: dict[str, int] = dict(permits.values_list("state").annotate(n=Count("pk")))
    states = GaugeMetricFamily(
        "permitportal_permits",
        "Permits whose calls are under way, or wait for their turn or for a person.",
        labels=["state"],
    )
    for state in _STANDING:
        states.add_metric([state], counts.get(state, 0))
    yield states
    yield _gauge("in_doubt", "Pushes of unknown outcome.", counts.get(Permit.State.IN_DOUBT, 0))
    yield _gauge("queue_depth", "Permits that are queued.", counts.get(Permit.State.QUEUED, 0))
    oldest = Permit.objects.due(now).order_by().aggregate(due=Min("due_at"))["due"]
    yield _gauge(
        "queue_age_seconds",
        "For how long the permit that is longest due has been so.",
        _seconds(now - oldest) if oldest else 0,
    )
    yield _gauge(
        "queue_stuck", "Queued permits that are not tried again.", Permit.objects.stuck().count()
    )


def _paused() -> Metric:
    paused = GaugeMetricFamily(
        "permitportal_paused", "Whether calls are paused, and why.", labels=["why"]
    )
    pause = Link.objects.filter(pk=Link.ONLY).values_list("pause", flat=True).first()
    for why in Link.Pause:
        if why != Link.Pause.NONE:
            paused.add_metric([why], pause == why)
    return paused


def _of_others(now: datetime) -> Iterator[Metric]:
    workers = Worker.objects.at_work(now).count()
    yield _gauge("workers", "Workers that were seen lately.", workers)
    last = Verification.objects.exclude(finished_at=None).order_by("-pk").first()
    yield _gauge(
        "history_broken",
        "Whether the last verification found the history changed.",
        last is not None and not last.holds,
    )
    if last is not None and last.finished_at is not None:
        yield _gauge(
            "history_verified_seconds",
            "How long ago the history was verified.",
            _seconds(now - last.finished_at),
        )


def _gauge(name: str, says: str, value: Any) -> Metric:
    return GaugeMetricFamily(f"permitportal_{name}", says, value=float(value))


def _seconds(span: timedelta) -> float:
    return max(span.total_seconds(), 0.0)
