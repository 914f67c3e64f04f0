"""A busy controller may name how long to wait, in seconds or as a date."""

import pytest
import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from permits.controller import RETRY_AFTER_MAX, Busy
from tests.client.conftest import call, make_controller
from tests.endings import WITH_STATS
from tests.sandbox_server import Sandbox

NOON = "2026-11-23T12:00:00Z"
HEADER_TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60)
DATES = st.from_regex(
    r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{1,9} [+-][0-9]{1,30}",
    fullmatch=True,
)


def wait_named(
    sandbox: Sandbox, text: str | None, operation: str = "push", status: int = 503
) -> float:
    """The wait that the client reads from a busy answer with this Retry-After."""
    headers = {} if text is None else {"Retry-After": text}
    sandbox.fault("status", status=status, headers=headers)
    with pytest.raises(Busy) as caught:
        call(make_controller(sandbox.url), operation)
    return caught.value.retry_after


@pytest.mark.parametrize("operation", WITH_STATS)
@pytest.mark.parametrize("status", [429, 503])
class TestEachCall:
    def test_seconds_are_read(self, sandbox: Sandbox, operation: str, status: int) -> None:
        assert wait_named(sandbox, "7", operation, status) == 7

    def test_without_a_wait_none_is_named(
        self, sandbox: Sandbox, operation: str, status: int
    ) -> None:
        assert wait_named(sandbox, None, operation, status) == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("86400", 86_400),
        ("86401", RETRY_AFTER_MAX),
        ("9" * 400, RETRY_AFTER_MAX),
        ("Mon, 23 Nov 2026 12:01:30 GMT", 90),
        ("Mon, 23 Nov 2026 07:01:30 -0500", 90),
        ("Monday, 23-Nov-26 12:01:30 GMT", 90),
        ("Mon Nov 23 12:01:30 2026", 0),  # it names no zone
        ("Mon, 23 Nov 2026 12:00:00 GMT", 0),
        ("Mon, 23 Nov 2020 12:00:00 GMT", 0),
        ("Mon, 23 Nov 2099 12:00:00 GMT", RETRY_AFTER_MAX),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("1.5", 0),
        ("1e9", 0),
        ("Mon, 99 Nov 2026 12:01:30 GMT", 0),
    ],
)
def test_a_wait_is_read_as_seconds_or_as_a_date(
    sandbox: Sandbox, text: str, seconds: float
) -> None:
    with time_machine.travel(NOON, tick=False):
        assert wait_named(sandbox, text) == seconds


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=HEADER_TEXT | DATES)
@example(text="Mon, 23 Nov 2026 12:01:30 +" + "9" * 30)
@example(text="Mon, 23 Nov 9999 23:59:59 -2359")
@example(text="Mon, 01 Jan 0001 00:00:00 +2359")
def test_nothing_that_is_named_is_more_than_a_day_or_breaks_the_call(
    sandbox: Sandbox, text: str
) -> None:
    assert 0 <= wait_named(sandbox, text.strip()) <= RETRY_AFTER_MAX
