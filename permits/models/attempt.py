"""Every call to the controller, written down before it is made."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from permits import digests, trace
from permits.models.chain import Entry, Head, Linked, Move, Stream, extend, named, stream_chain
from permits.models.zone import Zone

SLOW_MS: Final = 1000  # a call that takes longer is found as a slow one
# So long after its lease a request cannot take effect any more, and so long after a permit's end
# it has passed for the controller too. Both are premises; docs/reconciling.md names them.
SETTLES: Final = timedelta(minutes=5)
# No call waits longer for a connection. It keeps a search for calls by their lease, which has no
# index, within those that began lately.
WAITS_AT_MOST: Final = timedelta(hours=1)


class Operation(models.TextChoices):
    """What the controller is asked to do."""

    PUSH = "push", pgettext_lazy("operation", "Push")
    UPDATE = "update", pgettext_lazy("operation", "Update")
    DELETE = "delete", pgettext_lazy("operation", "Delete")
    STATS = "stats", pgettext_lazy("operation", "Stats")


class Source(models.TextChoices):
    """Through what the call was asked for."""

    FORM = "form", _("Permit page")
    ACTION = "action", _("List")
    BULK = "bulk", _("Bulk run")
    IMPORT = "import", _("Import")
    RETRY = "retry", _("Retry")
    SHELL = "shell", _("Command line")
    DECISION = "decision", _("Decision")
    SCHEDULE = "schedule", _("Schedule")
    CHECK = "check", _("Check of the controller")
    VALIDATION = "validate", _("Validation run")


def called_controller() -> str:
    """Return where calls go as things are configured: the address and the client code."""
    return f"{settings.OPSCOM_URL}/api/{settings.OPSCOM_CLIENT_CODE}"


class SyncAttemptQuerySet(models.QuerySet["SyncAttempt"]):
    """Questions asked of the sync history."""

    def cut_off(self, now: datetime) -> "SyncAttemptQuerySet":
        """Calls that should long have ended: whoever made them is gone."""
        return self.filter(outcome=SyncAttempt.Outcome.SENDING, lease_until__lte=now)

    def controllers(self, most: int) -> list[str]:
        """Return every controller that calls went to, each found by one look into the index."""
        found: list[str] = []
        names = self.order_by("controller").values_list("controller", flat=True)
        name = names.first()
        while name is not None and len(found) < most:
            found.append(name)
            name = names.filter(controller__gt=name).first()
        return found

    def undecided(self) -> "SyncAttemptQuerySet":
        """Pushes whose outcome is unknown and that no person has decided yet."""
        return self.filter(
            operation=Operation.PUSH, outcome=SyncAttempt.Outcome.IN_DOUBT, decision=None
        )

    def about(self, first: datetime, last: datetime) -> "SyncAttemptQuerySet":
        """Calls that may have been under way at some moment from `first` to `last`."""
        return self.filter(
            lease_until__gte=first, started_at__gte=first - WAITS_AT_MOST, started_at__lte=last
        )


class SyncAttempt(Linked):
    """One call, or one that was stopped before it left: who, when, what, and what came back.

    It is written with the outcome `sending` before a byte leaves, closed once, and never changed
    after that. The API token is in none of its fields. Both are links of its permit's chain: the
    opening, so that a call under way cannot vanish, and the closing, which names the opening and
    the number that the database gave to the call.
    """

    OPENED: ClassVar = (
        *("permit_id", "batch_id", "zone_id", "controller", "operation", "actor", "source"),
        *("trace", "started_at", "request"),
    )
    CLOSED: ClassVar = (
        *("id", "opened_link", "outcome", "finished_at", "duration_ms", "http_status"),
        *("response", "response_length", "error_code", "error_message"),
    )
    NOT_LINKED: ClassVar[Mapping[str, str]] = {
        "lease_until": "it moves on while the call waits for a connection, and ends with the call",
        **dict.fromkeys(("link", "digest", "opened_digest"), "they are the links"),
    }

    class Outcome(models.TextChoices):
        """What became of a call."""

        SENDING = "sending", _("Under way")
        SUCCEEDED = "succeeded", _("Done")
        REJECTED = "rejected", _("Refused")
        NOT_SENT = "not_sent", _("Not sent")
        IN_DOUBT = "in_doubt", _("Unknown")

    permit = models.ForeignKey(
        "permits.Permit",
        models.PROTECT,
        related_name="attempts",
        null=True,
        blank=True,
        db_index=False,  # `attempt_of_permit` begins with it
    )
    batch = models.ForeignKey(
        "permits.Batch", models.PROTECT, related_name="attempts", null=True, blank=True
    )
    # The permit's zone at that time; the permit's own may change until it is pushed.
    zone = models.ForeignKey(
        Zone, models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    controller = models.CharField(max_length=300, blank=True, default=called_controller)
    operation = models.CharField(_("operation"), max_length=6, choices=Operation)
    outcome = models.CharField(max_length=9, choices=Outcome, default=Outcome.SENDING)
    actor = models.CharField(max_length=150, blank=True)  # a user's name; empty: the portal itself
    source = models.CharField(max_length=8, choices=Source)
    # What the log lines of the call, and of the request that it was made for, bear too.
    trace = models.CharField(max_length=trace.LENGTH, blank=True, default=trace.current)
    started_at = models.DateTimeField()
    lease_until = models.DateTimeField()  # after this the call cannot still be under way
    finished_at = models.DateTimeField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration"), null=True, blank=True)
    request = models.JSONField(default=dict)  # the body as sent, without the token
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    response = models.TextField(blank=True)  # as it came, cut at `controller.RESPONSE_KEPT`
    response_length = models.PositiveIntegerField(null=True, blank=True)  # bytes that came
    error_code = models.IntegerField(null=True, blank=True)  # the controller's ErrorCode
    error_message = models.TextField(blank=True)  # the controller's words, or ours where it is mute

    # `link` and `digest` are the closing's.
    opened_link = models.PositiveIntegerField(null=True, editable=False)
    opened_digest = models.BinaryField(max_length=digests.LENGTH, null=True, editable=False)

    objects = SyncAttemptQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-pk"]
        default_permissions = ("view",)
        verbose_name = _("sync attempt")
        verbose_name_plural = _("sync history")
        # Each filter of the history has an index in the history's order, so that a page is the
        # beginning of a stretch of it, however many calls there are and however far back the days.
        indexes = [
            models.Index(fields=["permit", "-id"], name="attempt_of_permit"),
            models.Index(fields=["started_at", "id"], name="attempt_in_order"),
            models.Index(fields=["outcome", "started_at", "id"], name="attempt_by_outcome"),
            # A rare outcome of one zone or person would else be looked for among all of theirs; of
            # one person in one zone it is looked for in the index.
            models.Index(
                fields=["outcome", "zone", "started_at", "id", "actor"],
                name="attempt_by_outcome_zone",
            ),
            models.Index(
                fields=["outcome", "actor", "started_at", "id"], name="attempt_by_outcome_actor"
            ),
            models.Index(fields=["operation", "started_at", "id"], name="attempt_by_operation"),
            models.Index(fields=["source", "started_at", "id"], name="attempt_by_source"),
            models.Index(fields=["actor", "started_at", "id"], name="attempt_by_actor"),
            models.Index(fields=["zone", "started_at", "id"], name="attempt_by_zone"),
            models.Index(fields=["controller", "started_at", "id"], name="attempt_by_controller"),
            models.Index(fields=["http_status", "started_at", "id"], name="attempt_by_status"),
            models.Index(
                fields=["error_code", "started_at", "id"],
                condition=Q(error_code__isnull=False),
                name="attempt_by_code",
            ),
            models.Index(
                fields=["started_at", "id", "duration_ms"],
                condition=Q(duration_ms__gte=SLOW_MS),
                name="attempt_slow",
            ),
            # Asked of before every call, also while PostgreSQL has not counted the table yet.
            models.Index(
                fields=["permit"],
                condition=Q(operation="push", outcome="in_doubt"),
                name="attempt_unknown",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["permit"], condition=Q(outcome="sending"), name="attempt_open_once"
            ),
            models.CheckConstraint(
                condition=Q(outcome="sending", finished_at=None)
                | (~Q(outcome="sending") & Q(finished_at__isnull=False)),
                name="attempt_closed_has_end",
            ),
            models.CheckConstraint(
                condition=Q(
                    outcome__in=("sending", "succeeded", "rejected", "not_sent", "in_doubt")
                ),
                name="attempt_outcome_known",
            ),
            models.CheckConstraint(
                condition=Q(operation="stats", permit=None)
                | Q(operation__in=("push", "update", "delete"), permit__isnull=False),
                name="attempt_has_permit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()} #{self.pk}"

    def get_absolute_url(self) -> str:
        """Return the address of the attempt's page."""
        return reverse("admin:permits_syncattempt_change", args=[self.pk])

    def chain(self) -> int:
        """Return its permit's chain, or that of the day's counts."""
        return self.permit_id or stream_chain(Stream.COUNTS, self.started_at)

    def opening(self) -> Entry:
        """Return what the link of its beginning is over."""
        return Entry("call opened", named(self, self.OPENED))

    def closing(self) -> Entry:
        """Return what the link of its end is over."""
        return Entry("call closed", named(self, self.CLOSED))

    def unnumbered_closing(self) -> Entry:
        """Return the same of one that was closed before numbers were linked."""
        return Entry("call closed", named(self, [n for n in self.CLOSED if n != "id"]))

    def is_linked(self) -> bool:
        """Whether its beginning has its link already."""
        return self.opened_digest is not None

    def follow(self, head: Head) -> Move:
        """Become the link after a chain's end: that of its beginning."""
        (opened,), end = extend(self.chain(), [self.opening()], head)
        self.opened_link, self.opened_digest = opened.number, opened.digest
        return Move(self.chain(), head.length, end)

    @property
    def settles_at(self) -> datetime:
        """After this it has had its effect, or never has one."""
        return self.lease_until + SETTLES

    @property
    def duration(self) -> timedelta | None:
        """How long the call took, or nothing while it is under way."""
        return None if self.duration_ms is None else timedelta(milliseconds=self.duration_ms)
