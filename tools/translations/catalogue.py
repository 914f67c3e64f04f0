"""The catalogue against the code: every text is in it, translated, with the placeholders it has."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from tools.translations import CATALOGUE, ROOT, python_files, template_files

_KEYWORDS: Final = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_PLACEHOLDER: Final = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")
_LOOSE: Final = re.compile(r" (?=[:;?!»](?!\w))|(?<=«) ")
_FIRST_OF_LINE: Final = re.compile(r"^\s+", re.MULTILINE)


def found() -> Catalog:
    """Return every text of the code that is to be translated, and where it stands."""
    catalogue = Catalog(locale="fr", fuzzy=False)
    for path in (*python_files(), *template_files()):
        place = str(path.relative_to(ROOT))
        for _line, text, _comments, context in _texts(path):
            catalogue.add(text, locations=[(place, 0)], context=context)
    return catalogue


def _texts(path: Path) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    source = path.read_text()
    if path.suffix != ".py":
        # Django writes a template as calls between fillers; indents mean nothing there.
        source = _FIRST_OF_LINE.sub("", templatize(source, origin=str(path)))
    yield from extract("python", io.BytesIO(source.encode()), _KEYWORDS)
    # What is written down in English, and translated when it is shown: `permits.shown` looks for it
    # under this context.
    for line, text, comments, _none in extract(
        "python", io.BytesIO(source.encode()), {"said": None}
    ):
        yield line, text, comments, "stored"


def read(path: Path = CATALOGUE) -> Catalog:
    """Return the catalogue as it was translated."""
    with path.open("rb") as file:
        return read_po(file, locale="fr")


def update(path: Path = CATALOGUE) -> None:
    """Bring the catalogue to what the code has, and compile it. New texts have no translation."""
    catalogue = read(path)
    catalogue.update(found(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    with path.open("wb") as file:
        write_po(file, catalogue, width=100, sort_output=True, include_lineno=False)
    path.with_suffix(".mo").write_bytes(compiled(read(path)))


def compiled(catalogue: Catalog) -> bytes:
    """Return the catalogue as the portal reads it: no line of French begins with a colon."""
    file, bound = io.BytesIO(), Catalog(locale="fr")
    for message in catalogue:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        joined = tuple(_LOOSE.sub("\N{NO-BREAK SPACE}", str(text)) for text in texts)
        string = joined if isinstance(message.string, tuple) else joined[0]
        bound.add(message.id, string, context=message.context)
    write_mo(file, bound)
    return file.getvalue()


def problems(path: Path = CATALOGUE) -> Iterator[str]:
    """Yield what is wrong with the catalogue, a line for each text."""
    now, kept = found(), read(path)
    for message in now:
        if not message.id:
            continue
        known = kept.get(message.id, message.context)
        where = ", ".join(sorted({place for place, _line in message.locations}))
        if known is None:
            yield f"{where}: not in the catalogue: {_words(message)!r}"
        elif problem := _problem(known):
            yield f"{where}: {problem}: {_words(message)!r}"
    for message in kept:
        if message.id and now.get(message.id, message.context) is None:
            yield f"{path.name}: no text of the code is: {_words(message)!r}"
    if path.with_suffix(".mo").read_bytes() != compiled(kept):
        yield f"{path.name}: what is compiled is older."


def _problem(message: Message) -> str:
    """Return what is wrong with a translation, or nothing."""
    if message.fuzzy:
        return "its translation is marked as a guess"
    texts = message.id if isinstance(message.id, tuple) else (message.id,)
    strings = message.string if isinstance(message.string, tuple) else (message.string,)
    if not all(strings) or len(strings) < len(texts):
        return "not translated"
    wanted = set(_PLACEHOLDER.findall(str(texts[-1])))
    for string in strings:
        given = set(_PLACEHOLDER.findall(str(string)))
        if given != wanted and not (len(texts) > 1 and string == strings[0] and given <= wanted):
            return "its translation has other placeholders"
    return ""


def _words(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple) else str(message.id)
