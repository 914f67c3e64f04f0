"""Each fault as a client sees it on the wire, and what has become of its call."""

import gzip
import json
from typing import Any

import pytest

from permits import sandbox as sandbox_package
from permits.sandbox.faults import Name
from tests.sandbox.calls import UUID4, Wire, ask, code, http, permit, push, wait_for_requests
from tests.sandbox_server import Sandbox

NO_ANSWER = ["reset", "close", "silence"]


def strike(sandbox: Sandbox, name: str, **parameters: object) -> tuple[int, dict[str, str], bytes]:
    """The answer to a push that meets this fault."""
    sandbox.fault(name, **parameters)
    return ask(sandbox, http())


class TestNoAnswer:
    def test_reset_ends_with_a_rst(self, sandbox: Sandbox) -> None:
        sandbox.fault("reset")
        with Wire(sandbox) as wire:
            wire.send(http())
            with pytest.raises(ConnectionResetError):
                wire.socket.recv(1)

    def test_close_ends_with_a_fin(self, sandbox: Sandbox) -> None:
        sandbox.fault("close")
        with Wire(sandbox) as wire:
            wire.send(http())
            assert wire.until_end() == b""

    def test_silence_holds_the_connection_and_says_nothing(self, sandbox: Sandbox) -> None:
        sandbox.fault("silence")
        with Wire(sandbox) as wire:
            wire.send(http())
            wire.socket.settimeout(0.2)
            with pytest.raises(TimeoutError):
                wire.socket.recv(1)

    def test_silence_ends_when_its_hold_does(self, sandbox: Sandbox) -> None:
        sandbox.fault("silence", hold=0.05)
        with Wire(sandbox) as wire:
            wire.send(http())
            assert wire.until_end() == b""

    @pytest.mark.parametrize("name", NO_ANSWER)
    def test_the_ledger_shows_that_nothing_was_answered(self, sandbox: Sandbox, name: str) -> None:
        sandbox.fault(name)
        with Wire(sandbox) as wire:
            wire.send(http())
            (request,) = wait_for_requests(sandbox, 1)
        assert (request["fault"], request["status"], request["answer"]) == (name, None, None)


class TestSlowAnswers:
    def test_slow_answers_well_after_its_delay(self, sandbox: Sandbox) -> None:
        sandbox.fault("slow", delay=0.3)
        with Wire(sandbox) as wire:
            wire.send(http())
            wire.socket.settimeout(0.1)
            with pytest.raises(TimeoutError):
                wire.socket.recv(1)
            assert len(sandbox.records()) == 1, "the effect does not wait for the answer"
            wire.socket.settimeout(5)
            assert succeeded(wire.answer())

    def test_the_delay_setting_holds_up_every_call_but_no_control(self, sandbox: Sandbox) -> None:
        sandbox.settings(delay=30)
        with Wire(sandbox) as wire:
            wire.send(http())
            (request,) = wait_for_requests(sandbox, 1)
            assert request["status"] == 200

    def test_drip_sends_the_head_at_once_and_the_body_by_bytes(self, sandbox: Sandbox) -> None:
        sandbox.fault("drip", interval=0.02)
        with Wire(sandbox) as wire:
            wire.send(http())
            head, rest = wire.socket.recv(65536), b""
            assert head.partition(b"\r\n\r\n")[2] in (b"", b"{")
            for _ in range(5):
                rest += (piece := wire.socket.recv(65536))
                assert len(piece) <= 3

    def test_a_whole_drip_is_the_right_answer(self, sandbox: Sandbox) -> None:
        assert succeeded(strike(sandbox, "drip", interval=0))

    def test_drip_headers_sends_the_head_by_bytes(self, sandbox: Sandbox) -> None:
        sandbox.fault("drip_headers", interval=0.02)
        with Wire(sandbox) as wire:
            wire.send(http())
            pieces = [wire.socket.recv(65536) for _ in range(5)]
        assert all(len(piece) <= 3 for piece in pieces)
        assert b"HTTP/1.1 200 OK".startswith(b"".join(pieces))

    def test_whole_dripped_headers_are_the_right_answer(self, sandbox: Sandbox) -> None:
        assert succeeded(strike(sandbox, "drip_headers", interval=0))

    def test_a_slow_call_holds_up_no_other(self, sandbox: Sandbox) -> None:
        sandbox.fault("silence", times=200)
        wires = [Wire(sandbox) for _ in range(200)]
        for wire in wires:
            wire.send(http())
        wait_for_requests(sandbox, 200)
        assert sandbox.call("push", permit())["status"] == "success"
        for wire in wires:
            wire.socket.close()


