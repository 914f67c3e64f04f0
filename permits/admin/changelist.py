"""The list of a model's rows: pages by key, and a count that does not make the page wait."""

from typing import Any, Final

from django.contrib.admin.views.main import IGNORED_PARAMS, ORDER_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from permits.admin import keyset
from permits.admin.counting import Count, count_rows

AFTER: Final = "after"  # the row before the page
BEFORE: Final = "before"  # the row after the page
LAST: Final = "last"  # whether the last page is meant


class KeysetChangeList(ChangeList):
    """Django's list, whose pages begin where another ended instead of at a number of rows.

    It is ordered by one column at a time, and among equals by the order of entry. `order` says by
    which; `page` holds the rows and `count` says how many there are in all.
    """

    order: keyset.Order
    page: keyset.Page
    count: Count
    problems: tuple[str, ...] = ()  # what the address asks for and the list leaves out

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Return all rows that match, in the list's order; the page is no filter."""
        for name in (AFTER, BEFORE, LAST):
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        if chosen := self.params.get(ORDER_VAR):
            # The column clicked last stands first; those clicked before it decide nothing any more.
            self.params[ORDER_VAR] = chosen.split(".")[0]
            self.filter_params[ORDER_VAR] = [self.params[ORDER_VAR]]
        for name in self.filter_params.keys() - self._known(request):
            # Django would take it for a lookup of a field: of any field, and by any pattern.
            del self.filter_params[name]
            self.problems += (
                _("“%(name)s” is no filter of this list, and was left out.") % {"name": name[:50]},
            )
        return super().get_queryset(request, exclude_parameters)

    def _known(self, request: HttpRequest) -> set[str]:
        """Return what an address may hold: the filters' parameters, and what Django knows."""
        names = {ORDER_VAR, *IGNORED_PARAMS}
        for each in self.model_admin.get_list_filter(request):
            names |= {*getattr(each, "parameters", ()), getattr(each, "parameter_name", "")}
        return names

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Order by one column, named by a text, and then by primary key in the same direction."""
        first, *_ = super().get_ordering(request, queryset)
        if not self.params.get(ORDER_VAR):
            # A list that is narrowed down to a range of a column is read along that range.
            specs: list[Any] = self.filter_specs
            ranges = (getattr(spec, "ordering", "") for spec in specs if spec.chip)
            first = next(filter(None, ranges), first)
        self.order = keyset.Order.of(queryset, str(first))
        return self.order.whole()

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page that was asked for, and count."""
        self.page = self._page(request)
        size = len(self.page.rows)
        is_all = not self.page.has_previous and not self.page.has_next
        self.count = Count(size, is_exact=True) if is_all else count_rows(self.queryset, size)
        self.result_list = self.page.rows
        self.result_count = self.count.rows
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = is_all
        self.multi_page = not is_all
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)

    def _page(self, request: HttpRequest) -> keyset.Page:
        pages: Any = self.model_admin
        rows = self.queryset.defer(*pages.list_deferred)
        order, size = self.order, self.list_per_page
        if LAST in request.GET:
            return keyset.last_page(rows, order, size)
        if place := order.read(request.GET.get(AFTER, "")):
            return keyset.page_after(rows, order, place, size)
        if place := order.read(request.GET.get(BEFORE, "")):
            return keyset.page_before(rows, order, place, size)
        if request.GET.get(AFTER) or request.GET.get(BEFORE):
            self.problems += (
                _("The page that was asked for is not there. This is the first one."),
            )
        return keyset.first_page(rows, order, size)

    # --- Addresses --------------------------------------------------------------------------------

    @property
    def first_address(self) -> str:
        """The address of the first page; none where this is it."""
        return self.get_query_string() if self.page.has_previous else ""

    @property
    def previous_address(self) -> str:
        """The address of the page before; none where there is none."""
        return self._beside(BEFORE, self.page.rows[0]) if self.page.has_previous else ""

    @property
    def next_address(self) -> str:
        """The address of the page after; none where there is none."""
        return self._beside(AFTER, self.page.rows[-1]) if self.page.has_next else ""

    @property
    def last_address(self) -> str:
        """The address of the last page; none where this is it."""
        return self.get_query_string({LAST: "1"}) if self.page.has_next else ""

    def _beside(self, side: str, row: Any) -> str:
        return self.get_query_string({side: self.order.write(self.order.place(row))})
