"""The environment, which `permitportal.settings` alone reads: each variable once, with its cure.

A bad value is noted instead of raised. The system checks in `permits.checks` then name every bad
variable at once, each with its cure, and refuse to start. Until then a harmless default stands in.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import environ

T = TypeVar("T")

BASE_DIR: Final = Path(__file__).resolve().parent.parent
SECRET_VARIABLES: Final = (
    "SECRET_KEY",
    "HISTORY_KEY",
    "DATABASE_URL",
    "QUEUE_URL",
    "OPSCOM_API_TOKEN",
    "EMAIL_URL",
    "METRICS_TOKEN",
)
"""Each may stand in a file instead, which `VARIABLE_FILE` names, and is shown nowhere."""


class Problem(NamedTuple):
    """A variable of the environment that cannot be used, why, and what to do about it."""

    variable: str
    reason: str
    cure: str


PROBLEMS: Final[list[Problem]] = []

_env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


@cache
def text(variable: str) -> str:
    """Return the variable's value, of a secret that of its file; empty where there is none."""
    given = str(_env.str(variable, default="")).strip()
    file = str(_env.str(f"{variable}_FILE", default="")).strip()
    if not file or variable not in SECRET_VARIABLES:
        return given
    cure = f"Set {variable} or {variable}_FILE, and let the portal read the file that it names."
    try:
        content = Path(file).read_text().strip()
    except (OSError, ValueError) as error:
        note(f"{variable}_FILE", f"It cannot be read: {error}", cure)
        return given
    if given and given != content:
        note(f"{variable}_FILE", f"So is {variable} set.", cure)
    return content


def read(variable: str, cast: Callable[[str], T], default: str, cure: str) -> T:
    """Return the variable's value, or its default with a note of what is wrong with the value."""
    given = text(variable) or default
    try:
        return cast(given)
    except (ValueError, KeyError, environ.ImproperlyConfigured) as error:
        is_secret = variable in SECRET_VARIABLES
        reason = str(error) if is_secret else f"{given!r} cannot be used. {error}"
        note(variable, reason, cure)
        return cast(default)


def note(variable: str, reason: str, cure: str) -> None:
    """Note what is wrong with a variable."""
    PROBLEMS.append(Problem(variable, reason, cure))


def want(*variables: str, because: str, cure: str) -> None:
    """Note each of these variables that is missing."""
    for variable in variables:
        if not text(variable):
            note(variable, f"It is missing, and {because}.", cure)
