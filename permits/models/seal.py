"""What vouches for the chains: daily seals, verifications, and the archives of what was removed."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from permits import digests
from permits.stored import said


class Seal(models.Model):
    """The digest of where every chain ended when it was made, and of the seal before.

    It holds the ends that have moved since the seal before. Printed or mailed, its digest vouches
    for everything until then, also against whoever has the key and the database.
    """

    begun_at = models.DateTimeField()
    lease_until = models.DateTimeField()  # after this another may go on with it
    actor = models.CharField(max_length=150, blank=True)  # empty: the portal itself
    is_open = models.BooleanField(default=True)
    sealed_at = models.DateTimeField(null=True)
    heads = models.PositiveIntegerField(default=0)  # chains that have moved
    over = models.BinaryField(max_length=digests.LENGTH, default=b"")  # SHA-256 of their ends
    previous = models.BinaryField(
        max_length=digests.LENGTH, default=b""
    )  # digest of the one before
    digest = models.BinaryField(max_length=digests.LENGTH, default=b"")  # SHA-256, for paper
    proof = models.BinaryField(max_length=digests.LENGTH, default=b"")  # keyed

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["is_open"], name="seal_open_once", condition=Q(is_open=True)
            )
        ]

    def __str__(self) -> str:
        return said("Seal %(number)s") % {"number": self.pk}

    def printed(self) -> str:
        """Return the digest as people compare it: eight groups of eight characters."""
        text = bytes(self.digest).hex()
        return " ".join(text[start : start + 8] for start in range(0, len(text), 8))


class SealedHead(models.Model):
    """Where one chain ended at a seal."""

    seal = models.ForeignKey(Seal, models.PROTECT, related_name="sealed_heads", db_index=False)
    chain = models.BigIntegerField()
    length = models.PositiveIntegerField()
    head = models.BinaryField(max_length=digests.LENGTH)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["chain", "length"], name="sealed_head_once"),
            models.UniqueConstraint(fields=["seal", "chain"], name="sealed_head_of_seal"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} at {self.length}"


class VerificationQuerySet(models.QuerySet["Verification"]):
    """Questions asked of the verifications."""

    def under_way(self) -> "VerificationQuerySet":
        """Those that have not ended, but for what a crash has cut off."""
        return self.filter(finished_at=None, heard_at__gt=timezone.now() - Verification.SILENCE)


class Verification(models.Model):
    """One walk over the whole history, and the first things found wrong."""

    MOST_PROBLEMS: ClassVar = 25
    SILENCE: ClassVar = timedelta(minutes=2)  # after which one that says nothing was cut off

    started_at = models.DateTimeField()
    heard_at = models.DateTimeField()  # it says so every few seconds while it goes on
    finished_at = models.DateTimeField(null=True)
    actor = models.CharField(max_length=150, blank=True)  # empty: the portal itself
    records = models.PositiveBigIntegerField(default=0)
    chains = models.PositiveBigIntegerField(default=0)
    seals = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)  # sentences, the first found first

    objects = VerificationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view", "add")
        verbose_name = _("verification of the history")
        verbose_name_plural = _("verifications of the history")

    def __str__(self) -> str:
        return said("Verification %(number)s") % {"number": self.pk}

    @property
    def holds(self) -> bool:
        """Whether the history is whole."""
        return self.finished_at is not None and not self.problems

    @property
    def rate(self) -> float:
        """Return the records verified in a second."""
        if self.finished_at is None:
            return 0.0
        return self.records / max((self.finished_at - self.started_at).total_seconds(), 0.001)


class Archive(models.Model):
    """A file to which closed history was exported, and from then on the only place where it is."""

    class State(models.TextChoices):
        """How far it is."""

        WRITING = "writing", _("Being written")
        REMOVING = "removing", _("Written and verified; its records are being removed")
        DONE = "done", _("Done")
        ABANDONED = "abandoned", _("Given up before it was written")

    state = models.CharField(max_length=9, choices=State, default=State.WRITING)
    before = models.DateTimeField()  # it holds what was closed before
    actor = models.CharField(max_length=150, blank=True)
    begun_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    file = models.CharField(max_length=500)  # its path when it was written
    size = models.PositiveBigIntegerField(default=0)  # bytes
    records = models.PositiveBigIntegerField(default=0)
    digest = models.BinaryField(max_length=digests.LENGTH, default=b"")  # SHA-256 of the file
    proof = models.BinaryField(max_length=digests.LENGTH, default=b"")  # keyed, once it is finished

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return said("Archive %(number)s") % {"number": self.pk}


class Anchor(models.Model):
    """Where a chain goes on after its links up to here were exported and removed."""

    archive = models.ForeignKey(Archive, models.PROTECT, related_name="anchors")
    chain = models.BigIntegerField()
    length = models.PositiveIntegerField()
    head = models.BinaryField(max_length=digests.LENGTH)
    proof = models.BinaryField(max_length=digests.LENGTH)  # keyed

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["chain", "archive"], name="anchor_once")]

    def __str__(self) -> str:
        return f"{self.chain} from {self.length}"
