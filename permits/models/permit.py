"""A permit: what the staff want, and beside it what the controller last acknowledged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Length, Now, Replace, Upper
from django.db.models.lookups import LessThanOrEqual
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from permits import limits
from permits.models.attempt import Operation, Source
from permits.models.edit import PermitEdit, PermitEdits
from permits.models.fields import AmountField, LimitedCharField, MomentField
from permits.models.validity import EndThere, LengthClass
from permits.models.zone import Zone


@dataclass(frozen=True)
class Difference:
    """One field in which the staff's wish and the controller's record differ."""

    field: str
    wanted: str  # as it would be sent; empty where the staff want none
    acknowledged: str | None  # as the controller has it; None where that is not known

    @property
    def can_be_sent(self) -> bool:
        """Whether an update can carry it; start, ticket number, zone and clearing cannot go."""
        return self.field in limits.CHANGEABLE and self.wanted != ""


# What the database lets into `Permit.state`; `Permit.State` gives each its meaning.
_STATES = (
    *("draft", "queued", "sending", "synced", "changed"),
    *("rejected", "missing", "in_doubt", "deleted"),
)


# Where few permits are at a time, and those that need a person are among them. Written so that
# SQLite finds the same terms in an index and in a query, and is not led to the index on states.
_NOT_THERE = Q(reference_id="") | Q(state="missing")
_THERE_AND_CALLED_FOR = (
    ~Q(reference_id="") & ~Q(state="synced") & ~Q(state="deleted") & ~Q(state="missing")
)


class PermitQuerySet(models.QuerySet["Permit"]):
    """Questions asked of many permits."""

    def due(self, now: datetime) -> "PermitQuerySet":
        """Permits whose next call should be made now, the longest due first."""
        return self.filter(state=Permit.State.QUEUED, due_at__lte=now).order_by("due_at")

    def stuck(self) -> "PermitQuerySet":
        """Permits that were tried as often as is sensible, and now wait for a person."""
        return self.filter(state=Permit.State.QUEUED, due_at__isnull=True)

    def held_by_controller(self) -> "PermitQuerySet":
        """Permits that the controller has acknowledged and not deleted since."""
        return self.exclude(reference_id="").exclude(
            state__in=(Permit.State.DELETED, Permit.State.MISSING)
        )

    def valid_at(self, moment: datetime) -> "PermitQuerySet":
        """Permits that staff want valid at this moment, whether or not the controller knows."""
        return self.filter(start_time__lte=moment, end_time__gt=moment, withdrawn_at=None)

    def valid_but_not_there(self, moment: datetime) -> "PermitQuerySet":
        """Permits valid at this moment that the controller does not hold: a ticket may follow."""
        return self.valid_at(moment).filter(_NOT_THERE)

    def withdrawn_but_there(self) -> "PermitQuerySet":
        """Permits that staff took back and the controller still holds: free parking."""
        return self.held_by_controller().exclude(withdrawn_at=None)

    def over_but_there(self, moment: datetime) -> "PermitQuerySet":
        """Permits withdrawn, or ended by this moment, that are still valid on the controller.

        A record there is over by itself once its own end has passed. So of the permits that ended
        here, only those count of which the controller has a later end, or may have.
        """
        now_there = limits.moment_on_clock(moment, settings.OPSCOM_TIME_ZONE)
        ended = _THERE_AND_CALLED_FOR & Q(end_time__lte=moment)
        # Each of the three names all that its index is of: so SQLite finds it there.
        return self.alias(ends_there=EndThere("acknowledged")).filter(
            _THERE_AND_CALLED_FOR & Q(withdrawn_at__lte=moment)
            | ended & Q(ends_there__gt=now_there)
            | ended & Q(ends_there=None)
        )

    def of_plate(self, plate: str) -> "PermitQuerySet":
        """Permits of one vehicle, whatever the spacing and dashes of its plate."""
        return self.filter(plate_key=limits.plate_key(plate))

    def wanted(self) -> "PermitQuerySet":
        """Permits that staff have neither withdrawn nor deleted."""
        return self.filter(withdrawn_at=None).exclude(state=Permit.State.DELETED)

    def overlapping(self, start: datetime, end: datetime | None) -> "PermitQuerySet":
        """Permits valid at some moment from `start` to `end`, which may be open."""
        later = self.filter(end_time__gt=start)
        return later.filter(start_time__lt=end) if end else later

    def entered_as(
        self, fields: Mapping[str, Any], *, actor: str, since: datetime
    ) -> "PermitQuerySet":
        """Permits that this person entered with exactly these values; they may be edited since."""
        entered = Permit.history.filter(
            **{name: fields[name] for name in Permit.STAFF_FIELDS},
            history_type="+",
            history_date__gte=since,
            actor=actor,
        )
        return self.filter(pk__in=entered.values("id"))


class Permit(models.Model):
    """The right of one vehicle to park for a time.

    The staff's fields are written by people alone; the controller's and the call's fields are
    written by `permits.sync` alone. What is to be sent is the difference, computed and never kept.
    """

    class State(models.TextChoices):
        """Where a permit stands between the staff and the controller."""

        DRAFT = "draft", _("Not pushed")
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SYNCED = "synced", _("On controller")
        CHANGED = "changed", _("Changed")
        REJECTED = "rejected", _("Rejected")
        MISSING = "missing", _("Missing")
        IN_DOUBT = "in_doubt", _("Unknown outcome")
        DELETED = "deleted", _("Deleted")

    # What the staff want.
    plate = LimitedCharField(_("plate"), limit=limits.plate, max_length=limits.PLATE_LENGTH)
    zone = models.ForeignKey(
        Zone, models.PROTECT, verbose_name=_("zone"), related_name="permits", null=True, blank=True
    )
    ticket_number = LimitedCharField(
        _("ticket number"),
        limit=limits.ticket_number,
        max_length=limits.TICKET_NUMBER_LENGTH,
        blank=True,
    )
    start_time = MomentField(_("start"))
    end_time = MomentField(_("end"))
    amount = AmountField(_("amount"), null=True, blank=True)
    currency = LimitedCharField(
        _("currency"),
        limit=limits.currency,
        max_length=limits.CURRENCY_LENGTH,
        blank=True,
        choices=[(code, code) for code in limits.CURRENCIES],
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)
    replaces = models.ForeignKey(
        "self", models.PROTECT, related_name="successors", null=True, blank=True, editable=False
    )
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    entered_by = models.CharField(
        max_length=150, blank=True, default="", db_default="", editable=False
    )
    entered_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    plate_key = models.GeneratedField(
        expression=Upper(Replace(Replace(F("plate"), Value(" ")), Value("-"))),
        output_field=models.CharField(max_length=limits.PLATE_LENGTH),
        db_persist=True,
    )

    # What the controller last acknowledged: field name to its text on the wire; a field whose
    # value there is not known (a call was cut off) is null.
    reference_id = LimitedCharField(
        _("reference ID"),
        limit=limits.reference_id,
        max_length=limits.REFERENCE_ID_LENGTH,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    internal_reference_id = LimitedCharField(
        _("internal reference ID"),
        limit=limits.reference_id,
        max_length=limits.REFERENCE_ID_LENGTH,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    acknowledged = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), blank=True, editable=False
    )

    # Where the next call stands.
    state = models.CharField(
        max_length=8, choices=State, default=State.DRAFT, db_default=State.DRAFT, editable=False
    )
    send_again = models.BooleanField(default=False, db_default=False, editable=False)
    due_at = models.DateTimeField(default=timezone.now, db_default=Now(), null=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    batch = models.ForeignKey(
        "permits.Batch",
        models.PROTECT,
        related_name="under_way",
        null=True,
        blank=True,
        editable=False,
        db_index=False,  # most have none, and it changes twice with each call of a run
    )
    asked_by = models.CharField(
        max_length=150, blank=True, default="", db_default="", editable=False
    )
    asked_through = models.CharField(
        max_length=8, choices=Source, blank=True, default="", db_default="", editable=False
    )

    history = PermitEdits(
        bases=[PermitEdit],
        excluded_fields=[
            "plate_key",
            "withdrawn_at",
            "replaces",
            "entered_by",
            "entered_at",
            "reference_id",
            "internal_reference_id",
            "acknowledged",
            "state",
            "send_again",
            "due_at",
            "tries",
            "batch",
            "asked_by",
            "asked_through",
        ],
    )
    objects = PermitQuerySet.as_manager()

    STAFF_FIELDS: ClassVar = (
        "plate", "zone", "ticket_number", "start_time", "end_time", "amount", "currency",
    )  # fmt: skip

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("permit")
        verbose_name_plural = _("permits")
        default_permissions = ("view", "add", "change")
        permissions = [
            ("send_permit", gettext_noop("Can push, update and delete permits on the controller")),
            (
                "resolve_permit",
                gettext_noop("Can decide what became of a call whose outcome is unknown"),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="permit_due"),
            models.Index(fields=["plate_key", "-end_time"], name="permit_plate"),
            models.Index(fields=["end_time", "start_time"], name="permit_validity"),
            # What the home page counts, among a million that need nobody.
            models.Index(
                fields=["end_time", "start_time"],
                condition=Q(withdrawn_at=None) & _NOT_THERE,
                name="permit_not_there",
            ),
            models.Index(
                EndThere("acknowledged"),
                F("end_time"),
                condition=_THERE_AND_CALLED_FOR,
                name="permit_ends_there",
            ),
            models.Index(
                fields=["withdrawn_at"],
                condition=_THERE_AND_CALLED_FOR & Q(withdrawn_at__isnull=False),
                name="permit_withdrawn_there",
            ),
            # All that is asked of a moment, so that no permit is read that was not valid then.
            models.Index(
                LengthClass(F("start_time"), F("end_time")),
                *map(F, ("start_time", "end_time", "zone", "withdrawn_at")),
                name="permit_valid_then",
            ),
            # What the list is ordered or narrowed down by, each with the key that its pages go by.
            models.Index(fields=["state", "id"], name="permit_in_state"),
            models.Index(fields=["start_time", "id"], name="permit_by_start"),
            models.Index(fields=["entered_at", "id"], name="permit_by_entry"),
            models.Index(fields=["entered_by", "id"], name="permit_by_clerk"),
            models.Index(fields=["amount", "id"], name="permit_by_amount"),
            models.Index(fields=["ticket_number", "id"], name="permit_ticket"),
            # What a search looks for.
            models.Index(Upper("ticket_number"), name="permit_ticket_any_case"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reference_id"],
                condition=~Q(reference_id=""),
                name="permit_reference_once",
                violation_error_message=_("Another permit has this reference ID."),
            ),
            models.UniqueConstraint(
                fields=["replaces"],
                condition=~Q(state="deleted"),
                name="permit_replaced_once",
                violation_error_message=_("Another permit replaces it already."),
            ),
            models.CheckConstraint(condition=~Q(plate=""), name="permit_has_plate"),
            models.CheckConstraint(
                condition=Q(end_time__gt=F("start_time")),
                name="permit_ends_after_start",
                violation_error_message=_("The end must lie after the start."),
            ),
            models.CheckConstraint(
                condition=Q(amount=None)
                | Q(amount__gte=limits.AMOUNT_MIN, amount__lte=limits.AMOUNT_MAX),
                name="permit_amount_in_range",
                violation_error_message=limits.AMOUNT_RANGE,
            ),
            models.CheckConstraint(
                condition=Q(currency__in=("", *limits.CURRENCIES)), name="permit_currency_known"
            ),
            models.CheckConstraint(condition=Q(state__in=_STATES), name="permit_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=("synced", "changed", "missing")) | ~Q(reference_id=""),
                name="permit_on_controller_has_reference",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("draft", "in_doubt")) | Q(reference_id=""),
                name="permit_not_pushed_has_no_reference",
            ),
            models.CheckConstraint(
                condition=~Q(state="synced") | Q(withdrawn_at=None),
                name="permit_synced_is_not_withdrawn",
            ),
            models.CheckConstraint(
                condition=Q(due_at__isnull=False) | Q(state="queued"),
                name="permit_only_queued_is_stuck",
            ),
            models.CheckConstraint(
                # Queued, where an outside tool set that while the call was under way.
                condition=Q(send_again=False) | Q(state__in=("sending", "queued")),
                name="permit_sent_again_after_sending",
            ),
            *(
                models.CheckConstraint(
                    condition=LessThanOrEqual(Length(field), longest), name=f"permit_{field}_length"
                )
                for field, longest in (
                    ("plate", limits.PLATE_LENGTH),
                    ("ticket_number", limits.TICKET_NUMBER_LENGTH),
                    ("reference_id", limits.REFERENCE_ID_LENGTH),
                    ("internal_reference_id", limits.REFERENCE_ID_LENGTH),
                )
            ),
        ]

    def __str__(self) -> str:
        return str(self.plate)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the permit and the record of the edit together."""
        with transaction.atomic():
            super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        """Return the address of the permit's page."""
        return reverse("admin:permits_permit_change", args=[self.pk])

    def clean(self) -> None:
        """Check what lies between fields, and what the controller could not be told."""
        super().clean()
        errors: dict[str, str | ValidationError] = {}
        if self.start_time and self.end_time and self.end_time <= self.start_time:
            errors["end_time"] = gettext("The end must lie after the start.")
        for field in ("start_time", "end_time"):
            if moment := getattr(self, field):
                try:
                    limits.moment_on_wire(moment, settings.OPSCOM_TIME_ZONE)
                except limits.LimitError as error:
                    errors[field] = str(error)
        if self.reference_id and not errors and self.state != self.State.MISSING:
            errors = {
                difference.field: ValidationError(
                    _CANNOT_CHANGE if difference.wanted else _CANNOT_CLEAR, code=NEEDS_REPLACE
                )
                for difference in self.differences()
                if not difference.can_be_sent
            }
        if errors:
            raise ValidationError(errors)

    def wanted(self) -> dict[str, str]:
        """Return what the staff want, by field, as it would be sent; empty fields are left out.

        Raises `LimitError` where the controller could not be told, which validation refuses on
        entry but a changed `OPSCOM_TIME_ZONE` may bring about later.
        """
        for moment in (self.start_time, self.end_time):
            limits.moment_on_wire(moment, settings.OPSCOM_TIME_ZONE)
        return self.texts()

    def texts(self) -> dict[str, str]:
        """Return the same whether or not the controller could be told, to show and compare."""
        zone = settings.OPSCOM_TIME_ZONE
        fields = {
            "plate": self.plate,
            "start_time": limits.moment_on_clock(self.start_time, zone),
            "end_time": limits.moment_on_clock(self.end_time, zone),
            "amount": "" if self.amount is None else limits.amount_on_wire(self.amount),
            "currency": self.currency,
            "ticket_number": self.ticket_number,
            "zone": "" if self.zone is None else self.zone.name,
        }
        return {field: text for field, text in fields.items() if text}

    def differences(self) -> list[Difference]:
        """Return where the staff's wish and the controller's record differ, in the form's order."""
        wanted = self.texts()
        acknowledged: Mapping[str, str | None] = self.acknowledged
        return [
            Difference(field, wanted.get(field, ""), acknowledged.get(field, ""))
            for field in self.STAFF_FIELDS
            if wanted.get(field, "") != acknowledged.get(field, "")
        ]

    def operation_due(self) -> Operation | None:
        """Return the call that would make the controller's record as the staff want it."""
        if self.state == self.State.DELETED or self.is_gone:
            return None
        if not self.reference_id:
            return None if self.withdrawn_at else Operation.PUSH
        if self.withdrawn_at:
            return Operation.DELETE
        if any(difference.can_be_sent for difference in self.differences()):
            return Operation.UPDATE
        return None

    def resting_state(self) -> "Permit.State":
        """Return the state of a permit for which no call is queued, under way or refused."""
        if not self.reference_id:
            return self.State.DELETED if self.withdrawn_at else self.State.DRAFT
        if self.withdrawn_at:
            return self.State.DELETED if self.is_gone else self.State.QUEUED
        return self.State.CHANGED if self.differences() else self.State.SYNCED

    @property
    def is_gone(self) -> bool:
        """Whether it was withdrawn, and the controller holds no field of it any more.

        This outlives the state, which an outside tool may set to `queued` after the delete.
        """
        return bool(self.withdrawn_at and self.reference_id and not self.acknowledged)

    @property
    def is_doubted_since_restore(self) -> bool:
        """Whether it is in doubt because a backup was restored, not because of one call."""
        if self.state != self.State.IN_DOUBT:
            return False
        told = self.decisions.exclude(verdict__in=("withdraw", "keep")).order_by("-pk").first()
        return told is not None and told.verdict == told.Verdict.RESTORED

    @property
    def is_stuck(self) -> bool:
        """Whether it was tried as often as is sensible and now waits for a person."""
        return self.state == self.State.QUEUED and self.due_at is None


NEEDS_REPLACE: Final = "needs_replace"  # the code of an error that Replace is the way out of
_CANNOT_CHANGE = _(
    "The controller cannot change this after a push. Put the old value back, or use Replace."
)
_CANNOT_CLEAR = _("The controller cannot clear this once it is set. Enter a value, or use Replace.")
