"""Each rule of the vendor's pages, and the code that answers its breach."""

import ast
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permits.sandbox import rules
from permits.sandbox.rules import Operation
from tests.sandbox.calls import UUID4, ask, code, http, permit, push
from tests.sandbox_server import ROOT, Sandbox

GHOST = "1a9b5375-cb75-4c71-9939-eeae550b09ac"


class TestPush:
    def test_it_answers_a_new_reference_under_both_names(self, sandbox: Sandbox) -> None:
        answer = sandbox.call("push", permit())
        assert set(answer) == {"status", "reference_id", "InternalReferenceID"}
        assert answer["status"] == "success"
        assert answer["reference_id"] == answer["InternalReferenceID"]
        assert UUID4.fullmatch(answer["reference_id"])

    def test_it_takes_every_name_of_every_field(self, sandbox: Sandbox) -> None:
        reference = sandbox.call(
            "push",
            {
                "LicencePlate": "ABC 123",
                "StartDateUtc": "2026-11-23T09:00:00",
                "EndDateUtc": "2026-11-23T11:00:00",
                "Amount": "12.50",
                "CurrencyID": "USD",
                "TicketNumber": "T-1",
                "ParkingZoneName": "Lot 4",
            },
        )["reference_id"]
        (record,) = sandbox.records()
        assert record["reference"] == reference
        assert (record["plate"], record["currency"], record["ticket_number"]) == (
            "ABC 123",
            "USD",
            "T-1",
        )

    def test_it_needs_only_plate_start_and_end(self, sandbox: Sandbox) -> None:
        push(sandbox, amount=None, currency=None, permitNo=None, zone=None)
        (record,) = sandbox.records()
        assert record["amount"] is record["zone"] is record["ticket_number"] is None

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"plate": None}, 9006),
            ({"plate": ""}, 9006),
            ({"plate": " "}, 9006),
            ({"plate": "A" * 26}, 9030),
            ({"startTime": None}, 9031),
            ({"startTime": "2026-11-23 09:00:00"}, 9007),
            ({"startTime": "2026-02-30T09:00:00"}, 9007),
            ({"startTime": "2026-11-23T24:00:00"}, 9007),
            ({"startTime": "2026-11-23T09:00"}, 9007),
            ({"startTime": "2026-11-23T09:00:00Z"}, 9007),
            ({"startTime": "2026-11-23T09:00:00+00:00"}, 9030),
            ({"startTime": "2026-11-2٣T09:00:00"}, 9007),
            ({"startTime": "2026-11-23T09:00:00\n"}, 9007),
            ({"endTime": None}, 9004),
            ({"endTime": ""}, 9004),
            ({"endTime": "tomorrow"}, 9005),
            ({"endTime": "2026-11-23T08:59:59"}, 9005),
            ({"amount": "5"}, 9032),
            ({"amount": ""}, 9032),
            ({"amount": "12.5"}, 9033),
            ({"amount": "12.500"}, 9033),
            ({"amount": "0.00"}, 9033),
            ({"amount": "-1.00"}, 9033),
            ({"amount": "1,50"}, 9033),
            ({"amount": "12.50\n"}, 9033),
            ({"amount": "1٢.50"}, 9033),
            ({"amount": "1000000.00"}, 9030),
            ({"currency": "EUR"}, 9033),
            ({"currency": "cad"}, 9033),
            ({"currency": "C" * 11}, 9030),
            ({"permitNo": "T" * 51}, 9030),
            ({"permitNo": ""}, 9032),
            ({"zone": "Z" * 201}, 9030),
            ({"zone": ""}, 9032),
            ({"referenceid": GHOST}, 9003),
            ({"LicencePlate": "ABC 123"}, 9003),
            ({"Plate": "ABC 123"}, 9003),
            ({"colour": "red"}, 9003),
        ],
    )
    def test_it_refuses(
        self, sandbox: Sandbox, change: dict[str, str | None], expected: int
    ) -> None:
        assert code(sandbox.call("push", permit(**change))) == expected
        assert sandbox.records() == []

    @pytest.mark.parametrize(
        "change",
        [
            {"plate": "A" * 25},
            {"plate": "😀" * 25},
            {"amount": "0.01"},
            {"amount": "999999.99"},
            {"permitNo": "T" * 50},
            {"zone": "Z" * 200},
            {"startTime": "2028-02-29T00:00:00", "endTime": "2028-02-29T23:59:59"},
        ],
    )
    def test_it_accepts_the_last_value_within_a_limit(
        self, sandbox: Sandbox, change: dict[str, str]
    ) -> None:
        assert sandbox.call("push", permit(**change))["status"] == "success"

    def test_a_zone_nobody_knows_is_accepted_in_silence(self, sandbox: Sandbox) -> None:
        push(sandbox, zone="lot 4")
        assert [record["disconnected"] for record in sandbox.records()] == [True]

    def test_a_repeat_makes_a_second_record(self, sandbox: Sandbox) -> None:
        assert push(sandbox) != push(sandbox)
        assert len(sandbox.records("live")) == 2

    def test_a_repeat_is_refused_where_duplicates_are(self, sandbox: Sandbox) -> None:
        sandbox.settings(duplicates="refuse")
        first = push(sandbox)
        assert code(sandbox.call("push", permit())) == 9022
        push(sandbox, permitNo="T-101")
        sandbox.call("delete", {"referenceid": first})
        push(sandbox)
        assert len(sandbox.records("live")) == 2


