"""What was given out or taken in before is loaded again, and nothing is there twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from permits import importing
from permits.models import ImportRun, Permit, Zone
from tests.importing.files import as_csv, as_xlsx, check, row, sentences, write
from tests.staff import Staff

ROWS = (row(), row(plate="=B 2", ticket_number="# 7", amount="", currency=""))


def outcome(run: ImportRun) -> tuple[int, int, int]:
    """How many rows are good, bad, and there already."""
    return run.good, run.bad, run.duplicates


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_exported_list(client: Client, staff: Staff, lot: Zone, form: str) -> None:
    write(check(as_csv(*ROWS)))
    client.force_login(staff.clerk)
    answer: Any = client.get(f"/permits/permit/export/{form}/?zone={lot.pk}")
    again = check(answer.getvalue(), file_name=f"list.{form}")
    assert (outcome(again), sentences(again)) == ((0, 0, 2), [])


def test_an_exported_list_in_part(client: Client, staff: Staff, lot: Zone) -> None:
    """What is not there is entered; that the list ends with notes is told and is no bad row."""
    write(check(as_csv(*ROWS)))
    client.force_login(staff.clerk)
    answer: Any = client.get("/permits/permit/export/csv/")
    exported = answer.getvalue()
    Permit.objects.filter(plate="=B 2").delete()
    again = write(check(exported))
    assert outcome(again) == (1, 0, 1)
    assert Permit.objects.order_by("-pk")[0].plate == "=B 2"
    told = list(importing.Report.of(again).lines())
    assert "  4 rows begin with “# ”: they are notes and are left alone" in told


@pytest.mark.parametrize("make", [as_csv, as_xlsx])
def test_a_permit_whose_plate_begins_like_a_note(lot: Zone, make: Any) -> None:
    run = check(make(row(plate="# 3"), ("# 4", "Lot 1", "", "", "", "", "")), file_name="a.csv")
    assert outcome(run) == (1, 0, 0)


def test_the_bad_rows_once_mended_and_the_whole_file_again(lot: Zone) -> None:
    file = as_csv(row(), row(plate="", ticket_number="MENDED"), row(plate="C 3"))
    run = write(check(file), only_if_all_good=False)
    mended = b"".join(importing.failed_rows(run)).replace(b",,Lot 1", b",M 1,Lot 1")
    assert write(check(mended)).written == 1
    assert outcome(check(mended)) == (0, 0, 1)
    assert outcome(check(file)) == (0, 1, 2)
    assert outcome(check(file.replace(b"\n,Lot 1", b"\nM 1,Lot 1"))) == (0, 0, 3)
    assert Permit.objects.count() == 3


def test_a_file_one_of_whose_permits_was_extended_since(lot: Zone) -> None:
    file = as_csv(*ROWS)
    write(check(file))
    permit = Permit.objects.get(plate="ABC 123")
    Permit.objects.filter(pk=permit.pk).update(end_time=permit.end_time + timedelta(hours=2))
    again = check(file)
    assert outcome(again) == (0, 0, 2)
    assert permit.pk in [each.permit for each in importing.Report.of(again).duplicates(0)]
    assert outcome(check(as_csv(row(end="2026-04-03 18:00")))) == (1, 0, 0)
