"""Single cells: what is read is what was meant, and what is unclear is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permits import limits, spreadsheet
from permits.importing import cells
from tests.limits.languages import BLANKS, DASHES, visible_text

PLATES = st.text(f"ABCabc0189ßé.{DASHES}{BLANKS}", max_size=30)


def outcome(read: object, *given: object) -> object:
    """What a function returns, or the sentence it refuses with."""
    try:
        return read(*given)  # type: ignore[operator]
    except limits.LimitError as error:
        return str(error)


class TestAmounts:
    @pytest.mark.parametrize(
        ("cell", "amount"),
        [
            *(("5", "5.00"), ("5.0", "5.00"), ("14.50", "14.50"), (" 7 ", "7.00"), (5, "5.00")),
            *((14.5, "14.50"), (0.1 + 0.2, "0.30"), (999999.99, "999999.99"), ("", None)),
        ],
    )
    def test_it_reads_amounts(self, cell: cells.Cell, amount: str | None) -> None:
        assert cells.amount(cell, decimal_comma=False) == amount

    def test_a_comma_is_a_decimal_sign_only_among_semicolons(self) -> None:
        assert cells.amount("14,50", decimal_comma=True) == "14.50"
        with pytest.raises(limits.LimitError, match=r"with a point, such as 14\.50"):
            cells.amount("14,50", decimal_comma=False)

    @pytest.mark.parametrize("cell", ["$5", "5 CAD", "€14.50", "US$3", "5 usd"])
    def test_a_currency_sign_is_refused(self, cell: str) -> None:
        with pytest.raises(limits.LimitError, match="without its currency"):
            cells.amount(cell, decimal_comma=False)

    @pytest.mark.parametrize("decimal_comma", [True, False])
    @pytest.mark.parametrize(
        "cell", ["1,234.50", "1.234,50", "1 234", "1'234.50", "1\u2019234", "1\u00a0234,5", "1,234"]
    )
    def test_a_thousands_separator_is_refused(self, cell: str, *, decimal_comma: bool) -> None:
        with pytest.raises(limits.LimitError, match="without a thousands separator"):
            cells.amount(cell, decimal_comma=decimal_comma)

    @given(st.integers(1, 99_999_999), st.booleans())
    def test_every_amount_is_read_to_the_cent(self, cents: int, comma: bool) -> None:
        text = f"{cents // 100}{',' if comma else '.'}{cents % 100:02}"
        assert cells.amount(text, decimal_comma=comma) == f"{Decimal(cents) / 100:.2f}"

    @given(st.integers(1, 99_999_999))
    def test_a_number_of_a_workbook_is_read_to_the_cent(self, cents: int) -> None:
        assert cells.amount(cents / 100, decimal_comma=False) == f"{Decimal(cents) / 100:.2f}"

    @given(st.text("0123456789.,' $-+eE", max_size=12), st.booleans())
    def test_what_is_read_is_what_the_limits_read(self, text: str, comma: bool) -> None:
        read = outcome(lambda: cells.amount(text, decimal_comma=comma))
        plain = text.strip().replace(",", ".") if comma else text.strip()
        plain = spreadsheet.undefused(plain)
        if read is None or not plain:
            assert not text.strip()
        elif not str(read).endswith("."):
            assert limits.amount(plain) == Decimal(str(read))


class TestPlatesAndTickets:
    @given(PLATES | visible_text(30))
    def test_a_plate_is_read_as_on_the_form(self, text: str) -> None:
        assert outcome(cells.plate, text) == outcome(limits.plate, text)

    @given(st.text(max_size=60) | visible_text(60))
    def test_a_ticket_number_is_read_as_on_the_form(self, text: str) -> None:
        plain = spreadsheet.undefused(text)
        assert outcome(cells.ticket_number, text) == outcome(limits.ticket_number, plain)

    @given(st.integers(0, 10**15 - 1))
    def test_a_number_keeps_its_digits(self, number: int) -> None:
        assert cells.ticket_number(float(number)) == str(number)
        assert cells.plate(number) == str(number)

    @given(visible_text(30))
    def test_a_defused_cell_is_read_back_as_it_was(self, text: str) -> None:
        assert cells.text(spreadsheet.defused(text)) == spreadsheet.undefused(text)

    @pytest.mark.parametrize("start", ["=", "+", "-", "@"])
    def test_a_formula_does_no_harm_and_comes_back(self, start: str) -> None:
        exported = spreadsheet.defused(f"{start}1+1")
        assert exported.startswith("'")
        assert cells.ticket_number(exported) == f"{start}1+1"


@pytest.mark.parametrize("cell", ["cad", " CAD ", "Cad"])
def test_a_currency_is_read_in_any_case(cell: str) -> None:
    assert cells.currency(cell) == "CAD"


def test_another_currency_is_refused() -> None:
    with pytest.raises(limits.LimitError, match="Write CAD or USD"):
        cells.currency("EUR")
