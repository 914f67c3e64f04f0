"""Connections: kept while they are fresh, and nothing from the answers or the machine sticks."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from permits import transport
from permits.controller import ConfigurationRefused, OutcomeUnknown
from tests.client.conftest import call, make_controller, request
from tests.endings import WITH_STATS, Scene
from tests.raw_server import (
    Conversation,
    RawServer,
    answer,
    answer_each,
    answer_for_ever,
    endlessly,
    http,
    reset_unread,
)


def rest(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let so much time pass on the clock that counts it."""
    clock = time.monotonic
    monkeypatch.setattr("time.monotonic", lambda: clock() + seconds)


class TestKeptAlive:
    def test_one_connection_serves_call_after_call(self, scene: Scene) -> None:
        server = scene.listen(answer_for_ever)
        controller = make_controller(server.url)
        for operation in ("push", "update", "delete"):
            call(controller, operation)
        assert (server.connections, len(server.requests)) == (1, 3)

    def test_it_is_kept_after_a_refusal_too(self, scene: Scene) -> None:
        refusal = http(b'{"ErrorCode": 9033, "ErrorMessage": "no"}')
        server = scene.listen(answer_each(refusal, http()))
        controller = make_controller(server.url)
        with pytest.raises(Exception, match="no"):
            call(controller, "push")
        call(controller, "push")
        assert server.connections == 1

    def test_calls_at_once_have_a_connection_each(self, scene: Scene) -> None:
        together = threading.Barrier(3)

        def answer_together(conversation: Conversation) -> None:
            conversation.read_request()
            together.wait(timeout=10)
            conversation.say(http())
            answer_for_ever(conversation)

        server = scene.listen(answer_together)
        controller = make_controller(server.url)
        with ThreadPoolExecutor(3) as threads:
            list(threads.map(lambda _: call(controller, "push"), range(15)))
        assert (server.connections, len(server.requests)) == (3, 15)

    def test_any_number_of_threads_share_the_connections(self, scene: Scene) -> None:
        server = scene.listen(answer_for_ever)
        controller = make_controller(server.url, connections=2)

        def work(_: int) -> None:
            with controller.slot():
                call(controller, "push")

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work, range(40)))
        assert server.connections <= 2
        assert len(server.requests) == 40

    def test_one_that_the_server_closed_meanwhile_is_not_used_again(self, scene: Scene) -> None:
        server = scene.listen(answer_each(http()))
        controller = make_controller(server.url)
        for _ in range(3):
            call(controller, "push")
            server.ended.acquire(timeout=5)
        assert (server.connections, len(server.requests)) == (3, 3)

    def test_one_that_has_rested_is_not_used_again(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = scene.listen(answer_for_ever)
        controller = make_controller(server.url)
        call(controller, "push")
        rest(monkeypatch, transport.REST_LIMIT)
        call(controller, "push")
        assert server.connections == 2

    def test_one_that_has_rested_less_is_used_again(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = scene.listen(answer_for_ever)
        controller = make_controller(server.url)
        call(controller, "push")
        rest(monkeypatch, transport.REST_LIMIT / 2)
        call(controller, "push")
        assert server.connections == 1

    def test_one_whose_answer_was_not_read_to_its_end_is_not_used_again(self, scene: Scene) -> None:
        server = scene.listen(endlessly(http(b"", length=10**9), b"x" * 65536), answer(http()))
        controller = make_controller(server.url)
        with pytest.raises(OutcomeUnknown, match="longer than"):
            call(controller, "push")
        call(controller, "push")
        assert server.connections == 2

    def test_what_follows_an_answer_is_not_taken_for_the_next_one(self, scene: Scene) -> None:
        forged = http(b'{"ErrorCode": 9033, "ErrorMessage": "forged"}')
        server = scene.listen(answer_each(http() + forged, http()))
        controller = make_controller(server.url)
        call(controller, "push")
        call(controller, "push")
        assert len(server.requests) == 2


class TestRedirects:
    @pytest.mark.parametrize("operation", WITH_STATS)
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_no_request_goes_where_a_redirect_points(
        self, scene: Scene, operation: str, status: int
    ) -> None:
        with RawServer(answer_for_ever) as elsewhere:
            scene.sandbox.fault("redirect", status=status, location=f"{elsewhere.url}/push")
            with pytest.raises(ConfigurationRefused, match=f"another address .HTTP {status}."):
                call(make_controller(scene.url), operation)
            assert elsewhere.connections == 0

    def test_no_request_goes_elsewhere_on_the_same_host(self, scene: Scene) -> None:
        scene.sandbox.fault("redirect", location="/elsewhere")
        before = len(scene.sandbox.requests())
        with pytest.raises(ConfigurationRefused):
            call(make_controller(scene.url), "push")
        assert len(scene.sandbox.requests()) == before + 1


class TestNothingSticks:
    def test_a_cookie_is_not_sent_back(self, scene: Scene) -> None:
        cookies = ["Set-Cookie: session=secret; Path=/", "Set-Cookie2: a=b; Version=1"]
        server = scene.listen(answer_each(http(b"{}", *cookies), http()))
        controller = make_controller(server.url)
        with pytest.raises(OutcomeUnknown):
            call(controller, "push")
        call(controller, "push")
        assert len(server.requests) == 2
        assert b"cookie" not in server.requests[1].lower()

    @pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
    def test_a_proxy_of_the_environment_is_not_used(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        with RawServer(reset_unread) as proxy:
            monkeypatch.setenv(variable, proxy.url)
            monkeypatch.delenv("no_proxy", raising=False)
            monkeypatch.delenv("NO_PROXY", raising=False)
            call(make_controller(scene.url), "push")
            assert proxy.connections == 0

    def test_a_netrc_adds_no_authorization(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
        monkeypatch.setenv("NETRC", str(netrc))
        server = scene.listen(answer(http()))
        call(make_controller(server.url), "push")
        assert b"authorization" not in server.requests[0].lower()


def test_no_more_calls_are_made_at_once_than_there_are_connections(scene: Scene) -> None:
    at_once, most, lock = 0, 0, threading.Lock()
    controller = make_controller(scene.url, connections=2)

    def work(_: int) -> None:
        nonlocal at_once, most
        with controller.slot():
            with lock:
                at_once += 1
                most = max(most, at_once)
            controller.apply(request("push"))
            with lock:
                at_once -= 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(24)))
    assert most == 2
