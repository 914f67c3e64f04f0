"""Tallies: how many calls had which outcome in each quarter hour, so that no page counts them.

Every clock in use differs from UTC by whole quarter hours; local hours and days are made of them.
"""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from django.db import models

from permits.models.attempt import Operation, SyncAttempt


class CallTally(models.Model):
    """The calls of a quarter hour that did the same, ended alike and had the same error code."""

    NO_CODE: ClassVar = 0  # the vendor's codes begin at 9000

    quarter = models.DateTimeField()
    operation = models.CharField(max_length=6, choices=Operation)
    outcome = models.CharField(max_length=9, choices=SyncAttempt.Outcome)
    error_code = models.IntegerField(default=NO_CODE)
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["quarter", "operation", "outcome", "error_code"], name="call_tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.calls} of {self.quarter:%Y-%m-%d %H:%M}"


class ResponseTally(models.Model):
    """The calls of a quarter hour whose answer took about as long.

    The times fall into buckets, each a fifth wider than the one before, so a percentile that is
    read from them is at most a fifth too long.
    """

    STEP: ClassVar = 1.2

    quarter = models.DateTimeField()
    bucket = models.PositiveSmallIntegerField()
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["quarter", "bucket"], name="response_tally_once")
        ]

    def __str__(self) -> str:
        return f"{self.calls} of {self.quarter:%Y-%m-%d %H:%M}"

    @classmethod
    def bucket_of(cls, milliseconds: int) -> int:
        """Return the bucket of a time."""
        bucket = 0
        while cls.longest_in(bucket) < milliseconds:
            bucket += 1
        return bucket

    @classmethod
    def longest_in(cls, bucket: int) -> float:
        """Return the longest time in a bucket, in milliseconds."""
        return float(cls.STEP**bucket)


class Tallied(models.Model):
    """The one row that says how far the tallies go, and how many permits each zone holds."""

    ONLY: ClassVar = 1
    ZONES_EVERY: ClassVar = timedelta(minutes=5)

    until = models.DateTimeField(null=True, blank=True)  # calls begun before it are tallied
    zones = models.JSONField(default=list)  # of each zone with permits there: its key and how many
    zones_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="tallied_is_one")]

    def __str__(self) -> str:
        return f"Tallied until {self.until}"

    @classmethod
    def quarter_of(cls, moment: datetime) -> datetime:
        """Return the beginning of a moment's quarter hour, in UTC."""
        utc = moment.astimezone(UTC)
        return utc.replace(minute=utc.minute // 15 * 15, second=0, microsecond=0)
