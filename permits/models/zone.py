"""Zones: the names under which the controller counts permits."""

import difflib
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.models import HistoricalRecords

from permits import limits
from permits.models.edit import ZoneEdit
from permits.models.fields import LimitedCharField


class ZoneQuerySet(models.QuerySet["Zone"]):
    """Zones by what a person types."""

    def update(self, **fields: Any) -> int:
        """Write the same into many zones, but no name into those that permits use."""
        if "name" in fields and self.filter(permits__isnull=False).exists():
            raise ValidationError(_("A zone that permits use cannot be renamed."))
        return super().update(**fields)

    def named(self, text: str) -> "Zone | None":
        """Return the zone of this name, or else the first whose name differs in case only."""
        if (exact := self.filter(name=text).first()) is not None:
            return exact
        # A database folds the letters of ASCII alone, so the names are compared here.
        folded = text.casefold()
        names = self.values_list("pk", "name")
        alike = next((pk for pk, name in names if name.casefold() == folded), None)
        return None if alike is None else self.get(pk=alike)

    def like(self, text: str, *, most: int = 10) -> "list[Zone]":
        """Return the zones whose names hold every word of the text, or else come near to it."""
        words = text.casefold().split()
        names = list(self.values_list("name", flat=True))
        found = [name for name in names if all(word in name.casefold() for word in words)]
        found = found or difflib.get_close_matches(text, names, n=most, cutoff=0.6)
        zones = self.in_bulk(found[:most], field_name="name")
        return [zones[name] for name in found[:most]]

    def nearest(self, text: str) -> str:
        """Return the name that the text is most likely a slip of; empty where none is near."""
        names = self.values_list("name", flat=True)
        return next(iter(difflib.get_close_matches(text, names, n=1, cutoff=0.6)), "")


class Zone(models.Model):
    """A parking zone of the vendor's system, known by its name alone.

    The controller accepts any name in silence; a permit under a name that it does not know becomes
    a disconnected record, which officers may not find. So zones are chosen from this list.
    """

    name = LimitedCharField(
        gettext_lazy("name"),
        limit=limits.zone_name,
        max_length=limits.ZONE_NAME_LENGTH,
        unique=True,
    )
    # When the controller's stats named the zone; never, where only a supervisor did.
    first_reported_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_reported_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = HistoricalRecords(
        bases=[ZoneEdit], excluded_fields=["first_reported_at", "last_reported_at"]
    )

    objects = ZoneQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = gettext_lazy("zone")
        verbose_name_plural = gettext_lazy("zones")
        default_permissions = ("view", "add", "change", "delete")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(name="") & ~models.Q(name__contains=","),
                name="zone_name_without_comma",
                violation_error_message=gettext_lazy(
                    "A zone name is not empty and holds no comma."
                ),
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("name"), limits.ZONE_NAME_LENGTH),
                name="zone_name_length",
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    def save(self, **options: Any) -> None:
        """Write the zone and the record of the edit; the name of one that permits use stays."""
        with transaction.atomic():
            if not self._state.adding:
                self.clean()
            super().save(**options)

    @property
    def is_reported(self) -> bool:
        """Whether the controller itself has named this zone."""
        return self.last_reported_at is not None

    @property
    def is_in_use(self) -> bool:
        """Whether permits, withdrawn ones too, are in this zone."""
        return not self._state.adding and self.permits.exists()

    def clean(self) -> None:
        """Refuse a new name for a zone that permits use: theirs on the controller would stay."""
        super().clean()
        if self.is_in_use:
            before = Zone.objects.values_list("name", flat=True).get(pk=self.pk)
            if before != self.name:
                told = _(
                    "Permits use the zone %(name)s, and the controller cannot rename it under "
                    "them. Add a new zone instead."
                )
                raise ValidationError({"name": told % {"name": before}})
