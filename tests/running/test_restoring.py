"""Backup and restore as the operator's guide has them; an old backup has nothing pushed twice."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from permits import sync
from permits.models import Decision, ImportRun, Link, Permit, Source
from tests import environment, postgres
from tests.database import connected_to
from tests.engine.office import LATER, ask, edit, enter, now, push, send, withdraw
from tests.running.guide import Site, block
from tests.sandbox_server import Sandbox

State = Permit.State


@pytest.fixture
def site(tmp_path: Path, sandbox: Sandbox, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """An installation, whose database the models look into."""
    name = f"restoring_{environment.WORKER}_{tmp_path.name[-20:].strip('_')}"
    site = Site(tmp_path, postgres.create(name) if environment.ON_POSTGRES else "")
    for line in block("Installing", 0):
        site.run_well(line)
    site.fill_in_all(sandbox.url)
    site.run_well(block("Installing", 2)[0])
    with django_db_blocker.unblock(), connected_to(site.database_url):
        sync.resume("")
        yield site


def restore(site: Site, sandbox: Sandbox) -> None:
    """Lose the database, and take the backup in its place; whoever is too early sends nothing."""
    taken = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    if environment.ON_POSTGRES:
        site.database_url = postgres.create(f"again_{environment.WORKER}_{timezone.now():%H%M%S%f}")
        lines = block("Restore", 1)
    else:
        for ending in ("", "-wal", "-shm"):
            (site.folder / f"portal.sqlite3{ending}").unlink(missing_ok=True)
        lines = block("Restore", 0)
    for line in lines:
        site.run_well(line)
    migrate, *rest = block("Restore", 2)
    site.run_well(migrate)
    pushes = len(sandbox.requests("push"))
    early = site.run(block("When there is an alarm", 0)[2])
    assert early.returncode == 1
    assert "is a backup that was restored" in early.stderr
    assert len(sandbox.requests("push")) == pushes
    said = [site.run_well(re.sub(r"--taken=\S+", f"--taken={taken}", line)) for line in rest]
    assert "The history is whole." in said[-1]


@pytest.mark.database
def test_what_an_old_backup_does_not_know_is_put_to_a_person_and_pushed_once(
    site: Site, sandbox: Sandbox
) -> None:
    there, refused = push(enter(plate="THERE 1")), enter(plate="REFUSED 1")
    sandbox.fault("error", code=9015, message="no", status=422)
    send(refused)
    draft, queued, gone = (enter(plate=plate) for plate in ("DRAFT 1", "QUEUED 1", "GONE 1"))
    push(gone)
    ask(queued)
    edit(there, end_time=LATER)
    ask(there)
    for line in block("Backup", 1) if environment.ON_POSTGRES else block("Backup", 0):
        site.run_well(line)
    # What the backup does not know.
    for permit in (draft, queued, refused):
        assert send(now(permit)).outcome == "succeeded"
    withdraw(now(gone))
    sync.send(gone.pk)
    push(enter(plate="AFTER 1"))
    pushes = len(sandbox.requests("push"))
    from django.db import connection

    connection.close()
    restore(site, sandbox)
    with connected_to(site.database_url):
        for permit in (draft, queued, refused):
            assert now(permit).state == State.IN_DOUBT
            assert permit.is_doubted_since_restore
        assert not Permit.objects.filter(plate="AFTER 1").exists()
        told = site.run_well(block("When there is an alarm", 0)[2])
        assert told
        assert len(sandbox.requests("push")) == pushes
        assert now(there).state == State.SYNCED
        assert Group.objects.count() == 3
        Link.objects.update(home=sync.BACKUP)
        site.run_well(block("Restore", 3)[0])
        assert Link.current().home not in ("", sync.BACKUP)
        connection.close()


@pytest.fixture
def root(database: str) -> Iterator[User]:
    """Somebody who may do everything, and goes with the test."""
    user = User.objects.create_superuser("restorer")
    yield user
    user.delete()


@pytest.mark.usefixtures("database")
class TestTooEarly:
    @pytest.fixture(autouse=True)
    def restored(self, database: str) -> None:
        """A database that says it is not where the portal ran."""
        sync.drain(go_on=lambda: False)
        assert Link.objects.exclude(home="").update(home=sync.BACKUP)

    def test_nobody_and_nothing_pushes_before_it_has_run(self, sandbox: Sandbox) -> None:
        queued, draft = enter(plate="QUEUED 1"), enter(plate="DRAFT 1")
        ask(queued)
        sync.drain(go_on=lambda: True)
        ask(draft)
        assert sync.send(draft.pk) is None
        assert Link.current().is_restored
        assert sync.next_look() is None
        sync.resume("root")
        sync.pull_counts(actor="root", source=Source.CHECK)
        sync.drain(go_on=lambda: True)
        assert Link.current().is_restored
        assert not sandbox.requests("push")
        sync.after_restore(taken=timezone.now() - timedelta(hours=1), actor="root")
        assert not Link.current().is_paused
        assert {now(each).state for each in (queued, draft)} == {State.IN_DOUBT}

    def test_what_is_known_to_miss_nothing_goes_on_as_it_was(self, sandbox: Sandbox) -> None:
        permit = enter()
        ask(permit)
        sync.drain(go_on=lambda: True)
        call_command("after_restore", nothing_since=True)
        sync.drain(go_on=lambda: True)
        assert now(permit).state == State.SYNCED
        assert len(sandbox.requests("push")) == 1

    def test_every_page_says_so_and_none_offers_to_resume(self, root: User) -> None:
        sync.drain(go_on=lambda: True)
        client = Client()
        client.force_login(root)
        page = client.get("/controller/").text
        assert "backup that was restored" in page
        assert "manage.py after_restore" in page
        assert "/controller/resume/" not in page
        page = client.post("/controller/resume/", follow=True).text
        assert "are resumed" not in page


@pytest.mark.usefixtures("database")
class TestBackup:
    def test_it_is_for_its_owner_and_overwrites_nothing(self, tmp_path: Path) -> None:
        file = tmp_path / "backup.sqlite3"
        if environment.ON_POSTGRES:
            with pytest.raises(CommandError, match="pg_dump"):
                call_command("backup", str(file))
            return
        call_command("backup", str(file))
        assert file.stat().st_mode & 0o777 == 0o600
        with pytest.raises(CommandError, match="is there already"):
            call_command("backup", str(file))
        with pytest.raises(CommandError, match="could not be written"):
            call_command("backup", str(tmp_path / "nowhere" / "backup.sqlite3"))


@pytest.mark.usefixtures("database")
class TestAfterRestore:
    def restore(self) -> sync.Restored:
        return sync.after_restore(taken=timezone.now() - timedelta(hours=1), actor="root")

    def test_no_way_pushes_what_may_be_there_before_a_person_has_decided(
        self, sandbox: Sandbox
    ) -> None:
        draft, queued = enter(plate="DRAFT 1"), enter(plate="QUEUED 1")
        ask(queued)
        assert self.restore() == sync.Restored(in_doubt=2, repeated=0, missing=0, imports=0)
        sync.recover()
        sync.drain(go_on=lambda: True)
        for permit in (draft, queued):
            assert sync.send(permit.pk) is None
            with pytest.raises(sync.Refused):
                ask(permit)
            assert now(permit).state == State.IN_DOUBT
        assert not sandbox.requests("push")

    def test_it_says_who_and_when_and_the_history_is_whole(self) -> None:
        permit = enter()
        self.restore()
        told = permit.decisions.get()
        assert (told.verdict, told.actor) == (Decision.Verdict.RESTORED, "root")
        assert "backup" in told.reason
        call_command("verify_history")

    def test_what_is_found_there_is_not_pushed_again(self, sandbox: Sandbox) -> None:
        permit = enter()
        self.restore()
        sync.resolve_there(permit.pk, reference_id="FOUND-1", reason="I looked.", actor="sue")
        assert now(permit).reference_id == "FOUND-1"
        # What was pushed may be older than the wish: nothing of it is taken as known.
        assert {difference.acknowledged for difference in permit.differences()} == {""}
        sync.drain(go_on=lambda: True)
        assert not sandbox.requests("push")

    def test_what_is_not_found_is_pushed_once(self, sandbox: Sandbox) -> None:
        permit = enter()
        self.restore()
        sync.resolve_not_there(permit.pk, reason="I looked.", actor="sue")
        assert not now(permit).is_doubted_since_restore
        sync.drain(go_on=lambda: True)
        assert now(permit).state == State.SYNCED
        assert len(sandbox.requests("push")) == 1

    def test_an_older_refusal_is_not_taken_for_the_call_in_doubt(self, sandbox: Sandbox) -> None:
        permit = enter()
        sandbox.fault("error", code=9015, message="no", status=422)
        send(permit)
        self.restore()
        sync.resolve_not_there(permit.pk, reason="I looked.", actor="sue")
        assert permit.decisions.first() is not None
        assert permit.decisions.get(verdict="not_there").attempt is None

    def test_who_withdraws_it_meanwhile_does_not_make_it_vanish(self) -> None:
        permit = enter()
        self.restore()
        withdraw(permit)
        assert now(permit).state == State.IN_DOUBT
        sync.resolve_not_there(permit.pk, reason="I looked.", actor="sue")
        assert now(permit).state == State.DELETED

    def test_an_import_that_was_being_written_waits_for_a_person(self) -> None:
        run = ImportRun.objects.create(
            state=ImportRun.State.WRITING, confirmed_at=timezone.now(), push=True
        )
        assert self.restore().imports == 1
        run.refresh_from_db()
        assert run.is_stuck

    def test_its_pages_say_why_and_offer_no_other_calls_evidence(
        self, sandbox: Sandbox, root: User
    ) -> None:
        permit = enter()
        sandbox.fault("error", code=9015, message="no", status=422)
        send(permit)
        self.restore()
        client = Client()
        client.force_login(root)
        page = client.get(permit.get_absolute_url()).text
        assert "restored from a backup" in page
        assert "Put in doubt after a restore" in page
        page = client.get(f"/permits/permit/{permit.pk}/resolve/").text
        assert "restored from a backup" in page
        assert "What was sent" not in page

    def test_once_is_enough(self) -> None:
        enter()
        assert self.restore().in_doubt == 1
        assert self.restore().in_doubt == 0
        assert Decision.objects.count() == 1

    @pytest.mark.parametrize("taken", ["yesterday", "2026-13-01T09:30", "2999-01-01T09:30"])
    def test_a_time_that_is_none_is_refused(self, taken: str) -> None:
        with pytest.raises(CommandError):
            call_command("after_restore", taken=taken)