class TestOtherAnswers:
    def test_status_is_503_unless_told_otherwise(self, sandbox: Sandbox) -> None:
        status, _, body = strike(sandbox, "status")
        assert (status, body) == (503, b"")

    def test_status_carries_headers_and_a_body(self, sandbox: Sandbox) -> None:
        status, headers, body = strike(
            sandbox, "status", status=429, headers={"Retry-After": "7"}, body="slower"
        )
        assert (status, headers["retry-after"], body) == (429, "7", b"slower")

    def test_redirect_points_elsewhere(self, sandbox: Sandbox) -> None:
        status, headers, _ = strike(sandbox, "redirect", status=307, location="/trap")
        assert (status, headers["location"]) == (307, "/trap")

    def test_a_redirect_that_is_followed_shows_in_the_ledger(self, sandbox: Sandbox) -> None:
        assert ask(sandbox, http(path="/elsewhere"))[0] == 404
        (request,) = sandbox.requests()
        assert (request["path"], request["operation"], request["token"]) == (
            "/elsewhere",
            None,
            "valid",
        )

    def test_html_is_a_page_with_status_200(self, sandbox: Sandbox) -> None:
        status, headers, body = strike(sandbox, "html")
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert body.startswith(b"<!doctype html>")

    def test_error_is_a_refusal_of_any_kind(self, sandbox: Sandbox) -> None:
        status, _, body = strike(sandbox, "error", code=9999, message="Ünknown", status=422)
        assert status == 422
        assert json.loads(body) == {"ErrorCode": 9999, "ErrorMessage": "Ünknown"}

    def test_echo_token_repeats_the_whole_request(self, sandbox: Sandbox) -> None:
        _, _, body = strike(sandbox, "echo_token")
        assert code(json.loads(body)) == 9003
        assert '"apiToken": "sandbox-token"' in json.loads(body)["ErrorMessage"]

    def test_answer_is_sent_literally(self, sandbox: Sandbox) -> None:
        status, headers, body = strike(
            sandbox, "answer", status=299, headers={"Content-Type": "text/x"}, body="é"
        )
        assert (status, headers["content-type"], body) == (299, "text/x", "é".encode())

    def test_answer_takes_any_json_for_its_body(self, sandbox: Sandbox) -> None:
        _, headers, body = strike(sandbox, "answer", body={"status": "success", "reference_id": 7})
        assert headers["content-type"] == "application/json"
        assert json.loads(body) == {"status": "success", "reference_id": 7}


