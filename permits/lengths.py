"""The lengths that a permit is given by one key: an hour, the rest of the day, a month."""

import calendar
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# The name in forms: a unit and how many of it are added to the start.
LENGTHS: Final = (
    ("hours:1", _("1 h")),
    ("hours:2", _("2 h")),
    ("hours:4", _("4 h")),
    ("today", _("Today")),
    ("hours:24", _("24 h")),
    ("days:7", _("Week")),
    ("months:1", _("Month")),
)


def after(start: datetime, length: str) -> datetime:
    """Return the local time, without its zone, that lies `length` after an aware `start`.

    What is added is time on the clock, as people say it: two hours after 23:00 it is 01:00, in the
    night of a clock change too. A month ends on the same day, or on the last of a shorter month.
    The browser reckons alike in `static/permits/entry.js`.
    """
    local = timezone.localtime(start).replace(tzinfo=None)
    unit, _colon, amount = length.partition(":")
    match unit:
        case "hours":
            return local + timedelta(hours=int(amount))
        case "days":
            return local + timedelta(days=int(amount))
        case "months":
            return _months_after(local, int(amount))
    return local.replace(hour=23, minute=59, second=0)


def _months_after(local: datetime, amount: int) -> datetime:
    months = local.year * 12 + local.month - 1 + amount
    year, month = months // 12, months % 12 + 1
    last = calendar.monthrange(year, month)[1]
    return local.replace(year=year, month=month, day=min(local.day, last))
