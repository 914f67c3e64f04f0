"""Numbers as people write them: on a page in its language, in the shell in English."""

from decimal import Decimal

from django.utils.formats import number_format


def say(number: int) -> str:
    """Return a whole number in groups of three: `1,234`, in French `1 234`."""
    return str(number_format(number, force_grouping=True))


def say_amount(amount: Decimal) -> str:
    """Return an amount of money with two places: `1,234.50`, in French `1 234,50`."""
    return str(number_format(amount, 2, force_grouping=True))


def counted(count: int, what: str) -> str:
    """Return a number of things in the shell's words: `1 row`, `1,200 rows`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
