"""A stock admin over permits and calls, to measure against: as most would write it."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import path

from permits.models import Permit, SyncAttempt

site = admin.AdminSite(name="admin")


class StockPermitAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The same columns and filters, and a search over the same fields."""

    list_display = ("plate", "zone", "ticket_number", "start_time", "end_time", "amount", "state")
    list_filter = ("state", "zone")
    search_fields = ("plate", "ticket_number", "reference_id")
    list_select_related = ("zone",)
    list_per_page = 50

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Let an address ask for any field."""
        return True


class StockAttemptAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The same of the sync history."""

    list_display = (
        *("started_at", "operation", "outcome", "permit", "error_message", "actor", "duration_ms"),
    )
    list_filter = ("operation", "outcome", "source", "zone", "http_status", "error_code")
    search_fields = ("permit__plate", "permit__ticket_number", "permit__reference_id")
    list_select_related = ("permit",)
    list_per_page = 50

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Let an address ask for any field."""
        return True


site.register(Permit, StockPermitAdmin)
site.register(SyncAttempt, StockAttemptAdmin)
site.register(User)
urlpatterns = [path("", site.urls)]
