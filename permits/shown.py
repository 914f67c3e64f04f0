"""What is written down in English, in the language of the page."""

import re
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real

_STORED: Final = "stored\x04"  # before what `said` marks, in the compiled catalogue
_FACT: Final = re.compile(r"%\((\w+)\)[sd]|%%")
_SENTENCES: Final = re.compile(r"(?<=[.!?:;]) ")
_DEEP: Final = 3  # sentences within sentences


def shown(text: str) -> str:
    """Return a text that was written down, translated as far as the catalogue knows it.

    What somebody typed, or a server said, stays as it is.
    """
    language = translation.get_language()
    if not text or not language or language.partition("-")[0] == "en":
        return text
    return _whole(text, language, _DEEP) or _in_parts(text, language)


def in_every_language(text: str) -> list[str]:
    """Return a text that was written down in each language of the portal."""
    found = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found.append(shown(text))
    return found


def _whole(text: str, language: str, depth: int) -> str:
    """Return the translation of one sentence; empty where there is none."""
    if (found := translation.pgettext("stored", text)) != text:
        return found
    if (found := translation.gettext(text)) != text:
        return found
    if not depth:
        return ""
    for pattern, names, translated in _patterns(language):
        if match := pattern.fullmatch(text):
            facts = zip(names, match.groups(), strict=True)
            return translated % {
                name: _whole(fact, language, depth - 1) or fact for name, fact in facts
            }
    return ""


def _in_parts(text: str, language: str) -> str:
    """Translate sentences that follow each other; those that nobody knows stay."""
    for place in _SENTENCES.finditer(text):
        head, tail = text[: place.start()], text[place.end() :]
        if first := _whole(head, language, _DEEP):
            return f"{first} {shown(tail)}"
    return text


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], tuple[str, ...], str]]:
    """Return each sentence with facts in it as what it looks like, the most particular first."""
    with translation.override(language):
        catalogue: Any = trans_real.catalog()
    found = []
    # Django offers no other way to look through it; its own catalogue for scripts does the same.
    for key, translated in catalogue._catalog.items():  # noqa: SLF001
        sentence = key.removeprefix(_STORED) if isinstance(key, str) else ""
        if sentence == key or not (names := [m[1] for m in _FACT.finditer(sentence) if m[1]]):
            continue
        looks = "(.+?)".join(
            re.escape(part.replace("%%", "%")) for part in re.split(r"%\(\w+\)[sd]", sentence)
        )
        text = re.sub(r"(%\(\w+\))d", r"\1s", translated)  # the facts are texts by now
        found.append((re.compile(looks, re.DOTALL), tuple(names), text))
    return sorted(found, key=lambda each: -len(_FACT.sub("", each[0].pattern)))
