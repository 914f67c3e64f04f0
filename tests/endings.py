"""Every way in which a call can end, for the tests of the client and of the engine.

An `Ending` lays out the scene that the next call will meet, and says which error comes of it; what
becomes of the permit follows from the error by the design's table.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from permits.controller import (
    Busy,
    ConfigurationRefused,
    ControllerError,
    OutcomeUnknown,
    PermitRefused,
    Unreachable,
)
from tests.processes import free_port
from tests.raw_server import (
    REFERENCE,
    SUCCESS,
    Act,
    RawServer,
    answer,
    answer_unread,
    close_at_the_first_word,
    close_unread,
    endlessly,
    http,
    reset_at_the_first_word,
    reset_read,
    reset_unread,
    stay_silent,
)
from tests.sandbox_server import Sandbox

OPERATIONS: Final = ("push", "update", "delete")
WITH_STATS: Final = (*OPERATIONS, "stats")
CERTIFICATE: Final = Path(__file__).parent / "self_signed.pem"


class Scene:
    """What the next call meets: the sandbox, unless something is put in its place."""

    def __init__(self, sandbox: Sandbox, stack: ExitStack) -> None:
        self.sandbox, self.url = sandbox, sandbox.url
        self.reference = REFERENCE  # of the record that the call concerns
        self._stack = stack

    def listen(self, *acts: Act, tls: ssl.SSLContext | None = None) -> RawServer:
        """Put a raw server in the sandbox's place."""
        server = self._stack.enter_context(RawServer(*acts, tls=tls))
        self.url = server.url
        return server

    def listen_with_full_backlog(self) -> None:
        """Put a listener in the sandbox's place that takes no further connection."""
        self.url = self._stack.enter_context(_full_backlog())


Arrange = Callable[[Scene], object]


@dataclass(frozen=True)
class Ending:
    """One way in which a call can end."""

    name: str
    error: type[ControllerError]
    arrange: Arrange = field(repr=False)
    of: tuple[str, ...] = WITH_STATS  # the operations that can end so
    code: int | None = None  # the controller's ErrorCode
    impatient: bool = False  # it takes as long as the client waits

    def __str__(self) -> str:
        return self.name


def fault(name: str, **parameters: object) -> Arrange:
    """The sandbox meets the next call with a fault."""
    return lambda scene: scene.sandbox.fault(name, **parameters)


def literally(body: object, status: int = 200, **headers: str) -> Arrange:
    """The sandbox answers the next call with this text, or this value as JSON."""
    return fault("answer", body=body, status=status, headers=headers)


def success(status: int = 200, **more: object) -> Arrange:
    """The sandbox answers the next call with success and something that does not fit."""

    def arrange(scene: Scene) -> None:
        names = ("reference_id", "InternalReferenceID")
        body = {"status": "success", **dict.fromkeys(names, scene.reference), **more}
        literally(body, status)(scene)

    return arrange


def raw(act: Act) -> Arrange:
    """A raw server meets the next call."""
    return lambda scene: scene.listen(act)


