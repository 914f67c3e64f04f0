"""What people decided where the software could not know."""

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from permits import limits
from permits.models.attempt import SyncAttempt
from permits.models.chain import Entry, Linked, typed
from permits.models.permit import Permit


class Decision(Linked):
    """One decision about one permit, with who took it and why. It is never changed."""

    LINKED: ClassVar = (
        *("permit_id", "attempt_id", "verdict", "reference_id", "reason", "actor", "decided_at"),
    )
    NOT_LINKED: ClassVar[Mapping[str, str]] = {
        "id": "the database gives it when it is written; the link's number stands for it",
        **dict.fromkeys(("link", "digest"), "they are the link"),
    }

    class Verdict(models.TextChoices):
        """What was decided."""

        THERE = "there", _("It is on the controller")
        NOT_THERE = "not_there", _("It is not on the controller")
        PUSH_ANEW = "push_anew", _("Push anew")
        WITHDRAW = "withdraw", _("Take it off the controller")
        KEEP = "keep", _("Keep it after all")
        # Not a person's: the answer to a call came after the call had been given up.
        LATE_ANSWER = "late", _("The answer came late")
        # What was decided and called after a backup was taken is not known where it is restored.
        RESTORED = "restored", _("Put in doubt: a backup was restored")

    permit = models.ForeignKey(Permit, models.PROTECT, related_name="decisions")
    attempt = models.OneToOneField(
        SyncAttempt, models.PROTECT, related_name="decision", null=True, blank=True
    )
    verdict = models.CharField(max_length=9, choices=Verdict)
    reference_id = models.CharField(
        _("reference ID"), max_length=limits.REFERENCE_ID_LENGTH, blank=True
    )
    reason = models.TextField(blank=True)
    actor = models.CharField(max_length=150, blank=True)  # empty: the portal itself
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()
        indexes = [models.Index(fields=["reference_id"], name="decision_of_reference")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason="") | Q(verdict__in=("withdraw", "keep")),
                name="decision_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(verdict="there") | ~Q(reference_id=""),
                name="decision_there_has_reference",
            ),
        ]

    def chain(self) -> int:
        """Return its permit's chain."""
        return self.permit_id

    def entry(self) -> Entry:
        """Return what its link is over."""
        return Entry("decision", typed(self, self.LINKED))

    def __str__(self) -> str:
        return self.get_verdict_display()
