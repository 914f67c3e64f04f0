"""Who did what outside of the permits' own records: by person, day and kind, never changed."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permits.admin.exports import ExportedAdmin
from permits.admin.filters import EnumFilter
from permits.admin.history_filters import ActorFilter
from permits.admin.time_filters import DayRangeFilter
from permits.exporting import Column
from permits.models import Activity
from permits.moments import to_the_millisecond
from permits.templatetags import portal


class ActivityDaysFilter(DayRangeFilter):
    """The days on which it was done."""

    title = gettext_lazy("days")
    field = "at"


class KindFilter(EnumFilter):
    """What was done."""

    title = gettext_lazy("what")
    parameter_name = "kind"
    values = Activity.Kind


def in_words(details: Mapping[str, Any]) -> str:
    """Return what is known besides as one line, as it is kept: `is_superuser: False → True`."""
    return "; ".join(f"{name}: {_value(name, value)}" for name, value in sorted(details.items()))


def _value(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {each}" for key, each in value.items()) or _("none")
    if not isinstance(value, list):
        return str(value)
    if name.endswith((" added", " removed")):
        return ", ".join(map(str, value))
    return " → ".join(str(each) if each != "" else _("nothing") for each in value)


def actor_of(activity: Activity) -> str:
    """Return who did it."""
    if activity.actor:
        return activity.actor
    return _("An unknown name") if activity.details.get("user") == "unknown" else _("The portal")


def _beside(request: HttpRequest) -> list[tuple[str, str]]:
    """Return where the records of the permits have what the same person did on the same days."""
    actor = request.GET.get("actor", "").strip()
    if not actor:
        return []
    first, last = (request.GET.get(name, "") for name in ("from", "to"))
    calls = {"actor": actor, "from": first, "to": last}
    entered = {"entered_by": actor, "entered_from": first, "entered_to": last}
    edited = {"edited_by": actor, "edited_from": first, "edited_to": last}
    permits = reverse("admin:permits_permit_changelist")
    return [
        (f"{reverse('admin:permits_syncattempt_changelist')}?{urlencode(calls)}", _("calls")),
        (f"{permits}?{urlencode(entered)}", _("permits entered")),
        (f"{permits}?{urlencode(edited)}", _("permits edited")),
    ]


ACTIVITY_COLUMNS = (
    Column("at", gettext_lazy("When"), lambda activity: to_the_millisecond(activity.at)),
    Column("actor", gettext_lazy("Who"), lambda activity: activity.actor),
    Column("kind", gettext_lazy("What"), lambda activity: activity.get_kind_display()),
    Column("what", gettext_lazy("To whom or what"), lambda activity: activity.get_what_display()),
    Column("details", gettext_lazy("Details"), lambda activity: in_words(activity.details)),
    Column("address", gettext_lazy("Address"), lambda activity: activity.address),
)


class ActivityAdmin(ExportedAdmin):
    """The list of what people did. Nobody adds, changes or deletes any."""

    list_display = ("when", "who", "did", "told", "came_from")
    list_display_links = None
    fields = list_display
    list_filter = (ActivityDaysFilter, ActorFilter, KindFilter)
    ordering = ("-at",)
    export_columns = ACTIVITY_COLUMNS
    actions = None

    def row_names(self) -> tuple[str, str]:
        """Return what the rows are."""
        return _("entry"), _("entries")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: it is written down when it is done."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:
        """Refuse: history stands."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:
        """Refuse: history stands."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list under the question that it answers."""
        context = {"title": _("Who did what"), "beside": _beside(request)}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @admin.display(description=gettext_lazy("when"), ordering="at")
    def when(self, activity: Activity) -> str | SafeString:
        """Return when it was done."""
        return portal.when(activity.at)

    @admin.display(description=gettext_lazy("who"), ordering="actor")
    def who(self, activity: Activity) -> str:
        """Return who did it."""
        return actor_of(activity)

    @admin.display(description=gettext_lazy("what"))
    def did(self, activity: Activity) -> str:
        """Return what was done, and to whom or what."""
        return str(activity)

    @admin.display(description=gettext_lazy("details"))
    def told(self, activity: Activity) -> SafeString:
        """Return what is known besides."""
        return format_html("<code>{}</code>", in_words(activity.details))

    @admin.display(description=gettext_lazy("address"))
    def came_from(self, activity: Activity) -> str:
        """Return the address from which it was done."""
        return activity.address