class TestBrokenAnswers:
    def test_cut_off_promises_more_than_it_sends(self, sandbox: Sandbox) -> None:
        sandbox.fault("cut_off")
        with Wire(sandbox) as wire:
            wire.send(http())
            head, _, body = wire.until_end().partition(b"\r\n\r\n")
        promised = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        assert 0 < len(body) < promised
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            json.loads(body)

    def test_list_wraps_the_right_answer(self, sandbox: Sandbox) -> None:
        _, _, body = strike(sandbox, "list")
        assert [answer["status"] for answer in json.loads(body)] == ["success"]

    def test_null_is_json_and_no_object(self, sandbox: Sandbox) -> None:
        assert strike(sandbox, "null")[2] == b"null"

    def test_empty_has_a_status_and_no_body(self, sandbox: Sandbox) -> None:
        status, headers, body = strike(sandbox, "empty")
        assert (status, headers["content-length"], body) == (200, "0", b"")

    def test_an_empty_204_has_no_length_either(self, sandbox: Sandbox) -> None:
        status, headers, _ = strike(sandbox, "empty", status=204)
        assert status == 204
        assert "content-length" not in headers

    def test_invalid_utf8_is_json_but_for_its_bytes(self, sandbox: Sandbox) -> None:
        _, _, body = strike(sandbox, "invalid_utf8")
        with pytest.raises(UnicodeDecodeError):
            body.decode()
        assert json.loads(body.decode("latin-1"))["status"] == "success"

    @pytest.mark.parametrize("size", [1, 150, 200, 1_000_000])
    def test_huge_has_exactly_its_size(self, sandbox: Sandbox, size: int) -> None:
        _, headers, body = strike(sandbox, "huge", size=size)
        assert len(body) == int(headers["content-length"]) == size

    def test_huge_is_the_right_answer_padded(self, sandbox: Sandbox) -> None:
        answer = json.loads(strike(sandbox, "huge", size=100_000)[2])
        assert UUID4.fullmatch(answer["reference_id"])

    def test_huge_can_hide_its_length(self, sandbox: Sandbox) -> None:
        sandbox.fault("huge", size=100_000, chunked=True)
        with Wire(sandbox) as wire:
            wire.send(http())
            head, _, body = wire.until_end().partition(b"\r\n\r\n")
        assert b"content-length" not in head.lower()
        assert len(unchunked(body)) == 100_000

    def test_huge_can_hide_its_size(self, sandbox: Sandbox) -> None:
        sandbox.fault("huge", size=5_000_000, gzip=True)
        with Wire(sandbox) as wire:
            wire.send(http())
            head, _, body = wire.until_end().partition(b"\r\n\r\n")
        assert b"content-encoding: gzip" in head.lower()
        assert len(body) < 50_000
        assert len(gzip.decompress(unchunked(body))) == 5_000_000

    def test_huge_stops_when_the_client_leaves(self, sandbox: Sandbox) -> None:
        sandbox.fault("huge", size=10_000_000_000)
        with Wire(sandbox) as wire:
            wire.send(http())
            wire.socket.recv(65536)
        assert sandbox.call("push", permit())["status"] == "success"


class TestReferences:
    def test_no_reference_is_a_success_without_one(self, sandbox: Sandbox) -> None:
        assert json.loads(strike(sandbox, "no_reference")[2]) == {"status": "success"}

    def test_other_reference_is_no_records(self, sandbox: Sandbox) -> None:
        answer = json.loads(strike(sandbox, "other_reference")[2])
        assert UUID4.fullmatch(answer["reference_id"])
        assert [record["reference"] for record in sandbox.records()] != [answer["reference_id"]]

    def test_markup_reference_would_run_as_a_script(self, sandbox: Sandbox) -> None:
        assert "<script>" in json.loads(strike(sandbox, "markup_reference")[2])["reference_id"]

    def test_long_reference_has_5000_letters(self, sandbox: Sandbox) -> None:
        answer = json.loads(strike(sandbox, "long_reference")[2])
        assert answer["reference_id"] == answer["InternalReferenceID"] == "a" * 5000

    def test_a_refusal_has_none_to_spoil(self, sandbox: Sandbox) -> None:
        sandbox.fault("other_reference")
        assert code(sandbox.call("push", permit(plate=None))) == 9006


