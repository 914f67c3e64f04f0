"""What the portal has been through before a browser opens it: its clock stood some hours back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import time_machine
from django.utils import timezone
from time_machine import Traveller


@contextmanager
def hours_ago(hours: int) -> Iterator[Traveller]:
    """Have what is done meanwhile happen so many hours ago, on a clock that is moved by hand."""
    with time_machine.travel(timezone.now() - timedelta(hours=hours), tick=False) as clock:
        yield clock
