"""The pages of a permit: the list, the form, and what saving does."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from permits import limits, moments, sync
from permits.admin import (
    allowed,
    bulk,
    decisions,
    exported,
    importing,
    needs,
    offers,
    panel,
    permit_columns,
    permit_filters,
    plates,
    removing,
    replacing,
    saving,
    search,
    sending,
    steps,
    timeline,
)
from permits.admin.exports import ExportedAdmin
from permits.admin.saved_views import SavedViewsAdmin
from permits.entry_forms import NewPermitForm
from permits.forms import PermitForm
from permits.models import Permit, Source
from permits.shown import shown

State = Permit.State


class PermitAdmin(SavedViewsAdmin, ExportedAdmin):
    """The list of permits, and the form of one."""

    form = PermitForm
    fields = PermitForm.Meta.fields
    list_filter = permit_filters.ALL
    list_select_related = ("zone",)
    search_fields = ("plate",)
    search_help_text = _("Plate, ticket number or reference ID")
    actions = bulk.ACTIONS
    export_columns = exported.PERMIT_COLUMNS

    # --- Who may do what --------------------------------------------------------------------------

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Whether the user may have permits pushed, updated and deleted on the controller."""
        return request.user.has_perm("permits.send_permit")

    def has_delete_permission(self, request: HttpRequest, obj: Permit | None = None) -> bool:
        """Deleting a permit is a call to the controller."""
        return self.has_send_permission(request)

    # --- The list ---------------------------------------------------------------------------------

    def get_list_display(self, request: HttpRequest) -> permit_columns.Columns:
        """Return the columns."""
        return permit_columns.of_list(request)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Look up the last calls of the permits shown, where the list says why they are in it."""
        changelist = super().get_changelist_instance(request)
        if needs.chosen(request):
            needs.add_last_calls(changelist.result_list)
        return changelist

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Show the newest first, but what waits for a person longest."""
        need = needs.chosen(request)
        return (need.order,) if need else ("-pk",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list; of what needs a person, under its own name; for a plate, the answer."""
        need = needs.chosen(request)
        named = {"need": need, "title": need.label} if need else {}
        answer = super().changelist_view(request, {**named, **(extra_context or {})})
        if isinstance(answer, TemplateResponse) and getattr(request, "is_exact", False):
            plate = request.GET.get("q", "").strip()
            if answer.context_data is not None and limits.plate_key(plate):
                answer.context_data["allowed"] = allowed.of_plate(plate, timezone.now())
        return answer

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find permits by plate, ticket number or reference ID."""
        if not search_term:
            return queryset, False
        found = search.find(search_term)
        request.is_exact = found.is_exact  # type: ignore[attr-defined]
        return queryset.filter(found.where), False

    # --- The form ---------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Add the pages on which something is done with one permit."""
        pages = {
            "push": sending.push,
            "update": sending.update,
            "resolve": decisions.resolve,
            "push_anew": decisions.push_anew,
            "keep": decisions.keep,
            "replace": replacing.replace,
            "extend": steps.extend,
            "change_plate": steps.change_plate,
        }
        addresses = [
            path(
                f"<int:pk>/{name.replace('_', '-')}/",
                self.admin_site.admin_view(view),
                name=f"permits_permit_{name}",
            )
            for name, view in pages.items()
        ]
        of_plate = self.admin_site.admin_view(plates.of_plate)
        return [
            path("of-plate/", of_plate, name="permits_permit_of_plate"),
            *importing.urls(self.admin_site.admin_view),
            *addresses,
            *super().get_urls(),
        ]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Permit | None:
        """Return the permit; where it is about to be saved, with its row locked."""
        permit: Permit | None = super().get_object(request, object_id, from_field)
        if permit is None or request.method != "POST":
            return permit
        return Permit.objects.select_for_update(of=("self",)).filter(pk=permit.pk).first()

    def get_form(
        self, request: HttpRequest, obj: Permit | None = None, change: bool = False, **kwargs: Any
    ) -> "type[ModelForm[Permit]]":
        """Tell the form what the user may do besides."""
        kwargs = {"form": NewPermitForm if obj is None else PermitForm, **kwargs}
        form = super().get_form(request, obj, change, **kwargs)
        form.may_add_zones = request.user.has_perm("permits.add_zone")  # type: ignore[attr-defined]
        form.actor = request.user.get_username()  # type: ignore[attr-defined]
        return form

    def get_readonly_fields(
        self, request: HttpRequest, obj: Permit | None = None
    ) -> tuple[str, ...]:
        """Open no form on a permit that cannot be edited just now.

        A form that was opened before is still taken: its edit is kept as a difference.
        """
        if obj and request.method != "POST" and saving.frozen(obj):
            return self.fields
        return ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start now, in the zone and the currency of the last entry, or like another permit."""
        initial = saving.first_values(request)
        given = super().get_changeform_initial_data(request)
        return initial | {name: given[name] for name in Permit.STAFF_FIELDS if name in given}

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Permit | None = None,
    ) -> HttpResponse:
        """Add what stands around the form."""
        context |= {
            "can_push": self.has_send_permission(request),
            "push_label": _("Save and push"),
            "save_label": _("Save"),
        }
        if obj is None:
            context |= {"title": _("New permit"), "subtitle": None}
            context |= plates.of_form(request, context["adminform"].form)
            if context.get("overlaps"):
                context |= {"push_label": _("Push anyway"), "save_label": _("Save anyway")}
        else:
            # Afresh: a form that was refused has left what was typed in `obj`.
            permit = Permit.objects.select_related("zone", "replaces").get(pk=obj.pk)
            is_open = request.method == "POST" or not saving.frozen(permit)
            context |= {
                "title": permit.plate,
                "subtitle": None,
                "permit": permit,
                "panel": panel.of_permit(permit, request.user),
                "timeline": timeline.of_permit(permit, request.GET),
                "can_edit": is_open and self.has_change_permission(request, permit),
                "frozen": saving.frozen(permit),
                "can_audit": request.user.has_perm("permits.view_syncattempt"),
                "sees_imports": request.user.has_perm("permits.view_importrun"),
                "just_saved": request.session.pop("just_saved", None) == permit.pk,
                "may_replace": offers.may_replace(permit, request.user),
            }
            if permit.reference_id:
                context["push_label"] = _("Save and update")
            if not context["panel"].can_be_pushed:
                context["can_push"] = False
        return super().render_change_form(request, context, add, change, form_url, obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Go to the timeline on the permit's page."""
        address = reverse("admin:permits_permit_change", args=[unquote(object_id)])
        return redirect(f"{address}#timeline")

    # --- Saving -----------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Enter a permit; the same form sent twice enters it once."""
        try:
            return super().add_view(request, form_url, extra_context)
        except saving.EnteredAlready as already:
            permit = already.permit
            entered = moments.say(permit.entered_at, timezone.now())
            told = _("%(plate)s: entered %(entered)s; it was not entered twice.")
            messages.info(request, told % {"plate": permit.plate, "entered": entered})
            return redirect(permit)

    def save_model(self, request: HttpRequest, obj: Permit, form: PermitForm, change: bool) -> None:
        """Write the staff's fields alone; where asked, have the difference sent after commit."""
        if "_push" in request.POST and not self.has_send_permission(request):
            raise PermissionDenied
        if not change:
            saving.refuse_second_submission(request, obj, form.cleaned_data.get("opened"))
            obj.entered_by = request.user.get_username()
            obj.save()
            saving.remember(request, obj)
        else:
            saving.write_edit(obj)
        if "_push" in request.POST:
            self._send(request, obj)

    def _send(self, request: HttpRequest, permit: Permit) -> None:
        try:
            sync.ask(permit.pk, actor=request.user.get_username(), source=Source.FORM)
        except sync.Refused as refused:
            told = _("%(plate)s: saved. %(refused)s")
            messages.info(request, told % {"plate": permit.plate, "refused": shown(str(refused))})
        else:
            sending.after_commit(request, permit.pk)

    def response_add(
        self, request: HttpRequest, obj: Permit, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Land on the permit's page, one key away from another like it."""
        request.session["just_saved"] = obj.pk
        told = _("%(plate)s: saved. It is not on the controller yet; push it when it is ready.")
        return self._land(request, obj, told)

    def response_change(self, request: HttpRequest, obj: Permit) -> HttpResponse:
        """Stay on the permit's page, which shows what will be sent."""
        if obj.state == State.SENDING:
            told = _(
                "%(plate)s: saved. A call was made from what was saved before; your edit is kept "
                "as a new difference. Update it once the call has ended."
            )
        elif Permit.objects.filter(pk=obj.pk, state=State.SYNCED).exists():
            told = _("%(plate)s: saved.")
        else:
            told = _("%(plate)s: saved. The controller does not have this yet.")
        return self._land(request, obj, told)

    def _land(self, request: HttpRequest, permit: Permit, told: Any) -> HttpResponse:
        if "_push" not in request.POST:
            messages.success(request, told % {"plate": permit.plate})
        if "_addanother" in request.POST:
            return redirect("admin:permits_permit_add")
        return redirect(permit)

    # --- Deleting ---------------------------------------------------------------------------------

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask, and then take the permit back."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        return removing.remove(request, self.get_queryset(request), unquote(object_id))
