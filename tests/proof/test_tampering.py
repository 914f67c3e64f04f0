"""What was changed, removed, added or moved past every guard is named, and nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from permits import digests, proof, sync
from permits.models import (
    Activity,
    Chain,
    Decision,
    Permit,
    Seal,
    SealedHead,
    SyncAttempt,
    Verification,
    Zone,
)
from permits.models.chain import Head, Linked, extend, head_content
from tests.engine.gate import Gate
from tests.engine.office import END, LATER, START, edit, enter, push, queued_for, send
from tests.proof.conftest import Sql, Story, copied, problems
from tests.sandbox_server import Sandbox

PermitEdit: Any = Permit.history.model
ZoneEdit: Any = Zone.history.model
COLUMNS: Final = {
    SyncAttempt: ("permits_syncattempt", "id"),
    Decision: ("permits_decision", "id"),
    Activity: ("permits_activity", "id"),
    PermitEdit: ("permits_historicalpermit", "history_id"),
    ZoneEdit: ("permits_historicalzone", "history_id"),
}
CHANGES: Final = [
    ("permits_syncattempt", "actor", "somebody else", "sync attempt"),
    ("permits_syncattempt", "request", '{"plate": "OTHER"}', "sync attempt"),
    ("permits_syncattempt", "response", "{}", "sync attempt"),
    ("permits_syncattempt", "outcome", "not_sent", "sync attempt"),
    ("permits_syncattempt", "started_at", "2026-11-22 00:00:00+00:00", "sync attempt"),
    ("permits_decision", "reason", "None of your business.", "decision"),
    ("permits_decision", "verdict", "keep", "decision"),
    ("permits_activity", "actor", "nobody", "activity"),
    ("permits_activity", "details", '{"rows": 1}', "activity"),
    ("permits_historicalpermit", "plate", "OTHER", "edit"),
    ("permits_historicalpermit", "actor", "nobody", "edit"),
    ("permits_historicalzone", "name", "Lot 6", "edit of a zone"),
]


def test_a_history_that_nobody_touched_is_whole(story: Story) -> None:
    proof.make_seal("auditor")
    links = 2 * SyncAttempt.objects.count() + Decision.objects.count() + Activity.objects.count()
    run = proof.verify("auditor")
    assert run.problems == []
    assert run.holds
    assert run.records == links + PermitEdit.objects.count() + ZoneEdit.objects.count()
    assert run.seals == 1


def test_a_call_under_way_is_whole(gate: Gate) -> None:
    permit = queued_for("push")
    with gate.sending(permit):
        assert problems() == []
    assert problems() == []


@pytest.mark.parametrize(("table", "column", "value", "named"), CHANGES)
def test_a_changed_record_is_named(
    story: Story, sql: Sql, table: str, column: str, value: str, named: str
) -> None:
    key = "history_id" if "historical" in table else "id"
    with connection.cursor() as cursor:
        closed = "WHERE permit_id IS NOT NULL" if table == "permits_syncattempt" else ""
        cursor.execute(f"SELECT max({key}) FROM {table} {closed}")
        pk = cursor.fetchone()[0]
    sql(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", value, pk)
    (problem,) = problems()
    assert f"{named} {pk}" in problem
    assert "changed" in problem


@pytest.mark.parametrize("model", COLUMNS)
def test_a_removed_record_is_named_by_its_place(story: Story, sql: Sql, model: Any) -> None:
    table, key = COLUMNS[model]
    record = model.objects.order_by("pk").first()
    link = record.opened_link if model is SyncAttempt else record.link
    sql(f"DELETE FROM {table} WHERE {key} = %s", record.pk)
    (problem,) = problems()
    assert f"link {link} was removed" in problem


@pytest.mark.parametrize("model", COLUMNS)
def test_the_last_record_of_a_chain_is_missed_as_well(story: Story, sql: Sql, model: Any) -> None:
    table, key = COLUMNS[model]
    record = model.objects.order_by("pk").last()
    link = record.opened_link if model is SyncAttempt else record.link
    sql("UPDATE permits_pull SET attempt_id = NULL")  # nothing refers to what shall vanish
    sql(f"DELETE FROM {table} WHERE {key} = %s", record.pk)
    assert any("was removed" in problem for problem in problems())
    assert any(f"link {link}" in problem or "removed" in problem for problem in problems())


def test_a_call_under_way_that_vanishes_is_missed(gate: Gate, sql: Sql) -> None:
    permit = queued_for("push")
    with gate.sending(permit):
        attempt = SyncAttempt.objects.get(outcome="sending")
        sql("DELETE FROM permits_syncattempt WHERE id = %s", attempt.pk)
        (problem,) = problems()
        assert f"link {attempt.opened_link} was removed" in problem
        assert f"Permit {permit.pk}" in problem


def test_the_request_of_a_call_under_way_cannot_be_changed(gate: Gate, sql: Sql) -> None:
    with gate.sending(queued_for("push")):
        sql("UPDATE permits_syncattempt SET request = '{}' WHERE outcome = 'sending'")
        assert "changed" in problems()[0]


@pytest.mark.parametrize("model", [SyncAttempt, Activity, PermitEdit, ZoneEdit])
def test_an_added_copy_is_named(story: Story, sql: Sql, model: Any) -> None:
    table, key = COLUMNS[model]
    sql(copied(table, key, model.objects.order_by("pk").first().pk))
    added = model.objects.order_by("pk").last()
    (problem,) = problems()
    assert f" {added.pk} " in problem
    assert "was added" in problem


@pytest.mark.parametrize("model", [SyncAttempt, Activity, PermitEdit, ZoneEdit])
def test_an_added_record_without_a_link_is_named(story: Story, sql: Sql, model: Any) -> None:
    table, key = COLUMNS[model]
    first = model.objects.order_by("pk").first()
    opened = {"opened_link": "NULL", "opened_digest": "NULL"} if model is SyncAttempt else {}
    sql(copied(table, key, first.pk, link="NULL", digest="NULL", **opened))
    added = model.objects.order_by("pk").last()
    (problem,) = problems()
    assert f" {added.pk} " in problem
    assert "was added" in problem


def test_a_link_at_the_end_without_the_key_is_named(story: Story, sql: Sql) -> None:
    edit = PermitEdit.objects.filter(id=story.standing.pk).last()
    end = Chain.objects.get(pk=story.standing.pk).length
    sql(copied("permits_historicalpermit", "history_id", edit.pk, link=end + 1))
    (problem,) = problems()
    assert "changed or moved" in problem or "was added" in problem


def test_records_that_changed_places_are_named(story: Story, sql: Sql) -> None:
    one, two = Activity.objects.filter(actor="auditor").order_by("pk")[:2]
    sql("UPDATE permits_activity SET id = %s WHERE id = %s", 10**6, one.pk)
    (problem,) = problems()
    assert f"activity {two.pk} " in problem
    assert "moved" in problem


def test_a_record_that_was_moved_to_another_permit_is_named(story: Story, sql: Sql) -> None:
    decision = Decision.objects.first()
    assert decision is not None
    sql("UPDATE permits_decision SET permit_id = %s WHERE id = %s", story.standing.pk, decision.pk)
    found = problems()
    assert f"Permit {story.permit.pk}: link {decision.link} was removed" in found[0]
    assert f"decision {decision.pk} " in found[1]


def test_links_that_changed_numbers_are_named(story: Story, sql: Sql) -> None:
    one, two = Activity.objects.filter(actor="auditor").order_by("pk")[:2]
    sql("UPDATE permits_activity SET link = %s WHERE id = %s", two.link, one.pk)
    (problem,) = problems()
    assert "was removed" in problem or "moved" in problem


class TestTheNumberOfACall:
    def test_two_calls_cannot_change_numbers(self, story: Story, sql: Sql) -> None:
        one = SyncAttempt.objects.get(permit=story.standing)
        two = SyncAttempt.objects.filter(permit=story.permit).order_by("pk").last()
        assert two is not None
        for old, new in ((one.pk, 10**6), (two.pk, one.pk), (10**6, two.pk)):
            sql("UPDATE permits_syncattempt SET id = %s WHERE id = %s", new, old)
        found = problems()
        assert f"sync attempt {one.pk} (its end)" in found[0]
        assert f"sync attempt {two.pk} (its end)" in found[1]
        assert all("was changed or moved" in problem for problem in found)

    def test_one_that_was_never_sent_cannot_be_given_another(
        self, sandbox: Sandbox, sql: Sql
    ) -> None:
        permit = enter()
        Permit.objects.update(state="queued", start_time=datetime(1999, 1, 1, tzinfo=UTC))
        sync.send(permit.pk)
        call = SyncAttempt.objects.get()
        assert call.error_message.startswith("Never sent")
        assert problems() == []
        sql("UPDATE permits_syncattempt SET id = %s", 10**6)
        assert "sync attempt 1000000 (its end)" in problems()[0]

    def test_a_call_that_was_closed_before_numbers_were_linked_is_whole(
        self, story: Story, sql: Sql, tmp_path: Path
    ) -> None:
        closed = SyncAttempt.objects.get(permit=story.standing)
        begun = Head(closed.opened_link or 0, bytes(closed.opened_digest or b""))
        begun = begun._replace(
            proof=digests.keyed(
                settings.HISTORY_KEYS[0], head_content(closed.chain(), begun.length, begun.digest)
            )
        )
        (link,), end = extend(closed.chain(), [closed.unnumbered_closing()], begun)
        sql("UPDATE permits_syncattempt SET digest = %s WHERE id = %s", link.digest, closed.pk)
        sql(
            "UPDATE permits_chain SET head = %s, proof = %s WHERE id = %s",
            end.digest,
            end.proof,
            closed.chain(),
        )
        assert problems() == []
        later = timezone.now() + timedelta(days=2)
        assert proof.archive(later, tmp_path, actor="").state == "done"
        assert problems() == []


class TestVerifications:
    def test_each_is_written_down(self, story: Story) -> None:
        run = proof.verify("auditor")
        noted = Activity.objects.get(kind="verified")
        assert noted.actor == "auditor"
        assert noted.details["verification"] == run.pk
        assert noted.details["problems"] == 0

    def test_one_that_found_something_cannot_vanish(self, story: Story, sql: Sql) -> None:
        sql("UPDATE permits_decision SET reason = 'None of your business.'")
        run = proof.verify("")
        sql("DELETE FROM permits_verification")
        assert f"Verification {run.pk} was removed." in problems()

    def test_one_cannot_be_made_up(self, story: Story, sql: Sql) -> None:
        run = proof.verify("")
        assert problems() == []
        sql(copied("permits_verification", "id", run.pk))
        made_up = Verification.objects.order_by("pk").last()
        assert made_up is not None
        assert problems() == [f"Verification {made_up.pk} was added."]

    def test_one_cannot_be_changed(self, story: Story, sql: Sql) -> None:
        sql("UPDATE permits_decision SET reason = 'None of your business.'")
        run = proof.verify("")
        sql("UPDATE permits_verification SET problems = '[]'")
        assert f"Verification {run.pk} was changed." in problems()

    @pytest.mark.parametrize(
        "details",
        ['{"verification": "x"}', '{"verification": [1]}', '{"verification": 1e999}', '["x"]'],
    )
    def test_none_fails_over_what_an_activity_was_made_to_tell(
        self, story: Story, sql: Sql, details: str
    ) -> None:
        proof.verify("")
        sql("UPDATE permits_activity SET details = %s WHERE kind = 'verified'", details)
        assert "was changed or moved" in problems()[0]


class TestTheEndOfAChain:
    def test_putting_it_back_with_its_last_record_needs_the_key(
        self, story: Story, sql: Sql
    ) -> None:
        end = Chain.objects.get(pk=story.standing.pk)
        attempt = SyncAttempt.objects.get(permit=story.standing)
        sql("DELETE FROM permits_syncattempt WHERE id = %s", attempt.pk)
        edit = PermitEdit.objects.get(id=story.standing.pk)
        sql(
            "UPDATE permits_chain SET length = %s, head = %s WHERE id = %s",
            edit.link,
            edit.digest,
            end.pk,
        )
        (problem,) = problems()
        assert "the row that says where it ends" in problem

    def test_what_follows_an_end_that_was_put_back_does_not_prove_it(
        self, story: Story, sql: Sql
    ) -> None:
        attempt = SyncAttempt.objects.get(permit=story.standing)
        edit_of_it = PermitEdit.objects.get(id=story.standing.pk)
        sql("DELETE FROM permits_syncattempt WHERE id = %s", attempt.pk)
        put_back = "UPDATE permits_chain SET length = %s, head = %s WHERE id = %s"
        sql(put_back, edit_of_it.link, edit_of_it.digest, story.standing.pk)
        edit(story.standing, end_time=LATER)
        send(story.standing)
        for _ in range(2):
            (problem,) = problems()
            assert f"Permit {story.standing.pk}: the row that says where it ends" in problem

    def test_a_verification_does_not_prove_the_activity_it_is_written_into(
        self, story: Story, sql: Sql
    ) -> None:
        gone, last = Activity.objects.order_by("-pk")[:2]
        assert gone.link == Chain.objects.get(pk=gone.chain()).length
        sql("DELETE FROM permits_activity WHERE id = %s", gone.pk)
        put_back = "UPDATE permits_chain SET length = %s, head = %s WHERE id = %s"
        sql(put_back, last.link, last.digest, gone.chain())
        for _ in range(3):
            (problem,) = problems()
            assert "Activity of" in problem
            assert "the row that says where it ends" in problem

    def test_its_row_cannot_vanish(self, story: Story, sql: Sql) -> None:
        sql("DELETE FROM permits_chain WHERE id = %s", story.standing.pk)
        (problem,) = problems()
        assert f"Permit {story.standing.pk}" in problem
        assert "was removed" in problem

    def test_an_older_copy_of_everything_is_seen_by_the_seal(
        self, sandbox: Sandbox, sql: Sql
    ) -> None:
        permit = enter()
        old = Chain.objects.get(pk=permit.pk)
        send(permit)
        proof.make_seal("")
        sql("DELETE FROM permits_syncattempt")
        sql(
            "UPDATE permits_chain SET length = %s, head = %s, proof = %s WHERE id = %s",
            old.length,
            old.head,
            old.proof,
            permit.pk,
        )
        (problem,) = problems()
        assert "link 2 was removed; until Seal" in problem

    def test_a_whole_permit_cannot_vanish_once_it_was_sealed(self, story: Story, sql: Sql) -> None:
        proof.make_seal("")
        for table, column in (
            ("permits_syncattempt", "permit_id"),
            ("permits_historicalpermit", "id"),
            ("permits_permit", "id"),
            ("permits_chain", "id"),
        ):
            sql(f"DELETE FROM {table} WHERE {column} = %s", story.standing.pk)
        (problem,) = problems()
        assert f"Permit {story.standing.pk}: link 1 was removed; until Seal" in problem


class TestSeals:
    def test_a_seal_holds_only_what_moved_since_the_one_before(self, story: Story) -> None:
        first = proof.make_seal("")
        assert first.heads == Chain.objects.count()
        push()
        second = proof.make_seal("")
        moved = set(second.sealed_heads.values_list("chain", flat=True))
        assert 1 < len(moved) < first.heads + 1
        assert bytes(second.previous) == bytes(first.digest)
        assert problems() == []

    def test_a_changed_end_is_named(self, story: Story, sql: Sql) -> None:
        seal = proof.make_seal("")
        sql("UPDATE permits_sealedhead SET length = length + 1 WHERE chain = %s", story.permit.pk)
        assert problems()[0].startswith(f"Seal {seal.pk}: what it holds was changed")

    def test_a_changed_seal_is_named(self, story: Story, sql: Sql) -> None:
        seal = proof.make_seal("")
        sql("UPDATE permits_seal SET sealed_at = %s", timezone.now())
        assert f"Seal {seal.pk}: it was changed." in problems()

    def test_a_seal_that_was_made_anew_without_the_key_is_named(
        self, story: Story, sql: Sql
    ) -> None:
        from permits.proof.seals import content

        seal = proof.make_seal("")
        seal.sealed_at = timezone.now()
        sql(
            "UPDATE permits_seal SET sealed_at = %s, digest = %s",
            seal.sealed_at,
            digests.plain(content(seal)),
        )
        assert f"Seal {seal.pk}: it was not made by this portal." in problems()

    def test_a_removed_seal_is_named(self, story: Story, sql: Sql) -> None:
        first, second = proof.make_seal(""), proof.make_seal("")
        sql("DELETE FROM permits_sealedhead WHERE seal_id = %s", first.pk)
        sql("DELETE FROM permits_seal WHERE id = %s", first.pk)
        assert f"Seal {second.pk}: the seal before it was removed" in problems()[0]

    def test_the_last_seal_cannot_vanish(self, story: Story, sql: Sql) -> None:
        seal = proof.make_seal("")
        sql("DELETE FROM permits_sealedhead")
        sql("DELETE FROM permits_seal")
        assert f"Seal {seal.pk} was removed." in problems()

    def test_one_that_a_crash_cut_off_is_gone_on_with(self, story: Story) -> None:
        now = timezone.now()
        cut_off = Seal.objects.create(begun_at=now, lease_until=now, actor="")
        chain = Chain.objects.order_by("pk").first()
        assert chain is not None
        SealedHead.objects.create(
            seal=cut_off, chain=chain.pk, length=chain.length, head=chain.head
        )
        assert proof.make_seal("").pk == cut_off.pk
        assert problems() == []

    def test_two_are_not_made_at_once(self, story: Story) -> None:
        now = timezone.now()
        Seal.objects.create(begun_at=now, lease_until=now + timedelta(minutes=1))
        with pytest.raises(proof.SealedMeanwhile):
            proof.make_seal("")

    def test_it_is_due_once_a_day(self, story: Story, clock: Any) -> None:
        assert proof.seal_is_due()
        proof.make_seal("")
        assert not proof.seal_is_due()
        clock.shift(24 * 60 * 60)
        assert proof.seal_is_due()


class TestKeys:
    def test_after_a_rotation_the_old_key_still_verifies(self, story: Story, settings: Any) -> None:
        settings.HISTORY_KEYS = [b"n" * 40, *settings.HISTORY_KEYS]
        push()
        proof.make_seal("")
        assert problems() == []

    def test_without_the_key_nothing_verifies(self, story: Story, settings: Any) -> None:
        settings.HISTORY_KEYS = [b"n" * 40]
        assert problems()


@pytest.mark.parametrize("model", COLUMNS)
def test_every_field_of_a_record_is_in_its_digest_or_says_why_not(model: type[Linked]) -> None:
    linked: Any = model
    fields = {field.attname for field in model._meta.concrete_fields}
    names = {field.name: field.attname for field in model._meta.concrete_fields}
    covered = {*linked.OPENED, *linked.CLOSED} if model is SyncAttempt else set(linked.LINKED)
    exempt = {names[name] for name in linked.NOT_LINKED}
    assert covered | exempt == fields
    assert not covered & exempt


def test_records_of_an_outside_tool_change_nothing_for_the_chains() -> None:
    Permit.objects.bulk_create([Permit(plate="TOOL", start_time=START, end_time=END)])
    assert problems() == []


def test_a_permit_that_was_removed_before_any_call_leaves_its_chain() -> None:
    permit = enter()
    sync.withdraw(permit.pk, actor="clerk", source="form")  # type: ignore[arg-type]
    assert not Permit.objects.exists()
    assert problems() == []