class TestUpdate:
    @pytest.mark.parametrize("name", ["referenceid", "referenceID", "reference_id"])
    def test_it_changes_what_it_names_and_leaves_the_rest(
        self, sandbox: Sandbox, name: str
    ) -> None:
        reference = push(sandbox)
        answer = sandbox.call("update", {name: reference, "plate": "XYZ 9", "Amount": "1.00"})
        assert answer["reference_id"] == answer["InternalReferenceID"] == reference
        (record,) = sandbox.records()
        assert (record["plate"], record["amount"], record["zone"]) == ("XYZ 9", "1.00", "Lot 4")
        made, changed = sandbox.requests()
        assert record["made_by"] == made["number"]
        assert record["changed_by"] == [changed["number"]]

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"startTime": "2026-11-23T09:00:00"}, 9003),
            ({"permitNo": "T-1"}, 9003),
            ({"zone": "Lot 4"}, 9003),
            ({"endTime": "2026-11-23T08:00:00"}, 9005),
            ({"endTime": ""}, 9032),
            ({"plate": ""}, 9032),
            ({"plate": "A" * 26}, 9030),
            ({"amount": "1"}, 9032),
            ({"currency": "EUR"}, 9033),
        ],
    )
    def test_it_refuses(self, sandbox: Sandbox, fields: dict[str, str], expected: int) -> None:
        reference = push(sandbox)
        before = sandbox.records()
        assert code(sandbox.call("update", {"referenceid": reference, **fields})) == expected
        assert sandbox.records() == before


@pytest.mark.parametrize("operation", ["update", "delete"])
class TestReference:
    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({}, 9008),
            ({"referenceid": ""}, 9008),
            ({"referenceid": "a" * 51}, 9030),
            ({"referenceid": "a/b"}, 9033),
            ({"referenceid": GHOST}, 9009),
            ({"referenceid": GHOST, "reference_id": GHOST}, 9003),
        ],
    )
    def test_it_refuses(
        self, sandbox: Sandbox, operation: str, fields: dict[str, str], expected: int
    ) -> None:
        assert code(sandbox.call(operation, fields)) == expected

    def test_it_does_not_find_a_deleted_record(self, sandbox: Sandbox, operation: str) -> None:
        reference = push(sandbox)
        sandbox.call("delete", {"referenceid": reference})
        assert code(sandbox.call(operation, {"referenceid": reference})) == 9009

    def test_it_does_not_find_another_clients_record(
        self, sandbox: Sandbox, operation: str
    ) -> None:
        reference = sandbox.add_record(
            plate="FOREIGN", start="2026-11-23T09:00:00", end="2026-11-23T11:00:00"
        )
        assert code(sandbox.call(operation, {"referenceid": reference})) == 9009


