"""The pages of an import: hand in a file, see what is in it, confirm, watch it being written."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from permits import importing, numbers, spreadsheet, sync, tasks
from permits.admin.sending import require
from permits.importing import columns
from permits.importing.columns import REQUIRED, label
from permits.models import ImportBlock, ImportRun, Link, Permit
from permits.shown import shown

SMALL_FILE: Final = 512 << 10  # bytes that are checked while the browser waits
FEW_ROWS: Final = 5_000  # that are written while the browser waits
LISTED: Final = 20  # earlier imports shown
LANDS: Final = "import_lands"  # in the session: the import whose push is to be shown once written
State = ImportRun.State


def urls(wrap: Callable[[Any], Any]) -> list[URLPattern]:
    """Return the addresses of the pages, below those of the permits."""
    pages = {
        "import/": ("", start),
        "import/empty/": ("_empty", empty),
        "import/<int:pk>/": ("_run", show),
        "import/<int:pk>/confirm/": ("_confirm", confirm),
        "import/<int:pk>/zones/": ("_zones", add_zones),
        "import/<int:pk>/discard/": ("_discard", discard),
        "import/<int:pk>/again/": ("_again", try_again),
        "import/<int:pk>/failed/": ("_failed", failed),
    }
    return [
        path(address, wrap(view), name=f"permits_permit_import{name}")
        for address, (name, view) in pages.items()
    ]


class FileForm(forms.Form):
    """The file to import."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        error_messages={
            "required": gettext_lazy("Choose a file."),
            "empty": gettext_lazy("The file is empty."),
            "missing": gettext_lazy("Choose a file."),
        },
        widget=forms.FileInput(
            attrs={"accept": ".csv,.txt,.tsv,.xlsx,text/csv,text/tab-separated-values"}
        ),
    )


def start(request: HttpRequest) -> HttpResponse:
    """Take a file, and check it: a small one at once, another in the background."""
    require(request, "add_permit")
    form = FileForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if form.is_valid():
        given = form.cleaned_data["file"]
        try:
            run = importing.receive(given.chunks(), file_name=given.name, user=request.user)
        except importing.Unreadable as refused:
            form.add_error("file", shown(str(refused)))
        else:
            _work(run, at_once=run.size <= SMALL_FILE)
            return redirect(run)
    context = {
        **admin.site.each_context(request),
        "title": _("Import permits"),
        "form": form,
        "names": [
            (shown(label(field)), columns.names(field), field in REQUIRED)
            for field in Permit.STAFF_FIELDS
        ],
        "earlier": _visible(request)[:LISTED],
        "sees_all": request.user.has_perm("permits.view_importrun"),
        "most": importing.MOST_BYTES >> 20,
    }
    return TemplateResponse(request, "permits/import.html", context)


