"""Its admin, at the addresses that the portal's pages have."""

import time
from datetime import UTC
from typing import Any

import requests
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tools.bench.stocked.models import Permit, Zone
from tools.bench.stocked.settings import CONTROLLER

site = admin.AdminSite(name="admin")


class PermitAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The list that the portal has, and a push as the permit is saved."""

    list_display = ("plate", "zone", "ticket_number", "start_time", "end_time", "amount")
    list_filter = ("zone",)
    search_fields = ("plate", "ticket_number", "reference_id")
    list_select_related = ("zone",)
    list_per_page = 50

    def save_model(self, request: HttpRequest, obj: Permit, form: Any, change: bool) -> None:
        """Save the permit, push it, and keep its reference."""
        super().save_model(request, obj, form, change)
        body = {
            "apiToken": "sandbox-token",
            "plate": obj.plate,
            "StartDateUtc": f"{obj.start_time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
            "EndDateUtc": f"{obj.end_time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
            "zone": obj.zone.name,
        }
        began = time.monotonic()
        answer = requests.post(CONTROLLER, json=body, timeout=10)
        request.META["bench.controller"] = time.monotonic() - began
        obj.reference_id = answer.json()["reference_id"]
        obj.save(update_fields=["reference_id"])

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Answer as ever, and tell the benchmark how long the controller took."""
        answer = super().response_add(request, obj, post_url_continue)
        answer.headers["X-Controller-Seconds"] = str(request.META["bench.controller"])
        return answer


site.register(Permit, PermitAdmin)
site.register(Zone)
urlpatterns = [path("", site.urls)]
