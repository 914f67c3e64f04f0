"""The page that says who did what: of one person, on one day, of one kind, and unchanged."""

import csv
import io
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from permits import proof, sync
from permits.admin.activity import in_words
from permits.models import Activity, Batch, Link, Permit
from tests import environment
from tests.engine.office import edit, enter
from tests.pages.desk import HISTORY, RUNS, Desk, Desks
from tests.pages.reading import Page
from tests.pages.test_activity import sign_in
from tests.staff import PASSWORD, Staff

PATH: Final = "/permits/activity/"
Kind = Activity.Kind


@pytest.fixture
def desks(staff: Staff) -> Desks:
    """The people at their desks, of whom nothing is left behind: also not what they may do."""
    return Desks(
        clerk=Desk(staff.clerk),
        supervisor=Desk(staff.supervisor),
        auditor=Desk(staff.auditor),
        root=Desk(staff.root),
        stranger=Desk(),
        nobody=Desk(),
    )


def rows(page: Page) -> list[str]:
    """What the list says, row by row."""
    return [row.text for row in page.root.one("table.results").all("tr")[1:]]


def done(kind: Kind, actor: str, *, day: int = 24) -> Activity:
    at = datetime(2026, 11, day, 12, tzinfo=UTC)
    return Activity.objects.create(kind=kind, actor=actor, what="Sync history", at=at)


def test_sign_ins_that_failed_or_locked_somebody_out_are_listed(desks: Desks) -> None:
    for _ in range(12):
        sign_in("clerk", "wrong-password-4711")
    sign_in("nobody-has-this-name", "wrong-password-4711")
    listed = rows(desks.auditor.open(f"{PATH}?kind=failed"))
    assert any("clerk" in row and "192.0.2.7" in row for row in listed)
    (locked,) = rows(desks.auditor.open(f"{PATH}?kind=locked_out"))
    assert "clerk" in locked
    assert "Locked out" in locked


def test_what_was_done_is_written_as_the_language_does(desks: Desks) -> None:
    done(Kind.EXPORTED, "anna")
    desks.auditor.client.cookies["language"] = "fr"
    (row,) = rows(desks.auditor.open(f"{PATH}?actor=anna"))
    assert "Exporté : Historique de synchronisation" in row


def test_what_the_proof_was_asked_for_is_listed_in_the_language_of_the_page(desks: Desks) -> None:
    proof.make_seal("anna")
    proof.verify("anna")
    desks.auditor.client.cookies["language"] = "fr"
    verified, sealed = rows(desks.auditor.open(f"{PATH}?actor=anna"))
    assert "Historique vérifié : Vérification " in verified
    assert "problems: 0" in verified
    assert "Historique scellé : Sceau " in sealed


def test_who_stopped_a_run_and_resumed_the_calls_is_listed_once(desks: Desks) -> None:
    enter()
    run = sync.start_batch(Batch.Kind.PUSH, Permit.objects.all(), actor="clerk")
    Link.current()
    Link.objects.update(pause=Link.Pause.UNREACHABLE, paused_at=timezone.now())
    for button in ("stop", "stop", "resume", "resume"):
        desks.clerk.post(f"{RUNS}{run.pk}/{button}/")
    for _ in range(2):
        desks.supervisor.post("/controller/resume/")
    kinds = (Kind.RUN_STOPPED, Kind.RUN_RESUMED, Kind.CALLS_RESUMED)
    noted = Activity.objects.filter(kind__in=kinds).order_by("pk")
    assert list(noted.values_list("kind", "actor", "what", "address")) == [
        (Kind.RUN_STOPPED, "clerk", run.name, "127.0.0.1"),
        (Kind.RUN_RESUMED, "clerk", run.name, "127.0.0.1"),
        (Kind.CALLS_RESUMED, "supervisor", "", "127.0.0.1"),
    ]
    desks.auditor.client.cookies["language"] = "fr"
    (row,) = rows(desks.auditor.open(f"{PATH}?kind=run_stopped"))
    assert f"Traitement groupé arrêté : Traitement groupé {run.pk} : envoi" in row


def test_a_name_that_nobody_has_is_said_to_be_unknown(desks: Desks) -> None:
    sign_in("nobody-has-this-name", "wrong-password-4711")
    (row,) = rows(desks.auditor.open(f"{PATH}?kind=failed"))
    assert "An unknown name" in row
    assert "nobody-has-this-name" not in row


def test_what_somebody_may_do_is_told_from_what_to_what(desks: Desks) -> None:
    user = User.objects.get(username="clerk")
    user.is_superuser = True
    user.save()
    group = Group.objects.get(name="Auditors")
    group.permissions.add(Permission.objects.get(codename="add_permit"))
    page = desks.auditor.open(PATH)
    assert "User changed: clerk is_superuser: False → True" in page.text
    assert "Group changed: Auditors permissions added: add_permit" in page.text


def test_an_export_is_listed_with_who_took_what(desks: Desks) -> None:
    assert desks.clerk.client.get("/permits/permit/export/csv/?state=synced").status_code == 200
    (row,) = rows(desks.auditor.open(f"{PATH}?kind=exported"))
    assert "clerk" in row
    assert "filter: State On controller; format: csv" in row


