"""The help pages: every guide in both languages, to those who are signed in, and no other file."""

import re
from pathlib import Path
from typing import Final

import pytest
from django.test import Client

from permits.admin import guides
from tests.environment import ROOT
from tests.pages.desk import Desk, Desks
from tests.pages.reading import Page

pytestmark = pytest.mark.either

DOCS: Final = ROOT / "docs"
LANGUAGES: Final = ("en", "fr")
FOR_ADMINISTRATORS: Final = ("controller", "operating", "security")
TRICKS: Final = (
    *("/help/README/", "/help/languages/", "/help/clerk.fr/", "/help/clerk.md/", "/help/CLERK/"),
    *("/help/../README.md", "/help/..%2fREADME/", "/help/%2e%2e%2f.env/", "/help/clerk%00/"),
    *("/help/pictures/", "/help/pictures/nothing.png", "/help/pictures/new.png/"),
    *("/help/pictures/../clerk.md", "/help/pictures/..%2fclerk.md", "/help/pictures/%2e%2e"),
    *("/help/pictures//etc/passwd", "/help/pictures/%2fetc%2fpasswd", "/help/pictures/new.png%00"),
    *("/help/pictures/..%5cclerk.md", "/help/pictures/NEW.png", "/help/pictures/pictures/new.png"),
)


def written(name: str, language: str) -> str:
    """The document itself, in English where it is in no other language."""
    theirs = DOCS / f"{name}.{language}.md"
    return (theirs if theirs.exists() else DOCS / f"{name}.md").read_text()


def plain(marked: str) -> str:
    """The words of a line of Markdown."""
    return " ".join(re.sub(r"[*`]", "", marked).split())


def opened(desk: Desk, name: str, language: str) -> Page:
    desk.client.cookies["language"] = language
    return desk.open(f"/help/{name}/")


@pytest.mark.parametrize("name", guides.GUIDES)
class TestEachGuide:
    def test_it_says_what_the_document_says(self, desks: Desks, name: str) -> None:
        for language in LANGUAGES:
            document = written(name, language)
            page = opened(desks.root, name, language).root
            (title, *others) = re.findall(r"^#+ (.+)$", document, re.MULTILINE)
            assert page.one("h1").text == plain(title)
            guide = page.one("article")
            shown = [each.text for kind in ("h2", "h3") for each in guide.all(kind)]
            assert sorted(shown) == sorted(plain(other) for other in others)
            rows = re.findall(r"^\|(?![-:| ]+$)", document, re.MULTILINE)
            assert len(guide.all("tr")) == len(rows)
            assert len(guide.all("img")) == document.count("![")
            assert not guide.all("[style]")
            assert all(head.text for head in guide.all("th"))

    def test_its_links_and_pictures_are_there(self, desks: Desks, name: str) -> None:
        desk = desks.root if name in FOR_ADMINISTRATORS else desks.clerk
        for language in LANGUAGES:
            page = opened(desk, name, language)
            ids = [each.attributes["id"] for each in page.root.all("[id]")]
            assert len(ids) == len({*ids})
            content = page.root.one("#content")
            for link in {each.attributes["href"] for each in content.all("a")}:
                path, _, heading = link.partition("#")
                shown = desk.open(path) if path else page
                assert shown.status == 200, link
                assert not heading or shown.root.all(f"#{heading}"), link
            for picture in content.all("img"):
                assert picture.attributes["alt"]
                answer = desk.client.get(picture.attributes["src"])
                file = DOCS / "pictures" / Path(picture.attributes["src"]).name
                assert answer.content == file.read_bytes()
                assert answer.headers["Content-Type"] == "image/png"


def test_what_is_in_english_alone_says_so_to_those_who_read_french(desks: Desks) -> None:
    for name, language in (("clerk", "fr"), ("security", "en")):
        page = opened(desks.root, name, "fr").root
        assert page.one("h1").attributes["lang"] == language


class TestWhoReads:
    def test_nobody_without_signing_in(self, desks: Desks) -> None:
        paths = ["/help/", *(f"/help/{name}/" for name in guides.GUIDES), "/help/pictures/new.png"]
        for path in paths:
            answer = Client().get(path)
            assert answer.status_code == 302
            assert answer.headers["Location"].startswith("/login/")

    def test_what_is_for_operators_only_administrators(self, desks: Desks) -> None:
        for name in FOR_ADMINISTRATORS:
            assert desks.supervisor.open(f"/help/{name}/").status == 403
        offered = {link.attributes["href"] for link in desks.clerk.open("/help/").root.all("a")}
        assert "/help/clerk/" in offered
        assert not offered & {f"/help/{name}/" for name in FOR_ADMINISTRATORS}

    def test_each_is_offered_on_every_page(self, desks: Desks) -> None:
        desks.root.open(desks.root.open("/").root.one("a.icon-button").attributes["href"])
        offered = [link.attributes["href"] for link in desks.root.open("/help/").root.all("a")]
        assert {f"/help/{name}/" for name in guides.GUIDES} <= {*offered}
        assert not desks.nobody.open("/login/").root.all("a.icon-button")

    def test_whatever_is_in_french_can_be_read(self) -> None:
        assert {path.name.removesuffix(".fr.md") for path in DOCS.glob("*.fr.md")} <= {
            *guides.GUIDES
        }


def test_no_other_file_is_shown(desks: Desks) -> None:
    for path in TRICKS:
        assert desks.root.client.get(path, follow=True).status_code == 404, path


def test_a_guide_is_rendered_once(desks: Desks) -> None:
    opened(desks.root, "clerk", "fr")
    before = guides.text.cache_info().misses
    opened(desks.clerk, "clerk", "fr")
    assert guides.text.cache_info().misses == before


class TestADocument:
    def test_markup_in_it_is_words(self) -> None:
        html = guides.typeset(
            "# A\n\n<script>x</script> <b>y</b>\n\n<style>z</style>", "en", set()
        ).html
        assert not re.search("<(script|b|style)", html)

    def test_a_link_to_what_has_no_page_is_words(self) -> None:
        document = "# A\n\n[one](../README.md) [two](clerk.fr.md#a) [three](/x)"
        shown = guides.typeset(document, "en", {"clerk"}).html
        assert re.findall("<a .*?</a>", shown) == ['<a href="/help/clerk/#a">two</a>']
