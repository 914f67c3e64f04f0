"""Views of a list that a person has saved under a name: shown above it, and removed there."""

from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from permits.admin.changelist import AFTER, BEFORE, LAST
from permits.admin.page import PortalAdmin
from permits.models import SavedView
from permits.models.saved_view import MOST, NAME_LENGTH, QUERY_LENGTH

# A view is all that is searched for, not one page of it.
_PASSING: Final = {AFTER, BEFORE, LAST, PAGE_VAR, ERROR_FLAG, "csrfmiddlewaretoken"}


class SavedViewsAdmin(PortalAdmin):
    """A model's pages, whose list each person can keep views of."""

    def get_urls(self) -> list[URLPattern]:
        """Add what can be done with a view."""
        save, remove = (
            self.admin_site.admin_view(require_POST(view))
            for view in (self.save_view, self.remove_view)
        )
        name = self._views_of()
        return [
            path("views/save/", save, name=f"{name}_save_view"),
            path("views/<int:pk>/remove/", remove, name=f"{name}_remove_view"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list below the person's views of it."""
        here = lasting(request.META.get("QUERY_STRING", ""))
        name = self._views_of()
        mine = SavedView.objects.filter(owner=request.user.pk, list_name=name)
        views = [
            {
                "view": view,
                "is_here": view.query == here,
                "remove": reverse(f"admin:{name}_remove_view", args=[view.pk]),
            }
            for view in mine[:MOST]
        ]
        context = {
            "saved_views": views,
            "view_query": here,
            "can_save_view": here and not any(view["is_here"] for view in views),
            "save_view": reverse(f"admin:{name}_save_view"),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def save_view(self, request: HttpRequest) -> HttpResponseBase:
        """Keep what the list shows under a name; under a name that is there, in its place."""
        self._require_list(request)
        name = " ".join(request.POST.get("name", "").split())[:NAME_LENGTH]
        query = lasting(request.POST.get("query", ""))
        mine = SavedView.objects.filter(owner=request.user.pk, list_name=self._views_of())
        if not name or "\0" in name or not query or len(query) > QUERY_LENGTH:
            messages.warning(request, _("Give the view a name, and the list a filter to keep."))
        elif mine.exclude(name=name).count() >= MOST:
            messages.warning(request, _("Remove a view first; there is no room for more."))
        else:
            SavedView.objects.update_or_create(
                owner_id=request.user.pk,
                list_name=self._views_of(),
                name=name,
                defaults={"query": query},
            )
            messages.success(request, _("“%(name)s” is saved among your views.") % {"name": name})
        return self._back(query)

    def remove_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Forget one of the person's own views."""
        self._require_list(request)
        mine = SavedView.objects.filter(owner=request.user.pk, list_name=self._views_of(), pk=pk)
        if view := mine.first():
            view.delete()
            messages.success(request, _("“%(name)s” is removed.") % {"name": view.name})
        return self._back(lasting(request.POST.get("query", "")))

    def _require_list(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _back(self, query: str) -> HttpResponseBase:
        address = reverse(f"admin:{self._views_of()}_changelist")
        return redirect(f"{address}?{query}" if query else address)

    def _views_of(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"


def lasting(query: str) -> str:
    """Return what of a list's address says what it shows, in one order."""
    try:
        given = QueryDict(query[: 2 * QUERY_LENGTH])
    except ValueError:  # more parameters than Django reads
        return ""
    return urlencode(
        sorted(
            (name, value)
            for name, values in given.lists()
            for value in values
            if value and name not in _PASSING
        )
    )
