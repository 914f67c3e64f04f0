"""The sync history: found by every filter and by search, shown whole, and taken away as a file."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from permits import sync
from permits.admin import counting, search
from permits.controller import RESPONSE_KEPT
from permits.models import Batch, Decision, Permit, SyncAttempt, Zone
from tests import environment
from tests.engine.office import edit, enter, push
from tests.pages.desk import HISTORY, PERMITS, Desks
from tests.pages.reading import Page
from tests.sandbox_server import Sandbox

WHEN = datetime(2026, 11, 23, 14, 0, 0, 123_456, tzinfo=UTC)
ELSEWHERE = "https://controller.example.org/api/OC-ELSE"
DONE = '{"status": "success"}'


def call(**changes: Any) -> SyncAttempt:
    """A closed call for the stated permit, or for a permit of its own."""
    permit = changes.pop("permit", None) or enter()
    fields: dict[str, Any] = {
        "permit": permit,
        "zone": permit.zone,
        "operation": "push",
        "outcome": "succeeded",
        "actor": "clerk",
        "source": "form",
        "started_at": WHEN,
        "lease_until": WHEN + timedelta(seconds=10),
        "finished_at": WHEN + timedelta(milliseconds=84),
        "duration_ms": 84,
        "request": {"plate": permit.plate, "zone": "Lot 4"},
        "http_status": 200,
        "response": DONE,
        "response_length": len(DONE),
        **changes,
    }
    return SyncAttempt.objects.create(**fields)


def shown(page: Page) -> list[int]:
    """The numbers of the calls in the list, as they come."""
    links = [cell.one("a").attributes["href"] for cell in page.root.all("th.field-started")]
    return [int(link.split("/")[-3]) for link in links]


def plan_of_list(desks: Desks, query: str) -> str:
    """How SQLite goes about the list's page."""
    with CaptureQueriesContext(connection) as captured:
        desks.auditor.open(f"{HISTORY}?{query}")
    (listed,) = (each["sql"] for each in captured if each["sql"].endswith("LIMIT 51"))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {listed}")
        return " ".join(str(line[-1]) for line in cursor.fetchall())


class TestFilters:
    @pytest.fixture
    def odd(self) -> SyncAttempt:
        """The one call that every filter finds, among two others."""
        call(), call(started_at=WHEN - timedelta(days=1))
        batch = Batch.objects.create(kind="delete", actor="root")
        return call(
            operation="delete",
            outcome="rejected",
            actor="root",
            source="bulk",
            batch=batch,
            error_code=9022,
            http_status=422,
            duration_ms=6000,
            controller=ELSEWHERE,
            zone=Zone.objects.create(name="Annexe"),
            started_at=WHEN + timedelta(days=1),
        )

    @pytest.mark.parametrize(
        "query",
        [
            *("operation=delete", "outcome=rejected", "actor=root", "source=bulk", "code=9022"),
            *("status=422", "took=1", "took=5", f"controller={ELSEWHERE}", "from=2026-11-24"),
            "from=2026-11-24&to=2026-11-24",
            "operation=delete&outcome=rejected&source=bulk&code=9022&status=422&took=2&actor=root",
        ],
    )
    def test_each_finds_what_it_says(self, desks: Desks, odd: SyncAttempt, query: str) -> None:
        page = desks.auditor.open(f"{HISTORY}?{query}")
        assert shown(page) == [odd.pk]
        assert page.root.all("a.chip")

    def test_the_zone_is_that_of_the_call(self, desks: Desks, odd: SyncAttempt) -> None:
        assert odd.permit is not None
        assert odd.permit.zone != odd.zone
        assert shown(desks.auditor.open(f"{HISTORY}?zone={odd.zone_id}")) == [odd.pk]

    @pytest.mark.parametrize(
        "query", ["took=10", "code=9000", "status=500", "code=x", "status=1e3"]
    )
    def test_what_nothing_has_finds_nothing(
        self, desks: Desks, odd: SyncAttempt, query: str
    ) -> None:
        assert shown(desks.auditor.open(f"{HISTORY}?{query}")) == []

    @pytest.mark.skipif(environment.ON_POSTGRES, reason="PostgreSQL plans by what it counted")
    @pytest.mark.parametrize(
        ("query", "index"),
        [
            ("from=2026-11-23&to=2026-11-24", "attempt_in_order (started_at>? AND started_at<?"),
            ("operation=delete", "attempt_by_operation (operation=?"),
            ("outcome=rejected", "attempt_by_outcome (outcome=?"),
            ("code=9022", "attempt_by_code (error_code=?"),
            ("status=422", "attempt_by_status (http_status=?"),
            ("zone={zone}", "attempt_by_zone (zone_id=?"),
            ("actor=root", "attempt_by_actor (actor=?"),
            ("source=bulk", "attempt_by_source (source=?"),
            (f"controller={ELSEWHERE}", "attempt_by_controller (controller=?"),
            ("took=5", "attempt_slow"),
            ("outcome=rejected&zone={zone}", "attempt_by_outcome_zone (outcome=? AND zone_id=?"),
            (
                "outcome=rejected&zone={zone}&actor=root&from=2026-11-20",
                "attempt_by_outcome_zone (outcome=? AND zone_id=? AND started_at>?",
            ),
            ("outcome=rejected&actor=root", "attempt_by_outcome_actor (outcome=? AND actor=?"),
        ],
    )
    def test_each_is_read_in_order_along_an_index(
        self, desks: Desks, odd: SyncAttempt, query: str, index: str
    ) -> None:
        plan = plan_of_list(desks, query.format(zone=odd.zone_id))
        assert f"permits_syncattempt USING INDEX {index}" in plan
        assert "TEMP B-TREE" not in plan

    def test_only_controllers_that_were_called_are_offered(
        self, desks: Desks, odd: SyncAttempt, settings: Settings
    ) -> None:
        page = desks.auditor.open(HISTORY)
        offered = page.root.one("#filter_controller").all("option")
        ours = f"{settings.OPSCOM_URL}/api/{settings.OPSCOM_CLIENT_CODE}"
        assert [each.attributes["value"] for each in offered] == ["", *sorted([ours, ELSEWHERE])]


