"""The help pages: the guides of `docs/` that staff meet, in the reader's language.

Guides are named here, and pictures are those that were there at the start: no part of an address
ever opens a file. Each process renders a guide once for each language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from markdown_it.token import Token


@dataclass(frozen=True)
class Guide:
    """A document that can be read here."""

    about: Any
    """What it tells, in the reader's language."""
    is_for_administrators: bool = False


@dataclass(frozen=True)
class Text:
    """What a guide says in one language, ready to be shown."""

    language: str
    title: str
    sections: Sequence[tuple[str, str]]
    """The ID and the heading of each."""
    html: SafeString


GUIDES: Final = {
    "clerk": Guide(gettext_lazy("How a permit is entered, found and changed, with pictures.")),
    "desk": Guide(
        gettext_lazy("The rules of the counter: lengths, zones, replacing, what needs a person.")
    ),
    "importing": Guide(
        gettext_lazy("What a file of permits may look like, and what becomes of it.")
    ),
    "auditor": Guide(
        gettext_lazy("What happened to a permit, who did it, and whether the history is whole.")
    ),
    "archives": Guide(
        gettext_lazy("How old history leaves the database and proves itself elsewhere.")
    ),
    "reconciling": Guide(
        gettext_lazy("What the controller's counts are compared with, and what they prove.")
    ),
    "controller": Guide(
        gettext_lazy("How the way to the controller is checked, and who is told of trouble."),
        is_for_administrators=True,
    ),
    "operating": Guide(
        gettext_lazy("Installing, upgrading, backup and restore, monitoring, alarms."),
        is_for_administrators=True,
    ),
    "security": Guide(
        gettext_lazy("Which threats were considered, and what answers each."),
        is_for_administrators=True,
    ),
}
FILES: Final = {path.name: path for path in settings.DOCS.glob("*.md")}
PICTURES: Final = {path.name: path for path in (settings.DOCS / "pictures").glob("*.png")}


def show_list(request: HttpRequest) -> HttpResponse:
    """Show which guides there are for the reader."""
    guides = [(name, guide, text(name, _language())) for name, guide in _readable(request).items()]
    context = {**admin.site.each_context(request), "title": _("Help"), "guides": guides}
    return TemplateResponse(request, "permits/help.html", context)


def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show a guide, in English where it is in no other language."""
    if name not in GUIDES:
        raise Http404
    if name not in _readable(request):
        raise PermissionDenied
    shown = text(name, _language())
    context = {**admin.site.each_context(request), "title": shown.title, "text": shown}
    return TemplateResponse(request, "permits/guide.html", context)


def show_picture(request: HttpRequest, name: str) -> HttpResponse:
    """Show a picture of a guide; what is in it is made up, so a browser may keep it."""
    if name not in PICTURES:
        raise Http404
    answer = HttpResponse(PICTURES[name].read_bytes(), content_type="image/png")
    patch_cache_control(answer, private=True, max_age=3600)
    return answer


@cache
def text(name: str, language: str) -> Text:
    """Return what a guide says in this language, or in English."""
    in_theirs = FILES.get(f"{name}.{language}.md")
    written = (in_theirs or FILES[f"{name}.md"]).read_text(encoding="utf-8")
    within = {
        each
        for each, guide in GUIDES.items()
        if GUIDES[name].is_for_administrators or not guide.is_for_administrators
    }
    return typeset(written, language if in_theirs else "en", within)


def typeset(written: str, language: str, within: set[str]) -> Text:
    """Return a document as a page shows it; its links lead to these guides, others to nowhere."""
    from markdown_it import MarkdownIt  # not loaded by the many programs that show no guide

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    _head, title, _end, *tokens = markdown.parse(written)
    sections = []
    for token, inside in pairwise(tokens):
        if token.type == "heading_open":
            heading = _plain(inside)
            token.attrSet("id", slugify(heading, allow_unicode=True))
            if token.tag == "h2":
                sections.append((str(token.attrs["id"]), heading))
    _lay_tables_out(tokens)
    for token in tokens:
        _lead(token.children or [], within)
    html = markdown.renderer.render(tokens, markdown.options, {})
    return Text(language, _plain(title), sections, SafeString(html))


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE


def _readable(request: HttpRequest) -> dict[str, Guide]:
    """Return the guides that the reader may open."""
    is_administrator = request.user.is_superuser
    return {
        name: guide
        for name, guide in GUIDES.items()
        if is_administrator or not guide.is_for_administrators
    }


def _plain(inline: "Token") -> str:
    """Return the words of a heading or a cell without their marks."""
    return "".join(child.content for child in inline.children or [])


def _lay_tables_out(tokens: "list[Token]") -> None:
    """Have tables look like our lists: a class for each style, which no page may bear itself.

    On a narrow window a row is a card, so each cell bears its column's name.
    """
    columns: list[str] = []
    column = 0
    for index, token in enumerate(tokens):
        if token.type == "table_open":
            token.attrs = {"class": "results"}
            columns = []
        elif token.type == "tr_open":
            column = 0
        elif token.type in ("th_open", "td_open"):
            words, end = tokens[index + 1 : index + 3]
            if token.attrs.pop("style", ""):
                token.attrs["class"] = "number"
            if token.type == "th_open":
                columns.append(_plain(words))
            else:
                token.attrs["data-label"] = columns[column]
            is_head = bool(_plain(words)) and (token.type == "th_open" or not column)
            token.tag = end.tag = "th" if is_head else "td"
            column += 1


def _lead(inline: "list[Token]", within: set[str]) -> None:
    """Have links and pictures lead to the portal's own pages; what it has no page for is words."""
    tag = "a"
    for token in inline:
        if token.type == "image":
            picture = str(token.attrs["src"]).removeprefix("pictures/")
            token.attrs["src"] = reverse("admin:guide_picture", args=[picture])
        elif token.type == "link_open":
            address = _address(str(token.attrs["href"]), within)
            token.attrs = {"href": address} if address else {}
            tag = "a" if address else "span"
        if token.type in ("link_open", "link_close"):
            token.tag = tag


def _address(link: str, within: set[str]) -> str:
    """Return where a document's link leads to in the portal, empty where to nowhere."""
    file, hash_, heading = link.partition("#")
    name = file.removesuffix(".md").removesuffix(".fr")
    if file and name not in within:
        return ""
    return (reverse("admin:guide", args=[name]) if file else "") + hash_ + heading
