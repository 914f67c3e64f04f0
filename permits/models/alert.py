"""Messages about what needs a person, written down before they are sent."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


class AlertQuerySet(models.QuerySet["Alert"]):
    """Questions asked of the messages."""

    def due(self, now: datetime) -> "AlertQuerySet":
        """Messages to send, or to try again, the oldest first."""
        return self.filter(due_at__lte=now).order_by("number")

    def telling(self) -> "AlertQuerySet":
        """Messages that told how things stood, the newest first."""
        return self.exclude(kind__in=(Alert.Kind.TEST, Alert.Kind.SEAL)).order_by("-number")


class Alert(models.Model):
    """One message, and what it told: how things stood, so that only what is new is told next.

    It is committed before it is sent and marked after, so it is sent at least once, and twice where
    the portal dies between the two; both then bear the same Message-ID.
    """

    class Kind(models.TextChoices):
        """What it is about."""

        TROUBLE = "trouble", _("Needs a person")
        CLEAR = "clear", _("All clear")
        TEST = "test", _("Test")
        SEAL = "seal", _("Seal of the history")

    # Each is one more than the last; of two writers only one can take the next.
    number = models.PositiveIntegerField(unique=True)
    kind = models.CharField(max_length=7, choices=Kind)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    # By concern its count, 0 where it was told to be settled, and the mark of the newest; of a seal
    # its number.
    told = models.JSONField(default=dict)
    recipients = models.TextField()  # separated by commas
    created_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)  # why the last try failed

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        default_permissions = ("view",)
        permissions = [("test_alert", gettext_noop("Can send a test mail"))]
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        indexes = [models.Index(fields=["due_at"], name="alert_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(due_at=None, sent_at__isnull=False)
                | Q(due_at__isnull=False, sent_at=None),
                name="alert_is_sent_or_due",
            )
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def message_id(self) -> str:
        """The same for every try."""
        return f"<permitportal-alert-{self.number}-{self.created_at:%Y%m%d%H%M%S%f}@permitportal>"
