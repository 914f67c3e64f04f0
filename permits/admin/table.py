"""The rows of a list, drawn as a table whose rows can become cards: each cell names its column.

Django looks a column up anew for each of its cells, which for a page of permits cost more than the
cells' own words. Here that is done once a page.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import display_for_field, display_for_value
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

_CHECKBOX: Final = "action_checkbox"


@dataclass(frozen=True)
class _Column:
    start: str  # the tag with which each of its cells begins
    value: Callable[[Any], Any]  # of a row
    leads_to: Callable[[Any], str] | None  # the page of the row, where the cell is a link

    def cell(self, row: Any) -> str:
        value = self.value(row)
        text = conditional_escape(
            value if isinstance(value, str) else display_for_value(value, SafeString())
        )
        if self.leads_to is None:
            return f"{self.start}{text}</td>"
        return f'{self.start}<a href="{self.leads_to(row)}">{text}</a></th>'


def rows(changelist: Any, labels: Sequence[str]) -> Iterator[SafeString]:
    """Yield the cells of each row; `labels` are the columns' names as people know them."""
    columns = [
        _column(changelist, name, label)
        for name, label in zip(changelist.list_display, labels, strict=True)
    ]
    for row in changelist.result_list:
        yield mark_safe("".join([column.cell(row) for column in columns]))  # noqa: S308 - escaped


def _column(changelist: Any, name: Any, label: str) -> _Column:
    is_link = name in (changelist.list_display_links or ())  # of a list without links: none
    called = name.__name__ if callable(name) else name
    start = format_html(
        '<{} data-label="{}" class="{}">',
        "th" if is_link else "td",
        label,
        "action-checkbox" if called == _CHECKBOX else f"field-{called}",
    )
    return _Column(start, _value(changelist, name), _address(changelist) if is_link else None)


def _value(changelist: Any, name: Any) -> Callable[[Any], Any]:
    """Return what gives a column's value: a function, a field, or a method of the list's admin."""
    if callable(name):
        return name  # type: ignore[no-any-return]
    for field in changelist.lookup_opts.concrete_fields:
        if field.name == name:
            words = {value: str(label) for value, label in field.flatchoices}
            if words:
                return lambda row: words.get(getattr(row, name), getattr(row, name))
            return lambda row: display_for_field(getattr(row, name), field, "")
    return getattr(changelist.model_admin, name)  # type: ignore[no-any-return]


def _address(changelist: Any) -> Callable[[Any], str]:
    """Return what gives the address of a row's own page, which leads back to the list as it is."""
    of_none = changelist.url_for_result(changelist.model(pk=0))
    context = {"preserved_filters": changelist.preserved_filters, "opts": changelist.opts}
    before, _, after = add_preserved_filters(context, of_none).partition("/0/")
    before, after = conditional_escape(before), conditional_escape(after)
    return lambda row: f"{before}/{row.pk}/{after}"
