"""Imports: a file of permits, what its check found, and what came of it."""

from datetime import timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from permits.models.batch import Batch
from permits.models.permit import Permit
from permits.models.zone import Zone


class ImportRun(models.Model):
    """One file: checked first, and written only once a person has confirmed.

    Checking and writing can be cut off at any instant. The check begins anew; the writing goes on
    with the first block that was not written, for each block and `next_block` are written in one
    transaction. So a run that is written is written whole, and once.
    """

    class State(models.TextChoices):
        """Where an import stands."""

        RECEIVING = "receiving", _("Receiving the file")
        CHECKING = "checking", _("Checking")
        READY = "ready", _("Waiting to be confirmed")
        REFUSED = "refused", _("Cannot be read")
        WRITING = "writing", _("Writing")
        DONE = "done", _("Done")

    MOVING: ClassVar = (State.CHECKING, State.WRITING)
    MOST_TRIES: Final = 5  # after which only a person can have it tried again
    KEPT: Final = timedelta(days=1)  # how long a file is kept

    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField(default=0)  # bytes
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True, blank=True
    )
    actor = models.CharField(max_length=150, blank=True)  # the user's name; empty: the shell
    state = models.CharField(max_length=9, choices=State, default=State.RECEIVING)
    created_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    # What the check found.
    layout = models.JSONField(default=dict)  # see `permits.importing.layout`
    total = models.PositiveIntegerField(default=0)  # rows in the file
    seen = models.PositiveIntegerField(default=0)  # rows checked so far
    good = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)  # why the file cannot be read

    # What was chosen, and how far the writing is.
    push = models.BooleanField(default=False)
    written = models.PositiveIntegerField(default=0)
    overtaken = models.PositiveIntegerField(default=0)  # entered by others since the check
    next_block = models.PositiveIntegerField(default=0)  # the first that is not written yet
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", null=True, blank=True)

    # Who works on it.
    held_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    trouble = models.TextField(blank=True)  # what stopped the last try

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index(fields=["state"], name="import_state")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=("writing", "done")) | Q(confirmed_at__isnull=False),
                name="import_written_once_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(written__lte=F("good") - F("overtaken")),
                name="import_writes_good_rows",
            ),
        ]

    def __str__(self) -> str:
        return f"Import {self.pk}"

    def get_absolute_url(self) -> str:
        """Return the address of the import's page."""
        return reverse("admin:permits_permit_import_run", args=[self.pk])

    @property
    def is_moving(self) -> bool:
        """Whether it is being worked on, or soon will be."""
        return self.state in self.MOVING and not self.is_stuck

    @property
    def is_stuck(self) -> bool:
        """Whether it was tried as often as is sensible, and now waits for a person."""
        return (
            self.state in self.MOVING and self.tries >= self.MOST_TRIES and self.held_until is None
        )


class ImportBlock(models.Model):
    """A part of an import, packed: of the file as it came, or some of its rows."""

    class Kind(models.TextChoices):
        """What is in it."""

        FILE = "file", _("Part of the file")
        GOOD = "good", _("Rows to write")
        BAD = "bad", _("Bad rows")
        DUPLICATE = "duplicate", _("Duplicates")

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="blocks", db_index=False)
    kind = models.CharField(max_length=9, choices=Kind)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["run", "kind", "number"], name="import_block_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number} of {self.run}"


class ImportZone(models.Model):
    """A zone's name as a file has it. The zone it means stays while the file waits."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="zones")
    name = models.CharField(max_length=255)
    zone = models.ForeignKey(Zone, models.PROTECT, related_name="+", null=True, blank=True)
    rows = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["name"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name} in {self.run}"


class ImportedPermit(models.Model):
    """Which import a permit came with, and from which line of the file."""

    DIGEST: Final = 16  # bytes

    permit = models.OneToOneField(Permit, models.CASCADE, related_name="imported", primary_key=True)
    run = models.ForeignKey(
        ImportRun, models.PROTECT, related_name="imported_permits", db_index=False
    )
    line = models.PositiveIntegerField()
    # A digest of the row's plate, start, end and zone, by which the row is known again. None of an
    # older one whose first record is in an archive.
    asked_for = models.BinaryField(max_length=DIGEST, null=True, editable=False)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["run", "permit"], name="imported_by_run"),
            models.Index(fields=["asked_for"], name="imported_as"),
        ]

    def __str__(self) -> str:
        return f"Line {self.line} of {self.run}"
