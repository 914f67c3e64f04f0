"""What a list shows, taken away as a file."""

import csv
import gc
import io
import json
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from python_calamine import CalamineWorkbook

from permits import spreadsheet
from permits.admin.exported import PERMIT_COLUMNS
from permits.exporting import Column, Export, Format
from permits.models import Activity, Permit, Zone
from tests.engine.office import END, START, enter, push
from tests.pages.desk import PERMITS, Desk, Desks

OTHER_FORMATS = [form for form in Format if form != Format.CSV]  # of rows that are fetched alike


def export(desk: Desk, form: str, query: str = "") -> bytes:
    """What is downloaded."""
    answer: Any = desk.client.get(f"{PERMITS}export/{form}/{query}")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    content: bytes = answer.getvalue()
    return content


def csv_rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def of_all(**changes: Any) -> Export:
    """An export of all permits."""
    fields: dict[str, Any] = {
        "names": "permits",
        "rows": Permit.objects.select_related("zone").order_by("pk"),
        "columns": PERMIT_COLUMNS,
        "filters": [],
        "actor": "clerk",
        "moment": datetime(2026, 11, 25, 19, 5, tzinfo=UTC),
        **changes,
    }
    return Export(**fields)


def fill(count: int) -> None:
    Permit.objects.bulk_create(
        Permit(plate=f"P {number}", start_time=START, end_time=END) for number in range(count)
    )


class TestCsv:
    def test_holds_every_row_that_the_list_would_show_in_its_order(self, desks: Desks) -> None:
        annexe = Zone.objects.create(name="Annexe")
        for plate, amount in (("B 2", "2"), ("C 3", "30"), ("A 1", "100")):
            enter(plate=plate, amount=Decimal(amount), zone=annexe)
        enter(plate="ELSEWHERE 1")
        header, *rows = csv_rows(export(desks.clerk, "csv", f"?zone={annexe.pk}&o=-5"))
        assert header[:7] == [
            *("Plate", "Zone", "Ticket number", "Start", "End", "Amount", "Currency"),
        ]
        assert [row[0] for row in rows[:3]] == ["A 1", "C 3", "B 2"]
        assert rows[0][1:7] == [
            *("Annexe", "T-100", "2026-11-23T04:00:00-05:00", "2026-11-23T06:00:00-05:00"),
            *("100.00", "CAD"),
        ]

    def test_is_not_cut_at_a_page(self, desks: Desks) -> None:
        fill(120)
        rows = csv_rows(export(desks.clerk, "csv", "?after=50"))
        assert len([row for row in rows if row[0].startswith("P ")]) == 120

    def test_ends_by_saying_what_it_is(self, desks: Desks) -> None:
        enter(plate="ABC 1")
        push(enter(plate="ABC 2"))
        rows = csv_rows(export(desks.auditor, "csv", "?q=ABC&state=synced"))
        now = timezone.localtime()
        assert rows[2:5] == [["# Rows", "1"], ["# Search", "ABC"], ["# State", "On controller"]]
        assert rows[5][0] == "# Exported"
        assert rows[5][1].startswith(f"{now:%Y-%m-%d}")
        assert rows[6] == ["# Exported by", "auditor"]

    def test_can_start_no_formula(self, desks: Desks) -> None:
        enter(plate="=1+1", ticket_number="@SUM(A1)", zone=Zone.objects.create(name="+1"))
        rows = csv_rows(export(desks.clerk, "csv", "?q==1*"))
        assert rows[1][:3] == ["'=1+1", "'+1", "'@SUM(A1)"]
        assert not [c for row in rows for c in row if c.startswith(("=", "+", "-", "@", "\t"))]

    def test_is_noted_with_who_took_it_and_what_it_was_filtered_by(self, desks: Desks) -> None:
        export(desks.auditor, "csv", "?state=draft")
        noted = Activity.objects.get(kind=Activity.Kind.EXPORTED)
        assert (noted.actor, noted.what) == ("auditor", "permits")
        assert noted.details == {"format": "csv", "filter": {"State": "Not pushed"}}
        assert noted.address == "127.0.0.1"

    def test_of_a_kind_that_there_is_not_is_not_found(self, desks: Desks) -> None:
        assert desks.clerk.open(f"{PERMITS}export/pdf/").status == 404

    def test_is_offered_below_the_list_under_the_same_filter(self, desks: Desks) -> None:
        enter()
        page = desks.clerk.open(f"{PERMITS}?state=draft")
        links = {a.text: a.attributes["href"] for a in page.root.one("ul.exports").all("a")}
        assert links == {
            "Export CSV": f"{PERMITS}export/csv/?state=draft",
            "Export Excel": f"{PERMITS}export/xlsx/?state=draft",
        }


