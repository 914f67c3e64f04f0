"""The API token leaves in the body of a call, and appears nowhere else."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from permits.controller import Busy, ControllerError, OutcomeUnknown, PermitRefused
from tests.client.conftest import call, impatient, make_controller
from tests.endings import (
    CONFIGURATION,
    OPERATIONS,
    UNKNOWN,
    UNREACHABLE,
    WITH_STATS,
    Ending,
    Scene,
    by_operation,
    fault,
    literally,
    raw,
    success,
)
from tests.raw_server import answer, http
from tests.sandbox_server import TOKEN

SHOUTED = TOKEN.upper()
ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in TOKEN)
ECHOES = [
    Ending("echo", PermitRefused, fault("echo_token")),
    Ending(
        "echo in capitals",
        PermitRefused,
        literally({"ErrorCode": 9003, "ErrorMessage": f"Bad token {SHOUTED}"}),
    ),
    Ending("echo in a page", PermitRefused, literally(f"<p>{TOKEN}</p>", 500)),
    Ending(
        "echo as structure",
        PermitRefused,
        literally({"ErrorCode": 9003, "ErrorMessage": {"sent": {"apiToken": TOKEN}}}),
    ),
    Ending(
        "echo in escapes",
        PermitRefused,
        literally(f'{{"ErrorCode": 9003, "ErrorMessage": "{ESCAPED}"}}'),
    ),
    Ending("echo as a name", OutcomeUnknown, literally({TOKEN: TOKEN, "data": [TOKEN]})),
    Ending("echo as the reference", OutcomeUnknown, success(reference_id=TOKEN)),
    Ending("echo in a header", Busy, fault("status", headers={"Retry-After": TOKEN})),
    Ending("echo in no header", OutcomeUnknown, raw(answer(http(b"{}", TOKEN, f": {TOKEN}")))),
    Ending("echo in the status", OutcomeUnknown, raw(answer(f"HTTP {TOKEN}\r\n\r\n".encode()))),
    Ending("echo in the reason", Busy, raw(answer(http(b"{}", status=f"503 {TOKEN}")))),
]
SOME = [
    *UNREACHABLE,
    *CONFIGURATION[:9],
    *(ending for ending in UNKNOWN if not ending.impatient),
    *(ending for ending in UNKNOWN if ending.name in ("silence, applied", "body by drips")),
    *ECHOES,
]  # fmt: skip


def failure(scene: Scene, ending: Ending, operation: str) -> ControllerError:
    """The error that the call ends with."""
    ending.arrange(scene)
    controller = (impatient if ending.impatient else make_controller)(scene.url)
    try:
        call(controller, operation, scene.reference)
    except ControllerError as error:
        return error
    raise AssertionError("The call succeeded.")


@contextmanager
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Take down what every logger would say at its most talkative, whatever the settings quiet."""
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="urllib3"):
        yield


def all_that_it_says(error: BaseException) -> str:
    """The error, what it carries, its causes, and every frame's locals."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join([str(error), repr(error), repr(vars(error)), *told.format()])


@pytest.mark.parametrize(("ending", "operation"), by_operation(SOME, "push"), ids=str)
def test_it_is_in_no_error_and_in_no_log(
    scene: Scene, caplog: pytest.LogCaptureFixture, ending: Ending, operation: str
) -> None:
    with everything_logged(caplog):
        said = all_that_it_says(failure(scene, ending, operation))
    assert "permits/controller.py" in said
    assert TOKEN not in (said + caplog.text).lower()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_it_is_in_no_log_of_a_success(
    scene: Scene, caplog: pytest.LogCaptureFixture, operation: str
) -> None:
    with everything_logged(caplog):
        done = call(make_controller(scene.url), operation, scene.reference)
    assert "urllib3" in caplog.text
    assert TOKEN not in caplog.text + repr(done)


@pytest.mark.parametrize("operation", WITH_STATS)
def test_an_echo_of_it_is_covered_in_the_answer_that_is_kept(scene: Scene, operation: str) -> None:
    error = failure(scene, ECHOES[0], operation)
    assert '"apiToken": "[token]"' in str(error)
    assert "[token]" in error.answer.text


def test_the_client_does_not_show_it(scene: Scene) -> None:
    controller = make_controller(scene.url)
    assert controller.token == TOKEN
    assert TOKEN not in repr(controller)
    assert "OC-TOMA" in repr(controller)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ('{"ErrorCode": 9033, "ErrorMessage": "a\\u0000b"}', "a\N{REPLACEMENT CHARACTER}b"),
        ('{"ErrorCode": 9033, "ErrorMessage": "a\\ud800b"}', "a?b"),
        ('{"ErrorCode": 9033, "ErrorMessage": "\\u00e9 \U0001f697"}', "é 🚗"),
        ('{"ErrorCode": 9033, "ErrorMessage": null}', ""),
        ('{"ErrorCode": 9033}', ""),
        ('{"ErrorCode": 9033, "ErrorMessage": ["a", 1]}', "['a', 1]"),
        ('{"ErrorCode": 9033, "ErrorMessage": "%s"}' % ("x" * 20_000), "x" * 10_000),
    ],
)
def test_a_message_is_kept_as_a_database_can_store_it(scene: Scene, body: str, kept: str) -> None:
    literally(body)(scene)
    with pytest.raises(PermitRefused) as caught:
        call(make_controller(scene.url), "push")
    assert str(caught.value) == kept
    assert "\x00" not in caught.value.answer.text
    assert len(caught.value.answer.text) <= 10_000
    assert caught.value.answer.length == len(body.encode())
