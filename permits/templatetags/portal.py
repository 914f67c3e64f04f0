"""Pills, times, money and icons, drawn the same everywhere."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final

from django import template
from django.conf import settings
from django.contrib.admin.templatetags.admin_list import result_headers
from django.http import HttpRequest
from django.template.context import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permits import explain, moments, numbers
from permits import shown as stored
from permits.admin import filters, table
from permits.admin.changelist import KeysetChangeList
from permits.admin.counting import Count
from permits.form_fields import disconnected
from permits.models import Batch, BatchItem, Permit, SyncAttempt, Zone

register = template.Library()

# The icon and the tone of each state and outcome; the word is the model's own.
_LOOKS: Final = {
    "synced": ("check", "success"),
    "changed": ("pencil", "warning"),
    "queued": ("clock", "info"),
    "sending": ("sending", "info"),
    "rejected": ("cross", "danger"),
    "missing": ("missing", "danger"),
    "in_doubt": ("question", "danger"),
    "draft": ("draft", "quiet"),
    "deleted": ("bin", "quiet"),
    "succeeded": ("check", "success"),
    "not_sent": ("clock", "warning"),
    "preparing": ("clock", "info"),
    "running": ("sending", "info"),
    "stopped": ("pause", "warning"),
    "finished": ("check", "success"),
    "waiting": ("clock", "quiet"),
    "done": ("check", "success"),
    "passed": ("draft", "quiet"),
}


@register.inclusion_tag("portal/sandbox.html")
def sandbox_strip() -> dict[str, Any]:
    """Say that the controller is the sandbox, on pages too that are told nothing else."""
    return {"is_sandbox": settings.OPSCOM_IS_SANDBOX, "sandbox_url": settings.SANDBOX_URL}


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """Draw an icon, which says nothing by itself: a word stands beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("permits/icons.svg"),
        name,
    )


@register.simple_tag
def pill(record: Permit | SyncAttempt | Batch | BatchItem) -> SafeString:
    """Draw where a permit, a call or a bulk run stands: an icon and a word."""
    name = next(name for name in ("state", "outcome", "result") if hasattr(record, name))
    field: Any = record._meta.get_field(name)
    value = getattr(record, name)
    return _pill(value, str(dict(field.flatchoices)[value]))  # `get_…_display` takes far longer


@cache
def _pill(value: str, word: str) -> SafeString:
    name, tone = _LOOKS[value]
    return format_html(
        '<span class="pill pill-{}" data-state="{}">{}{}</span>', tone, value, icon(name), word
    )


_STANDINGS: Final = {
    "good": ("check", "success", gettext_lazy("Good")),
    "warning": ("warning", "warning", gettext_lazy("Warning")),
    "failed": ("cross", "danger", gettext_lazy("Failed")),
    "running": ("sending", "info", gettext_lazy("Under way")),
    "not_tried": ("draft", "quiet", gettext_lazy("Not tried")),
}


@register.simple_tag
def standing(value: str) -> SafeString:
    """Draw how a step of a check or of a validation run went."""
    name, tone, word = _STANDINGS[value]
    return format_html('<span class="pill pill-{}">{}{}</span>', tone, icon(name), word)


@register.simple_tag
def zone_name(zone: Zone | None) -> SafeString | str:
    """Write a zone, marked where a permit in it would be a disconnected record."""
    if zone is None or zone.is_reported:
        return str(zone or "")
    return format_html("{} {}", zone.name, _zone_mark(disconnected()))


@cache
def _zone_mark(words: str) -> SafeString:
    return format_html(
        '<span class="zone-warning" title="{}">{}<span class="visually-hidden">{}</span></span>',
        words,
        icon("warning"),
        words,
    )


@register.simple_tag
def when(moment: datetime | None) -> str | SafeString:
    """Write a time as people say it, with the whole of it on hover."""
    if moment is None:
        return ""
    return _time(moment, moments.say(moment, timezone.now()))


@register.simple_tag
def validity(permit: Permit) -> SafeString:
    """Write from when to when a permit is valid."""
    now = timezone.now()
    start, end = moments.say(permit.start_time, now), moments.say(permit.end_time, now)
    day, clock = end.rsplit(" ", 1)
    period = format_html(
        _("{start} to {end}"),
        start=_time(permit.start_time, start),
        end=_time(permit.end_time, clock if start.rsplit(" ", 1)[0] == day else end),
    )
    return format_html('<span class="period">{}</span>', period)


