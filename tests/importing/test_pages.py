"""The pages of an import, by plain forms alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from permits import tasks
from permits.admin import importing as pages
from permits.models import Batch, ImportRun, Permit, Zone
from tests.importing.files import as_csv, as_xlsx, check, row
from tests.staff import Staff

START = "/permits/permit/import/"
State = ImportRun.State


@pytest.fixture
def clerk(client: Client, staff: Staff) -> Client:
    """A browser in which the clerk is signed in."""
    client.force_login(staff.clerk)
    return client


@pytest.fixture(autouse=True)
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty queue for what is left to the worker, whose work is done in the test's thread."""
    # A task would end the connection, and with it the test's own transaction.
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    tasks.queue.flush()
    yield
    tasks.queue.flush()


def hand_in(client: Client, data: bytes, name: str = "permits.csv") -> Any:
    """Hand in a file; the page that follows."""
    return client.post(START, {"file": SimpleUploadedFile(name, data)}, follow=True)


def text(response: Any) -> str:
    """The page's words, without the markup's blanks."""
    return " ".join(response.content.decode().split())


def test_from_the_file_to_the_run_that_pushes_it(clerk: Client, lot: Zone) -> None:
    page = hand_in(clerk, as_csv(row(), row(plate="B 2")))
    assert "Import 2 permits" in text(page)
    assert not Permit.objects.exists()
    run = ImportRun.objects.get()
    landed = clerk.post(f"{START}{run.pk}/confirm/", {"rows": "all", "push": "yes"}, follow=True)
    batch = Batch.objects.get()
    assert landed.redirect_chain[-1][0] == batch.get_absolute_url()
    assert "2 permits were imported from permits.csv." in text(landed)
    assert (batch.actor, batch.source, batch.items.count()) == ("clerk", "import", 2)
    assert Permit.objects.first().entered_by == "clerk"  # type: ignore[union-attr]


def test_bad_rows_are_shown_and_come_as_a_file(clerk: Client, lot: Zone) -> None:
    page = hand_in(clerk, as_csv(row(), row(plate="<b>", amount="$1"), row(start="never")))
    words = text(page)
    assert "Line 3" in words
    assert "Line 4" in words
    assert "Write the amount without its currency" in words
    assert "<b>" not in words
    run = ImportRun.objects.get()
    file = clerk.get(f"{START}{run.pk}/failed/")
    assert file["Content-Disposition"] == 'attachment; filename="permits-failed.csv"'
    assert b"".join(file.streaming_content).count(b"\r\n") == 3  # type: ignore[attr-defined]


def test_the_choice_between_good_rows_and_none_is_kept(clerk: Client, lot: Zone) -> None:
    hand_in(clerk, as_csv(row(), row(plate="")))
    address = f"{START}{ImportRun.objects.get().pk}/confirm/"
    refused = clerk.post(address, {"rows": "all"}, follow=True)
    assert "Nothing was written, because 1 row is bad." in text(refused)
    assert not Permit.objects.exists()
    assert 'name="rows" value="all" checked' in (html := refused.content.decode())
    assert 'name="push" value="yes">' in html
    done = clerk.post(address, {"rows": "good"}, follow=True)
    assert "1 permit was imported from permits.csv. 1 bad row was left out." in text(done)
    assert Permit.objects.count() == 1
    assert not Batch.objects.exists()


def test_a_second_click_imports_nothing_more(clerk: Client, lot: Zone) -> None:
    hand_in(clerk, as_csv(row()))
    address = f"{START}{ImportRun.objects.get().pk}/confirm/"
    clerk.post(address, {"rows": "all"})
    again = clerk.post(address, {"rows": "all"}, follow=True)
    assert "confirmed or removed already" in text(again)
    assert Permit.objects.count() == 1


