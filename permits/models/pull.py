"""What the controller counted, kept over time, and beside it what we believed at that moment."""

from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from permits import limits
from permits.models.attempt import called_controller

TYPE_LENGTH: Final = 100  # characters of a type's name that are kept


class PullQuerySet(models.QuerySet["Pull"]):
    """Questions asked of the counts kept."""

    def here(self) -> "PullQuerySet":
        """Counts of the controller that is configured now; another's say nothing of it."""
        return self.filter(controller=called_controller())

    def before(self, moment: datetime) -> "Pull | None":
        """The last counts that were complete before this moment."""
        return self.filter(ended_at__lt=moment).order_by("-ended_at").first()

    def after(self, moment: datetime) -> "Pull | None":
        """The first counts that were asked for after this moment."""
        return self.filter(began_at__gt=moment).order_by("began_at").first()

    def too_fine(self, now: datetime) -> "PullQuerySet":
        """Counts kept closer together than their age deserves, the oldest first."""
        return self.filter(
            Q(grain=Pull.Grain.EACH, began_at__lt=now - Pull.KEEP_EACH)
            | Q(grain=Pull.Grain.HOUR, began_at__lt=now - Pull.KEEP_HOURS)
        ).order_by("began_at")


class Pull(models.Model):
    """One answer of the controller to the question for its counts, and when it was given.

    It is kept for two days; after that only the first of an hour is, and after a month only the
    first of a day.
    """

    class Grain(models.TextChoices):
        """How long the counts are kept: by what they are the first of."""

        EACH = "each", _("Neither")
        HOUR = "hour", _("The first of its hour")
        DAY = "day", _("The first of its day")

    KEEP_EACH: ClassVar = timedelta(days=2)
    KEEP_HOURS: ClassVar = timedelta(days=31)

    attempt = models.OneToOneField(
        "permits.SyncAttempt", models.SET_NULL, related_name="pull", null=True, blank=True
    )
    controller = models.CharField(max_length=300, default=called_controller)
    began_at = models.DateTimeField()  # before the request left
    ended_at = models.DateTimeField()  # after our own records were counted
    grain = models.CharField(max_length=4, choices=Grain)
    judged_at = models.DateTimeField(null=True, blank=True)  # when it was compared

    objects = PullQuerySet.as_manager()

    class Meta:
        ordering = ["-began_at"]
        default_permissions = ()
        permissions = [("pull_counts", gettext_noop("Can fetch the controller's counts"))]
        indexes = [
            models.Index(fields=["began_at"], name="pull_began"),
            models.Index(fields=["ended_at"], name="pull_ended"),
            models.Index(fields=["grain", "began_at"], name="pull_grain"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__gte=F("began_at")), name="pull_ends_after_it_began"
            ),
            models.CheckConstraint(
                condition=Q(grain__in=("each", "hour", "day")), name="pull_grain_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Counts of {self.began_at:%Y-%m-%d %H:%M:%S}"


class ZoneCount(models.Model):
    """How many permits of one type the controller counted in one zone, as it named both."""

    pull = models.ForeignKey(Pull, models.CASCADE, related_name="counts", db_index=False)
    zone = models.CharField(max_length=limits.ZONE_NAME_LENGTH, blank=True)
    type = models.CharField(max_length=TYPE_LENGTH, blank=True)
    total = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["pull", "zone", "type"], name="count_once"),
            models.CheckConstraint(condition=Q(total__gte=0), name="count_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.zone}, {self.type}: {self.total}"


class ZoneBelief(models.Model):
    """What we believed the controller to hold in one zone when it counted.

    Every number is twice: of all records, and of those whose end had not passed. A record of ours
    is `certain` where it surely stood there all through the pull; `unsure` where a call for it was
    under way, a delete's outcome is unknown or its end was just passing; and in `doubts` stand the
    pushes whose outcome was unknown, by the attempts' keys.
    """

    pull = models.ForeignKey(Pull, models.CASCADE, related_name="beliefs", db_index=False)
    zone = models.CharField(max_length=limits.ZONE_NAME_LENGTH, blank=True)
    held = models.PositiveIntegerField(default=0)
    held_valid = models.PositiveIntegerField(default=0)
    certain = models.PositiveIntegerField(default=0)
    certain_valid = models.PositiveIntegerField(default=0)
    unsure = models.PositiveIntegerField(default=0)
    unsure_valid = models.PositiveIntegerField(default=0)
    doubts = models.JSONField(default=list, blank=True)
    doubts_valid = models.JSONField(default=list, blank=True)
    # By how much the zone's count moved since the pull before beyond all that we know of: above
    # nothing where records appeared, below where some vanished. Null until it is compared.
    strayed = models.BigIntegerField(null=True, blank=True)
    strayed_valid = models.BigIntegerField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["pull", "zone"], name="belief_once")]

    def __str__(self) -> str:
        return f"{self.zone}: {self.held}"
