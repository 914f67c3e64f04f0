"""The control interface, the ledger that it shows, and whom it answers."""

import json
from typing import Any

import pytest

from tests.sandbox.calls import Wire, ask, http, permit, push
from tests.sandbox_server import TOKEN, Sandbox


class TestTheLedger:
    def test_a_request_is_shown_as_it_came(self, sandbox: Sandbox) -> None:
        ask(sandbox, http(X_Trace="a, b"))
        (request,) = sandbox.requests()
        assert request["method"] == "POST"
        assert request["path"] == "/api/OC-TOMA/v1/permits/push"
        assert (request["operation"], request["client_code"]) == ("push", "OC-TOMA")
        assert ["X-Trace", "a, b"] in request["headers"]
        assert request["fields"] == permit()
        assert (request["token"], request["applied"], request["fault"]) == ("valid", True, None)
        assert (request["status"], json.loads(request["answer"])["status"]) == (200, "success")
        assert request["reference"] == sandbox.records()[0]["reference"]

    @pytest.mark.parametrize(
        "body",
        [
            {"apiToken": TOKEN, "plate": "A"},
            {"apiToken": TOKEN, "api_token": TOKEN},
            {"apiToken": TOKEN, "nested": {"x": 1}},
            {"apiToken": "the-real-one-elsewhere"},
        ],
    )
    def test_no_token_is_ever_in_it(self, sandbox: Sandbox, body: dict[str, object]) -> None:
        sandbox.fault("echo_token")
        ask(sandbox, http(json.dumps(body).encode(), Authorization=f"Bearer {TOKEN}"))
        shown = json.dumps(sandbox.ledger())
        assert TOKEN not in shown
        assert "the-real-one-elsewhere" not in shown

    @pytest.mark.parametrize(
        ("token", "expected"), [(TOKEN, "valid"), ("x", "wrong"), ("", "missing")]
    )
    def test_it_says_what_the_token_was_worth(
        self, sandbox: Sandbox, token: str, expected: str
    ) -> None:
        sandbox.call("stats", {"apiToken": token})
        assert sandbox.requests()[0]["token"] == expected

    def test_a_call_that_was_refused_unread_shows_its_fields(self, sandbox: Sandbox) -> None:
        ask(sandbox, http(path="/api/OC-OTHER/v1/permits/push"))
        (request,) = sandbox.requests()
        assert (request["client_code"], request["fields"]) == ("OC-OTHER", permit())

    def test_an_answer_is_kept_to_2048_characters(self, sandbox: Sandbox) -> None:
        sandbox.fault("long_reference")
        sandbox.call("push", permit())
        assert len(sandbox.requests()[0]["answer"]) == 2048

    def test_since_shows_what_came_later(self, sandbox: Sandbox) -> None:
        old, kept = push(sandbox), push(sandbox)
        last = sandbox.ledger()["last"]
        assert sandbox.ledger(last)["requests"] == sandbox.ledger(last)["records"] == []
        sandbox.call("update", {"referenceid": old, "plate": "NEW"})
        foreign = sandbox.add_record(**FOREIGN)
        increment = sandbox.ledger(last)
        assert [request["operation"] for request in increment["requests"]] == ["update"]
        assert [record["reference"] for record in increment["records"]] == [old, foreign]
        sandbox.lose_record(kept)
        records = sandbox.ledger(increment["last"])["records"]
        assert [record["reference"] for record in records] == [kept]

    @pytest.mark.parametrize("since", ["-1", "x", "", "1" * 30])
    def test_since_must_be_a_number(self, sandbox: Sandbox, since: str) -> None:
        with pytest.raises(RuntimeError, match="since must be"):
            sandbox.control("GET", f"/sandbox/ledger?since={since or '%20'}")

    def test_delete_resets_everything(self, sandbox: Sandbox) -> None:
        fresh = sandbox.ledger() | {"settings": sandbox.control("GET", "/sandbox/settings")}
        push(sandbox)
        sandbox.fault("reset")
        sandbox.settings(delay=1, token="other", error_status=422, duplicates="refuse")
        sandbox.zones(add="New")
        sandbox.reset()
        now = sandbox.ledger() | {"settings": sandbox.control("GET", "/sandbox/settings")}
        assert now == fresh
        assert sandbox.call("push", permit())["status"] == "success"


FOREIGN = {
    "plate": "FOREIGN",
    "start": "2026-11-23T09:00:00",
    "end": "2026-11-23T11:00:00",
    "zone": "Lot 1",
}


class TestRecords:
    def test_a_foreign_record_counts_like_any_other(self, sandbox: Sandbox) -> None:
        sandbox.add_record(**FOREIGN)
        (record,) = sandbox.records()
        assert record["foreign"]
        row = {"type": "temp", "zone": "Lot 1", "total": "1"}
        assert row in sandbox.call("stats")["data"]

    def test_many_can_be_added_at_once(self, sandbox: Sandbox) -> None:
        added = sandbox.control("POST", "/sandbox/records", [FOREIGN] * 3)["references"]
        assert [record["reference"] for record in sandbox.records()] == added

    @pytest.mark.parametrize(
        "change", [{"plate": ""}, {"end": "later"}, {"amount": "1"}, {"colour": "red"}, {"zone": 1}]
    )
    def test_one_that_breaks_a_rule_is_refused(
        self, sandbox: Sandbox, change: dict[str, Any]
    ) -> None:
        with pytest.raises(RuntimeError, match="was answered 400"):
            sandbox.control("POST", "/sandbox/records", [FOREIGN, FOREIGN | change])
        assert sandbox.records() == []

    def test_a_lost_record_is_not_found(self, sandbox: Sandbox) -> None:
        reference = push(sandbox)
        sandbox.lose_record(reference)
        assert sandbox.call("delete", {"referenceid": reference})["ErrorCode"] == 9009
        assert [record["state"] for record in sandbox.records()] == ["lost"]

    def test_only_a_live_record_can_be_lost(self, sandbox: Sandbox) -> None:
        with pytest.raises(RuntimeError, match="was answered 404"):
            sandbox.lose_record("nobody/s")


