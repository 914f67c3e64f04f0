"""The exact bytes of a call: the vendor's names, strings alone, and the token in the body only."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from permits import limits
from permits.controller import Request
from tests.client.conftest import UTC, WANTED, call, make_controller
from tests.endings import OPERATIONS, WITH_STATS, Scene
from tests.raw_server import REFERENCE, answer, http
from tests.sandbox_server import Sandbox

TORONTO = ZoneInfo("America/Toronto")
TOKEN = b"sandbox-token"


def sent(scene: Scene, operation: str) -> tuple[str, dict[str, str], bytes]:
    """The request's first line, headers and body as the server read them."""
    server = scene.listen(answer(http(b'{"data": []}') if operation == "stats" else http()))
    call(make_controller(scene.url), operation)
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return first, dict(line.split(": ", 1) for line in lines), body


@pytest.mark.parametrize("operation", WITH_STATS)
class TestTheEnvelope:
    def test_it_is_posted_to_the_operations_address(self, scene: Scene, operation: str) -> None:
        first, _, _ = sent(scene, operation)
        assert first == f"POST /api/OC-TOMA/v1/permits/{operation} HTTP/1.1"

    def test_it_has_the_vendors_headers_and_no_more_than_needed(
        self, scene: Scene, operation: str
    ) -> None:
        _, headers, body = sent(scene, operation)
        assert headers == {
            "Host": scene.url.removeprefix("http://"),
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Cache-Control": "no-cache",
            "User-Agent": "permitportal",
            "Content-Length": str(len(body)),
        }

    def test_the_token_is_in_the_body_and_nowhere_else(self, scene: Scene, operation: str) -> None:
        first, headers, body = sent(scene, operation)
        assert json.loads(body)["apiToken"] == TOKEN.decode()
        assert body.count(TOKEN) == 1
        assert TOKEN.decode() not in f"{first}{headers}"

    def test_the_body_is_one_flat_object_of_strings(self, scene: Scene, operation: str) -> None:
        _, _, body = sent(scene, operation)
        assert all(type(value) is str for value in json.loads(body).values())
        assert body.isascii()


def body_of(request: Request) -> dict[str, Any]:
    """The body without the token."""
    return dict(request.body)


class TestNames:
    def test_a_push_names_each_field_once(self) -> None:
        assert body_of(Request.push(WANTED, TORONTO)) == {
            "plate": "ABC 123",
            "startTime": "2026-11-23T09:00:00",
            "endTime": "2026-11-23T11:00:00",
            "amount": "12.50",
            "currency": "CAD",
            "permitNo": "T-100",
            "zone": "Lot 4",
        }

    @pytest.mark.parametrize("zone", ["UTC", "Etc/UTC"])
    def test_times_go_under_the_utc_names_where_the_zone_is_utc(self, zone: str) -> None:
        body = body_of(Request.push(WANTED, ZoneInfo(zone)))
        assert body["StartDateUtc"] == WANTED["start_time"]
        assert body["EndDateUtc"] == WANTED["end_time"]
        assert not {"startTime", "endTime"} & set(body)
        changed = {"end_time": "2026-11-23T12:00:00"}
        assert "EndDateUtc" in body_of(Request.update(REFERENCE, changed, ZoneInfo(zone)))

    @pytest.mark.parametrize("zone", ["America/Toronto", "Europe/London", "Etc/GMT"])
    def test_times_go_under_the_plain_names_in_any_other_zone(self, zone: str) -> None:
        body = body_of(Request.push(WANTED, ZoneInfo(zone)))
        assert not {"StartDateUtc", "EndDateUtc"} & set(body)

    def test_an_update_names_the_record_and_what_changed(self) -> None:
        changed = {"end_time": "2026-11-23T12:00:00", "amount": "14.00"}
        assert body_of(Request.update(REFERENCE, changed, TORONTO)) == {
            "reference_id": REFERENCE,
            "endTime": "2026-11-23T12:00:00",
            "amount": "14.00",
        }
        assert body_of(Request.update(REFERENCE, {"plate": "ABC 123"}, TORONTO)) == {
            "reference_id": REFERENCE,
            "plate": "ABC 123",
        }

    @pytest.mark.parametrize("field", limits.FIXED)
    def test_an_update_of_what_the_controller_cannot_change_is_never_made(self, field: str) -> None:
        with pytest.raises(ValueError, match=f"cannot consist of.*{field}"):
            Request.update(REFERENCE, {"end_time": "2026-11-23T12:00:00", field: "x"}, UTC)

    def test_an_update_of_nothing_is_never_made(self) -> None:
        with pytest.raises(ValueError, match="cannot consist of"):
            Request.update(REFERENCE, {}, UTC)

    def test_a_delete_names_the_record_alone(self) -> None:
        assert body_of(Request.delete(REFERENCE)) == {"reference_id": REFERENCE}

    def test_stats_names_zones_only_where_some_are_asked_for(self) -> None:
        assert body_of(Request.stats()) == {}
        assert body_of(Request.stats(["Lot 4", "Lot 1"])) == {"zones": "Lot 4,Lot 1"}

    def test_stats_of_a_zone_with_a_comma_is_never_asked_for(self) -> None:
        with pytest.raises(limits.LimitError, match="comma"):
            Request.stats(["Lot 4,North"])

    @pytest.mark.parametrize("zone", [UTC, TORONTO])
    def test_a_request_tells_its_fields_by_our_names(self, zone: ZoneInfo) -> None:
        assert Request.push(WANTED, zone).fields == WANTED
        changed = {"end_time": "2026-11-23T12:00:00", "plate": "X"}
        assert Request.update(REFERENCE, changed, zone).fields == changed
        assert Request.delete(REFERENCE).fields == Request.stats().fields == {}


@pytest.mark.parametrize("zone", [UTC, TORONTO])
class TestTheSandboxReadsIt:
    def test_a_push_arrives_as_it_was_meant(self, sandbox: Sandbox, zone: ZoneInfo) -> None:
        strange = {**WANTED, "plate": "京都 É😀 \"'\\<", "ticket_number": "12,5; --"}
        make_controller(sandbox.url).apply(Request.push(strange, zone))
        (record,) = sandbox.records()
        assert {
            "plate": record["plate"],
            "start_time": record["start"],
            "end_time": record["end"],
            "amount": record["amount"],
            "currency": record["currency"],
            "ticket_number": record["ticket_number"],
            "zone": record["zone"],
        } == strange

    def test_an_update_and_a_delete_arrive_as_they_were_meant(
        self, sandbox: Sandbox, zone: ZoneInfo
    ) -> None:
        controller = make_controller(sandbox.url)
        reference = controller.apply(Request.push(WANTED, zone)).reference_id
        changed = {"end_time": "2026-11-24T12:00:00", "amount": "14.00"}
        controller.apply(Request.update(reference, changed, zone))
        (record,) = sandbox.records("live")
        assert (record["end"], record["amount"]) == ("2026-11-24T12:00:00", "14.00")
        assert record["plate"] == WANTED["plate"]
        controller.apply(Request.delete(reference))
        assert sandbox.records("live") == []


def test_a_call_that_is_refused_is_made_once(scene: Scene) -> None:
    for operation in OPERATIONS:
        scene.sandbox.fault("status", status=503)
        before = len(scene.sandbox.requests())
        with pytest.raises(Exception, match="busy"):
            call(make_controller(scene.url), operation)
        assert len(scene.sandbox.requests()) == before + 1
