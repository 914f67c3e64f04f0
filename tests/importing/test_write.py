"""Writing: whole, once, with its history, whatever cuts it off."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection
from django.utils import timezone

from permits import importing, sync
from permits.models import Batch, ImportedPermit, ImportRun, Permit, Source, SyncAttempt, Zone
from tests.importing.files import as_csv, carry_on, check, row, write
from tests.sandbox_server import Sandbox
from tests.staff import Staff

State = ImportRun.State


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of two rows, so that a few rows are many blocks."""
    from permits.importing import blocks

    monkeypatch.setitem(blocks.ROWS, blocks.Kind.GOOD, 2)


def plates(count: int) -> bytes:
    """A file of so many permits."""
    return as_csv(*(row(plate=f"P{number}") for number in range(count)))


def test_a_permit_is_as_if_entered_on_the_page(lot: Zone, staff: Staff) -> None:
    run = write(check(as_csv(row()), user=staff.clerk))
    entered = Permit.objects.get()
    typed = Permit.objects.create(
        **{name: getattr(entered, name) for name in Permit.STAFF_FIELDS}, entered_by="clerk"
    )
    skipped = {"id", "due_at", "entered_at"}
    for field in Permit._meta.concrete_fields:
        if field.name not in skipped:
            assert getattr(entered, field.attname) == getattr(typed, field.attname), field.name
    assert entered.entered_at == run.confirmed_at
    assert entered.due_at is not None
    assert entered.due_at <= timezone.now()
    assert entered.imported.line == 2


def test_its_history_says_who_entered_it_and_from_where(lot: Zone, staff: Staff) -> None:
    run = write(check(as_csv(row()), user=staff.clerk))
    permit = Permit.objects.get()
    record = permit.history.get()
    typed = Permit.objects.create(**{n: getattr(permit, n) for n in Permit.STAFF_FIELDS})
    skipped = {
        *("id", "actor", "history_user", "history_id", "history_date", "history_change_reason"),
        "digest",
    }
    for field in type(record)._meta.concrete_fields:
        if field.name not in skipped:
            expected = getattr(typed.history.get(), field.attname)
            assert getattr(record, field.attname) == expected, field.name
    assert (record.actor, record.history_user) == ("clerk", staff.clerk)
    assert record.history_change_reason == f"{run}, line 2"


def test_permits_entered_afterwards_get_numbers_of_their_own(lot: Zone) -> None:
    write(check(plates(3)))
    first = Permit.objects.get(plate="P0")
    values = {name: getattr(first, name) for name in Permit.STAFF_FIELDS}
    typed = Permit.objects.create(**values)
    assert typed.pk > max(Permit.objects.exclude(pk=typed.pk).values_list("pk", flat=True))
    write(check(as_csv(row(plate="LATER"))))
    assert Permit.objects.get(plate="LATER").pk > typed.pk


def test_a_permit_that_was_never_sent_can_be_removed(lot: Zone) -> None:
    write(check(plates(1)))
    sync.withdraw(Permit.objects.get().pk, actor="clerk", source=Source.FORM)
    assert not Permit.objects.exists()
    assert check(plates(1)).good == 1


@pytest.mark.usefixtures("small_blocks")
def test_two_imports_of_one_file_at_once_enter_it_once(lasting_lot: Zone) -> None:
    runs = [check(plates(60)) for _ in range(2)]
    for run in runs:
        importing.confirm(run, only_if_all_good=True, push=False)

    def carry_on_and_leave(run: ImportRun) -> None:
        try:
            importing.carry_on(run.pk, go_on=lambda: True)
        finally:
            connection.close()

    with ThreadPoolExecutor() as threads:
        list(threads.map(carry_on_and_leave, runs))
    assert Permit.objects.count() == 60
    done = ImportRun.objects.filter(state=State.DONE)
    assert sum(done.values_list("written", flat=True)) == 60
    assert sum(done.values_list("overtaken", flat=True)) == 60


class TestConfirming:
    def test_nothing_is_written_where_all_have_to_be_good_and_one_is_not(self, lot: Zone) -> None:
        run = check(as_csv(row(), row(plate="")))
        with pytest.raises(sync.Refused, match="1 row is bad"):
            importing.confirm(run, only_if_all_good=True, push=False)
        assert carry_on(run).state == State.READY
        assert not Permit.objects.exists()

    def test_the_good_rows_are_written_where_that_was_chosen(self, lot: Zone) -> None:
        run = write(check(as_csv(row(), row(plate=""))), only_if_all_good=False)
        assert (run.state, run.written) == (State.DONE, 1)

    def test_a_second_confirmation_writes_nothing(self, lot: Zone) -> None:
        run = check(plates(2))
        seen_twice = ImportRun.objects.get(pk=run.pk)
        importing.confirm(run, only_if_all_good=True, push=False)
        with pytest.raises(sync.Refused, match="confirmed or removed already"):
            importing.confirm(seen_twice, only_if_all_good=True, push=False)
        carry_on(run)
        carry_on(run)
        assert Permit.objects.count() == 2

    def test_what_was_confirmed_cannot_be_discarded(self, lot: Zone) -> None:
        run = write(check(plates(1)))
        with pytest.raises(sync.Refused):
            importing.discard(run)


