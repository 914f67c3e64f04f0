"""The list of zones and the form of one."""

import hashlib
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import IntegerField, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from permits import numbers
from permits.admin.filters import ChoiceFilter
from permits.admin.page import PortalAdmin
from permits.admin.sending import require
from permits.form_fields import disconnected
from permits.models import Zone
from permits.templatetags import portal


def names(request: HttpRequest) -> HttpResponse:
    """Return the names of all zones, each with its mark, for the field that chooses one.

    A browser keeps them, and asks only whether they are still as they were.
    """
    require(request, "view_permit")
    mark = disconnected()
    zones = Zone.objects.values_list("name", "last_reported_at")
    answer = JsonResponse({"zones": [(name, "" if at else mark) for name, at in zones]})
    answer.headers["Cache-Control"] = "private, no-cache"  # English: for browsers
    answer.headers["ETag"] = f'"{hashlib.sha256(answer.content).hexdigest()}"'
    return get_conditional_response(request, etag=answer.headers["ETag"], response=answer) or answer


COUNTED_PER_ZONE: Final = 1_000
# The ORM cannot say it: how many rows there are, looking at no more than so many.
_PERMITS: Final = RawSQL(
    "(SELECT COUNT(*) FROM (SELECT 1 FROM permits_permit AS permit"
    " WHERE permit.zone_id = permits_zone.id LIMIT %s) AS counted)",
    [COUNTED_PER_ZONE + 1],
    output_field=IntegerField(),
)


class ReportedFilter(ChoiceFilter):
    """Whether the controller has ever named the zone."""

    title = _("reported")
    parameter_name = "reported"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer both."""
        return [("yes", _("Reported by the controller")), ("no", _("Never reported"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Zone]) -> QuerySet[Zone]:
        """Narrow down to one of both."""
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(last_reported_at__isnull=self.value() == "no")


class ZoneAdmin(PortalAdmin):
    """Zones: which the controller knows, how many permits each has, and adding one."""

    fields = ("name",)
    list_display = ("name", "reported", "number_of_permits")
    list_filter = (ReportedFilter,)
    search_fields = ("name",)
    search_help_text = _("Zone name")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Zone]:
        """Count each zone's permits along the way, to a bound: a zone may have a million."""
        zones: QuerySet[Zone] = super().get_queryset(request)
        return zones.annotate(permit_count=_PERMITS)

    def get_readonly_fields(self, request: HttpRequest, obj: Zone | None = None) -> tuple[str, ...]:
        """Let no zone be renamed under its permits."""
        return ("name",) if obj and obj.is_in_use else ()

    def has_delete_permission(self, request: HttpRequest, obj: Zone | None = None) -> bool:
        """Let no zone be removed under its permits."""
        return super().has_delete_permission(request, obj) and not (obj and obj.is_in_use)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say why a zone in use stays, instead of listing the permits that may be a million."""
        zone = self.get_object(request, unquote(object_id))
        if zone is not None and zone.is_in_use and super().has_delete_permission(request):
            said = _("Permits use the zone %(zone)s, so it cannot be deleted.") % {"zone": zone}
            messages.warning(request, said)
            return redirect("admin:permits_zone_change", zone.pk)
        return super().delete_view(request, object_id, extra_context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Take the name from a link beside a zone that was not found."""
        return {"name": request.GET.get("name", "")}

    @admin.display(description=_("on the controller"), ordering="last_reported_at")
    def reported(self, zone: Zone) -> SafeString:
        """Say whether the controller knows the zone."""
        if zone.last_reported_at is None:
            return format_html(
                '<span class="pill pill-warning">{}{}</span> <span class="quiet">{}</span>',
                portal.icon("question"),
                _("Never reported"),
                disconnected(),
            )
        return format_html(
            '<span class="pill pill-success">{}{}</span> <span class="quiet">{}</span>',
            portal.icon("check"),
            _("Reported"),
            portal.when(zone.last_reported_at),
        )

    @admin.display(description=_("permits"))
    def number_of_permits(self, zone: Any) -> SafeString:
        """Return how many permits the zone has, as a link to them."""
        address = f"{reverse('admin:permits_permit_changelist')}?zone={zone.pk}"
        more = zone.permit_count > COUNTED_PER_ZONE
        count = f"{numbers.say(COUNTED_PER_ZONE)}+" if more else numbers.say(zone.permit_count)
        return format_html('<a href="{}">{}</a>', address, count)