class TestStale:
    def test_it_answers_well_and_then_closes_unsaid(self, sandbox: Sandbox) -> None:
        sandbox.fault("stale")
        with Wire(sandbox) as wire:
            wire.send(http())
            answer = wire.answer()
            assert succeeded(answer)
            assert "connection" not in answer[1]
            assert wire.until_end() == b""

    def test_the_next_request_on_it_has_no_effect(self, sandbox: Sandbox) -> None:
        sandbox.fault("stale", interval=0.3)
        with Wire(sandbox) as wire:
            wire.send(http())
            wire.answer()
            wire.socket.settimeout(0.1)
            with pytest.raises(TimeoutError):
                wire.socket.recv(1)
            wire.socket.settimeout(5)
            wire.send(http())
            assert wire.until_end() == b""
        assert len(sandbox.requests()) == 1


@pytest.mark.parametrize("name", list(Name))
class TestEveryFault:
    @pytest.mark.parametrize("applied", [True, False])
    def test_it_takes_effect_when_told_to(self, sandbox: Sandbox, name: str, applied: bool) -> None:
        sandbox.fault(name, applied=applied, operation="push", **quick(name))
        with Wire(sandbox) as wire:
            wire.send(http())
            (request,) = wait_for_requests(sandbox, 1)
        assert (request["fault"], request["applied"]) == (name, applied)
        assert [record["reference"] for record in sandbox.records()] == (
            [request["reference"]] if applied else []
        )
        assert sandbox.control("GET", "/sandbox/faults") == {"faults": []}

    def test_it_gives_a_refused_call_no_effect(self, sandbox: Sandbox, name: str) -> None:
        sandbox.fault(name, applied=True, **quick(name))
        with Wire(sandbox) as wire:
            wire.send(http(b"{}"))
            (request,) = wait_for_requests(sandbox, 1)
        assert not request["applied"]
        assert sandbox.records() == []

    def test_it_is_explained(self, sandbox: Sandbox, name: str) -> None:
        assert f"`{name}`" in (sandbox_package.__doc__ or "")

    def test_it_refuses_a_parameter_that_it_does_not_take(
        self, sandbox: Sandbox, name: str
    ) -> None:
        with pytest.raises(RuntimeError, match=r"400.*does not take colour"):
            sandbox.fault(name, colour="red")


class TestTheQueue:
    def test_faults_are_met_in_order_each_as_often_as_it_says(self, sandbox: Sandbox) -> None:
        sandbox.fault("error", code=1, times=2)
        sandbox.fault("error", code=2)
        answers = [sandbox.call("push", permit()).get("ErrorCode") for _ in range(4)]
        assert answers == [1, 1, 2, None]

    def test_a_fault_waits_for_its_operation(self, sandbox: Sandbox) -> None:
        sandbox.fault("error", code=1, operation="delete")
        sandbox.fault("error", code=2)
        assert code(sandbox.call("stats")) == 2
        reference = push(sandbox)
        assert code(sandbox.call("delete", {"referenceid": reference})) == 1

    def test_a_list_is_queued_whole_or_not_at_all(self, sandbox: Sandbox) -> None:
        sandbox.control("POST", "/sandbox/faults", [{"fault": "reset"}, {"fault": "null"}])
        with pytest.raises(RuntimeError, match="fault must be one of"):
            sandbox.control("POST", "/sandbox/faults", [{"fault": "drip"}, {"fault": "nope"}])
        left = sandbox.control("GET", "/sandbox/faults")["faults"]
        assert [fault["fault"] for fault in left] == ["reset", "null"]

    def test_what_is_left_is_listed_with_its_defaults(self, sandbox: Sandbox) -> None:
        sandbox.fault("huge", operation="push", times=3)
        sandbox.fault("status", headers={"Retry-After": "3"}, times=2)
        ask(sandbox, http(path="/api/OC-TOMA/v1/permits/update"))
        assert sandbox.control("GET", "/sandbox/faults")["faults"] == [
            {
                "fault": "huge",
                "operation": "push",
                "times": 3,
                "applied": True,
                "delay": 0,
                "size": 52428800,
                "chunked": False,
                "gzip": False,
            },
            {
                "fault": "status",
                "operation": None,
                "times": 1,
                "applied": False,
                "delay": 0,
                "status": 503,
                "headers": {"Retry-After": "3"},
                "body": "",
            },
        ]

    def test_a_listed_fault_can_be_queued_again_as_it_is(self, sandbox: Sandbox) -> None:
        for name in Name:
            sandbox.fault(name)
        listed = sandbox.control("GET", "/sandbox/faults")["faults"]
        sandbox.control("DELETE", "/sandbox/faults")
        assert sandbox.control("POST", "/sandbox/faults", listed)["faults"] == listed

    def test_it_can_be_cleared(self, sandbox: Sandbox) -> None:
        sandbox.fault("reset")
        sandbox.control("DELETE", "/sandbox/faults")
        assert sandbox.call("push", permit())["status"] == "success"

    @pytest.mark.parametrize(
        "parameters",
        [
            {"times": 0},
            {"times": 1.5},
            {"times": True},
            {"delay": -1},
            {"delay": "1"},
            {"applied": "yes"},
            {"operation": "create"},
            {"status": 99},
            {"status": 100},
            {"headers": {"Retry-After": "1\r\nX: y"}},
            {"headers": {"Retry After": "1"}},
            {"headers": {"Retry-After": 1}},
            {"headers": []},
        ],
    )
    def test_it_refuses_a_parameter_out_of_bounds(
        self, sandbox: Sandbox, parameters: dict[str, Any]
    ) -> None:
        with pytest.raises(RuntimeError, match="was answered 400"):
            sandbox.fault("status", **parameters)