class TestZones:
    def test_they_can_be_added_renamed_and_removed(self, sandbox: Sandbox) -> None:
        assert sandbox.zones(add="Pier") == ["Lot 1", "Lot 4", "Harbour", "Pier"]
        assert sandbox.zones(rename="Lot 4", to="Lot 4A") == ["Lot 1", "Lot 4A", "Harbour", "Pier"]
        assert sandbox.zones(remove="Lot 1") == ["Lot 4A", "Harbour", "Pier"]
        assert sandbox.control("GET", "/sandbox/zones")["zones"] == ["Lot 4A", "Harbour", "Pier"]

    @pytest.mark.parametrize(
        "change",
        [
            {},
            {"add": "Lot 1"},
            {"add": " "},
            {"add": "x" * 201},
            {"rename": "Lot 1"},
            {"rename": "Lot 1", "to": "Lot 4"},
            {"rename": "nowhere", "to": "Pier"},
            {"remove": "nowhere"},
            {"add": "Pier", "remove": "Lot 1"},
            {"raze": "Lot 1"},
        ],
    )
    def test_a_change_that_makes_no_sense_is_refused(
        self, sandbox: Sandbox, change: dict[str, str]
    ) -> None:
        with pytest.raises(RuntimeError, match="was answered 400"):
            sandbox.zones(**change)


class TestSettings:
    def test_they_are_shown_without_the_token(self, sandbox: Sandbox) -> None:
        assert sandbox.settings(token="another") == {
            "duplicates": "accept",
            "delay": 0,
            "error_status": 200,
            "random_faults": None,
            "counts_expired": True,
            "close_after_requests": None,
        }

    def test_another_token_is_wanted_from_then_on(self, sandbox: Sandbox) -> None:
        sandbox.settings(token="another")
        assert sandbox.call("stats")["ErrorCode"] == 9002
        assert "data" in sandbox.call("stats", {"apiToken": "another"})

    @pytest.mark.parametrize(
        "settings",
        [
            {"delay": -1},
            {"delay": "1"},
            {"delay": True},
            {"delay": 10**400},
            {"error_status": 500},
            {"error_status": 200.0},
            {"duplicates": "maybe"},
            {"token": ""},
            {"token": 1},
            {"counts_expired": 0},
            {"close_after_requests": 0},
            {"random_faults": {"rate": 2, "faults": [{"fault": "reset"}]}},
            {"random_faults": {"rate": 1, "faults": []}},
            {"random_faults": {"faults": [{"fault": "reset"}]}},
            {"speed": 1},
        ],
    )
    def test_one_that_makes_no_sense_changes_nothing(
        self, sandbox: Sandbox, settings: dict[str, object]
    ) -> None:
        before = sandbox.control("GET", "/sandbox/settings")
        with pytest.raises(RuntimeError, match="was answered 400"):
            sandbox.settings(**{"error_status": 422, "close_after_requests": 1} | settings)
        assert sandbox.control("GET", "/sandbox/settings") == before

    def test_nan_is_no_delay(self, sandbox: Sandbox) -> None:
        with pytest.raises(RuntimeError, match="delay must be a number from 0 to 3600"):
            sandbox.settings(delay=float("nan"))

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 30_000])
    def test_what_is_no_json_object_is_refused(self, sandbox: Sandbox, body: bytes) -> None:
        request = http(body, path="/sandbox/settings", host=f"127.0.0.1:{sandbox.port}")
        assert ask(sandbox, request)[0] == 400


class TestWhomItAnswers:
    @pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "127.1.2.3", "[::1]"])
    def test_a_host_that_names_this_machine(self, sandbox: Sandbox, name: str) -> None:
        request = http(b"", path="/", method="GET", host=f"{name}:{sandbox.port}")
        assert ask(sandbox, request)[0] == 200

    @pytest.mark.parametrize(
        "host",
        ["evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil:{port}", "", ":"],
    )
    @pytest.mark.parametrize("path", ["/", "/sandbox/ledger"])
    def test_no_other_host(self, sandbox: Sandbox, host: str, path: str) -> None:
        named = host.format(port=sandbox.port)
        assert ask(sandbox, http(b"", path=path, method="GET", host=named))[0] == 403

    def test_calls_come_under_any_name(self, sandbox: Sandbox) -> None:
        assert ask(sandbox, http(host="controller.example"))[0] == 200

    @pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost"])
    def test_no_other_sites_form(self, sandbox: Sandbox, origin: str) -> None:
        request = http(
            b"fault=reset",
            path="/sandbox/faults",
            host=f"localhost:{sandbox.port}",
            content_type="application/x-www-form-urlencoded",
            Origin=origin,
        )
        assert ask(sandbox, request)[0] == 403
        assert sandbox.control("GET", "/sandbox/faults") == {"faults": []}

    def test_json_must_say_that_it_is(self, sandbox: Sandbox) -> None:
        request = http(
            b'{"fault": "reset"}',
            path="/sandbox/faults",
            host=f"localhost:{sandbox.port}",
            content_type="text/plain",
        )
        assert ask(sandbox, request)[0] == 400

    def test_what_it_does_not_know_is_404_and_no_stray(self, sandbox: Sandbox) -> None:
        with Wire(sandbox) as wire:
            wire.send(http(path="/sandbox/nothing", host=f"localhost:{sandbox.port}"))
            assert wire.answer()[0] == 404
        assert sandbox.requests() == []
