"""Reading a page as its reader does: its words, its messages, its forms and what stands in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from html.parser import HTMLParser
from typing import Final, Self

_VOID: Final = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
_SILENT: Final = {"script", "style", "head", "datalist"}
_SELECTOR: Final = re.compile(r"([.#]?)([\w-]+)|\[([\w-]+)(?:=([^\]]*))?\]")


@dataclass(eq=False)
class Element:
    """One element of a page."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: "list[Element | str]" = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its words, with single spaces between them."""
        return " ".join("".join(self._words()).split())

    @property
    def exact_text(self) -> str:
        """Its text as it stands."""
        return "".join(self._words(apart=""))

    def all(self, selector: str) -> "list[Element]":
        """Every element inside that fits one simple selector, such as `li.message` or `[name]`."""
        return [element for element in self._inside() if element.fits(selector)]

    def one(self, selector: str) -> "Element":
        """The one element inside that fits."""
        found = self.all(selector)
        assert len(found) == 1, f"{len(found)} elements fit {selector}."
        return found[0]

    def fits(self, selector: str) -> bool:
        """Whether this element is of the kind that the selector names."""
        return all(map(self._has, _parts(selector)))

    def _has(self, part: tuple[str, str, str, str]) -> bool:
        kind, word, name, value = part
        if not word:
            return name in self.attributes and (not value or self.attributes[name] == value)
        if kind == ".":
            return word in self.attributes.get("class", "").split()
        return word == (self.attributes.get("id") if kind == "#" else self.tag)

    def _inside(self) -> "Iterator[Element]":
        waiting = self.children[::-1]
        while waiting:
            child = waiting.pop()
            if isinstance(child, Element):
                yield child
                waiting.extend(reversed(child.children))

    def _words(self, apart: str = " ") -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in _SILENT:
                yield from child._words(apart)
                yield apart if child.tag not in ("strong", "span", "kbd", "a", "time") else ""


@cache
def _parts(selector: str) -> list[tuple[str, str, str, str]]:
    return _SELECTOR.findall(selector)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("page")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].tag == tag:
                del self.open[depth:]
                break

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


class Page:
    """A page that was answered."""

    def __init__(self, html: str, *, status: int, path: str) -> None:
        self.html, self.status, self.path = html, status, path

    @cached_property
    def root(self) -> Element:
        """What all its elements stand in; read when it is asked for, as not every test does."""
        reader = _Reader()
        reader.feed(self.html)
        return reader.open[0]

    @property
    def text(self) -> str:
        """All its words."""
        return self.root.text

    @property
    def messages(self) -> list[str]:
        """What it says of what was done."""
        return [message.text for message in self.root.all("li.message")]

    @property
    def message(self) -> str:
        """The one thing that it says of what was done."""
        (message,) = self.messages
        return message

    @property
    def panel(self) -> str:
        """What stands beside a permit's form."""
        return self.root.one("aside.panel").text

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong with the fields of its form, by the fields' names."""
        return {
            errors.attributes.get("id", "").removeprefix("id_").removesuffix("_error"): errors.text
            for errors in self.root.all("ul.errors")
        }

    @property
    def alert(self) -> str:
        """Why a form was refused as a whole."""
        return " ".join(note.text for note in self.root.all(".errornote"))

    @property
    def buttons(self) -> list[str]:
        """What can be pressed in the page's own part, but for filters."""
        main = self.root.one("main")
        elements = [*main.all("button"), *main.all("a.button")]
        return [" ".join(element.text.split()) for element in elements]

    @property
    def pill(self) -> str:
        """The permit's state, in the panel."""
        return self.root.one("aside.panel").all(".pill")[0].text

    def rows(self) -> list[dict[str, str]]:
        """The rows of its list, each cell by its label."""
        return [
            {cell.attributes["data-label"]: cell.text for cell in row.children
             if isinstance(cell, Element) and "data-label" in cell.attributes}
            for table in self.root.all("table.results")
            for body in table.all("tbody")
            for row in body.all("tr")
        ]  # fmt: skip

    def form(self, selector: str = "form") -> "Form":
        """The one form of the page's own part that is posted and fits."""
        forms = [form for form in self.root.one("main").all(selector) if _is_posted(form)]
        assert len(forms) == 1, f"{len(forms)} forms fit {selector}."
        return Form(forms[0], self.root)

    def press(self, label: str) -> tuple[str, dict[str, list[str]]]:
        """Where the button of that label leads, and what its form sends there."""
        for element in self.root.one("main").all("form"):
            for button in element.all("button"):
                if _is_posted(element) and button.text.startswith(label):
                    form = Form(element, self.root)
                    name = button.attributes.get("name")
                    if name:
                        form.fields[name] = [button.attributes.get("value", "")]
                    action = button.attributes.get("formaction", form.action)
                    return action or self.path, form.fields
        raise AssertionError(f"There is no button {label!r}, but {self.buttons}.")


class Form:
    """A form, and what a browser would send of it."""

    def __init__(self, element: Element, page: Element) -> None:
        self.action = element.attributes.get("action", "")
        self.fields: dict[str, list[str]] = {}
        name = element.attributes.get("id", "")
        elsewhere = page.all(f"[form={name}]") if name else []
        for part in [*element._inside(), *elsewhere]:
            name = part.attributes.get("name", "")
            if name and part.tag in ("input", "select", "textarea"):
                self.fields.setdefault(name, []).extend(_values(part))
        self.fields = {name: values for name, values in self.fields.items() if values}

    def filled(self, **changes: str) -> Self:
        """The form with these values typed into it."""
        self.fields |= {name: [value] for name, value in changes.items()}
        return self

    def __getitem__(self, name: str) -> str:
        return self.fields[name][-1]


def _is_posted(form: Element) -> bool:
    return form.attributes.get("method", "").lower() == "post"


def _values(part: Element) -> list[str]:
    match part.tag:
        case "textarea":
            return [part.exact_text.removeprefix("\n")]
        case "select":
            options = part.all("option")
            chosen = [o for o in options if "selected" in o.attributes] or options[:1]
            return [option.attributes.get("value", option.text) for option in chosen]
    if part.attributes.get("type") in ("checkbox", "radio") and "checked" not in part.attributes:
        return []
    return [part.attributes.get("value", "")]