class TestExcel:
    def test_holds_numbers_and_times_as_such_and_texts_as_texts(self, desks: Desks) -> None:
        enter(plate="=1+1", amount=Decimal("12.50"))
        book = CalamineWorkbook.from_filelike(io.BytesIO(export(desks.clerk, "xlsx")))
        header, row = book.get_sheet_by_name("Permits").to_python()
        of = dict(zip(header, row, strict=True))
        assert (of["Plate"], of["Amount"]) == ("=1+1", 12.5)
        # On the staff's clock.
        assert of["Start"] == datetime(2026, 11, 23, 4)  # noqa: DTZ001 - a workbook has no zones

    def test_says_on_a_sheet_of_its_own_what_it_is(self, desks: Desks) -> None:
        enter()
        content = export(desks.clerk, "xlsx", "?state=draft")
        about = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("About")
        rows = about.to_python()
        assert rows[:2] == [["Rows", "1"], ["State", "Not pushed"]]
        assert rows[3] == ["Exported by", "clerk"]
        assert rows[4][0] == "Sheets"
        assert "more than 1,048,575 rows, they go on on a further sheet" in str(rows[4][1])

    def test_says_that_its_rows_go_on_on_further_sheets(
        self, desks: Desks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(spreadsheet, "ROWS_OF_A_SHEET", 2)
        fill(3)
        book = CalamineWorkbook.from_filelike(io.BytesIO(export(desks.clerk, "xlsx")))
        assert book.sheet_names == ["Permits", "Permits 2", "About"]
        told = book.get_sheet_by_name("About").to_python()[-1]
        assert told == ["Sheets", "2, on which the rows go on: none holds more than 2 of them."]

    def test_that_its_rows_fill_has_no_empty_sheet_more(
        self, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(spreadsheet, "ROWS_OF_A_SHEET", 2)
        fill(2)
        content = of_all().response(Format.XLSX).getvalue()
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        assert book.sheet_names == ["Permits", "About"]


class TestJsonLines:
    def test_hold_a_record_a_line_and_end_by_saying_what_they_are(self, database: str) -> None:
        enter(amount=Decimal("12.50"))
        content = of_all(filters=[("State", "Rejected")]).response(Format.JSON_LINES).getvalue()
        record, ending = map(json.loads, content.splitlines())
        assert record["plate"] == "ABC 123"
        assert record["amount"] == "12.50"
        assert record["start_time"] == "2026-11-23T04:00:00-05:00"
        assert record["reference_id"] == ""
        assert ending == {
            "export": {
                "rows": 1,
                "filter": {"State": "Rejected"},
                "exported_at": "2026-11-25T14:05:00-05:00",
                "exported_by": "clerk",
            }
        }


@pytest.mark.parametrize("form", list(Format))
def test_a_file_shows_one_moment_while_others_write(database: str, form: Format) -> None:
    """Rows are fetched by the hundred: what is written after the first must not be seen."""
    fill(2000)
    before = list(Permit.objects.order_by("pk").values_list("pk", flat=True))
    met: list[int] = []

    def meet(permit: Permit) -> int:
        if len(met) == 10:
            with ThreadPoolExecutor(1) as others:
                others.submit(_write_elsewhere).result(timeout=10)
        met.append(permit.pk)
        return permit.pk

    columns = [Column("id", "Permit", meet), Column("plate", "Plate", lambda permit: permit.plate)]
    content = of_all(columns=columns).response(form).getvalue()
    assert met == before
    assert Permit.objects.filter(plate="CHANGED").count() == 1990
    assert b"CHANGED" not in content


def _write_elsewhere() -> None:
    """Change, remove and add permits over a connection of its own, and without waiting."""
    try:
        first = Permit.objects.order_by("pk")[:10].values("pk")
        Permit.objects.filter(pk__in=list(first.values_list("pk", flat=True))).delete()
        Permit.objects.update(plate="CHANGED")
        Permit.objects.create(plate="LATER", start_time=START, end_time=END)
    finally:
        connection.close()


@pytest.mark.parametrize(
    "form",
    [Format.CSV, *(pytest.param(form, marks=pytest.mark.either) for form in OTHER_FORMATS)],
)
def test_many_rows_need_no_more_memory_than_a_few(database: str, form: Format) -> None:
    peaks = []
    for count in (1_500, 6_000):
        fill(count)
        peaks.append(_peak(of_all(), form))
    assert peaks[1] < peaks[0] * 1.3


def _peak(export: Export, form: Format) -> int:
    """The most bytes that Python held while the file was sent."""
    gc.collect()
    tracemalloc.start()
    try:
        parts: Iterator[bytes] = iter(export.response(form))
        for _ in parts:
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