def test_one_person_and_one_day_are_found(desks: Desks) -> None:
    mine = done(Kind.EXPORTED, "clerk")
    done(Kind.EXPORTED, "clerk", day=23), done(Kind.EXPORTED, "auditor")
    page = desks.auditor.open(f"{PATH}?actor=clerk&from=2026-11-24&to=2026-11-24")
    assert len(rows(page)) == 1
    assert f'datetime="{mine.at.isoformat()}"' in page.html


def test_what_the_same_person_did_with_permits_is_one_step_away(desks: Desks) -> None:
    for actor, plate in (("clerk", "MINE 1"), ("supervisor", "THEIRS 1")):
        enter(plate=plate, entered_by=actor, entered_at=datetime(2026, 11, 24, 12, tzinfo=UTC))
    enter(plate="OLD 1", entered_by="clerk", entered_at=datetime(2026, 11, 23, 12, tzinfo=UTC))
    page = desks.auditor.open(f"{PATH}?actor=clerk&from=2026-11-24&to=2026-11-24")
    calls, permits = [
        link.attributes["href"]
        for link in page.root.all("a[href]")
        if link.text in ("calls", "permits entered")
    ]
    assert calls == f"{HISTORY}?actor=clerk&from=2026-11-24&to=2026-11-24"
    assert desks.auditor.open(calls).status == 200
    found = desks.auditor.open(permits)
    assert "MINE 1" in found.text
    assert "THEIRS 1" not in found.text
    assert "OLD 1" not in found.text
    assert "By the same person" not in desks.auditor.open(PATH).text


def test_the_permits_that_the_same_person_edited_are_one_step_away(desks: Desks) -> None:
    for plate, name, day in (
        ("MINE 1", "clerk", 24),
        ("THEIRS 1", "root", 24),
        ("OLD 1", "clerk", 23),
    ):
        permit: Any = enter(plate=plate)
        permit._history_user = User.objects.get(username=name)
        permit._history_date = datetime(2026, 11, day, 12, tzinfo=UTC)
        edit(permit, ticket_number="T1")
    page = desks.auditor.open(f"{PATH}?actor=clerk&from=2026-11-24&to=2026-11-24")
    (edited,) = [
        link.attributes["href"]
        for link in page.root.all("a[href]")
        if link.text == "permits edited"
    ]
    found = desks.auditor.open(edited)
    assert [plate for plate in ("MINE 1", "THEIRS 1", "OLD 1") if plate in found.text] == ["MINE 1"]
    assert "clerk, 2026-11-24" in found.text
    (by,) = found.root.all("[name=edited_by]")
    assert by.attributes["value"] == "clerk"


@pytest.mark.skipif(environment.ON_POSTGRES, reason="PostgreSQL plans by what it counted")
def test_what_one_person_edited_is_found_along_an_index(desks: Desks) -> None:
    with CaptureQueriesContext(connection) as captured:
        desks.auditor.open("/permits/permit/?edited_by=clerk&edited_from=2026-11-24")
    listed = next(each["sql"] for each in captured if "historicalpermit" in each["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {listed}")
        plan = " ".join(str(line[-1]) for line in cursor.fetchall())
    assert "edit_by_actor (actor=? AND history_type=? AND history_date>?)" in plan
    assert "SCAN permits" not in plan


def test_a_removed_user_leaves_no_hole(desks: Desks) -> None:
    done(Kind.EXPORTED, "leaver")
    leaver = User.objects.create(username="leaver", is_staff=True)
    before = rows(desks.auditor.open(f"{PATH}?actor=leaver"))
    leaver.delete()
    assert rows(desks.auditor.open(f"{PATH}?actor=leaver")) == before
    assert "User removed: leaver" in desks.auditor.open(PATH).text


def test_it_can_be_taken_away_as_a_file(desks: Desks) -> None:
    done(Kind.EXPORTED, "clerk")
    answer = desks.auditor.client.get(f"{PATH}export/csv/?actor=clerk&to=2026-11-24")
    head, line, *_ = csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert head[:4] == ["When", "Who", "What", "To whom or what"]
    assert line[1:4] == ["clerk", "Exported", "Sync history"]


def test_the_menu_of_those_who_audit_leads_to_it(desks: Desks) -> None:
    assert PATH in desks.auditor.open("/").html
    assert PATH not in desks.clerk.open("/").html


def test_not_even_an_administrator_changes_it(desks: Desks) -> None:
    noted = done(Kind.EXPORTED, "clerk")
    for page in ("add/", f"{noted.pk}/change/", f"{noted.pk}/delete/"):
        answer = desks.root.client.post(f"{PATH}{page}", {"actor": "root", "post": "yes"})
        assert answer.status_code == 403
    noted.refresh_from_db()
    assert noted.actor == "clerk"


def test_one_entry_is_shown_whole(desks: Desks) -> None:
    sign_in("clerk", PASSWORD)
    noted = Activity.objects.get(kind=Kind.SIGNED_IN, address="192.0.2.7")
    page = desks.auditor.open(f"{PATH}{noted.pk}/change/")
    assert "192.0.2.7" in page.text


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({}, ""),
        ({"email": ["", "a@example.org"]}, "email: nothing → a@example.org"),
        ({"groups added": ["A", "B"]}, "groups added: A, B"),
        ({"format": "csv", "filter": {}}, "filter: none; format: csv"),
    ],
)
def test_details_are_one_line(details: dict[str, object], words: str) -> None:
    assert in_words(details) == words
