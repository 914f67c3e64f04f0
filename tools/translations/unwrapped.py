"""Finds texts that staff would meet and that nothing translates."""

import ast
import re
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

from django.template.base import Lexer, TokenType

from tools.translations import ROOT, python_files, script_files, template_files

_TRANSLATED_BY: Final = {
    *("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"),
    *("pgettext", "pgettext_lazy", "npgettext", "said"),
}
_WORDS: Final = re.compile(r"[A-Za-z]{2,},? +[a-z“(]")
_WORD_ALONE: Final = re.compile(r"[A-Z][a-z]{2,}[.!?:…]?")
_TAG: Final = re.compile(r"(?<!P)<[a-z]+[\s>]")
_OF_MACHINES: Final = re.compile(
    r"\s*(?:SELECT|INSERT|UPDATE|WITH|WHERE|AND|CREATE|DROP|SET|PRAGMA|EXISTS|NOT|NEW|OLD|CASE|WHEN"
    r"|FOR|COPY|ON|OF|interval|HTTP|\(SELECT|\{\} OR \(|attachment;|text/|private,|yyyy-)\b"
)
"""How SQL, headers of HTTP and formats begin."""
_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_SEEN: Final = {"title", "aria-label", "placeholder", "alt", "data-label"}
_NAMES: Final = {"permitportal", "HTTP"}
_ARGUMENT: Final = re.compile(r'"([^"]*[A-Z][^"]*| [^"]*|[^"]* [^"]*)"')
_OF_CODE: Final = {"translate", "trans", "url", "load", "extends", "static", "if", "elif", "csp"}
_BREAK: Final = "\x1f"
"""Stands where a tag of the template stood."""
_LITERAL_OF_SCRIPT: Final = re.compile(
    r"//.*|/\*[\s\S]*?\*/"  # comments, which may hold quotes
    r'|"((?:[^"\\\n]|\\.)*)"'
    r"|'((?:[^'\\\n]|\\.)*)'"
    r"|`((?:[^`\\]|\\.)*)`"
)
_FILLED: Final = re.compile(r"\$\{[^}]*\}")
_SELECTOR: Final = re.compile(r"[.#[][a-z]")
_KEYS: Final = {"Enter", "Escape", "Tab", "Home", "End"}
"""What the keyboard's keys are called in every browser."""
_SPOKEN_FILTER: Final = re.compile(
    r'\|(?:pluralize|(?:default|default_if_none):"[^"]*[A-Z ][^"]*")'
)


def problems() -> Iterator[str]:
    """Yield each text that is not translated, by its file and line."""
    left = _not_yet()
    for path in template_files():
        place = str(path.relative_to(ROOT))
        if not place.startswith(left):
            for line, text in in_template(path.read_text()):
                yield f"{place}:{line}: not translated: {text!r}"
    for path in python_files():
        place = str(path.relative_to(ROOT))
        if not place.startswith(left):
            for line, text in in_python(path.read_text()):
                yield f"{place}:{line}: not translated: {text!r}"
    for path in script_files():
        for line, text in in_script(path.read_text()):
            yield f"{path.relative_to(ROOT)}:{line}: not translated: {text!r}"