class TestSearch:
    def test_by_the_number_of_an_attempt(self, desks: Desks) -> None:
        call()
        wanted = call()
        call()
        assert shown(desks.auditor.open(f"{HISTORY}?q=%23{wanted.pk}")) == [wanted.pk]
        assert wanted.pk in shown(desks.auditor.open(f"{HISTORY}?q={wanted.pk}"))

    @pytest.mark.parametrize("typed", ["xyz-987", "T-987", "ref-987", "987"])
    def test_by_what_its_permit_is_known_by(self, desks: Desks, typed: str) -> None:
        call()
        permit = enter(plate="XYZ 987", ticket_number="T-987")
        Permit.objects.filter(pk=permit.pk).update(reference_id="ref-987", state="synced")
        wanted = call(permit=permit)
        assert shown(desks.auditor.open(f"{HISTORY}?q={typed}")) == [wanted.pk]

    @pytest.mark.parametrize("typed", ["%23", "%230", "%2399999999999999999999", "%23-1", "%23x"])
    def test_by_what_is_no_number_it_finds_nothing(self, desks: Desks, typed: str) -> None:
        call()
        page = desks.auditor.open(f"{HISTORY}?q={typed}")
        assert page.status == 200
        assert shown(page) == []

    @pytest.mark.parametrize("typed", ["OLD 111", "old-111", "ld1", "OLD*", "T-OLD"])
    def test_by_what_its_permit_had_before_it_was_edited(self, desks: Desks, typed: str) -> None:
        permit = enter(plate="OLD 111", ticket_number="T-OLD")
        first = call(permit=permit)
        edit(permit, plate="NEW 222", ticket_number="T-NEW")
        second = call(permit=permit)
        call(permit=enter(plate="ELSE 333"))
        assert shown(desks.auditor.open(f"{HISTORY}?q={typed}")) == [second.pk, first.pk]
        assert not desks.clerk.open(f"{PERMITS}?q={typed}").rows()

    def test_by_the_reference_that_was_lost(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = push()
        lost, first = permit.reference_id, permit.attempts.get()
        Permit.objects.filter(pk=permit.pk).update(state="missing")
        sync.push_anew(permit.pk, reason="It is not there.", actor="root")
        push(enter(plate="ELSE 333"))
        assert shown(desks.auditor.open(f"{HISTORY}?q={lost.upper()}")) == [first.pk]
        assert not desks.clerk.open(f"{PERMITS}?q={lost}").rows()

    def test_filters_narrow_down_what_it_finds(self, desks: Desks) -> None:
        permit = enter(plate="OLD 111")
        edit(permit, plate="NEW 222")
        call(permit=permit)
        call(outcome="rejected")
        refused = call(permit=permit, outcome="rejected", started_at=WHEN - timedelta(days=1))
        query = "q=OLD+111&outcome=rejected&to=2026-11-22&o=1"
        assert shown(desks.auditor.open(f"{HISTORY}?{query}")) == [refused.pk]

    def test_much_of_a_plate_is_looked_for_along_the_list(
        self, desks: Desks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(search, "_NAMED", 1)
        found = [call(permit=enter(plate=f"MANY {number}")) for number in range(3)]
        call(permit=enter(plate="ELSE 333"))
        assert set(shown(desks.auditor.open(f"{HISTORY}?q=MANY*"))) == {each.pk for each in found}
        assert found[0].pk in shown(desks.auditor.open(f"{HISTORY}?q={found[0].pk}"))
        if not environment.ON_POSTGRES:  # which plans by what it counted
            assert "attempt_in_order" in (plan := plan_of_list(desks, "q=MANY*"))
            assert "TEMP B-TREE" not in plan

    @pytest.mark.skipif(environment.ON_POSTGRES, reason="PostgreSQL plans by what it counted")
    @pytest.mark.parametrize("query", ["q=OLD+111", "q=T-100&outcome=succeeded", "q=LD1&actor=x"])
    def test_it_reads_no_calls_but_those_that_it_finds(self, desks: Desks, query: str) -> None:
        permit = enter(plate="OLD 111")
        edit(permit, plate="NEW 222")
        call(permit=permit)
        plan = plan_of_list(desks, query)
        assert "permits_syncattempt USING INDEX attempt_of_permit (permit_id=?)" in plan
        assert "edit_of_plate (<expr>=?)" in plan
        assert "SCAN" not in plan


def test_a_call_that_sent_another_plate_than_its_permit_has_now_shows_both(desks: Desks) -> None:
    permit = enter(plate="NEW 222")
    call(permit=permit, request={"plate": "OLD 111"})
    call(permit=permit, request={"plate": "NEW 222"})
    call(permit=permit, operation="update", request={"reference_id": "ref"})
    rows = desks.auditor.open(HISTORY).rows()
    assert [row["Plate"] for row in rows] == ["NEW 222", "NEW 222", "OLD 111 now NEW 222"]


class TestOneCall:
    def test_its_times_are_told_to_the_millisecond_with_their_zone(self, desks: Desks) -> None:
        page = desks.auditor.open(call().get_absolute_url())
        for words in ("2026-11-23 09:00:00.123 EST", "2026-11-23 09:00:00.207 EST", "took 84 ms"):
            assert words in page.root.text

    def test_its_answer_is_shown_as_it_came(self, desks: Desks) -> None:
        hostile = '{"a":  1}\n<script>alert(1)</script>&amp;"'
        page = desks.auditor.open(call(response=hostile, response_length=48).get_absolute_url())
        assert page.root.one("pre").exact_text == hostile
        assert "48 bytes came; this is all of it." in page.root.text
        assert not [script for script in page.root.all("script") if script.exact_text]

    def test_a_cut_answer_says_how_long_it_was(self, desks: Desks) -> None:
        cut = call(response="x" * RESPONSE_KEPT, response_length=52_428_800)
        page = desks.auditor.open(cut.get_absolute_url())
        assert "The first 10000 characters are kept of 50.0 MB that came." in page.root.text

    def test_markup_in_a_request_is_text(self, desks: Desks) -> None:
        markup = "<b>x</b>"
        page = desks.auditor.open(call(request={"plate": markup, "odd": markup}).get_absolute_url())
        cells = [code.exact_text for code in page.root.all("code")]
        assert cells.count(markup) == 2

    def test_its_request_stands_in_the_order_of_the_form(self, desks: Desks) -> None:
        sent = {"zone": "Lot 4", "EndDateUtc": "2026-11-23T11:00:00", "plate": "ABC 123"}
        page = desks.auditor.open(call(request={**sent, "reference_id": "1"}).get_absolute_url())
        names = [head.text for head in page.root.one("table.differences").all("th[scope=row]")]
        assert names == ["Reference ID", "Plate", "Zone", "End"]

    def test_the_meaning_of_a_code_stands_in_words(self, desks: Desks) -> None:
        refused = call(outcome="rejected", error_code=9005, http_status=422)
        page = desks.auditor.open(refused.get_absolute_url())
        assert "The end time is invalid (9005)." in page.root.text
        assert "422 Unprocessable" in page.root.text

    def test_it_leads_to_the_tries_before_and_after_it_and_to_its_run(self, desks: Desks) -> None:
        permit = enter()
        run = Batch.objects.create(kind="push", actor="root")
        first = call(permit=permit, outcome="not_sent", http_status=503)
        second = call(permit=permit, source="retry", batch=run)
        third = call(permit=permit, operation="update")
        page = desks.auditor.open(second.get_absolute_url())
        links = {link.attributes["href"] for link in page.root.all("a")}
        assert {each.get_absolute_url() for each in (first, third, run, permit)} <= links
        assert "Call 2 of 3 for this permit" in page.root.text
        assert "through: Retry" in page.root.text
        assert "After Update" in page.root.text
        assert "by clerk, Mon 23 Nov 09:00" in page.root.text

    def test_calls_are_counted_no_further_than_in_a_list(
        self, desks: Desks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(counting, "COUNTED", 2)
        permit = enter()
        calls = [call(permit=permit) for _ in range(4)]
        with CaptureQueriesContext(connection) as captured:
            page = desks.auditor.open(calls[1].get_absolute_url())
        counts = [each["sql"] for each in captured.captured_queries if "COUNT(" in each["sql"]]
        assert all("LIMIT 3" in sql for sql in counts if "syncattempt" in sql)
        assert "Call 2 of more than 2 for this permit" in page.text
        page = desks.auditor.open(calls[3].get_absolute_url())
        assert "A call after the first 2 for this permit" in page.text

    def test_who_decided_what_became_of_it_is_told(self, desks: Desks) -> None:
        permit = enter()
        doubt = call(permit=permit, outcome="in_doubt", http_status=None, response="")
        Decision.objects.create(
            permit=permit,
            attempt=doubt,
            verdict="there",
            reference_id="ref-1",
            actor="root",
            reason="Seen there.",
        )
        page = desks.auditor.open(doubt.get_absolute_url())
        assert "by root" in page.root.text
        assert "Seen there." in page.root.text
        assert "None came" in page.root.text


class TestExport:
    def lines(self, desks: Desks, form: str, query: str = "") -> Iterator[bytes]:
        answer: Any = desks.auditor.client.get(f"{HISTORY}export/{form}/{query}")
        assert answer.status_code == 200
        return iter(answer.getvalue().splitlines())

    def test_holds_what_the_filters_show_and_says_which(self, desks: Desks) -> None:
        call()
        wanted = call(outcome="rejected", error_code=9005, http_status=422)
        row, ending = map(json.loads, self.lines(desks, "jsonl", "?outcome=rejected"))
        assert row["attempt"] == wanted.pk
        assert row["request"] == wanted.request
        assert row["started_at"] == "2026-11-23T09:00:00.123456-05:00"
        assert ending["export"]["filter"] == {"Outcome": "Refused"}
        assert ending["export"]["rows"] == 1

    def test_tells_plate_ticket_and_reference_as_the_call_had_them(self, desks: Desks) -> None:
        permit = enter(plate="NEW 222", ticket_number="T-NEW")
        Permit.objects.filter(pk=permit.pk).update(reference_id="ref-new", state="synced")
        was = {"permit": permit, "request": {"plate": "OLD 111", "permitNo": "T-OLD"}}
        call(response='{"status": "success", "reference_id": "ref-old"}', **was)
        call(permit=permit, operation="update", request={"reference_id": "ref-old"})
        call(response="[", outcome="succeeded", **was)
        times = dict.fromkeys(("started_at", "lease_until", "finished_at"), WHEN)
        SyncAttempt.objects.create(operation="stats", outcome="succeeded", **times)
        keys = ("plate", "ticket_number", "reference_id")
        rows = [json.loads(line) for line in self.lines(desks, "jsonl")][-2::-1]
        assert [tuple(row[key] for key in keys) for row in rows] == [
            ("OLD 111", "T-OLD", "ref-old"),
            ("NEW 222", "T-NEW", "ref-old"),
            ("OLD 111", "T-OLD", "ref-new"),
            ("", "", ""),
        ]

    def test_no_cell_can_start_a_formula(self, desks: Desks) -> None:
        call(response="=cmd()", error_message="@SUM(1)", actor="-1+1")
        content = b"\n".join(self.lines(desks, "csv")).decode("utf-8-sig")
        row = list(csv.reader(io.StringIO(content)))[1]
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]

    def test_it_costs_as_many_queries_for_many_as_for_one(
        self, desks: Desks, django_assert_max_num_queries: Any
    ) -> None:
        permit = enter()
        for _ in range(60):
            call(permit=permit)
        with django_assert_max_num_queries(30):  # what a page costs in any case; the calls are 60
            assert len(list(self.lines(desks, "jsonl"))) == 61


def test_a_clerk_sees_none_of_it(desks: Desks) -> None:
    attempt = call(started_at=timezone.now())
    for path in (HISTORY, f"{HISTORY}export/csv/", attempt.get_absolute_url()):
        assert desks.clerk.client.get(path).status_code == 403
