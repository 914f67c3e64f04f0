"""Bulk runs: one wish for many permits, carried out in the background, permit by permit."""

from datetime import timedelta
from typing import ClassVar, Final

from django.db import models
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from permits.models.permit import Permit
from permits.shown import shown
from permits.stored import said


class Batch(models.Model):
    """One bulk run: what is to be done, who asked, and where it stands.

    Its permits are its items. None of them is touched before its turn: the run feeds them to the
    queue a few at a time, so that it can be stopped at any moment and a clerk never waits for it.
    """

    class Kind(models.TextChoices):
        """What a run does with each of its permits."""

        PUSH = "push", _("Push")
        UPDATE = "update", _("Update")
        DELETE = "delete", _("Delete on controller")
        EXTEND = "extend", _("Extend the end")
        RETRY = "retry", _("Retry")

    class State(models.TextChoices):
        """Where a run stands."""

        PREPARING = "preparing", _("Preparing")  # its items are being listed; nothing is sent yet
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped")
        FINISHED = "finished", _("Finished")

    kind = models.CharField(max_length=6, choices=Kind)
    state = models.CharField(max_length=9, choices=State, default=State.PREPARING)
    actor = models.CharField(max_length=150, blank=True)
    source = models.CharField(max_length=8, default="bulk")
    extend_by = models.DurationField(null=True, blank=True)  # how much later permits shall end
    passed_over = models.JSONField(default=dict)  # reason in words -> how many, when it was asked
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    retries = models.ForeignKey(
        "self", models.PROTECT, related_name="retried_by", null=True, blank=True
    )

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        verbose_name = _("bulk run")
        verbose_name_plural = _("bulk runs")
        indexes = [models.Index(fields=["state"], name="batch_state")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="extend") | Q(extend_by__gt=timedelta(0)),
                name="batch_extends_by_some_time",
            ),
            models.CheckConstraint(
                condition=Q(state="finished", finished_at__isnull=False)
                | (~Q(state="finished") & Q(finished_at=None)),
                name="batch_finished_has_end",
            ),
        ]

    def __str__(self) -> str:
        return shown(self.name)

    def get_absolute_url(self) -> str:
        """Return the address of the run's progress page."""
        return reverse("admin:permits_batch_change", args=[self.pk])

    @property
    def name(self) -> str:
        """What it does, and its number, as that is written down: in English."""
        return _NAMES[self.Kind(self.kind)] % {"number": self.pk}

    def counts(self) -> "dict[BatchItem.Result, int]":
        """Return how many of its permits have come to which result."""
        found = dict(self.items.values_list("result").annotate(number=Count("pk")).order_by())
        return {result: found.get(result.value, 0) for result in BatchItem.Result}

    def rate(self) -> float:
        """Return how many permits a second were settled lately, 0 where none was."""
        now = timezone.now()
        window = min(timedelta(seconds=20), max(now - self.created_at, timedelta(seconds=1)))
        settled = self.items.filter(settled_at__gt=now - window).count()
        return settled / window.total_seconds()


_NAMES: Final = {
    Batch.Kind.PUSH: said("Push run %(number)s"),
    Batch.Kind.UPDATE: said("Update run %(number)s"),
    Batch.Kind.DELETE: said("Delete on controller run %(number)s"),
    Batch.Kind.EXTEND: said("Extend the end run %(number)s"),
    Batch.Kind.RETRY: said("Retry run %(number)s"),
}


class BatchItem(models.Model):
    """One permit in a bulk run, and what came of it."""

    class Result(models.TextChoices):
        """What came of it."""

        WAITING = "waiting", _("Waiting for its turn")
        QUEUED = "queued", _("Being sent")
        DONE = "done", _("Done")
        REJECTED = "rejected", _("Rejected")
        MISSING = "missing", _("Missing")
        IN_DOUBT = "in_doubt", _("Unknown outcome")
        NOT_SENT = "not_sent", _("Could not be sent")
        PASSED = "passed", _("Passed over")

    OPEN: ClassVar = (Result.WAITING, Result.QUEUED)
    # What "retry the failed" takes up again. Unknown outcomes are never among them.
    FAILED: ClassVar = (Result.REJECTED, Result.NOT_SENT)

    # No index of its own: those below begin with it, and PostgreSQL would read a whole run by it.
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="items", db_index=False)
    permit = models.ForeignKey(Permit, models.PROTECT, related_name="batch_items")
    result = models.CharField(max_length=8, choices=Result, default=Result.WAITING)
    note = models.CharField(max_length=200, blank=True)  # why it was passed over
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["batch", "result", "id"], name="item_result"),
            models.Index(fields=["batch", "settled_at"], name="item_settled"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["batch", "permit"], name="item_once_in_batch"),
            models.UniqueConstraint(
                fields=["permit"], condition=Q(result="queued"), name="item_queued_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.permit} in {self.batch}"  # English: for programmers
