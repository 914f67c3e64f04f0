"""What was given out or taken in before is loaded again, and nothing is there twice."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from permits import importing, sync
from permits.models import ImportedPermit, ImportRun, Permit, Zone
from tests.engine.office import edit, now, withdraw
from tests.importing.files import as_csv, as_xlsx, check, row, sentences, write
from tests.sandbox_server import Sandbox
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
    assert "  4 rows with “# ” at the start: notes, left alone" in told


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


@pytest.mark.parametrize("changed", ["plate", "start", "zone"])
def test_a_file_one_of_whose_permits_was_changed_since(lot: Zone, changed: str) -> None:
    file = as_csv(*ROWS)
    write(check(file))
    permit = Permit.objects.get(plate="ABC 123")
    match changed:
        case "plate":
            edit(permit, plate="NEW 1")
        case "start":
            edit(permit, start_time=permit.start_time - timedelta(hours=1))
        case "zone":
            edit(permit, zone=Zone.objects.create(name="Lot 2"))
    again = check(file)
    assert outcome(again) == (0, 0, 2)
    [told, _] = importing.Report.of(again).duplicates(0)
    assert told.permit == permit.pk
    other_file = as_csv(row(plate="abc-123", ticket_number="", amount=""), row(plate="C 3"))
    assert outcome(check(other_file)) == (1, 0, 1)


def test_a_file_one_of_whose_permits_was_replaced_since(
    sandbox: Sandbox, lasting_lot: Zone
) -> None:
    file = as_csv(*ROWS)
    write(check(file), push=True)
    sync.drain(go_on=lambda: True)
    old = Permit.objects.get(plate="ABC 123")
    fields = {name: getattr(old, name) for name in Permit.STAFF_FIELDS} | {"zone": None}
    new = sync.replace(old.pk, fields=fields, actor="clerk")
    sync.drain(go_on=lambda: True)
    assert (now(old).state, now(new).state) == ("deleted", "synced")
    again = check(file)
    assert outcome(again) == (0, 0, 2)
    [told, _] = importing.Report.of(again).duplicates(0)
    assert told.permit == new.pk
    withdraw(new)
    assert outcome(check(file)) == (1, 0, 1)


def test_a_permit_that_was_changed_while_its_row_waited_to_be_confirmed(lot: Zone) -> None:
    run = check(as_csv(*ROWS))
    write(check(as_csv(row())))
    edit(Permit.objects.get(), plate="NEW 1")
    done = write(run)
    assert (done.written, done.overtaken) == (1, 1)


def test_what_was_imported_before_rows_were_kept_is_known_by_its_first_record(lot: Zone) -> None:
    write(check(as_csv(*ROWS, row(plate="C 3", zone=""))))
    edit(Permit.objects.get(plate="ABC 123"), plate="NEW 1")
    kept = asked_for()
    ImportedPermit.objects.update(asked_for=None)
    migration = import_module("permits.migrations.0009_asked_for")
    migration.fill(apps, connection.schema_editor())
    assert asked_for() == kept
    assert len(kept) == 3


def asked_for() -> dict[int, bytes]:
    """What is kept of each imported row."""
    rows = ImportedPermit.objects.values_list("pk", "asked_for")
    return {pk: bytes(kept) for pk, kept in rows if kept}
