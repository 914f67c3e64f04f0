"""What came of the last check of the way to the controller."""

from django.db import models
from django.utils import timezone

from permits.models.attempt import called_controller


class Check(models.Model):
    """The last check of one controller, step by step, in the words that were said of it then."""

    controller = models.CharField(max_length=300, unique=True, default=called_controller)
    checked_at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=150, blank=True)  # empty: the command line
    steps = models.JSONField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.controller}, {self.checked_at:%Y-%m-%d %H:%M:%S}"
