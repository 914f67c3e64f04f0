"""The database refuses to change or remove history, whoever asks and however."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, connection, transaction

from permits import proof
from permits.models import (
    Activity,
    Anchor,
    Archive,
    Chain,
    Decision,
    Permit,
    SealedHead,
    SyncAttempt,
    Zone,
    guards,
)
from tests import environment
from tests.engine.gate import Gate
from tests.engine.office import enter, push, queued_for
from tests.proof.conftest import Story, problems
from tests.sandbox_server import Sandbox

RECORDS: Final[dict[str, Callable[[], Any]]] = {
    "attempt": SyncAttempt.objects.all,
    "decision": Decision.objects.all,
    "activity": Activity.objects.all,
    "edit": Permit.history.all,
    "edit of a zone": Zone.history.all,
}
TABLES: Final = (
    *("permits_syncattempt", "permits_decision", "permits_activity", "permits_historicalpermit"),
    *("permits_historicalzone", "permits_chain", "permits_seal", "permits_sealedhead"),
    *("permits_verification", "permits_archive", "permits_anchor", "permits_permit"),
)


def refuses(act: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        act()


@pytest.mark.parametrize("kind", RECORDS)
class TestRecords:
    def test_none_can_be_changed(self, story: Story, kind: str) -> None:
        refuses(lambda: RECORDS[kind]().update(digest=b""))

    def test_none_can_be_saved_anew(self, story: Story, kind: str) -> None:
        record = RECORDS[kind]().first()
        refuses(record.save)

    def test_none_can_be_removed(self, story: Story, kind: str) -> None:
        refuses(lambda: RECORDS[kind]().all()._raw_delete("default"))

    def test_none_can_be_removed_through_the_models(self, story: Story, kind: str) -> None:
        records = RECORDS[kind]()
        if kind == "attempt":
            records = records.filter(decision=None)
        refuses(records.first().delete)

    def test_none_can_be_written_over(self, story: Story, kind: str) -> None:
        if environment.ON_POSTGRES:
            pytest.skip("PostgreSQL has no INSERT OR REPLACE.")
        table = RECORDS[kind]().model._meta.db_table
        with connection.cursor() as cursor:
            refuses(
                lambda: cursor.execute(
                    f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"
                )
            )


class TestACallUnderWay:
    def test_what_was_asked_cannot_be_changed(self, gate: Gate) -> None:
        with gate.sending(queued_for("push")):
            attempts = SyncAttempt.objects.filter(outcome="sending")
            refuses(lambda: attempts.update(request={}))
            refuses(lambda: attempts.update(actor="somebody else"))

    def test_it_cannot_be_removed(self, gate: Gate) -> None:
        with gate.sending(queued_for("push")):
            refuses(lambda: SyncAttempt.objects.all()._raw_delete("default"))


class TestPermits:
    def test_one_that_was_called_for_cannot_be_removed(self, story: Story) -> None:
        refuses(lambda: Permit.objects.filter(pk=story.permit.pk)._raw_delete("default"))

    def test_one_that_left_no_trace_can(self) -> None:
        enter().delete()
        assert problems() == []


def test_the_end_of_a_chain_moves_forward_only(story: Story) -> None:
    refuses(lambda: Chain.objects.update(length=1))
    refuses(lambda: Chain.objects.all()._raw_delete("default"))


def test_what_was_sealed_stays_so(story: Story) -> None:
    seal = proof.make_seal("")
    refuses(lambda: SealedHead.objects.update(length=9))
    refuses(lambda: SealedHead.objects.all()._raw_delete("default"))
    refuses(seal.save)
    refuses(lambda: type(seal).objects.all()._raw_delete("default"))


def test_an_archive_and_its_anchors_stay(story: Story, tmp_path: Path) -> None:
    with time_machine.travel(datetime(2099, 1, 1, tzinfo=UTC)):
        made = proof.archive(datetime(2098, 1, 1, tzinfo=UTC), tmp_path, actor="")
    refuses(made.save)
    refuses(lambda: Archive.objects.all()._raw_delete("default"))
    refuses(lambda: Anchor.objects.update(length=1))
    refuses(lambda: Anchor.objects.all()._raw_delete("default"))


def test_a_verification_stays_as_it_was_found(story: Story) -> None:
    run = proof.verify("")
    refuses(lambda: type(run).objects.update(problems=["none"]))
    refuses(lambda: type(run).objects.all()._raw_delete("default"))


def test_a_removed_user_leaves_the_name_behind(sandbox: Sandbox) -> None:
    user = User.objects.create(username="leaver")
    permit = enter()
    edit: Any = Permit(pk=permit.pk, **{f: getattr(permit, f) for f in Permit.STAFF_FIELDS})
    edit._history_user = user
    edit.save()
    user.delete()
    record = Permit.history.filter(id=permit.pk).latest()
    assert (record.history_user, record.actor) == (None, "leaver")
    assert problems() == []


@pytest.mark.parametrize("table", TABLES)
def test_no_table_can_be_emptied_at_once(story: Story, table: str) -> None:
    proof.make_seal("")
    proof.verify("")
    statement = "TRUNCATE {} CASCADE" if environment.ON_POSTGRES else "DELETE FROM {}"
    if not environment.ON_POSTGRES and table in ("permits_archive", "permits_anchor"):
        pytest.skip("It is empty, and a row's trigger has nothing to refuse.")
    with pytest.raises(DatabaseError, match="refused"), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


def test_a_guard_that_was_taken_down_is_named(story: Story) -> None:
    with transaction.atomic():
        on_table = " ON permits_decision" if environment.ON_POSTGRES else ""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER guard_permits_decision_update{on_table}")
        assert problems() == ["The trigger guard_permits_decision_update is missing."]
        guards.put_up()
    assert problems() == []


def test_pushing_leaves_the_guards_nothing_to_refuse(sandbox: Sandbox) -> None:
    push()
    assert problems() == []
