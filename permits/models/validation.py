"""A validation run: what the vendor asks of a new integration, call by call."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from permits.models.attempt import SyncAttempt
from permits.models.permit import Permit


class ValidationQuerySet(models.QuerySet["Validation"]):
    """Questions asked of the runs."""

    def waiting(self) -> "ValidationQuerySet":
        """Runs that nobody has begun."""
        return self.filter(begun_at=None)

    def cut_off(self, now: datetime) -> "ValidationQuerySet":
        """Runs that should long have gone on: whoever made them is gone."""
        return self.filter(begun_at__isnull=False, ended_at=None, lease_until__lte=now)

    def moving(self) -> "ValidationQuerySet":
        """Runs that have not ended."""
        return self.filter(ended_at=None)


class Validation(models.Model):
    """One run. Its permits and calls are ordinary ones, and these rows say which they are."""

    actor = models.CharField(max_length=150, blank=True)  # empty: the command line
    address = models.CharField(max_length=300)  # of the controller, as it was then
    client_code = models.CharField(max_length=50)
    time_zone = models.CharField(max_length=64)  # that the controller's times were taken to be in
    asked_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)  # moves on with each step
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ValidationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view", "add")
        verbose_name = _("validation run")
        verbose_name_plural = _("validation runs")
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(ended_at=None), name="validation_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(begun_at=None, lease_until=None)
                | Q(begun_at__isnull=False, lease_until__isnull=False),
                name="validation_begun_has_lease",
            ),
        ]

    def __str__(self) -> str:
        return _("Validation run %(number)s") % {"number": self.pk}

    def get_absolute_url(self) -> str:
        """Return the address of the transcript."""
        return reverse("admin:validation", args=[self.pk])

    @property
    def is_moving(self) -> bool:
        """Whether it has not ended."""
        return self.ended_at is None

    @property
    def has_passed(self) -> bool:
        """Whether it ended, and every step went as it should."""
        standings = set(self.steps.values_list("standing", flat=True))
        return self.ended_at is not None and standings == {ValidationStep.Standing.GOOD}


class ValidationStep(models.Model):
    """One step of a run, with the call that it made and the permit that it was about."""

    class Standing(models.TextChoices):
        """How the step went."""

        UNDER_WAY = "running", _("Under way")
        GOOD = "good", _("As it should")
        FAILED = "failed", _("Failed")
        NOT_TRIED = "not_tried", _("Not tried")

    validation = models.ForeignKey(Validation, models.PROTECT, related_name="steps")
    name = models.CharField(max_length=30)
    permit = models.ForeignKey(Permit, models.PROTECT, related_name="+", null=True, blank=True)
    attempt = models.OneToOneField(
        SyncAttempt, models.PROTECT, related_name="validation_step", null=True, blank=True
    )
    sent_as = models.TextField(blank=True)  # what was sent, where that was no JSON object
    standing = models.CharField(max_length=9, choices=Standing, default=Standing.UNDER_WAY)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["validation", "name"], name="validation_step_once"),
        ]

    def __str__(self) -> str:
        return self.name
