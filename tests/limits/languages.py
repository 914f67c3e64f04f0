"""What people and files give: the strategies that the properties are tried with."""

import unicodedata
from typing import Final

from hypothesis import strategies as st

INVISIBLE_CATEGORIES: Final = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Control characters, invisible formatting, surrogates, private use, unassigned, line ends."""

INVISIBLE: Final = {
    "NUL": "\x00",
    "tab": "\t",
    "line feed": "\n",
    "carriage return": "\r",
    "escape": "\x1b",
    "delete": "\x7f",
    "next line": "\x85",
    "soft hyphen": "\xad",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "right-to-left mark": "\u200f",
    "right-to-left override": "\u202e",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "lone surrogate": "\ud800",
    "private use": "\ue000",
    "unassigned": "\u0378",
    "noncharacter": "\uffff",
    "tag": "\U000e0041",
    "grapheme joiner": "\u034f",
    "Hangul filler": "\u3164",
    "Hangul choseong filler": "\u115f",
    "half-width Hangul filler": "\uffa0",
    "Khmer inherent vowel": "\u17b4",
    "Braille blank": "\u2800",
}
"""Characters that nobody sees, as they come in with copied text."""

BLANKS: Final = "\u00a0\u1680\u2000\u2002\u2003\u2009\u200a\u202f\u205f\u3000 "
"""Blanks of keyboards, spreadsheets and typesetting."""

DASHES: Final = "-\u2010\u2011\u2012\u2013\u2014\u2015\ufe58\uff0d"


def invisible_characters() -> st.SearchStrategy[str]:
    """Any character that nobody sees."""
    return st.characters(categories=INVISIBLE_CATEGORIES)


def visible_text(longest: int) -> st.SearchStrategy[str]:
    """Text without anything invisible, not trimmed, composed as it will be kept."""
    characters = st.characters(exclude_categories=INVISIBLE_CATEGORIES)
    return st.text(characters, max_size=longest).map(lambda t: unicodedata.normalize("NFC", t))
