"""`manage.py import_permits`: the page's work from the shell."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from permits.models import Batch, ImportRun, Permit, Zone
from tests.importing.files import as_csv, row
from tests.staff import Staff


def run(path: Path, *options: str) -> str:
    """Run the command; what it said on stderr."""
    said = io.StringIO()
    call_command("import_permits", str(path), *options, stderr=said)
    return said.getvalue()


def fail(path: Path, *options: str) -> tuple[str, str]:
    """Run the command, which must fail; what it said, and its last words."""
    said = io.StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("import_permits", str(path), *options, stderr=said)
    assert failed.value.returncode
    return said.getvalue(), str(failed.value)


@pytest.fixture
def good(tmp_path: Path, lot: Zone) -> Path:
    """A file of two good rows."""
    path = tmp_path / "good.csv"
    path.write_bytes(as_csv(row(), row(plate="B")))
    return path


@pytest.fixture
def mixed(tmp_path: Path, lot: Zone) -> Path:
    """A file of a good and a bad row."""
    path = tmp_path / "mixed.csv"
    path.write_bytes(as_csv(row(), row(plate="")))
    return path


def test_it_enters_a_good_file_and_reports(good: Path) -> None:
    said = run(good)
    assert "Start is the start" in said
    assert "2 rows: 2 good, 0 bad, 0 there already or twice in the file" in said
    assert "2 permits entered." in said
    assert Permit.objects.count() == 2


def test_the_same_file_again_adds_nothing_and_is_no_failure(good: Path) -> None:
    run(good)
    assert "Line 2, passed over: ABC 123 has the same plate, start, end and zone as" in run(good)
    assert Permit.objects.count() == 2


def test_one_row_is_said_to_be_one(tmp_path: Path, lot: Zone) -> None:
    path = tmp_path / "one.csv"
    path.write_bytes(as_csv(row()))
    said = run(path)
    assert "1 row: 1 good, 0 bad" in said
    assert "1 permit entered." in said


def test_a_zone_that_the_controller_never_reported_is_named(tmp_path: Path, lot: Zone) -> None:
    Zone.objects.create(name="Old yard")
    path = tmp_path / "yard.csv"
    path.write_bytes(as_csv(row(), row(plate="B", zone="Old yard")))
    told = "Zone Old yard: the controller never reported it, so permits under it would be"
    assert f"{told} disconnected records: 1 here" in run(path)


def test_it_pushes_in_a_run(good: Path) -> None:
    assert "Push run" in run(good, "--push")
    assert Batch.objects.get().items.count() == 2


@pytest.mark.parametrize("options", [(), ("--all-or-none",)])
def test_a_bad_row_keeps_all_out(mixed: Path, options: tuple[str, ...]) -> None:
    said, last = fail(mixed, *options)
    assert "Line 3, plate: The plate is missing." in said
    assert "Nothing was written, because 1 row is bad." in last
    assert not Permit.objects.exists()
    assert not ImportRun.objects.exists()


def test_the_good_rows_are_entered_where_asked_and_it_still_fails(mixed: Path) -> None:
    said, last = fail(mixed, "--good-rows")
    assert "1 permit entered." in said
    assert last == "Not entered: 1 bad row."
    assert Permit.objects.count() == 1


def test_an_unreadable_file_is_said_to_be(tmp_path: Path, db: None) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1"))
    assert "old Excel workbook" in fail(path)[1]
    assert "No such file" in fail(tmp_path / "none.csv")[1]


def test_on_a_terminal_it_asks_first(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda: "n")
    said, last = fail(good)
    assert "Enter 2 permits? [y/N]" in said
    assert last == "Nothing was entered."
    assert "2 permits entered." in run(good, "--yes")


def test_it_enters_them_in_a_user_s_name(good: Path, staff: Staff) -> None:
    run(good, "--as", "clerk")
    assert set(Permit.objects.values_list("entered_by", flat=True)) == {"clerk"}
    assert fail(good, "--as", "nobody")[1] == "There is no active user nobody."