def show(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show where an import stands; the page asks again by itself while it moves."""
    run = _find(request, pk)
    if "progress" in request.GET:
        return TemplateResponse(request, "portal/import_progress.html", {"run": run})
    if run.state == State.DONE and request.session.get(LANDS) == run.pk:
        del request.session[LANDS]
        _say_what_was_written(request, run)
        if run.batch and request.user.has_perm("permits.view_batch"):
            return redirect(run.batch)
    context = {
        **admin.site.each_context(request),
        "title": run.file_name,
        "run": run,
        "may_act": request.user.has_perm("permits.add_permit"),
        "may_push": request.user.has_perm("permits.send_permit"),
        "may_add_zones": request.user.has_perm("permits.add_zone"),
        "link": Link.current(),
    }
    if run.state in (State.READY, State.DONE) and run.layout:
        context |= _findings(request, run)
    return TemplateResponse(request, "permits/import_run.html", context)


@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the rows that were chosen, and push them where that was ticked."""
    require(request, "add_permit")
    run = _find(request, pk)
    push, only_if_all_good = "push" in request.POST, request.POST.get("rows") != "good"
    if push:
        require(request, "send_permit")
    try:
        importing.confirm(run, only_if_all_good=only_if_all_good, push=push)
    except sync.Refused as refused:
        messages.warning(request, shown(str(refused)))
        chosen = {"rows": "all" if only_if_all_good else "good", "push": "yes" if push else "no"}
        return redirect(f"{run.get_absolute_url()}?{urlencode(chosen)}")
    request.session[LANDS] = run.pk
    _work(run, at_once=run.good <= FEW_ROWS)
    return redirect(run)


@require_POST
def add_zones(request: HttpRequest, pk: int) -> HttpResponse:
    """Add the zones that were ticked, and check the file anew."""
    require(request, "add_permit", "add_zone")
    run = _find(request, pk)
    try:
        count = importing.add_zones(run, request.POST.getlist("zone"), user=request.user)
    except sync.Refused as refused:
        messages.warning(request, shown(str(refused)))
        return redirect(run)
    told = ngettext(
        "%(count)d zone was added, and the file is checked anew.",
        "%(count)d zones were added, and the file is checked anew.",
        count,
    )
    messages.success(request, told % {"count": count})
    _work(run, at_once=run.size <= SMALL_FILE)
    return redirect(run)


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a file that is not to be imported."""
    require(request, "add_permit")
    run = _find(request, pk)
    try:
        importing.discard(run)
    except sync.Refused as refused:
        messages.warning(request, shown(str(refused)))
        return redirect(run)
    told = _("%(file)s was discarded. Nothing was imported from it.")
    messages.info(request, told % {"file": run.file_name})
    return redirect("admin:permits_permit_import")


@require_POST
def try_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an import up again that was given up."""
    require(request, "add_permit")
    run = _find(request, pk)
    importing.try_again(run)
    tasks.nudge(tasks.look_at_import, run.pk)
    return redirect(run)


def failed(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give the bad rows as a file like the one that came, with the reasons."""
    run = _find(request, pk)
    if not run.bad or not run.blocks.filter(kind=ImportBlock.Kind.BAD).exists():
        raise Http404
    return importing.failed_rows(run)


def empty(request: HttpRequest) -> HttpResponseBase:
    """Give a file that has nothing but the columns' names."""
    require(request, "add_permit")
    heads = [shown(label(field)) for field in Permit.STAFF_FIELDS]
    return spreadsheet.csv_response("permits", heads, [])


def _visible(request: HttpRequest) -> QuerySet[ImportRun]:
    """Return the user's own imports; all of them for those who may see all."""
    if request.user.has_perm("permits.view_importrun"):
        return ImportRun.objects.all()
    return ImportRun.objects.filter(user=request.user.pk)


def _find(request: HttpRequest, pk: int) -> ImportRun:
    may = request.user.has_perm("permits.add_permit") or request.user.has_perm(
        "permits.view_importrun"
    )
    if not may:
        raise PermissionDenied
    run = _visible(request).select_related("batch").filter(pk=pk).first()
    if run is None:
        raise Http404
    return run


def _work(run: ImportRun, *, at_once: bool) -> None:
    if at_once:
        tasks.carry_on_import(run.pk)
    else:
        tasks.nudge(tasks.look_at_import, run.pk)


def _findings(request: HttpRequest, run: ImportRun) -> dict[str, Any]:
    """Return what the check found, one page of each list."""
    report = importing.Report.of(run)
    return {
        "report": report,
        "bad_rows": _page(request, report, ImportBlock.Kind.BAD, report.bad_rows),
        "duplicates": _page(request, report, ImportBlock.Kind.DUPLICATE, report.duplicates),
        "sample": report.sample() if run.state == State.READY else [],
    }


def _page(
    request: HttpRequest,
    report: importing.Report,
    kind: "ImportBlock.Kind",
    rows: Callable[[int], list[Any]],
) -> dict[str, Any]:
    """Return one page of a list; `?bad=2` asks for the second page of bad rows."""
    pages = report.pages(kind)
    asked = request.GET.get(kind.value, "1")
    number = min(max(int(asked) if asked.isdecimal() else 1, 1), max(pages, 1))
    return {
        "rows": rows(number - 1),
        "kind": kind.value,
        "number": number,
        "pages": pages,
        "before": number - 1,
        "after": number + 1 if number < pages else 0,
    }


def _say_what_was_written(request: HttpRequest, run: ImportRun) -> None:
    written = ngettext(
        "%(count)s permit was imported from %(file)s.",
        "%(count)s permits were imported from %(file)s.",
        run.written,
    )
    told = [written % {"count": numbers.say(run.written), "file": run.file_name}]
    if run.bad:
        left_out = ngettext(
            "%(count)s bad row was left out.", "%(count)s bad rows were left out.", run.bad
        )
        told.append(left_out % {"count": numbers.say(run.bad)})
    if run.push and not run.batch:
        told.append(_("There was nothing to push."))
    messages.success(request, " ".join(told))
