"""Whether a message is due. Pure: what is open, what was told and the time go in.

1. What comes up is told at once, if no message of the last `QUIET` mentioned its kind.
2. What else is new waits for a digest: more of a kind that is open, a kind that is over, one that
   comes back within `QUIET`. The first digest comes an hour after the message before, the next
   after 4 hours, then 12, then 24; a day without a message begins anew.
3. Once nothing is open any more, that is told.
4. What stays open with nothing new is told again after a day.

Between two messages lie at least `GAP`, and each message tells everything that is open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from permits.alerts.concerns import Concern

GAP: Final = timedelta(minutes=10)
QUIET: Final = timedelta(hours=12)
DAY: Final = timedelta(hours=24)
DIGESTS: Final = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=12), DAY)


@dataclass(frozen=True)
class Told:
    """What one message told, and when."""

    at: datetime
    counts: Mapping[str, int]  # by concern; 0 for one that was told to be over
    marks: Mapping[str, int]

    def is_open(self, name: str) -> bool:
        """Whether the message left it open."""
        return self.counts.get(name, 0) > 0


def is_due(now: datetime, concerns: Mapping[str, Concern], told: Sequence[Told]) -> bool:
    """Return whether a message is due, after those that were told, the newest first."""
    if not told:
        return bool(concerns)
    last = told[0]
    if now < last.at + GAP:
        return False
    if not concerns:
        return any(map(last.is_open, last.counts))
    if any(_came_up(name, now, told) for name in concerns):
        return True
    since = now - last.at
    return since >= DAY or (_has_news(concerns, last) and since >= _digest_after(told))


def over(concerns: Mapping[str, Concern], told: Sequence[Told]) -> list[str]:
    """Return the concerns that the last message left open and that are over."""
    last = told[0] if told else None
    return [] if last is None else [n for n in last.counts if last.is_open(n) and n not in concerns]


def digest_after(told: Sequence[Told], now: datetime) -> timedelta:
    """Return how long more of the same waits after a message that is written now."""
    return _digest_after([Told(now, {}, {}), *told])


def _came_up(name: str, now: datetime, told: Sequence[Told]) -> bool:
    return not told[0].is_open(name) and not any(
        name in each.counts and each.at > now - QUIET for each in told
    )


def _has_news(concerns: Mapping[str, Concern], last: Told) -> bool:
    return bool(over(concerns, [last])) or any(
        not last.is_open(name) or concern.mark > last.marks.get(name, 0)
        for name, concern in concerns.items()
    )


def _digest_after(told: Sequence[Told]) -> timedelta:
    """Count the messages back to the last day without one."""
    in_a_row = 1
    for newer, older in pairwise(told):
        if newer.at - older.at >= DAY:
            break
        in_a_row += 1
    return DIGESTS[min(in_a_row, len(DIGESTS)) - 1]
