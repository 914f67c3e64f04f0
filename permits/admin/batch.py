"""Bulk runs: the list of them, the page that shows one moving, and its buttons."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from permits import explain, numbers, spreadsheet, sync, tasks
from permits.activity import client_address
from permits.admin.page import PortalAdmin
from permits.admin.sending import require
from permits.models import Activity, Batch, BatchItem, Permit, SyncAttempt
from permits.shown import shown
from permits.templatetags import portal

SHOWN: int = 50  # permits listed on the page; the file has all
Result = BatchItem.Result
# What the page lists and the file holds: what did not go as it was meant to.
TROUBLED = (Result.REJECTED, Result.IN_DOUBT, Result.MISSING, Result.NOT_SENT)


class BatchAdmin(PortalAdmin):
    """Bulk runs, to be looked at, stopped, resumed and retried."""

    list_display = ("run", "asked_by", "asked", "standing", "settled")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A run is started from the list of permits."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What a run did stays as it was."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A run stays in the history."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        """Count each run's permits along."""
        return Batch.objects.annotate(
            all_items=Count("items"),
            open_items=Count("items", filter=Q(items__result__in=BatchItem.OPEN)),
        )

    @admin.display(description=_("run"))
    def run(self, batch: Batch) -> str:
        """Return what it does, and its number."""
        return str(batch)

    @admin.display(description=_("asked for by"))
    def asked_by(self, batch: Batch) -> str:
        """Return whose wish it is."""
        return batch.actor

    @admin.display(description=_("asked"), ordering="created_at")
    def asked(self, batch: Batch) -> str | SafeString:
        """Return when it was asked for."""
        return portal.when(batch.created_at)

    @admin.display(description=_("state"))
    def standing(self, batch: Batch) -> SafeString:
        """Return the state's pill."""
        return portal.pill(batch)

    @admin.display(description=_("settled"))
    def settled(self, batch: Any) -> str:
        """Return how many of its permits are settled."""
        return gettext("%(settled)s of %(all)s") % {
            "settled": numbers.say(batch.all_items - batch.open_items),
            "all": numbers.say(batch.all_items),
        }

    def get_urls(self) -> list[URLPattern]:
        """Add what can be done with a run."""
        views = {"stop": stop, "resume": resume, "retry": retry, "troubled": troubled}
        return [
            path(
                f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"permits_batch_{name}"
            )
            for name, view in views.items()
        ] + super().get_urls()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show how far the run is; the page asks for its middle part again by itself."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not unquote(object_id).isdecimal():
            raise Http404
        batch = get_object_or_404(Batch, pk=unquote(object_id))
        context = {
            **self.admin_site.each_context(request),
            **progress(batch),
            "title": str(batch),
            "may_send": request.user.has_perm("permits.send_permit"),
        }
        part = "progress" in request.GET
        return TemplateResponse(
            request, "portal/progress.html" if part else "permits/batch.html", context
        )


def progress(batch: Batch) -> dict[str, Any]:
    """Return how far a run is: counts by result, rate, time left, and what went wrong."""
    counts = batch.counts()
    total = sum(counts.values())
    left = counts[Result.WAITING] + counts[Result.QUEUED]
    rate = batch.rate() if batch.state == Batch.State.RUNNING else 0.0
    took = (batch.finished_at or batch.created_at) - batch.created_at
    return {
        "batch": batch,
        "counts": [(result, count) for result, count in counts.items() if count],
        "total": total,
        "settled": total - left,
        "left": left,
        "rate": rate,
        "time_left": timedelta(seconds=round(left / rate)) if rate and left else None,
        "took": took if batch.finished_at else None,
        "failed": sum(counts[result] for result in BatchItem.FAILED),
        "in_doubt": counts[Result.IN_DOUBT],
        "troubled": list(_with_reasons(batch, SHOWN)),
        "troubled_count": sum(counts[result] for result in TROUBLED),
    }


def _with_reasons(batch: Batch, most: int | None = None) -> Iterator[tuple[BatchItem, str]]:
    """Yield what did not go as it was meant to, each with its reason in words."""
    items = batch.items.filter(result__in=TROUBLED).select_related("permit__zone").order_by("pk")
    last = 0
    while chunk := list(items.filter(pk__gt=last)[: most or 1000]):
        last = chunk[-1].pk
        made = SyncAttempt.objects.filter(
            batch=batch, permit__in=[item.permit_id for item in chunk]
        ).order_by("pk")
        attempts = {attempt.permit_id: attempt for attempt in made}
        for item in chunk:
            attempt = attempts.get(item.permit_id)
            yield item, _reason(item, attempt)
        if most:
            return


def _reason(item: BatchItem, attempt: SyncAttempt | None) -> str:
    if attempt is None:
        return explain.sentence(shown(item.note))
    said = explain.answer(attempt, item.permit).text
    return explain.sentence(said.removeprefix(f"{item.permit.plate}: "))


def troubled(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Give what did not go as it was meant to as a file."""
    require(request, "view_permit", "view_batch")
    batch = get_object_or_404(Batch, pk=pk)
    heads = ["permit", *Permit.STAFF_FIELDS, "reference_id", "result", "reason"]
    rows = (
        [
            item.permit_id,
            *(getattr(item.permit, field) for field in Permit.STAFF_FIELDS),
            item.permit.reference_id,
            item.get_result_display(),
            reason,
        ]
        for item, reason in _with_reasons(batch)
    )
    return spreadsheet.csv_response(f"run-{batch.pk}-failures", heads, rows)


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Feed no more of the run's permits."""
    actor = require(request, "view_batch", "send_permit")
    batch = get_object_or_404(Batch, pk=pk)
    with transaction.atomic():
        if sync.stop_batch(batch):
            _note(request, Activity.Kind.RUN_STOPPED, actor, batch)
    messages.info(request, _("Stopped. Permits that were queued already are still sent."))
    return redirect(batch)


@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on where the run was stopped."""
    actor = require(request, "view_batch", "send_permit")
    batch = get_object_or_404(Batch, pk=pk)
    with transaction.atomic():
        if sync.resume_batch(batch):
            _note(request, Activity.Kind.RUN_RESUMED, actor, batch)
    tasks.nudge(tasks.look)
    return redirect(batch)


def _note(request: HttpRequest, kind: Activity.Kind, actor: str, batch: Batch) -> None:
    Activity.note(kind=kind, actor=actor, what=batch.name, address=client_address(request))


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Start a run for what failed in this one."""
    actor = require(request, "view_batch", "send_permit")
    batch = get_object_or_404(Batch, pk=pk)
    try:
        again = sync.retry_failed(batch, actor=actor)
    except sync.Refused as refused:
        messages.warning(request, shown(str(refused)))
        return redirect(batch)
    tasks.nudge(tasks.look)
    return redirect(again)


def link_to(batch: Batch) -> SafeString:
    """Return a link to the run's page."""
    return format_html('<a href="{}">{}</a>', batch.get_absolute_url(), batch)