def test_a_zone_that_the_controller_never_reported_is_marked(clerk: Client, lot: Zone) -> None:
    Zone.objects.create(name="Old yard")
    words = text(hand_in(clerk, as_csv(row(), row(plate="B 2", zone="Old yard"))))
    assert "The controller never reported the zone “Old yard”. 1 row names it." in words
    assert "disconnected records" in words
    assert "zone “Lot 1”" not in words


def test_the_columns_are_shown_as_they_were_matched(clerk: Client, lot: Zone) -> None:
    header = ("Colour", "LicencePlate", "ParkingZoneName", "StartDateUtc", "endTime")
    file = as_csv(
        ("red", "A 1", "Lot 1", "2026-04-03 09:00", "2026-04-03 17:00"),
        header=header,
        delimiter=";",
    )
    words = text(hand_in(clerk, file))
    for field, column in (("Plate", "LicencePlate"), ("Zone", "ParkingZoneName")):
        assert f"<dt>{field}</dt><dd><code>{column}</code>" in words
    assert '<code>StartDateUtc</code><br><span class="quiet">times are read as UTC' in words
    assert "<dt>Not known, so left alone</dt><dd><code>Colour</code>" in words


def test_lists_come_in_pages(clerk: Client, lot: Zone) -> None:
    hand_in(clerk, as_csv(*(row(plate="") for _ in range(60))))
    address = f"{START}{ImportRun.objects.get().pk}/"
    assert "Line 52" not in text(clerk.get(address))
    page = text(clerk.get(address, {"bad": "2"}))
    assert "Line 52" in page
    assert "Page 2 of 2" in page
    assert clerk.get(address, {"bad": "99999999999999999999"}).status_code == 200


def test_what_cannot_be_read_is_said_on_its_page(clerk: Client) -> None:
    assert "The file lacks the plate" in text(hand_in(clerk, b"a,b\n1,2\n"))
    assert "Choose a file." in text(clerk.post(START, {}))
    assert "The file is empty." in text(hand_in(clerk, b""))


def test_a_large_file_is_left_to_the_worker(
    clerk: Client, lot: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "SMALL_FILE", 10)
    monkeypatch.setattr(pages, "FEW_ROWS", 0)
    page = hand_in(clerk, as_csv(row()))
    assert "Nothing is entered yet." in text(page)
    run = ImportRun.objects.get()
    assert 'data-moving="yes"' in text(clerk.get(f"{START}{run.pk}/?progress"))
    work()
    assert "Import 1 permit" in text(clerk.get(f"{START}{run.pk}/"))
    page = clerk.post(f"{START}{run.pk}/confirm/", {"rows": "all", "push": "yes"}, follow=True)
    assert "0 of 1 permits entered" in text(page)
    work()
    landed = clerk.get(f"{START}{run.pk}/", follow=True)
    assert landed.redirect_chain[-1][0] == Batch.objects.get().get_absolute_url()
    assert "Done" in text(clerk.get(f"{START}{run.pk}/"))


def work() -> None:
    """Do what is in the queue about imports."""
    while (task := tasks.queue.dequeue()) is not None:
        if task.name == "look_at_import":
            tasks.queue.execute(task)


def test_what_the_queue_forgot_the_sweep_finds(lot: Zone, staff: Staff) -> None:
    from permits import importing

    run = importing.receive([as_csv(row())], file_name="a.csv", user=staff.clerk)
    tasks.sweep.call_local()
    work()
    assert ImportRun.objects.get(pk=run.pk).state == State.READY


class TestZones:
    def test_a_clerk_is_told_to_ask(self, clerk: Client, lot: Zone) -> None:
        page = hand_in(clerk, as_csv(row(zone="Pier")))
        assert "ask a supervisor to add the zones" in text(page)
        run = ImportRun.objects.get()
        answer = clerk.post(f"{START}{run.pk}/zones/", {"zone": "Pier"})
        assert answer.status_code == 403

    def test_a_supervisor_adds_them(self, client: Client, staff: Staff, lot: Zone) -> None:
        client.force_login(staff.supervisor)
        hand_in(client, as_csv(row(zone="Pier")))
        run = ImportRun.objects.get()
        page = client.post(f"{START}{run.pk}/zones/", {"zone": "Pier"}, follow=True)
        words = text(page)
        assert "1 zone was added, and the file is checked anew." in words
        assert "The controller never reported the zone “Pier”." in words
        assert "Import 1 permit" in words
        assert Zone.objects.get(name="Pier").history.get().history_user == staff.supervisor