class TestRandomFaults:
    def test_the_same_seed_strikes_the_same_calls(self, sandbox: Sandbox) -> None:
        struck = [self.strikes(sandbox, seed=7), self.strikes(sandbox, seed=7)]
        assert struck[0] == struck[1]
        assert 5 < sum(struck[0]) < 25
        assert self.strikes(sandbox, seed=8) != struck[0]

    def test_a_queued_fault_goes_first(self, sandbox: Sandbox) -> None:
        sandbox.settings(random_faults={"rate": 1, "faults": [{"fault": "error", "code": 1}]})
        sandbox.fault("error", code=2)
        assert [code(sandbox.call("stats")) for _ in range(2)] == [2, 1]

    def test_they_end_with_null(self, sandbox: Sandbox) -> None:
        sandbox.settings(random_faults={"rate": 1, "faults": [{"fault": "error"}]})
        assert sandbox.settings(random_faults=None)["random_faults"] is None
        assert sandbox.call("push", permit())["status"] == "success"

    @staticmethod
    def strikes(sandbox: Sandbox, *, seed: int) -> list[bool]:
        """Which of thirty calls are struck."""
        faults = [{"fault": "error", "operation": "stats"}]
        sandbox.settings(random_faults={"rate": 0.5, "seed": seed, "faults": faults})
        return ["ErrorCode" in sandbox.call("stats") for _ in range(30)]


def quick(name: str) -> dict[str, object]:
    """Parameters that make a fault short."""
    if name == Name.HUGE:
        return {"size": 1000}
    return {"interval": 0} if name in (Name.DRIP, Name.DRIP_HEADERS) else {}


def succeeded(answer: tuple[int, dict[str, str], bytes]) -> bool:
    """Whether this is the right answer to a push."""
    status, _, body = answer
    value = json.loads(body)
    reference = value.get("reference_id", "")
    return (
        status == 200
        and value["status"] == "success"
        and UUID4.fullmatch(reference) is not None
        and value["InternalReferenceID"] == reference
    )


def unchunked(body: bytes) -> bytes:
    """The content of a chunked body, which must end as it should."""
    content = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        if int(size, 16) == 0:
            assert body == b"\r\n"
            return content
        content += body[: int(size, 16)]
        assert body[int(size, 16) :].startswith(b"\r\n")
        body = body[int(size, 16) + 2 :]
