"""How the link to the controller stands: in use, or paused and why."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


class LinkQuerySet(models.QuerySet["Link"]):
    """Questions asked of the link."""

    def paused(self) -> "LinkQuerySet":
        """The link, if it is paused."""
        return self.exclude(pause=Link.Pause.NONE)

    def resumable(self) -> "LinkQuerySet":
        """The link, if it is paused and an answer or a person may end that."""
        return self.paused().exclude(pause=Link.Pause.RESTORED)


class Link(models.Model):
    """The one row that says whether calls are made at all, shared by all processes.

    A refused configuration or a dead controller pauses the queue; while it is paused one probe at
    a time asks whether the controller is back.
    """

    class Pause(models.TextChoices):
        """Why no calls are made."""

        NONE = "", _("In use")
        CONFIGURATION = "config", _("The controller refuses our configuration")
        UNREACHABLE = "down", _("The controller cannot be reached")
        RESTORED = "backup", _("The database is a backup that was restored")

    ONLY: ClassVar = 1
    IN_USE: ClassVar[dict[str, Any]] = {
        "pause": Pause.NONE,
        "paused_at": None,
        "detail": "",
        "probes": 0,
        "probe_at": None,
        "probing_until": None,
    }
    """The fields of a link that is not paused."""

    pause = models.CharField(max_length=6, choices=Pause, default=Pause.NONE, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    detail = models.TextField(blank=True)  # what the controller, or the network, said
    probes = models.PositiveIntegerField(default=0)  # since the pause; each waits longer
    probe_at = models.DateTimeField(null=True, blank=True)  # when to ask again
    probing_until = models.DateTimeField(null=True, blank=True)  # someone asks just now
    next_count_at = models.DateTimeField(null=True, blank=True)  # when the schedule asks
    next_call_at = models.DateTimeField(null=True, blank=True)  # under a rate limit
    home = models.CharField(
        max_length=60, blank=True, db_default=""
    )  # tells the database from its copies

    objects = LinkQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("resume_link", gettext_noop("Can resume calls to the controller"))]
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="link_is_one"),
            models.CheckConstraint(
                condition=Q(pause="", paused_at=None) | (~Q(pause="") & Q(paused_at__isnull=False)),
                name="link_paused_since",
            ),
        ]

    def __str__(self) -> str:
        return self.get_pause_display()

    @classmethod
    def current(cls) -> "Link":
        """Return the row, which the first to ask creates."""
        return cls.objects.get_or_create(pk=cls.ONLY)[0]

    @property
    def is_paused(self) -> bool:
        """Whether no calls but probes are made."""
        return self.pause != self.Pause.NONE

    @property
    def is_restored(self) -> bool:
        """Whether no calls at all are made before `after_restore` has run."""
        return self.pause == self.Pause.RESTORED
