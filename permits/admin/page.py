"""What all pages of the admin share: our scripts only, plain words, and lists without a depth."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.forms import Media
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from permits.admin.changelist import KeysetChangeList


class PortalAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A model's pages in the portal's look."""

    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    empty_value_display = ""
    list_deferred: ClassVar[Sequence[str]] = ()  # fields that no column of the list needs

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        """Page by key, at any depth."""
        return KeysetChangeList

    def row_names(self) -> tuple[str, str]:
        """Return what one row of the list is called, and many."""
        return str(self.opts.verbose_name), str(self.opts.verbose_name_plural)

    @property
    def media(self) -> Media:
        """Load none of the admin's scripts: no page of ours needs them."""
        return Media()

    def action_checkbox(self, obj: Any) -> SafeString:
        """Draw a row's box as Django does, without a template for each."""
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">',
            ACTION_CHECKBOX_NAME,
            obj.pk,
            _("Select %(row)s") % {"row": obj},
        )

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Find a record; for Django an empty name is that of a field, which breaks the page."""
        return super().get_object(request, object_id, from_field or None)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, under the name of what it lists."""
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def message_user(
        self,
        request: HttpRequest,
        message: Any,
        level: int | str = messages.INFO,
        extra_tags: str = "",
        fail_silently: bool = False,
    ) -> None:
        """Say what happened in the admin's words, but for the one that says nothing."""
        words = str(message)
        for nothing in (" successfully", " avec succès"):  # English: and French, as Django has it
            words = words.replace(nothing, "")
        plain = type(message)(words)
        super().message_user(request, plain, level, extra_tags, fail_silently)