@pytest.mark.usefixtures("small_blocks")
class TestCutOff:
    @pytest.mark.parametrize("step", ["_insert_permits", "holding.keep_hold", "_insert"])
    def test_a_crash_in_the_middle_neither_loses_nor_doubles(self, lot: Zone, step: str) -> None:
        run = check(plates(7))
        importing.confirm(run, only_if_all_good=True, push=False)
        target = f"permits.importing.writing.{step}"
        module, _, name = target.rpartition(".")
        import importlib

        owner = importlib.import_module(
            "permits.importing.holding" if "holding" in module else module
        )
        real, calls = getattr(owner, name), []

        def crash(*args: object, **kwargs: object) -> object:
            calls.append(1)
            if len(calls) == 2:
                raise SystemExit
            return real(*args, **kwargs)

        with mock.patch.object(owner, name, crash), pytest.raises(SystemExit):
            importing.carry_on(run.pk, go_on=lambda: True)
        assert Permit.objects.count() == ImportRun.objects.get().written in (0, 2)
        ImportRun.objects.update(held_until=timezone.now())
        done = carry_on(run)
        assert (done.state, done.written) == (State.DONE, 7)
        assert (
            Permit.objects.count() == Permit.history.count() == ImportedPermit.objects.count() == 7
        )

    def test_a_worker_that_stops_leaves_the_rest_to_the_next(self, lot: Zone) -> None:
        run = check(plates(5))
        importing.confirm(run, only_if_all_good=True, push=False)
        importing.carry_on(run.pk, go_on=lambda: False)
        assert Permit.objects.count() == 2
        assert carry_on(run).written == 5

    def test_one_that_lost_its_hold_writes_nothing_more(self, lot: Zone) -> None:
        run = check(plates(5))
        importing.confirm(run, only_if_all_good=True, push=False)

        def another_takes_over() -> bool:
            ImportRun.objects.update(held_until=timezone.now() + timedelta(hours=1))
            return True

        importing.carry_on(run.pk, go_on=another_takes_over)
        assert Permit.objects.count() == 2

    def test_what_others_entered_since_the_check_is_left_out(self, lot: Zone) -> None:
        run, other = check(plates(5)), check(as_csv(row(plate="P3")))
        write(other)
        done = write(run)
        assert (done.written, done.overtaken) == (4, 1)
        assert Permit.objects.count() == 5


class TestPushing:
    def test_the_permits_are_pushed_in_a_run_of_their_own(self, lot: Zone, staff: Staff) -> None:
        write(check(as_csv(row(plate="OLD"))))
        run = write(check(plates(3), user=staff.clerk), push=True)
        assert run.batch is not None
        assert (run.batch.kind, run.batch.actor, run.batch.source) == ("push", "clerk", "import")
        listed = run.batch.items.values_list("permit__plate", flat=True)
        assert sorted(listed) == ["P0", "P1", "P2"]

    def test_without_the_wish_nothing_is_pushed(self, lot: Zone) -> None:
        assert write(check(plates(3))).batch is None
        assert not Batch.objects.exists()

    def test_a_crash_after_the_run_was_started_starts_no_second(self, lot: Zone) -> None:
        run = check(plates(3))
        importing.confirm(run, only_if_all_good=True, push=True)
        with (
            mock.patch("permits.importing.holding.let_go", side_effect=SystemExit),
            pytest.raises(SystemExit),
        ):
            importing.carry_on(run.pk, go_on=lambda: True)
        ImportRun.objects.update(held_until=timezone.now())
        done = carry_on(run)
        assert done.batch == Batch.objects.get()

    def test_each_call_says_that_an_import_asked_for_it(
        self, sandbox: Sandbox, lasting_lot: Zone
    ) -> None:
        run = write(check(plates(3)), push=True)
        sync.drain(go_on=lambda: True)
        calls = SyncAttempt.objects.values_list("source", "outcome", "batch")
        assert list(calls) == [("import", "succeeded", run.batch_id)] * 3
        assert set(Permit.objects.values_list("state", flat=True)) == {"synced"}
