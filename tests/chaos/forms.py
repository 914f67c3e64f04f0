"""What a page asks: the fields of its form as a browser would send them back."""

from html.parser import HTMLParser
from typing import Final

_BUTTONS: Final = ("submit", "button", "checkbox", "radio")


class _Reader(HTMLParser):
    """Gathers the fields of the forms that are posted."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._posts = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self._posts = given.get("method", "").lower() == "post"
            case "input" if self._posts and given.get("type") not in _BUTTONS:
                self._note(given.get("name", ""), given.get("value", ""))
            case "select" if self._posts:
                self._select = given.get("name", "")
                self._note(self._select, "")
            case "option" if self._select and "selected" in given:
                self._note(self._select, given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._posts = False
        elif tag == "select":
            self._select = ""

    def _note(self, name: str, value: str) -> None:
        if name and name != "csrfmiddlewaretoken":
            self.fields[name] = value


def fields_of(page: str) -> dict[str, str]:
    """The fields of a page's forms with what stands in them; the CSRF token goes by a header."""
    reader = _Reader()
    reader.feed(page)
    return reader.fields