class TestDelete:
    def test_it_ends_the_record(self, sandbox: Sandbox) -> None:
        reference = push(sandbox)
        answer = sandbox.call("delete", {"reference_id": reference})
        assert answer["reference_id"] == reference
        (record,) = sandbox.records()
        assert record["state"] == "deleted"
        assert record["deleted_by"] == sandbox.requests("delete")[0]["number"]

    def test_it_takes_nothing_but_the_reference(self, sandbox: Sandbox) -> None:
        reference = push(sandbox)
        assert code(sandbox.call("delete", {"referenceid": reference, "plate": "A"})) == 9003


class TestStats:
    def test_it_counts_by_zone_and_length_in_strings(self, sandbox: Sandbox) -> None:
        push(sandbox)
        push(sandbox, endTime="2026-11-24T09:00:00")
        push(sandbox, endTime="2026-11-24T09:00:01")
        push(sandbox, zone="nowhere")
        push(sandbox, zone=None)
        sandbox.call("delete", {"referenceid": push(sandbox)})
        assert totals(sandbox) == {
            ("Lot 1", "standard"): "0",
            ("Lot 1", "temp"): "0",
            ("Lot 4", "standard"): "1",
            ("Lot 4", "temp"): "2",
            ("Harbour", "standard"): "0",
            ("Harbour", "temp"): "0",
        }

    def test_it_reports_only_the_zones_asked_for(self, sandbox: Sandbox) -> None:
        assert {zone for zone, _ in totals(sandbox, "Lot 1, Harbour,nowhere")} == {
            "Lot 1",
            "Harbour",
        }

    def test_it_leaves_out_ended_permits_when_told_to(self, sandbox: Sandbox) -> None:
        push(sandbox, startTime="2020-01-01T00:00:00", endTime="2020-01-01T01:00:00")
        push(sandbox, startTime="2020-01-01T00:00:00", endTime="9999-01-01T00:00:00")
        sandbox.settings(counts_expired=False)
        assert totals(sandbox, "Lot 4") == {("Lot 4", "standard"): "1", ("Lot 4", "temp"): "0"}

    def test_it_takes_nothing_but_zones(self, sandbox: Sandbox) -> None:
        assert code(sandbox.call("stats", {"zone": "Lot 4"})) == 9003

    def test_it_follows_what_becomes_of_a_zone(self, sandbox: Sandbox) -> None:
        push(sandbox)
        sandbox.zones(rename="Lot 4", to="Lot 4, North")
        assert totals(sandbox)["Lot 4, North", "temp"] == "1"
        sandbox.zones(remove="Lot 4, North")
        sandbox.zones(add="Lot 4, North")
        assert totals(sandbox)["Lot 4, North", "temp"] == "0"
        assert sandbox.records()[0]["disconnected"]

    def test_a_zone_that_comes_later_does_not_connect_what_was_pushed(
        self, sandbox: Sandbox
    ) -> None:
        push(sandbox, zone="Pier")
        sandbox.zones(add="Pier")
        sandbox.zones(rename="Pier", to="Pier 2")
        assert totals(sandbox)["Pier 2", "temp"] == "0"
        assert [record["zone"] for record in sandbox.records()] == ["Pier"]


