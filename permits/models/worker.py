"""Workers: the processes that send in the background, as far as they let themselves be seen."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone


class WorkerQuerySet(models.QuerySet["Worker"]):
    """Questions asked of the workers."""

    def at_work(self, now: datetime) -> "WorkerQuerySet":
        """Workers that were seen lately."""
        return self.filter(seen_at__gt=now - Worker.MISSED_AFTER)

    def see(self, name: str, *, connections: int) -> None:
        """Note that a worker is at work, and forget those that have long gone."""
        now = timezone.now()
        self.update_or_create(name=name, defaults={"seen_at": now, "connections": connections})
        self.filter(seen_at__lte=now - Worker.FORGOTTEN_AFTER).delete()


class Worker(models.Model):
    """One worker process. It says every few seconds that it is there, and takes its row away."""

    SEEN_EVERY: ClassVar = timedelta(seconds=10)
    MISSED_AFTER: ClassVar = timedelta(minutes=1)
    FORGOTTEN_AFTER: ClassVar = timedelta(days=1)

    name = models.CharField(max_length=150, unique=True)  # its machine and process
    connections = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField()

    objects = WorkerQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