class TestWhoMayWhat:
    def test_others_do_not_see_it(self, clerk: Client, staff: Staff, lot: Zone) -> None:
        run = check(as_csv(row(plate="")), user=staff.supervisor)
        for page in ("", "failed/"):
            assert clerk.get(f"{START}{run.pk}/{page}").status_code == 404
        for step in ("confirm/", "discard/", "again/"):
            assert clerk.post(f"{START}{run.pk}/{step}").status_code == 404

    def test_an_auditor_sees_it_and_changes_nothing(
        self, client: Client, staff: Staff, lot: Zone
    ) -> None:
        run = check(as_csv(row()), user=staff.clerk)
        client.force_login(staff.auditor)
        page = client.get(f"{START}{run.pk}/")
        assert page.status_code == 200
        assert "Discard" not in text(page)
        assert client.post(f"{START}{run.pk}/confirm/").status_code == 403
        assert client.get(START).status_code == 403

    def test_pushing_takes_its_own_permission(
        self, client: Client, staff: Staff, lot: Zone
    ) -> None:
        from django.contrib.auth.models import Permission

        staff.auditor.groups.clear()
        staff.auditor.user_permissions.add(Permission.objects.get(codename="add_permit"))
        client.force_login(staff.auditor)
        page = hand_in(client, as_csv(row()))
        assert "Push them" not in text(page)
        run = ImportRun.objects.get()
        address = f"{START}{run.pk}/confirm/"
        assert client.post(address, {"rows": "all", "push": "yes"}).status_code == 403
        assert client.post(address, {"rows": "all"}, follow=True).status_code == 200
        assert Permit.objects.count() == 1

    def test_nothing_changes_by_looking(self, clerk: Client, staff: Staff, lot: Zone) -> None:
        run = check(as_csv(row()), user=staff.clerk)
        for step in ("confirm/", "zones/", "discard/", "again/"):
            assert clerk.get(f"{START}{run.pk}/{step}").status_code == 405

    def test_a_stranger_is_sent_to_sign_in(self, client: Client, db: None) -> None:
        assert client.get(START).status_code == 302


def test_it_can_be_discarded(clerk: Client, lot: Zone) -> None:
    hand_in(clerk, as_xlsx(row()), "permits.xlsx")
    run = ImportRun.objects.get()
    page = clerk.post(f"{START}{run.pk}/discard/", follow=True)
    assert "permits.xlsx was discarded. Nothing was imported from it." in text(page)
    assert not ImportRun.objects.exists()


def test_what_was_given_up_can_be_tried_again(clerk: Client, staff: Staff, lot: Zone) -> None:
    from permits import importing

    run = importing.receive([as_csv(row())], file_name="a.csv", user=staff.clerk)
    ImportRun.objects.update(tries=ImportRun.MOST_TRIES, trouble="OSError: disk full")
    page = text(clerk.get(f"{START}{run.pk}/"))
    assert "OSError: disk full" in page
    assert "Try again" in page
    clerk.post(f"{START}{run.pk}/again/")
    work()
    assert ImportRun.objects.get().state == State.READY
    assert ImportRun.objects.get().created_at <= timezone.now()


def test_there_is_a_file_to_fill_in(clerk: Client) -> None:
    lines = b"".join(clerk.get(f"{START}empty/").streaming_content)  # type: ignore[attr-defined]
    assert lines.decode("utf-8-sig") == "Plate,Zone,Ticket number,Start,End,Amount,Currency\r\n"