class TestTheEnvelope:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b'"push"',
            b'{"apiToken": "sandbox-token", "plate": 1}',
            b'{"apiToken": "sandbox-token", "plate": null}',
            b'{"apiToken": "sandbox-token", "plate": {"a": "b"}}',
            b'{"apiToken": "sandbox-token", "plate": "A", "plate": "B"}',
            b'{"apiToken": "sandbox-token", "plate": "\\ud800"}',
            b'{"apiToken": "sandbox-token", "plate": "\xff"}',
            b'{"apiToken": 12}',
            b"[" * 30_000,
            b"1" * 30_000,
        ],
    )
    def test_what_is_no_flat_object_of_strings_is_9003(self, sandbox: Sandbox, body: bytes) -> None:
        _, _, answer = ask(sandbox, http(body))
        assert code(json.loads(answer)) == 9003

    def test_another_content_type_is_9003(self, sandbox: Sandbox) -> None:
        _, _, answer = ask(sandbox, http(content_type="text/plain"))
        assert code(json.loads(answer)) == 9003

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"plate": "A"}, 9001),
            ({"apiToken": ""}, 9001),
            ({"apiToken": "wrong-token"}, 9002),
            ({"apiToken": "sandbox-token "}, 9002),
            ({"ApiToken": "sandbox-token"}, 9001),
        ],
    )
    def test_a_token_must_be_the_right_one(
        self, sandbox: Sandbox, fields: dict[str, str], expected: int
    ) -> None:
        _, _, answer = ask(sandbox, http(json.dumps(fields).encode()))
        assert code(json.loads(answer)) == expected

    @pytest.mark.parametrize("client_code", ["", "OC-OTHER", "oc-toma"])
    def test_a_client_code_must_be_known(self, sandbox: Sandbox, client_code: str) -> None:
        _, _, answer = ask(sandbox, http(path=f"/api/{client_code}/v1/permits/push"))
        assert code(json.loads(answer)) == 9000

    @pytest.mark.parametrize("status", [200, 400, 422])
    def test_a_refusal_comes_with_the_status_that_is_set(
        self, sandbox: Sandbox, status: int
    ) -> None:
        sandbox.settings(error_status=status)
        answered, headers, answer = ask(sandbox, http(b"{}"))
        assert (answered, headers["content-type"]) == (status, "application/json")
        assert code(json.loads(answer)) == 9001


class TestTheLanguages:
    @given(st.decimals("0.01", "999999.99", places=2))
    def test_every_amount_within_the_limits_is_one(self, amount: Any) -> None:
        assert rules.is_amount(f"{amount:.2f}")

    @given(st.text(alphabet="0123456789.-+ \n", max_size=10))
    def test_no_other_text_is_an_amount(self, text: str) -> None:
        whole, dot, cents = text.partition(".")
        expected = (
            dot == "."
            and whole.isdigit()
            and cents.isdigit()
            and len(whole) <= 6
            and len(cents) == 2
            and int(whole + cents) > 0
        )
        assert rules.is_amount(text) == expected

    @given(st.datetimes(min_value=datetime.fromisoformat("1000-01-01")))
    def test_every_moment_is_a_time_in_exactly_one_way(self, moment: datetime) -> None:
        assert rules.is_time(moment.strftime("%Y-%m-%dT%H:%M:%S"))
        assert not rules.is_time(moment.strftime("%Y-%m-%d %H:%M:%S"))
        assert not rules.is_time(moment.strftime("%Y-%m-%dT%H:%M"))

    @pytest.mark.parametrize("operation", list(Operation))
    def test_an_operation_takes_each_field_under_one_name_only(self, operation: Operation) -> None:
        taken = [f for f in rules.FIELDS if operation in f.required | f.optional]
        for field in taken:
            for name in field.names[1:]:
                twice = {"apiToken": "t", field.names[0]: "1", name: "1"}
                with pytest.raises(rules.Refusal, match="two of its names"):
                    rules.check(operation, twice, rules.TokenState.VALID)


def test_it_imports_nothing_but_the_standard_library_and_itself() -> None:
    for path in sorted((Path(ROOT) / "permits" / "sandbox").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names = [node.module or ""]
            for name in names:
                own = name == "permits.sandbox" or name.startswith("permits.sandbox.")
                assert own or name.partition(".")[0] in sys.stdlib_module_names, (path, name)


def totals(sandbox: Sandbox, zones: str | None = None) -> dict[tuple[str, str], str]:
    """The stats' totals by zone and type."""
    data = sandbox.call("stats", None if zones is None else {"zones": zones})["data"]
    assert all(set(row) == {"type", "zone", "total"} for row in data)
    return {(row["zone"], row["type"]): row["total"] for row in data}
