"""A zone's count over time beside the band of what it should be, drawn as SVG without a script."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from permits import numbers
from permits.models import Pull, ZoneBelief, ZoneCount

WIDTH: Final = 720
HEIGHT: Final = 200
LEFT: Final = 52
BOTTOM: Final = 26
TOP: Final = 10
POINTS: Final = 400  # more than the picture can show apart


@dataclass(frozen=True)
class Label:
    """A text at an axis."""

    x: float
    y: float
    text: str
    anchor: str


@dataclass(frozen=True)
class Chart:
    """What the template draws."""

    width: int
    height: int
    left: int
    right: int
    band: str  # a polygon's points
    ours: str  # a line's
    theirs: tuple[str, ...]  # lines, which break where the zone was not named
    dots: tuple[tuple[float, float], ...]  # where the count lay outside the band
    grid: tuple[Label, ...]
    ticks: tuple[Label, ...]
    last: str


@dataclass(frozen=True)
class _Point:
    at: datetime
    total: int | None
    held: int
    low: int
    high: int


def chart_of(zone: str, since: datetime, expired: bool | None) -> Chart | None:
    """Return the picture of a zone since then; None where there are fewer than two pulls."""
    points = _points(zone, since, expired)
    return _draw(points) if len(points) > 1 else None


def _points(zone: str, since: datetime, expired: bool | None) -> list[_Point]:
    pulls = list(
        Pull.objects.here().filter(began_at__gte=since).order_by("began_at").only("began_at")
    )
    pulls = pulls[:: -(len(pulls) // POINTS + 1)][::-1]  # the last is always among them
    chosen = [pull.pk for pull in pulls]
    counts = ZoneCount.objects.filter(pull__in=chosen, zone=zone).order_by()
    totals = dict(counts.values_list("pull").annotate(Sum("total")))
    beliefs = {b.pull_id: b for b in ZoneBelief.objects.filter(pull__in=chosen, zone=zone)}
    points = []
    for pull in pulls:
        belief = beliefs.get(pull.pk) or ZoneBelief()
        all_high = belief.certain + belief.unsure + len(belief.doubts)
        valid_high = belief.certain_valid + belief.unsure_valid + len(belief.doubts_valid)
        lows = {True: belief.certain, False: belief.certain_valid}
        highs = {True: all_high, False: valid_high}
        points.append(
            _Point(
                pull.began_at,
                totals.get(pull.pk),
                belief.held_valid if expired is False else belief.held,
                min(lows.values()) if expired is None else lows[expired],
                max(highs.values()) if expired is None else highs[expired],
            )
        )
    return points


def _draw(points: list[_Point]) -> Chart:
    first, last = points[0].at, points[-1].at
    length = max(last - first, timedelta(seconds=1))
    shown = [n for p in points for n in (p.low, p.high, p.held, p.total) if n is not None]
    bottom, top = min(shown), max(shown)
    margin = max((top - bottom) // 10, 1)
    bottom, top = max(bottom - margin, 0), top + margin

    def x(at: datetime) -> float:
        return round(LEFT + (at - first) / length * (WIDTH - LEFT - 8), 1)

    def y(number: int) -> float:
        return round(TOP + (top - number) / (top - bottom) * (HEIGHT - TOP - BOTTOM), 1)

    def line(pairs: list[tuple[datetime, int]]) -> str:
        return " ".join(f"{x(at)},{y(number)}" for at, number in pairs)

    lines: list[list[tuple[datetime, int]]] = [[]]
    for point in points:
        if point.total is None:
            lines.append([])
        else:
            lines[-1].append((point.at, point.total))
    highs = [(p.at, p.high) for p in points]
    lows = [(p.at, p.low) for p in reversed(points)]
    outside = [p for p in points if p.total is not None and not p.low <= p.total <= p.high]
    marks = sorted({bottom, (bottom + top) // 2, top})
    ticks = [
        Label(x(first), HEIGHT - 6, _clock(first, length), "start"),
        Label(x(first + length / 2), HEIGHT - 6, _clock(first + length / 2, length), "middle"),
        Label(WIDTH - 8, HEIGHT - 6, _clock(last, length), "end"),
    ]
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - 8,
        band=line(highs + lows),
        ours=line([(p.at, p.held) for p in points]),
        theirs=tuple(line(each) for each in lines if each),
        dots=tuple((x(p.at), y(p.total)) for p in outside if p.total is not None),
        grid=tuple(Label(LEFT - 8, y(mark), numbers.say(mark), "end") for mark in marks),
        ticks=tuple(ticks),
        last="" if points[-1].total is None else numbers.say(points[-1].total),
    )


def _clock(at: datetime, length: timedelta) -> str:
    local = timezone.localtime(at)
    if length > timedelta(days=60):
        return str(date_format(local, _("j M Y")))
    if length > timedelta(days=2):
        return str(date_format(local, _("j M")))
    return f"{local:%H:%M}"
