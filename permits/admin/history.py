"""The sync history: every call that was ever made, to be looked at and never changed."""

from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permits import explain, moments, numbers
from permits.admin import history_filters, panel
from permits.admin.counting import count_rows
from permits.admin.exported import ATTEMPT_COLUMNS
from permits.admin.exports import ExportedAdmin
from permits.admin.pictures import Pictures
from permits.controller import RESPONSE_KEPT
from permits.exporting import Format
from permits.models import Source, SyncAttempt
from permits.shown import shown
from permits.templatetags import portal


class SyncAttemptAdmin(ExportedAdmin):
    """The list of calls, and the page of one. Nobody adds, changes or deletes any."""

    list_display = ("started", "operation", "result", "plate", "told", "asked_by", "took")
    list_filter = (
        history_filters.DaysFilter,
        history_filters.TimesFilter,
        history_filters.OperationFilter,
        history_filters.OutcomeFilter,
        history_filters.CodeFilter,
        history_filters.StatusFilter,
        history_filters.ZoneFilter,
        history_filters.ActorFilter,
        history_filters.SourceFilter,
        history_filters.ControllerFilter,
        history_filters.SlowFilter,
    )
    list_select_related = ("permit",)
    # An answer can be long, and fifty of them are not read to show none.
    list_deferred = ("response", "digest", "opened_digest", "permit__acknowledged")
    search_fields = ("permit__plate",)
    search_help_text = gettext_lazy("Plate, ticket, reference ID or #attempt")
    export_columns = ATTEMPT_COLUMNS
    export_formats = (Format.CSV, Format.XLSX, Format.JSON_LINES)
    actions = None

    def row_names(self) -> tuple[str, str]:
        """Return what the rows are: calls make up the history."""
        return _("call"), _("calls")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: calls write themselves down."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: SyncAttempt | None = None) -> bool:
        """Refuse: history stands."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SyncAttempt | None = None) -> bool:
        """Refuse: history stands."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the pictures above the list."""
        pictures = SimpleLazyObject(lambda: Pictures(request).of_calls())
        return super().changelist_view(request, {"charts": pictures, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncAttempt]:
        """Fetch each call with its permit."""
        calls: QuerySet[SyncAttempt] = super().get_queryset(request)
        return calls.select_related("permit")

    def get_exported(self, rows: QuerySet[SyncAttempt]) -> QuerySet[SyncAttempt]:
        """Fetch each call with its zone too."""
        return rows.select_related("permit", "zone")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find calls by attempt number, or by their permit."""
        if not search_term:
            return queryset, False
        found, request.is_exact = history_filters.find(queryset, search_term)  # type: ignore[attr-defined]
        return found, False

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: SyncAttempt | None = None,
    ) -> HttpResponse:
        """Show one call whole."""
        if obj is not None:
            others = SyncAttempt.objects.filter(permit=obj.permit).exclude(permit=None)
            context |= {
                "title": f"{obj.get_operation_display()} {obj.permit or ''}".strip(),
                "subtitle": None,
                "attempt": obj,
                "sent": panel.sent_by(obj),
                "refusal": explain.refusal(obj) if _is_refused(obj) else "",
                "cure": explain.cure(obj) if _is_refused(obj) else "",
                "status": _status(obj),
                "is_cut": len(obj.response) >= RESPONSE_KEPT,
                "kept": RESPONSE_KEPT,
                "before": others.filter(pk__lt=obj.pk).order_by("-pk").first(),
                "after": others.filter(pk__gt=obj.pk).order_by("pk").first(),
                "decision": getattr(obj, "decision", None),
                "turn": _turn(others.filter(pk__lte=obj.pk), others),
                "may_view_batch": request.user.has_perm("permits.view_batch"),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description=gettext_lazy("when"), ordering="started_at")
    def started(self, attempt: SyncAttempt) -> SafeString:
        """Return when the call was made."""
        return portal.when(attempt.started_at)  # type: ignore[return-value]

    @admin.display(description=gettext_lazy("outcome"), ordering="outcome")
    def result(self, attempt: SyncAttempt) -> SafeString:
        """Return the outcome's pill."""
        return portal.pill(attempt)

    @admin.display(description=gettext_lazy("plate"))
    def plate(self, attempt: SyncAttempt) -> str:
        """Return the plate that was sent, else the permit's, as a link to the permit."""
        permit = attempt.permit
        if permit is None:
            return ""
        plate = panel.text_of(attempt, "plate")
        link = format_html('<a class="plate" href="{}">{}</a>', permit.get_absolute_url(), plate)
        if plate == permit.plate:
            return link
        return format_html(
            '{} <span class="quiet">{}</span>', link, _("now %(plate)s") % {"plate": permit.plate}
        )

    @admin.display(description=gettext_lazy("told"), ordering="error_code")
    def told(self, attempt: SyncAttempt) -> str:
        """Return why the call did not succeed, in words."""
        if _is_refused(attempt):
            return explain.refusal(attempt)
        return shown(attempt.error_message)

    @admin.display(description=gettext_lazy("asked by"), ordering="actor")
    def asked_by(self, attempt: SyncAttempt) -> SafeString:
        """Return who asked for the call, and through what."""
        return format_html(
            '{} <span class="quiet">{}</span>',
            attempt.actor or _("The portal"),
            Source(attempt.source).label,
        )

    @admin.display(description=gettext_lazy("took"), ordering="duration_ms")
    def took(self, attempt: SyncAttempt) -> str:
        """Return how long the call took."""
        return moments.length(attempt.duration) if attempt.duration else ""


def _turn(until: QuerySet[SyncAttempt], all_calls: QuerySet[SyncAttempt]) -> str:
    """Return which of its permit's calls one is; nothing where it is the only one.

    Neither is counted further than lists are: a permit with very many calls holds up no page.
    """
    number, of = count_rows(until), count_rows(all_calls)
    if of.rows <= 1:
        return ""
    facts = {"number": numbers.say(number.rows), "of": numbers.say(of.rows)}
    if not number.is_exact:
        return _("A call after the first %(number)s for this permit") % facts
    if not of.is_exact:
        return _("Call %(number)s of more than %(of)s for this permit") % facts
    return _("Call %(number)s of %(of)s for this permit") % facts


def _is_refused(attempt: SyncAttempt) -> bool:
    return attempt.outcome == SyncAttempt.Outcome.REJECTED


def _status(attempt: SyncAttempt) -> str:
    """Return the HTTP status with its name, where it has one."""
    if attempt.http_status is None:
        return ""
    try:
        return f"{attempt.http_status} {HTTPStatus(attempt.http_status).phrase}"
    except ValueError:
        return str(attempt.http_status)
