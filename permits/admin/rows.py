"""The buttons in a row of the list, which post the list's own form to the permit's pages."""

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from permits.admin import offers


def buttons(shown: Iterable[offers.Offer], came_from: str) -> SafeString:
    """Return a button for each offer; what is done on a page of its own leads back to the list."""
    drawn = [_button(offer, came_from, is_first=not n) for n, offer in enumerate(shown)]
    return format_html_join(" ", "{}", ((button,) for button in drawn))


def _button(offer: offers.Offer, came_from: str, *, is_first: bool) -> SafeString:
    if offer.name == "delete":
        # A POST without its confirmation asks first. It stands back unless it is what settles.
        words = _("Delete")
        return format_html(
            '<button class="button small {}" formaction="{}"{}>{}</button>',
            "danger" if is_first else "ghost",
            offer.address,
            "" if offer.label == words else format_html(' aria-label="{}"', offer.label),
            words,
        )
    if offer.is_post:
        return format_html(
            '<button class="button small" formaction="{}">{}</button>', offer.address, offer.label
        )
    address = offer.address
    if offer.name in offers.ONE_STEP:
        address = f"{address}?{urlencode({'next': came_from})}"
    return format_html('<a class="button small" href="{}">{}</a>', address, offer.label)
