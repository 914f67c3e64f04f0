"""What the sandbox makes of requests that are too large, broken or in pieces."""

import pytest

from tests.sandbox.calls import Wire, ask, http, permit, wait_for_requests
from tests.sandbox_server import Sandbox

OK = b"GET /sandbox/zones HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"


class TestBounds:
    @pytest.mark.parametrize(
        ("request_bytes", "status"),
        [
            (b"nonsense\r\n\r\n", 400),
            (b"\r\n\r\n", 400),
            (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
            (b"GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            (b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 413),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 413),
            (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 100 + b"\r\n", 431),
            (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", 431),
            (b"GET /" + b"y" * 40_000, 431),
        ],
    )
    def test_it_says_what_is_wrong_and_closes(
        self, sandbox: Sandbox, request_bytes: bytes, status: int
    ) -> None:
        with Wire(sandbox) as wire:
            wire.send(request_bytes)
            answered, headers, _ = wire.answer()
            assert (answered, headers["connection"]) == (status, "close")
            assert wire.until_end() == b""
        assert sandbox.requests() == []

    def test_a_refused_body_that_is_still_being_sent_does_not_hide_the_answer(
        self, sandbox: Sandbox
    ) -> None:
        with Wire(sandbox) as wire:
            wire.send(http(b"x" * 20_000_000))
            assert wire.answer()[0] == 413

    def test_a_body_at_the_limit_is_read(self, sandbox: Sandbox) -> None:
        assert ask(sandbox, http(b" " * 65536))[0] == 200


class TestConnections:
    def test_one_carries_many_requests(self, sandbox: Sandbox) -> None:
        with Wire(sandbox) as wire:
            for _ in range(5):
                wire.send(http())
                assert wire.answer()[0] == 200
        assert len(sandbox.records()) == 5

    def test_a_request_may_come_in_pieces(self, sandbox: Sandbox) -> None:
        with Wire(sandbox) as wire:
            for byte in http():
                wire.send(bytes([byte]))
            assert wire.answer()[0] == 200

    def test_requests_sent_at_once_are_answered_in_turn(self, sandbox: Sandbox) -> None:
        with Wire(sandbox) as wire:
            wire.send(http() + http(Connection="close"))
            assert wire.until_end().count(b"HTTP/1.1 200 OK") == 2

    def test_it_closes_when_the_client_asks_it_to(self, sandbox: Sandbox) -> None:
        with Wire(sandbox) as wire:
            wire.send(http(Connection="close"))
            assert b"\r\nConnection: close\r\n" in wire.until_end()

    def test_it_closes_after_as_many_requests_as_is_set(self, sandbox: Sandbox) -> None:
        sandbox.settings(close_after_requests=2)
        with Wire(sandbox) as wire:
            wire.send(http())
            assert "connection" not in wire.answer()[1]
            wire.send(http())
            assert wire.answer()[1]["connection"] == "close"
            assert wire.until_end() == b""

    def test_a_half_sent_request_has_no_effect(self, sandbox: Sandbox) -> None:
        with Wire(sandbox) as wire:
            wire.send(http()[:-1])
        assert sandbox.call("push", permit())["status"] == "success"
        assert len(sandbox.requests()) == 1

    def test_a_client_that_leaves_before_the_answer_has_pushed_all_the_same(
        self, sandbox: Sandbox
    ) -> None:
        with Wire(sandbox) as wire:
            wire.send(http())
        wait_for_requests(sandbox, 1)
        assert len(sandbox.records()) == 1

    def test_it_asks_for_the_body_of_a_client_that_waits_to_be_asked(
        self, sandbox: Sandbox
    ) -> None:
        head, _, body = http(Expect="100-continue").partition(b"\r\n\r\n")
        with Wire(sandbox) as wire:
            wire.send(head + b"\r\n\r\n")
            assert wire.answer()[0] == 100
            wire.send(body)
            assert wire.answer()[0] == 200

    def test_head_is_answered_without_a_body(self, sandbox: Sandbox) -> None:
        with Wire(sandbox) as wire:
            wire.send(
                http(b"", path="/", method="HEAD", host=f"127.0.0.1:{sandbox.port}")
                + OK % sandbox.port
            )
            first = wire.socket.recv(65536)
        assert first.startswith(b"HTTP/1.1 200 OK")
        assert b"<html" not in first


class TestStrays:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/api/OC-TOMA/v1/permits/push", 405),
            ("POST", "/api/OC-TOMA/v1/permits/fetch", 404),
            ("POST", "/api/OC-TOMA/v1/permits/push/", 404),
            ("POST", "/api/OC-TOMA/v2/permits/push", 404),
            ("POST", "/login", 404),
        ],
    )
    def test_what_is_no_call_is_refused_and_shown(
        self, sandbox: Sandbox, method: str, path: str, status: int
    ) -> None:
        assert ask(sandbox, http(method=method, path=path))[0] == status
        (request,) = sandbox.requests()
        assert (request["method"], request["path"], request["applied"]) == (method, path, False)
        assert "sandbox-token" not in str(request)

    def test_a_whole_address_is_understood(self, sandbox: Sandbox) -> None:
        path = "http://controller.example/api/OC%2DTOMA/v1/permits/push?x=1"
        assert ask(sandbox, http(path=path))[0] == 200
        assert len(sandbox.records()) == 1
