"""Time and memory: no answer holds a call past its deadline or fills the machine."""

import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from permits.controller import Busy, ConfigurationRefused, ControllerError, OutcomeUnknown
from permits.transport import RESPONSE_LIMIT
from tests.client.conftest import call, make_controller
from tests.endings import CERTIFICATE, Arrange, Scene, fault, raw, tls_context
from tests.raw_server import Act, Conversation, answer, endlessly, http

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
MEGABYTE = 1 << 20


def drip_chunk_extensions(conversation: Conversation) -> None:
    """Begin a chunk whose first line never ends."""
    endlessly(CHUNKED + b"1;", b"x", 0.05)(conversation)


DRIPS: dict[str, Act] = {
    "status line": endlessly(b"HTTP/1.1 200 ", b"O", 0.05),
    "head": endlessly(HEAD + b"X: ", b"x", 0.05),
    "headers": endlessly(HEAD, b"X: x\r\n", 0.1),
    "body": endlessly(http(b"", length=100_000), b"{", 0.05),
    "body without length": endlessly(HEAD + b"\r\n", b"{", 0.05),
    "chunks": endlessly(CHUNKED, b"1\r\n{\r\n", 0.05),
    "chunk": endlessly(CHUNKED + b"ffff\r\n", b"{", 0.05),
    "chunk's line": drip_chunk_extensions,
    "trailers": endlessly(CHUNKED + b"0\r\n", b"X: x\r\n", 0.05),
    "100 continue": endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05),
    "100 continue in a rush": endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
}


class TestTheDeadline:
    @pytest.mark.parametrize("act", DRIPS.values(), ids=DRIPS)
    def test_it_ends_a_call_that_drips(self, scene: Scene, act: Act) -> None:
        scene.listen(act)
        assert 0.4 < self.took(scene, OutcomeUnknown) < 5

    def test_it_ends_a_call_that_drips_over_tls(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trust_the_tests_certificate(monkeypatch)
        scene.listen(DRIPS["body"], tls=tls_context())
        assert 0.4 < self.took(scene, OutcomeUnknown) < 5

    def test_it_ends_a_redirect_that_drips(self, scene: Scene) -> None:
        head = http(b"", "Location: /elsewhere", status="302 Found", length=100_000)
        scene.listen(endlessly(head, b"x", 0.05))
        assert self.took(scene, ConfigurationRefused) < 5

    def test_the_reason_names_it(self, scene: Scene) -> None:
        scene.listen(DRIPS["100 continue in a rush"])
        with pytest.raises(OutcomeUnknown, match="took longer than its deadline"):
            call(make_controller(scene.url, deadline=0.3), "push")

    def test_the_read_timeout_ends_a_silence_before_it(self, scene: Scene) -> None:
        scene.sandbox.fault("silence")
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="The answer was lost: no answer came in time"):
            call(make_controller(scene.url, read_timeout=0.2), "push")
        assert time.monotonic() - begun < 5

    def test_it_caps_the_timeouts_inside_it(self, scene: Scene) -> None:
        scene.sandbox.fault("silence")
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            call(make_controller(scene.url, deadline=0.3), "push")
        assert time.monotonic() - begun < 5

    @staticmethod
    def took(scene: Scene, error: type[ControllerError]) -> float:
        """How long a call took to end with this error, where half a second is the deadline."""
        begun = time.monotonic()
        with pytest.raises(error):
            call(make_controller(scene.url, read_timeout=0.4, deadline=0.5), "push")
        return time.monotonic() - begun


def page(status: str) -> Act:
    """An answer whose page never ends."""
    return endlessly(f"HTTP/1.1 {status}\r\nLocation: /elsewhere\r\n\r\n".encode(), b"x" * 65536)


HUGE: dict[str, tuple[Arrange, type[ControllerError]]] = {
    "50 MB": (fault("huge"), OutcomeUnknown),
    "50 MB in chunks": (fault("huge", chunked=True), OutcomeUnknown),
    "50 MB once unpacked": (fault("huge", gzip=True), OutcomeUnknown),
    "endless page": (raw(page("200 OK")), OutcomeUnknown),
    "endless page of a busy server": (raw(page("503 Busy")), Busy),
    "endless page of a redirect": (raw(page("302 Found")), ConfigurationRefused),
    "a redirect that says it is packed": (
        raw(answer(http(
            b"\x1f\x8b", "Content-Encoding: gzip", "Location: /elsewhere", status="302 Found"))),
        ConfigurationRefused,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("arrange", "error"), HUGE.values(), ids=HUGE)
def test_a_huge_answer_fills_no_memory_and_takes_no_time(
    scene: Scene, arrange: Arrange, error: type[ControllerError]
) -> None:
    arrange(scene)
    begun = time.monotonic()
    with memory_peak() as peak, pytest.raises(error):
        call(make_controller(scene.url), "push")
    assert time.monotonic() - begun < 5
    assert peak[0] < 8 * MEGABYTE


def test_an_answer_of_just_the_limit_is_read(scene: Scene) -> None:
    scene.sandbox.fault("huge", size=RESPONSE_LIMIT)
    assert call(make_controller(scene.url), "push").answer.length == RESPONSE_LIMIT


def test_one_byte_more_is_not_believed(scene: Scene) -> None:
    scene.sandbox.fault("huge", size=RESPONSE_LIMIT + 1)
    with pytest.raises(OutcomeUnknown, match=f"longer than {RESPONSE_LIMIT} bytes"):
        call(make_controller(scene.url), "push")


@contextmanager
def memory_peak() -> Iterator[list[int]]:
    """The most memory that Python took meanwhile, in bytes, as the only item once it is over."""
    peak: list[int] = []
    tracemalloc.start()
    try:
        yield peak
    finally:
        peak.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()


def trust_the_tests_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have requests trust what the tests' own servers show."""
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(CERTIFICATE))


class TestTLS:
    def test_a_call_goes_over_tls_where_the_certificate_is_trusted(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trust_the_tests_certificate(monkeypatch)
        server = scene.listen(answer(http()), tls=tls_context())
        call(make_controller(server.url), "push")
        assert len(server.requests) == 1

    def test_nothing_is_sent_where_it_is_not(self, scene: Scene) -> None:
        server = scene.listen(answer(http()), tls=tls_context())
        with pytest.raises(ControllerError, match="certificate verify failed"):
            call(make_controller(server.url), "push")
        assert server.requests == []

    @pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
    def test_the_environment_cannot_make_it_trusted(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        monkeypatch.setenv(variable, str(CERTIFICATE))
        server = scene.listen(answer(http()), tls=tls_context())
        with pytest.raises(ControllerError, match="certificate verify failed"):
            call(make_controller(server.url), "push")
