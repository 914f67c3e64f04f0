"""The portal's admin site: its name, its home page and its pages that belong to no record."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache


class PortalSite(admin.AdminSite):
    """Django's admin under the portal's name."""

    site_header = site_title = "permitportal"
    site_url = None
    index_title = gettext_lazy("Home")
    enable_nav_sidebar = False

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Add the pages that belong to no record to the admin's own."""
        from permits.admin import (
            alerts,
            checkup,
            controller,
            drift,
            guides,
            proof,
            validation,
            zone,
        )
        from permits.signin import lockouts_page

        return [
            path("zones/names/", self.admin_view(zone.names), name="zone_names"),
            path("controller/", self.admin_view(controller.show), name="controller"),
            path("controller/drift/", self.admin_view(drift.show), name="drift"),
            path("controller/drift/zone/", self.admin_view(drift.show_zone), name="drift_zone"),
            path("controller/count/", self.admin_view(drift.count), name="count"),
            path("controller/resume/", self.admin_view(controller.resume), name="resume"),
            path("proof/", self.admin_view(proof.show), name="proof"),
            path("proof/seals/<int:pk>/", self.admin_view(proof.show_seal), name="seal"),
            path("proof/verify/", self.admin_view(proof.verify), name="verify"),
            path("controller/check/", self.admin_view(checkup.show), name="check_controller"),
            path("validation/", self.admin_view(validation.ask), name="ask_validation"),
            path("validation/<int:pk>/", self.admin_view(validation.show), name="validation"),
            path(
                "validation/<int:pk>/text/",
                self.admin_view(validation.text),
                name="validation_text",
            ),
            path("alerts/", self.admin_view(alerts.show), name="alerts"),
            path("alerts/test/", self.admin_view(alerts.test), name="test_alert"),
            path("help/", self.admin_view(guides.show_list), name="help"),
            path("help/<slug:name>/", self.admin_view(guides.show), name="guide"),
            path(
                "help/pictures/<str:name>",
                self.admin_view(guides.show_picture),
                name="guide_picture",
            ),
            path("lockouts/", self.admin_view(lockouts_page.show), name="lockouts"),
            path("lockouts/lift/", self.admin_view(lockouts_page.lift), name="lift_lockout"),
            *super().get_urls(),
        ]

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask who is there; somebody who is signed in already is led on."""
        from permits.signin.login import SignInView

        context = {
            **self.each_context(request),
            "title": _("Sign in"),
            "app_path": request.get_full_path(),
            **(extra_context or {}),
        }
        leads_on = request.method == "GET" and self.has_permission(request)
        view = SignInView.as_view(redirect_authenticated_user=leads_on, extra_context=context)
        return cast("HttpResponse", view(request))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Let the user choose a new password; their other sessions end with the old one."""
        from permits.signin.forms import PasswordForm

        view = PasswordChangeView.as_view(
            form_class=PasswordForm,
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return cast("TemplateResponse", view(request))  # or where it leads to

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show what needs a person, the controller's health and the last calls."""
        from permits.admin import home

        return super().index(request, {**home.context(request), **(extra_context or {})})
