"""A list that can be taken away as a file: what it shows, all of it, in its order."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from permits.activity import client_address
from permits.admin import filters
from permits.admin.page import PortalAdmin
from permits.exporting import Column, Export, Format
from permits.models import Activity

_FORMATS = {Format.CSV: _("CSV"), Format.XLSX: _("Excel"), Format.JSON_LINES: _("JSON Lines")}


def _said(changelist: Any) -> list[tuple[str, str]]:
    """Return what a list is narrowed down by: the label of each, and its words."""
    return [(capfirst(used.label), used.words) for used in filters.in_use(changelist)]


class ExportedAdmin(PortalAdmin):
    """A model's pages, whose list can be exported by whoever may see it."""

    export_columns: ClassVar[Sequence[Column]]
    export_formats: ClassVar[Sequence[Format]] = (Format.CSV, Format.XLSX)

    def get_urls(self) -> list[URLPattern]:
        """Add the list as a file."""
        view = self.admin_site.admin_view(self.export_view)
        return [
            path("export/<str:form>/", view, name=f"{self._list_name()}_export"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, and where it is to be had as a file."""
        query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
        exports = [
            (_FORMATS[form], reverse(f"admin:{self._list_name()}_export", args=[form]) + query)
            for form in self.export_formats
        ]
        return super().changelist_view(request, {"exports": exports, **(extra_context or {})})

    def export_view(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """Give what the list shows under the same address as a file."""
        return require_safe(self._export)(request, form)

    def _export(self, request: HttpRequest, form: str) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if form not in self.export_formats:
            raise Http404
        try:
            changelist: Any = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse(f"admin:{self._list_name()}_changelist"))
        used = kept = _said(changelist)
        if kept and translation.get_language() != "en":
            with translation.override("en"):  # as everything that is kept
                kept = _said(self.get_changelist_instance(request))
        export = Export(
            names=str(self.opts.verbose_name_plural).replace(" ", "-"),
            rows=self.get_exported(changelist.queryset),
            columns=self.export_columns,
            filters=kept if form == Format.JSON_LINES else used,
            actor=request.user.get_username(),
            moment=timezone.now(),
        )
        with translation.override("en"):
            what = str(self.opts.verbose_name_plural)
        Activity.note(
            kind=Activity.Kind.EXPORTED,
            actor=export.actor,
            what=what,
            details={"format": form, "filter": dict(kept)},
            address=client_address(request),
        )
        return export.response(Format(form))

    def get_exported(self, rows: Any) -> Any:
        """Return the rows with what the columns need, as a query that is read in one go."""
        return rows

    def _list_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"
