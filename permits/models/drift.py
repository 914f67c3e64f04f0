"""A zone that is out of step: since when, and by how much."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from permits import limits


class DriftQuerySet(models.QuerySet["Drift"]):
    """Questions asked of the zones out of step."""

    def open(self) -> "DriftQuerySet":
        """Zones that are out of step as of the last counts."""
        return self.filter(ended_at=None)

    def lasting(self, now: datetime) -> "DriftQuerySet":
        """Zones that have been out of step for longer than `DRIFT_AFTER`."""
        since = now - timedelta(seconds=settings.DRIFT_AFTER)
        return self.open().filter(since__lte=since)


class Drift(models.Model):
    """One time that the controller's count of a zone could not be explained, from end to end."""

    zone = models.CharField(max_length=limits.ZONE_NAME_LENGTH, blank=True)
    since = models.DateTimeField()  # the counts that showed it first
    in_step_at = models.DateTimeField(null=True, blank=True)  # the last that did not, if any
    seen_at = models.DateTimeField()  # the last counts that showed it
    ended_at = models.DateTimeField(null=True, blank=True)  # the first that did not any more
    gap = models.BigIntegerField()  # as last seen: their count beyond the band of ours

    objects = DriftQuerySet.as_manager()

    class Meta:
        ordering = ["-since"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["zone"], condition=Q(ended_at=None), name="drift_open_once"
            ),
            models.CheckConstraint(condition=~Q(gap=0), name="drift_has_a_gap"),
        ]

    def __str__(self) -> str:
        return f"{self.zone}: {self.gap:+d}"

    def lasts(self, now: datetime) -> bool:
        """Whether it is open and has lasted longer than `DRIFT_AFTER`."""
        after: Any = timedelta(seconds=settings.DRIFT_AFTER)
        return bool(self.ended_at is None and now - self.since >= after)
