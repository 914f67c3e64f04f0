"""Licence plates: one form for all the ways that people write one."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from permits import limits
from tests.limits.languages import (
    BLANKS,
    DASHES,
    INVISIBLE,
    INVISIBLE_CATEGORIES,
    invisible_characters,
    visible_text,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ABC123", "ABC123"),
        ("abc 123", "ABC 123"),
        ("  abc  123\t", "ABC 123"),
        ("\r\nABC 123\n", "ABC 123"),
        ("ab\u00a0\u202f12", "AB 12"),
        ("ab\u2013cd", "AB-CD"),
        ("\u00e9t\u00e9 1", "ÉTÉ 1"),
        ("e\u0301 1", "É 1"),
        ("straße 1", "STRASSE 1"),
        ("京都 12-34", "京都 12-34"),
        ("<b>&amp;", "<B>&AMP;"),
    ],
)
def test_it_is_kept_trimmed_in_upper_case_with_single_blanks_and_plain_dashes(
    typed: str, kept: str
) -> None:
    assert limits.plate(typed) == kept


@given(visible_text(26))
def test_what_is_kept_is_kept_as_it_is(typed: str) -> None:
    try:
        kept = limits.plate(typed)
    except limits.LimitError:
        return
    assert limits.plate(kept) == kept
    assert 0 < len(kept) <= 25
    assert kept == kept.strip() == unicodedata.normalize("NFC", kept)
    assert not {unicodedata.category(character) for character in kept} & set(INVISIBLE_CATEGORIES)


@given(st.text("ABC123", min_size=1, max_size=8), st.data())
def test_spacing_dashes_and_case_make_no_other_plate(letters: str, data: st.DataObject) -> None:
    between = st.text(st.sampled_from(BLANKS + DASHES), max_size=2)
    written = "".join(
        data.draw(between) + data.draw(st.sampled_from([letter, letter.lower()]))
        for letter in letters
    )
    assert limits.plate_key(limits.plate(written)) == limits.plate_key(letters) == letters


@given(st.text("ABC123", min_size=1), st.text("ABC123", min_size=1))
def test_other_letters_make_another_plate(one: str, other: str) -> None:
    assume(one != other)
    assert limits.plate_key(one) != limits.plate_key(other)


@pytest.mark.parametrize("typed", ["", " ", "\u00a0", "-", " - ", "\u2013"])
def test_a_plate_without_a_letter_or_digit_is_refused(typed: str) -> None:
    with pytest.raises(limits.LimitError, match="Enter the licence plate"):
        limits.plate(typed)


@pytest.mark.parametrize("letter", ["A", "É", "京", "\U00020000", "😀"])
def test_its_length_counts_characters_and_not_bytes_or_utf16_units(letter: str) -> None:
    assert limits.plate(letter * 25) == letter * 25
    with pytest.raises(limits.LimitError, match="25 characters at the most; this has 26"):
        limits.plate(letter * 26)


def test_its_length_counts_what_is_kept_and_not_what_was_typed() -> None:
    assert limits.plate("  " + "e\u0301" * 25 + "  ") == "É" * 25
    with pytest.raises(limits.LimitError, match="this has 26"):
        limits.plate("ß" * 13)


@pytest.mark.parametrize("character", INVISIBLE.values(), ids=INVISIBLE)
def test_an_invisible_character_is_refused_and_named(character: str) -> None:
    with pytest.raises(limits.LimitError, match=rf"U\+{ord(character):04X} \(at position 2\)"):
        limits.plate(f"A{character}B")


@given(invisible_characters())
def test_no_invisible_character_passes(character: str) -> None:
    with pytest.raises(limits.LimitError, match="invisible character"):
        limits.plate(f"A{character}B")
