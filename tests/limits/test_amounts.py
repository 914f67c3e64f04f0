"""Amounts: read as people write them, kept and sent with exactly two places."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permits import limits

CENTS = st.integers(1, 99_999_999)


@pytest.mark.parametrize(
    ("typed", "on_wire"),
    [
        ("5", "5.00"),
        ("5.0", "5.00"),
        ("5.00", "5.00"),
        ("5.", "5.00"),
        (".5", "0.50"),
        (" 14.50 ", "14.50"),
        ("007", "7.00"),
        ("5.000", "5.00"),
        ("0.01", "0.01"),
        ("999999.99", "999999.99"),
    ],
)
def test_an_amount_is_sent_with_two_places(typed: str, on_wire: str) -> None:
    assert limits.amount_on_wire(limits.amount(typed)) == on_wire


@given(CENTS)
def test_every_amount_within_the_range_is_kept_to_the_cent(cents: int) -> None:
    text = f"{cents // 100}.{cents % 100:02d}"
    amount = limits.amount(text)
    assert amount == Decimal(cents) / 100
    assert limits.amount_on_wire(amount) == text


@given(st.text("0123456789.", max_size=12))
def test_what_is_read_is_what_was_written(typed: str) -> None:
    try:
        amount = limits.amount(typed)
    except limits.LimitError:
        return
    assert amount == Decimal(typed)
    assert 4 <= len(limits.amount_on_wire(amount)) <= 9


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", ".", "abc", "1e3", "1E3", "nan", "NaN", "inf", "-inf", "snan"),
        *("-1", "+1", "- 1", "1 000", "1,000", "1,50", "1_000", "$5", "5 CAD", "5%"),
        *("\u0661", "\uff15", "5.\u0660\u0660", "²", "½", "5\x00", "5\n5", "0x10", "5.0.0"),
        "9" * 1_000_000,
        "0." + "0" * 50,
    ],
    ids=lambda typed: repr(typed)[:20],
)
def test_what_is_no_plain_decimal_is_refused(typed: str) -> None:
    with pytest.raises(limits.LimitError, match=r"in digits, such as 14\.50"):
        limits.amount(typed)


@pytest.mark.parametrize(
    "typed", ["0", "0.00", "0.001", "0.009", "1000000", "999999.991", "999999.999", "9" * 40]
)
def test_what_lies_outside_the_range_is_refused(typed: str) -> None:
    with pytest.raises(limits.LimitError, match=r"between 0\.01 and 999999\.99"):
        limits.amount(typed)


@pytest.mark.parametrize("typed", ["5.001", "0.011", "14.505", "999999.989"])
def test_a_third_place_is_refused_and_never_rounded_away(typed: str) -> None:
    with pytest.raises(limits.LimitError, match="two decimal places at the most"):
        limits.amount(typed)


@given(CENTS, st.integers(1, 999))
def test_no_more_than_two_places_ever_pass(cents: int, rest: int) -> None:
    with pytest.raises(limits.LimitError):
        limits.amount(f"{cents // 100}.{cents % 100:02d}{rest:03d}")


@pytest.mark.parametrize("given_", [Decimal("NaN"), Decimal("Infinity"), Decimal(-1)])
def test_a_decimal_that_is_no_amount_is_refused(given_: Decimal) -> None:
    with pytest.raises(limits.LimitError):
        limits.amount(given_)


@pytest.mark.parametrize(
    ("given_", "kept"),
    [(Decimal(5), "5.00"), (Decimal("1E+3"), "1000.00"), (Decimal("14.500"), "14.50")],
)
def test_a_decimal_is_kept_with_two_places(given_: Decimal, kept: str) -> None:
    assert str(limits.amount(given_)) == kept


@pytest.mark.parametrize(
    ("typed", "kept"), [("CAD", "CAD"), (" usd ", "USD"), ("", ""), ("  ", "")]
)
def test_a_currency_is_kept_in_upper_case_and_may_be_left_out(typed: str, kept: str) -> None:
    assert limits.currency(typed) == kept


@pytest.mark.parametrize("typed", ["EUR", "CADUSD", "C A D", "$", "CAD\x00"])
def test_another_currency_is_refused(typed: str) -> None:
    with pytest.raises(limits.LimitError, match="Choose CAD or USD"):
        limits.currency(typed)