def tls_context() -> ssl.SSLContext:
    """A server's side of TLS, with a certificate that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def _go_to(scheme_and_host: str) -> Arrange:
    def arrange(scene: Scene) -> None:
        scene.url = f"{scheme_and_host}:{free_port()}"

    return arrange


def _https_to(act: Act) -> Arrange:
    def arrange(scene: Scene) -> None:
        scene.listen(act)
        scene.url = scene.url.replace("http://", "https://")

    return arrange


def _with_a_certificate_nobody_trusts(scene: Scene) -> None:
    scene.listen(answer(http()), tls=tls_context())


@contextmanager
def _full_backlog() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as stack:
        port = listener.getsockname()[1]
        for _ in range(4):  # more than it takes, so that the next one waits
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        yield f"http://127.0.0.1:{port}"


UNREACHABLE: Final = [
    Ending("refused", Unreachable, _go_to("http://127.0.0.1")),
    Ending("name unknown", Unreachable, _go_to("http://controller.invalid")),
    Ending("name too long", Unreachable, _go_to(f"http://{'a' * 64}.invalid")),
    Ending("TLS certificate", Unreachable, _with_a_certificate_nobody_trusts),
    Ending("TLS to a plain server", Unreachable, _https_to(answer_unread)),
    Ending("TLS reset", Unreachable, _https_to(reset_at_the_first_word)),
    Ending("TLS closed", Unreachable, _https_to(close_at_the_first_word)),
    Ending("TLS silent", Unreachable, _https_to(stay_silent), impatient=True),
    Ending("connect timeout", Unreachable, Scene.listen_with_full_backlog, impatient=True),
]

BUSY: Final = [
    Ending("429", Busy, fault("status", status=429)),
    Ending("503", Busy, fault("status", status=503)),
    Ending("503 with a page", Busy, fault("html", status=503)),
]

CONFIGURATION: Final = [
    *(
        Ending(f"{status}", ConfigurationRefused, fault("status", status=status))
        for status in (401, 403, 404)
    ),
    *(
        Ending(f"{status}", ConfigurationRefused, fault("redirect", status=status))
        for status in (301, 302, 303, 307, 308)
    ),
    Ending("302 to nonsense", ConfigurationRefused, fault("redirect", location="http://[::1")),
    Ending("302 without address", ConfigurationRefused, fault("status", status=302)),
    *(
        Ending(
            f"{code} under {status}",
            ConfigurationRefused,
            fault("error", code=code, status=status),
            code=code,
        )
        for code in (9000, 9001, 9002)
        for status in (200, 400, 422)
    ),
]

_CODES = (9003, 9004, 9005, 9006, 9007, 9008, 9022, 9030, 9031, 9032, 9033)
_UNLISTED = (9015, 12345, 0)

PERMIT: Final = [
    *(
        Ending(
            f"{code} under {status}",
            PermitRefused,
            fault("error", code=code, status=status),
            code=code,
        )
        for code in (*_CODES, *_UNLISTED)
        for status in (200, 400, 422)
    ),
    *(
        Ending(
            f"9033 under {status}", PermitRefused, fault("error", code=9033, status=status),
            code=9033,
        )
        for status in (302, 401, 404, 429, 500, 503)
    ),
    Ending("code as digits", PermitRefused, literally({"ErrorCode": "9033"}), code=9033),
    Ending("negative code", PermitRefused, literally({"ErrorCode": -5}), code=-5),
    Ending(
        "message as list", PermitRefused, literally({"ErrorCode": 9033, "ErrorMessage": ["no"]}),
        code=9033,
    ),
    Ending(
        "message with NUL and surrogate", PermitRefused,
        literally('{"ErrorCode": 9033, "ErrorMessage": "a\\u0000b\\ud800c"}'), code=9033,
    ),
]  # fmt: skip

LOST: Final = [
    Ending("reset before reading", OutcomeUnknown, raw(reset_unread)),
    Ending("close before reading", OutcomeUnknown, raw(close_unread)),
    Ending("reset", OutcomeUnknown, raw(reset_read)),
    *(
        Ending(
            f"{name}, {'applied' if applied else 'not applied'}", OutcomeUnknown,
            fault(name, applied=applied), impatient=name == "silence",
        )
        for name in ("reset", "close", "silence")
        for applied in (True, False)
    ),
    Ending("cut off", OutcomeUnknown, fault("cut_off")),
    Ending("cut off in the head", OutcomeUnknown, raw(answer(b"HTTP/1.1 200 OK\r\nContent-"))),
    Ending("cut off in a chunk", OutcomeUnknown, raw(answer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"%x\r\n" % len(SUCCESS),
        SUCCESS[:-9]))),
    Ending("chunked and never ended", OutcomeUnknown, raw(answer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"%x\r\n%b\r\n" % (len(SUCCESS), SUCCESS)))),
    Ending("body by drips", OutcomeUnknown, fault("drip", interval=0.05), impatient=True),
    Ending("head by drips", OutcomeUnknown, fault("drip_headers", interval=0.05), impatient=True),
    Ending("endless 100", OutcomeUnknown, raw(endlessly(
        b"", b"HTTP/1.1 100 Continue\r\n\r\n")), impatient=True),
    Ending("huge", OutcomeUnknown, fault("huge")),
    Ending("huge in chunks", OutcomeUnknown, fault("huge", chunked=True)),
    Ending("huge once unpacked", OutcomeUnknown, fault("huge", gzip=True)),
]  # fmt: skip

GARBLED: Final = [
    *(
        Ending(f"{status}", OutcomeUnknown, fault("status", status=status))
        for status in (400, 405, 418, 422, 500, 502, 504)
    ),
    Ending("HTML under 200", OutcomeUnknown, fault("html")),
    Ending("HTML under 500", OutcomeUnknown, fault("html", status=500)),
    Ending("list", OutcomeUnknown, fault("list")),
    Ending("null", OutcomeUnknown, fault("null")),
    Ending("empty", OutcomeUnknown, fault("empty")),
    Ending("204", OutcomeUnknown, fault("empty", status=204)),
    Ending("invalid UTF-8", OutcomeUnknown, fault("invalid_utf8")),
    Ending("gzip", OutcomeUnknown, fault("huge", gzip=True, size=500)),
    Ending("not JSON", OutcomeUnknown, literally("success")),
    Ending("deep", OutcomeUnknown, raw(answer(http(b"[" * 200_000)))),
    Ending("a number of 5,000 digits", OutcomeUnknown, literally("9" * 5_000)),
    Ending("JSON and more", OutcomeUnknown, raw(answer(http(SUCCESS + b"}")))),
    Ending("no HTTP", OutcomeUnknown, raw(answer(b"\x16\x03\x01\x02\x00\x01" * 50))),
    Ending("bad status line", OutcomeUnknown, raw(answer(b"HTTP/1.1 OK\r\n\r\n"))),
    Ending("101", OutcomeUnknown, raw(answer(http(status="101 Switching Protocols")))),
    Ending("long header", OutcomeUnknown, raw(answer(http(SUCCESS, "A: " + "a" * 100_000)))),
    Ending("many headers", OutcomeUnknown, raw(answer(http(SUCCESS, *["A: a"] * 1000)))),
    *(
        Ending(f"ErrorCode {code!r}", OutcomeUnknown, literally({"ErrorCode": code}))
        for code in (True, False, None, 9033.0, [9033], {"code": 9033}, "", "x", "9033 ", 10**12)
    ),
    Ending("other status", OutcomeUnknown, literally({"status": "ok"}), of=OPERATIONS),
    Ending("status as list", OutcomeUnknown, literally({"status": ["success"]}), of=OPERATIONS),
]

CONTRADICTORY: Final = [
    *(
        Ending(f"success under {status}", OutcomeUnknown, success(status), of=OPERATIONS)
        for status in (302, 400, 401, 404, 429, 500, 503)
    ),
    *(
        Ending(
            f"success with ErrorCode {code!r}",
            OutcomeUnknown,
            success(ErrorCode=code),
            of=OPERATIONS,
        )
        for code in (9033, 9000, 0, None, "")
    ),
]  # fmt: skip

UNREFERENCED: Final = [
    Ending("no reference", OutcomeUnknown, fault("no_reference"), of=OPERATIONS),
    Ending("markup as reference", OutcomeUnknown, fault("markup_reference"), of=OPERATIONS),
    Ending("5,000 letters as reference", OutcomeUnknown, fault("long_reference"), of=OPERATIONS),
    Ending("another's reference", OutcomeUnknown, fault("other_reference"), of=OPERATIONS[1:]),
    *(
        Ending(
            f"reference {reference!r}", OutcomeUnknown, success(reference_id=reference),
            of=OPERATIONS,
        )
        for reference in (None, "", 12, True, [REFERENCE], f" {REFERENCE}", f"{REFERENCE}\n", "a b")
    ),
]  # fmt: skip

UNKNOWN: Final = [*LOST, *GARBLED, *CONTRADICTORY, *UNREFERENCED]
ENDINGS: Final = [*UNREACHABLE, *BUSY, *CONFIGURATION, *PERMIT, *UNKNOWN]


def by_operation(endings: list[Ending], *operations: str) -> list[Any]:
    """The pairs of an ending and an operation that can end so, for `parametrize`."""
    chosen = operations or WITH_STATS
    return [(ending, each) for ending in endings for each in chosen if each in ending.of]