def _time(moment: datetime, words: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        moments.in_full(moment),
        words,
    )


@register.simple_tag
def money(amount: Decimal | None, currency: str) -> str:
    """Write an amount with its currency, which alone says nothing."""
    if amount is None:
        return ""
    return f"{numbers.say_amount(amount)} {currency}".strip()


@register.filter
def length_in_words(period: timedelta | None) -> str:
    """Write a length of time in words."""
    return "" if period is None else moments.length(period)


@register.filter
def to_the_millisecond(moment: datetime | None) -> str:
    """Write a time with nothing left out."""
    return moments.to_the_millisecond(moment)


@register.simple_tag(takes_context=True)
def nav_link(
    context: Context, address_name: str, words: str, has_trouble: bool = False
) -> SafeString:
    """Draw one entry of the top bar; mark the one that the page belongs to, and trouble."""
    address = reverse(f"admin:{address_name}")
    request: HttpRequest | None = context.get("request")
    path = request.path if request else ""
    is_here = path == address if address_name == "index" else path.startswith(address)
    return format_html(
        '<a href="{}"{}>{}{}</a>',
        address,
        SafeString(' aria-current="page"') if is_here else "",
        words,
        format_html('<span class="dot"></span><span class="visually-hidden">{}</span>', _("paused"))
        if has_trouble
        else "",
    )


@register.filter
def as_sentence(text: str) -> str:
    """Write a text with a capital at its start and a full stop at its end."""
    return explain.sentence(text)


@register.filter
def shown(text: str | None) -> str:
    """Write what was written down in English, in the language of the page."""
    return stored.shown(text or "")


@register.filter
def lower_first(text: str) -> str:
    """Write a text so that it can follow a colon."""
    return text[:1].lower() + text[1:]


@register.simple_tag
def message_icon(level: str) -> SafeString:
    """Draw the icon of a message."""
    icons = {"success": "check", "warning": "warning", "error": "cross"}
    return icon(icons.get(level, "info"))


@register.simple_tag
def count_words(count: Count) -> str:
    """Write how many rows there are, with a plus where there are more."""
    return numbers.say(count.rows) if count.is_exact else f"{numbers.say(count.rows)}+"


@register.simple_tag
def counted(changelist: KeysetChangeList) -> str:
    """Write how many rows a list has, as far as they were counted."""
    pages: Any = changelist.model_admin
    count, (name, names) = changelist.count, pages.row_names()
    if not count.is_exact:
        return _("more than %(count)s %(names)s") % {
            "count": numbers.say(count.rows),
            "names": names,
        }
    name = name if count.rows == 1 else names
    return _("%(count)s %(names)s") % {"count": numbers.say(count.rows), "names": name}


@register.inclusion_tag("portal/results.html")
def result_cards(changelist: Any) -> dict[str, Any]:
    """Draw a list as a table whose rows can become cards: each cell bears its column's name."""
    headers = list(result_headers(changelist))
    names = [str(header["text"]) for header in headers]
    labels = ["" if "<" in name else name.capitalize() for name in names]  # a box is no name
    return {
        "headers": headers,
        "rows": table.rows(changelist, labels),
        "has_boxes": "" in labels,
    }


@register.inclusion_tag("portal/filter_bar.html", takes_context=True)
def filter_bar(context: Context, changelist: Any) -> dict[str, Any]:
    """Draw the search box, the filters, and a chip for each that is in use."""
    specs = list(changelist.filter_specs)
    further = [spec for spec in specs if getattr(spec, "is_further", False)]
    names = {name for spec in specs for name in spec.expected_parameters()}
    chips = [
        {
            "label": used.label,
            "text": used.words,
            "remove": changelist.get_query_string(remove=used.parameters),
        }
        for used in filters.in_use(changelist)
    ]
    return {
        "cl": changelist,
        "specs": [spec for spec in specs if not getattr(spec, "is_further", False)],
        "further": further,
        "further_in_use": any(spec.chip for spec in further),
        "chips": chips,
        "problems": filters.problems(changelist),
        "clear": changelist.get_query_string(remove=[*names, "q"]),
        "kept": {
            name: value
            for name, value in changelist.params.items()
            if name not in names and name != "q"
        },
        "is_exact": getattr(context["request"], "is_exact", False),
        "parts": changelist.get_query_string({"q": f"*{changelist.query}*"}),
        "focus": not context["request"].GET or "q" in context["request"].GET,
    }
