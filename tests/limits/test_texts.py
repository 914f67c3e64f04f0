"""Ticket numbers, zone names, and the identifiers that the controller and its vendor give."""

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from permits import limits
from tests.limits.languages import BLANKS, INVISIBLE, visible_text

TEXTS = {"ticket number": (limits.ticket_number, 50), "zone name": (limits.zone_name, 200)}
IDENTIFIERS = {
    "reference ID": limits.reference_id,
    "token": limits.token,
    "client code": limits.client_code,
}
Limit = Callable[[str], str]


@pytest.mark.parametrize(("limit", "longest"), TEXTS.values(), ids=TEXTS)
class TestTexts:
    @pytest.mark.parametrize("letter", ["A", "é", "京", "\U00020000", "😀"])
    def test_the_length_counts_characters(self, limit: Limit, longest: int, letter: str) -> None:
        assert limit(letter * longest) == letter * longest
        with pytest.raises(limits.LimitError, match=f"{longest} characters.*has {longest + 1}"):
            limit(letter * (longest + 1))

    def test_the_blanks_around_it_are_trimmed_and_those_inside_kept(
        self, limit: Limit, longest: int
    ) -> None:
        assert limit(f"\t{BLANKS}Lot  4{BLANKS}\r\n") == "Lot  4"

    def test_case_and_marks_are_kept(self, limit: Limit, longest: int) -> None:
        assert limit("Zöne <b>&'\"; --") == "Zöne <b>&'\"; --"

    def test_one_spelling_in_unicode_is_kept(self, limit: Limit, longest: int) -> None:
        assert limit("Zo\u0308ne") == "Z\u00f6ne"

    @pytest.mark.parametrize("character", INVISIBLE.values(), ids=INVISIBLE)
    def test_an_invisible_character_is_refused_and_named(
        self, limit: Limit, longest: int, character: str
    ) -> None:
        with pytest.raises(limits.LimitError, match=rf"U\+{ord(character):04X} \(at position 4\)"):
            limit(f"Lot{character}4")

    @given(data=st.data())
    def test_visible_text_is_kept_and_kept_again(
        self, limit: Limit, longest: int, data: st.DataObject
    ) -> None:
        typed = data.draw(visible_text(longest).filter(lambda t: t.strip() and "," not in t))
        kept = limit(typed)
        assert kept == limit(kept) == unicodedata.normalize("NFC", typed.strip(BLANKS))


def test_a_ticket_number_may_be_left_out() -> None:
    assert limits.ticket_number(" ") == ""


def test_a_ticket_number_may_hold_a_comma() -> None:
    assert limits.ticket_number("12,5") == "12,5"


@pytest.mark.parametrize("typed", ["", "  ", "\u00a0"])
def test_a_zone_must_have_a_name(typed: str) -> None:
    with pytest.raises(limits.LimitError, match="Enter the zone's name"):
        limits.zone_name(typed)


@pytest.mark.parametrize("typed", [",", "Lot 4,North", "Lot 4, North", ",Lot"])
def test_a_zone_name_with_a_comma_is_refused_with_the_reason(typed: str) -> None:
    with pytest.raises(limits.LimitError, match=r"cannot hold a comma.*counts separate zones"):
        limits.zone_name(typed)


@pytest.mark.parametrize("limit", IDENTIFIERS.values(), ids=IDENTIFIERS)
class TestIdentifiers:
    @given(typed=st.from_regex(r"[A-Za-z0-9-]{1,50}", fullmatch=True))
    def test_letters_digits_and_dashes_are_kept(self, limit: Limit, typed: str) -> None:
        assert limit(typed) == limit(f" {typed}\n") == typed

    @pytest.mark.parametrize(
        "typed",
        [
            *(
                "",
                " ",
                "a b",
                "a_b",
                "a/b",
                "a.b",
                "a,b",
                "../x",
                "é",
                "\u0661",
                "\uff21",
                "a\nb",
                "a\x00",
            ),
            *("<script>", "a\u200bb", "\u2013", "a?x=1", "a#", "%2e"),
        ],
    )
    def test_anything_else_is_refused(self, limit: Limit, typed: str) -> None:
        with pytest.raises(limits.LimitError, match="letters A to Z, digits and dashes only"):
            limit(typed)

    def test_it_has_50_characters_at_the_most(self, limit: Limit) -> None:
        assert limit("a" * 50) == "a" * 50
        with pytest.raises(limits.LimitError, match="50 characters at the most"):
            limit("a" * 51)


@given(st.text(min_size=8, max_size=80))
def test_no_error_repeats_a_token(typed: str) -> None:
    assume(not re.fullmatch(r"[A-Za-z0-9-]{1,50}", typed.strip()))
    with pytest.raises(limits.LimitError) as caught:
        limits.token(typed)
    assert typed not in str(caught.value)
