"""Whatever stands in a list's address: the list comes, and tells what it leaves out."""

from typing import Any, Final

import pytest
from django.contrib import admin
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permits.models import Permit, SyncAttempt
from tests.engine.office import push
from tests.pages.desk import HISTORY, PERMITS, Desks

FILTERED: Final = {
    PERMITS: Permit,
    f"{PERMITS}?needs=unknown": Permit,
    f"{PERMITS}?needs=still_there": Permit,
    HISTORY: SyncAttempt,
}
OTHERS: Final = (
    "q",
    "o",
    "after",
    "before",
    "last",
    "p",
    "all",
    "e",
    "_facets",
    "plate",
    "plate__regex",
    "nonsense",
)
JUNK: Final = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            *(
                "",
                " ",
                "\0",
                "x",
                "-1",
                "0",
                "1",
                "99",
                "9" * 40,
                "1e9",
                "NaN",
                "Infinity",
                "½",
                "٣",
            ),
            *("0001-01-01", "9999-12-31", "2026-02-30", "2026-11-26", "0000-00-00"),
            *("0001-01-01T00:00", "9999-12-31T23:59", "2026-03-08T02:30", "2026-11-01T01:30"),
            *("5~", "~5", "5~2026-11-26", "5~ABC", "-1.2.3", "..", "none", "*", "**", "a*b*", "#5"),
            *("'; DROP TABLE permits_permit; --", "<script>", "%00", "🚗" * 9, "a" * 3000),
        ]
    ),
)
# The same junk each time: what once passed does not fail by chance.
SETTINGS: Final = settings(
    max_examples=20, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def parameters(model: type[Any]) -> list[str]:
    """The names by which a list's address narrows it down."""
    filters: Any = admin.site.get_model_admin(model).list_filter
    names = [getattr(each, "parameters", None) or [each.parameter_name] for each in filters]
    return [name for several in names for name in several]


def address(path: str, given: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The list's path and its parameters; those of the path give way."""
    path, _, query = path.partition("?")
    return path, {**dict(pair.split("=") for pair in query.split("&") if pair), **given}


@pytest.mark.parametrize("path", FILTERED)
def test_any_of_it_together(desks: Desks, path: str) -> None:
    push()
    names = [*parameters(FILTERED[path]), *OTHERS]

    @SETTINGS
    @given(st.dictionaries(st.sampled_from(names), JUNK, max_size=5))
    def shows_the_list(given: dict[str, str]) -> None:
        answer = desks.root.client.get(*address(path, given), follow=True)
        assert answer.status_code == 200, given

    shows_the_list()


@pytest.mark.parametrize("path", [PERMITS, HISTORY])
def test_one_filter_is_in_use_or_told_to_be_left_out(desks: Desks, path: str) -> None:
    push()

    @SETTINGS
    @given(st.sampled_from(parameters(FILTERED[path])), JUNK)
    def is_honest(name: str, value: str) -> None:
        page = desks.root.client.get(path, {name: value}).content.decode()
        in_use, left_out = 'class="chip"' in page, "” was left out. " in page
        assert not (in_use and left_out), (name, value)
        assert in_use or left_out or not value.replace("\0", "").strip(), (name, value)

    is_honest()


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("state=x", "State: “x” was left out. Choose one from the list."),
        ("amount_to=x", "Amount: “x” was left out. Enter an amount in digits, such as 14.50."),
        ("valid_from=2026-02-30", "Enter a day, such as 2026-04-03."),
        ("valid_at=2026-03-08T02:30", "2026-03-08 02:30 does not exist: the clocks skip it"),
        ("needs=nothing", "Needs a person: “nothing” was left out."),
        ("after=x", "The page that was asked for is not there. This is the first one."),
        ("plate__regex=(", "“plate__regex” is no filter of this list, and was left out."),
    ],
)
def test_it_is_said_in_a_sentence(desks: Desks, query: str, told: str) -> None:
    push()
    page = desks.clerk.open(f"{PERMITS}?{query}")
    assert told in page.text
    assert len(page.rows()) == 1
