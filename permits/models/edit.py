"""Who made an edit: the name as text, so that a removed user leaves no hole in the history."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import F
from django.db.models.functions import Upper
from django.dispatch import receiver
from simple_history.models import HistoricalRecords
from simple_history.signals import pre_create_historical_record

from permits.models.chain import Entry, Linked, Stream, stream_chain, typed
from permits.models.plate import PlateKey


class EditRecord(Linked):
    """What every record of an edit holds besides the fields of the permit or zone."""

    EDIT: ClassVar = ("actor", "history_date", "history_type", "history_change_reason")
    NOT_LINKED: ClassVar[Mapping[str, str]] = {
        "history_id": "the database gives it when it is written; the link's number stands for it",
        "history_user": "it is emptied when the user is removed; the name in `actor` stays",
        **dict.fromkeys(("link", "digest"), "they are the link"),
    }

    actor = models.CharField(max_length=150, blank=True, db_default="")

    class Meta:
        abstract = True


class PermitEdit(EditRecord):
    """The record of an edit of a permit, in the permit's chain."""

    LINKED: ClassVar = (
        *("id", "plate", "zone_id", "ticket_number", "start_time", "end_time", "amount"),
        *("currency", "version", *EditRecord.EDIT),
    )

    class Meta:
        abstract = True

    def chain(self) -> int:
        """Return its permit's chain."""
        return int(self.id)  # type: ignore[attr-defined]

    def entry(self) -> Entry:
        """Return what its link is over."""
        return Entry("edit", typed(self, self.LINKED))


class PermitEdits(HistoricalRecords):  # type: ignore[misc]
    """The edits of permits: found by who made them and when, and by what a permit once had."""

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        """Give the records their indexes."""
        indexes = [
            models.Index(
                fields=["actor", "history_type", "history_date", "id"], name="edit_by_actor"
            ),
            models.Index(PlateKey("plate"), F("id"), name="edit_of_plate"),
            models.Index(Upper("ticket_number"), F("id"), name="edit_of_ticket"),
        ]
        return {**super().get_meta_options(model), "indexes": indexes}


class ZoneEdit(EditRecord):
    """The record of an edit of a zone, in the chain of the day's."""

    LINKED: ClassVar = ("id", "name", *EditRecord.EDIT)

    class Meta:
        abstract = True

    def chain(self) -> int:
        """Return the chain of the day's edits of zones."""
        return stream_chain(Stream.ZONES, self.history_date)  # type: ignore[attr-defined]

    def entry(self) -> Entry:
        """Return what its link is over."""
        return Entry("edit of a zone", typed(self, self.LINKED))


@receiver(pre_create_historical_record)
def name_the_actor(history_instance: Any, **kwargs: Any) -> None:
    """Write the user's name beside the link to the user."""
    user = history_instance.history_user
    history_instance.actor = user.get_username() if user else ""
