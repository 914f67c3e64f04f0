"""Reads what the control interface is given; a refusal names the value and what it must be."""

import json
from collections.abc import Collection
from typing import NoReturn


class Unacceptable(Exception):
    """The control interface was given something it cannot use; the text says what."""


def read_json(body: bytes) -> object:
    """The JSON value in a control request's body."""
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unacceptable("The body is not JSON.") from error


def mapping(value: object, name: str, known: Collection[str] | None = None) -> dict[str, object]:
    """An object; with `known`, one that holds no other names than these."""
    if not isinstance(value, dict):
        _refuse(name, "an object", value)
    if known is not None and (unknown := sorted(set(value) - set(known))):
        expected = ", ".join(sorted(known))
        raise Unacceptable(f"{name} does not take {', '.join(unknown)}; it takes {expected}.")
    return value


def items(value: object) -> list[object]:
    """A list, or one thing as a list of one."""
    return value if isinstance(value, list) else [value]


def number(value: object, name: str, *, lowest: float = 0, highest: float) -> float:
    """A finite number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(name, "a number", value)
    if not lowest <= value <= highest:
        _refuse(name, f"a number from {lowest} to {highest}", value)
    return float(value)


def whole(value: object, name: str, *, lowest: int, highest: int) -> int:
    """A whole number within bounds."""
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        _refuse(name, f"a whole number from {lowest} to {highest}", value)
    return value


def flag(value: object, name: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        _refuse(name, "true or false", value)
    return value


def text(value: object, name: str) -> str:
    """A string, which may be empty."""
    if not isinstance(value, str):
        _refuse(name, "a string", value)
    return value


def choice(value: object, name: str, choices: Collection[str]) -> str:
    """One of the strings given."""
    if not isinstance(value, str) or value not in choices:
        _refuse(name, f"one of {', '.join(choices)}", value)
    return value


def header_pairs(value: object, name: str) -> tuple[tuple[str, str], ...]:
    """Header names and values that can stand in a head as they are."""
    pairs = tuple((key, text(item, key)) for key, item in mapping(value, name).items())
    for key, item in pairs:
        printable = key.isascii() and f"{key}{item}".isprintable()
        if not key or not printable or set(key) & set(" :") or not item.isascii():
            raise Unacceptable(f"{name}: {key!r} is not a header in plain ASCII.")
    return pairs


def _refuse(name: str, expected: str, value: object) -> NoReturn:
    raise Unacceptable(f"{name} must be {expected}, not {json.dumps(value)[:80]}.")