def _not_yet() -> tuple[str, ...]:
    """Return how the paths begin whose texts are English for all."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return tuple(settings["tool"]["translations"]["english"])


def in_template(source: str) -> Iterator[tuple[int, str]]:
    """Yield the texts of a template that stand outside of what translates them."""
    page: list[str] = []
    is_translated = is_for_code = False
    for token in Lexer(source).tokenize():
        first, *rest = token.contents.split() or [""]
        if token.token_type == TokenType.TEXT:
            page.append("" if is_translated or is_for_code else token.contents)
            continue
        is_block = token.token_type == TokenType.BLOCK
        if is_block and first.endswith(("blocktranslate", "blocktrans")):
            is_translated = not first.startswith("end")
        elif is_block and first.endswith("block"):
            is_for_code = first == "block" and rest[0] in ("bodyclass", "coltype")
        elif not is_translated and token.token_type != TokenType.COMMENT:
            for text in _in_tag(token.contents, is_block=is_block):
                yield token.lineno or 0, text
        page.append(_BREAK + "\n" * token.contents.count("\n"))
    parser = _Page()
    parser.feed("".join(page))
    parser.close()
    yield from parser.found


def _in_tag(contents: str, *, is_block: bool) -> Iterator[str]:
    if spoken := _SPOKEN_FILTER.search(contents):
        yield spoken.group()
    if is_block and contents.split(maxsplit=1)[0] not in _OF_CODE:
        yield from _ARGUMENT.findall(re.sub(r'_\("[^"]*"\)', "", contents))


class _Page(HTMLParser):
    """Collects what a browser would show or read out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what the tag says by its attributes."""
        if tag in ("script", "style", "code"):
            self._inside.append(tag)
        for name, value in attrs:
            if name in _SEEN and value:
                self._collect(value)

    def handle_endtag(self, tag: str) -> None:
        """Leave what holds no text."""
        if tag in self._inside:
            self._inside.remove(tag)

    def handle_data(self, data: str) -> None:
        """Collect a text."""
        if not self._inside:
            self._collect(data)

    def _collect(self, text: str) -> None:
        for part in text.split(_BREAK):
            if {*_WORD.findall(part)} - _NAMES:
                self.found.append((self.getpos()[0], " ".join(part.split())))


def in_script(source: str) -> Iterator[tuple[int, str]]:
    """Yield the literals of a script that read as words for people: the page gives it those."""
    for literal in _LITERAL_OF_SCRIPT.finditer(source):
        text = next((each for each in literal.groups() if each), "")
        is_for_code = text in _KEYS or _SELECTOR.search(text)
        if not is_for_code and _is_spoken(_FILLED.sub("{}", text)):
            yield source.count("\n", 0, literal.start()) + 1, text


def in_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield the literals that read as words for people, outside of what translates them.

    A line that ends in `# English: WHY` stays as it is.
    """
    lines = source.splitlines()
    for line, text in _literals(ast.parse(source)):
        if "# English:" not in lines[line - 1]:
            yield line, text


def _literals(node: ast.AST) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Expr(value=ast.Constant()):
            return  # a docstring
        case ast.Call() if _is_for_machines(node.func):
            return
        case ast.Raise() if _is_for_programmers(node):
            return
        case (
            ast.Assign(targets=[ast.Name(id="__all__")])
            | ast.AnnAssign(
                target=ast.Name(id="NOT_LINKED")  # why a field of a record is not in its digest
            )
        ):
            return
        case ast.JoinedStr():
            if _is_spoken_pattern(pattern := _pattern(node)) or _translates_within(node):
                yield node.lineno, pattern
        case ast.Constant(value=str(text)):
            if _is_spoken(text):
                yield node.lineno, text
    for child in _within(node):
        yield from _literals(child)


def _pattern(node: ast.JoinedStr) -> str:
    """Return a text with braces where facts are filled in."""
    parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return "".join(map(str, parts))


def _translates_within(node: ast.JoinedStr) -> bool:
    """Whether a text is translated inside an f-string, where the catalogue cannot find it."""
    return any(
        isinstance(part, ast.Call)
        and isinstance(part.func, ast.Name)
        and part.func.id in _TRANSLATED_BY
        for part in ast.walk(node)
    )


def _within(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node in which a text may stand that is shown."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "slice") or isinstance(node, ast.Compare):
            continue  # types, and what is compared
        if isinstance(node, ast.Dict) and name == "keys":
            continue
        if isinstance(node, ast.JoinedStr):
            yield from (part for part in node.values if isinstance(part, ast.FormattedValue))
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child


def _is_spoken(text: str) -> bool:
    if _OF_MACHINES.match(text):
        return False
    if _TAG.search(text):
        return any(True for _found in in_template(text))
    return bool(_WORD_ALONE.fullmatch(text) or _WORDS.search(text))


def _is_spoken_pattern(text: str) -> bool:
    if _OF_MACHINES.match(text) or " " not in text or '="' in text:
        return False
    return bool(_WORDS.search(text) or re.search(r"(?:^|\s)[A-Za-z]{3,}\s?\{|\}\s[a-z]{2,}", text))


def _is_for_machines(function: ast.expr) -> bool:
    """Whether what is called translates its texts, or writes them to the log."""
    if isinstance(function, ast.Name):
        return function.id in {*_TRANSLATED_BY, "RawSQL", "cast", "Entry"}
    if not isinstance(function, ast.Attribute):
        return False
    is_log = isinstance(function.value, ast.Name) and function.value.id in ("logger", "log")
    return is_log or function.attr in {*_TRANSLATED_BY, "get"}


def _is_for_programmers(node: ast.Raise) -> bool:
    """Whether what is raised tells of a mistake in the code, which no page shows."""
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id in {
        *("RuntimeError", "TypeError", "ValueError", "NotImplementedError", "ImproperlyConfigured"),
        *("Http404", "SuspiciousOperation", "AssertionError", "LookupError", "KeyError"),
    }
