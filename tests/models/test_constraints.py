"""The database itself refuses what must not be, whoever writes and however."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from permits.models import (
    Alert,
    Anchor,
    Archive,
    Batch,
    BatchItem,
    CallTally,
    Decision,
    Drift,
    Link,
    Operation,
    Permit,
    Pull,
    ResponseTally,
    SavedView,
    Seal,
    SealedHead,
    Source,
    SyncAttempt,
    Tallied,
    Validation,
    ValidationStep,
    Zone,
    ZoneBelief,
    ZoneCount,
)
from permits.models.import_run import ImportBlock, ImportRun
from permits.models.permit import _STATES
from tests.engine.office import END, START, enter

pytestmark = pytest.mark.usefixtures("database")

State = Permit.State
Outcome = SyncAttempt.Outcome
NOW: Final = timezone.now()


def permit(**fields: Any) -> Permit:
    """Write a permit past every validation."""
    times = {"start_time": START, "end_time": END}
    return Permit.objects.create(**{"plate": "ABC 123", **times, **fields})


def attempt(**fields: Any) -> SyncAttempt:
    """Write an attempt past every validation."""
    given = {
        "operation": Operation.PUSH,
        "source": Source.FORM,
        "started_at": NOW,
        "lease_until": NOW,
        **fields,
    }
    if "permit" not in fields:
        given["permit"] = enter()
    return SyncAttempt.objects.create(**given)


def decision(**fields: Any) -> Decision:
    """Write a decision past every validation."""
    return Decision.objects.create(**{"permit": enter(), "verdict": "there", **fields})


def twice(write: Callable[..., object], **fields: Any) -> None:
    """Write the same twice."""
    write(**fields)
    write(**fields)


def block() -> Callable[..., object]:
    """Writes of one block of an import."""
    run = ImportRun.objects.create(file_name="a.csv")
    return lambda: ImportBlock.objects.create(run=run, kind="file", number=1, data=b"")


def item(**fields: Any) -> Callable[..., object]:
    """Writes of one permit's part in a bulk run; without a batch, in a new one each time."""
    of = enter()
    return lambda: BatchItem.objects.create(
        permit=of, **{"batch": Batch.objects.create(kind="push"), **fields}
    )


def seal() -> Seal:
    """Write a seal that is being made."""
    return Seal.objects.create(begun_at=NOW, lease_until=NOW)


def two_heads_of_a_chain(of: Seal) -> None:
    """Write that a chain ended twice at a seal."""
    for length in (1, 2):
        SealedHead.objects.create(seal=of, chain=1, length=length, head=b"")


def archive() -> Archive:
    """Write an archive that is being written."""
    return Archive.objects.create(before=NOW, begun_at=NOW, file="a.gz")


END_OF_CHAIN: Final[dict[str, Any]] = {"chain": 1, "length": 1, "head": b"", "proof": b""}


def pull(**fields: Any) -> Pull:
    """Write a pull of counts past every validation."""
    return Pull.objects.create(**{"began_at": NOW, "ended_at": NOW, "grain": "each", **fields})


def drift(**fields: Any) -> Drift:
    """Write a drift past every validation."""
    given = {"zone": "Lot 4", "since": NOW, "seen_at": NOW, "gap": 1, **fields}
    return Drift.objects.create(**given)


def alert(**fields: Any) -> Alert:
    """Write an alert past every validation."""
    return Alert.objects.create(**{"number": 1, "kind": "trouble", **fields})


def somebody() -> User:
    """A user."""
    return User.objects.get_or_create(username="somebody")[0]


def saved_view(**fields: Any) -> SavedView:
    """Write a saved view past every validation."""
    return SavedView.objects.create(**{"list_name": "permits", "name": "Mine", **fields})


REFUSED: dict[str, list[Callable[[], object]]] = {
    "seal_open_once": [lambda: twice(seal)],
    "sealed_head_once": [
        lambda: twice(SealedHead.objects.create, seal=seal(), chain=1, length=1, head=b"")
    ],
    "sealed_head_of_seal": [lambda: two_heads_of_a_chain(seal())],
    "anchor_once": [lambda: twice(Anchor.objects.create, archive=archive(), **END_OF_CHAIN)],
    "permit_has_plate": [lambda: permit(plate="")],
    "permit_ends_after_start": [
        lambda: permit(end_time=START),
        lambda: permit(end_time=START - timedelta(seconds=1)),
    ],
    "permit_amount_in_range": [
        lambda: permit(amount=Decimal("0.00")),
        lambda: permit(amount=Decimal("-1.00")),
    ],
    "permit_currency_known": [lambda: permit(currency="EUR"), lambda: permit(currency="cad")],
    "permit_state_known": [lambda: permit(state="lost"), lambda: permit(state="")],
    "permit_on_controller_has_reference": [
        lambda: permit(state=State.SYNCED),
        lambda: permit(state=State.CHANGED),
        lambda: permit(state=State.MISSING),
    ],
    "permit_not_pushed_has_no_reference": [
        lambda: permit(state=State.DRAFT, reference_id="a"),
        lambda: permit(state=State.IN_DOUBT, reference_id="a"),
    ],
    "permit_synced_is_not_withdrawn": [
        lambda: permit(state=State.SYNCED, reference_id="a", withdrawn_at=NOW)
    ],
    "permit_only_queued_is_stuck": [
        lambda: permit(due_at=None),
        lambda: permit(state=State.REJECTED, due_at=None),
    ],
    "permit_sent_again_after_sending": [lambda: permit(send_again=True)],
    "permit_plate_length": [lambda: permit(plate="A" * 26)],
    "permit_ticket_number_length": [lambda: permit(ticket_number="1" * 51)],
    "permit_reference_id_length": [lambda: permit(state="queued", reference_id="a" * 51)],
    "permit_internal_reference_id_length": [lambda: permit(internal_reference_id="a" * 51)],
    "permit_reference_once": [lambda: twice(permit, state=State.SYNCED, reference_id="a")],
    "permit_replaced_once": [lambda: twice(permit, replaces=enter())],
    "attempt_open_once": [lambda: twice(attempt, permit=enter())],
    "attempt_closed_has_end": [
        lambda: attempt(outcome=Outcome.SUCCEEDED),
        lambda: attempt(finished_at=NOW),
    ],
    "attempt_outcome_known": [lambda: attempt(outcome="lost", finished_at=NOW)],
    "attempt_has_permit": [
        lambda: attempt(permit=None),
        lambda: attempt(operation=Operation.STATS),
    ],
    "zone_name_without_comma": [
        lambda: Zone.objects.create(name="Lot 4,North"),
        lambda: Zone.objects.create(name=""),
    ],
    "zone_name_length": [lambda: Zone.objects.create(name="Z" * 201)],
    "decision_has_reason": [
        lambda: decision(verdict="there", reference_id="a"),
        lambda: decision(verdict="not_there"),
        lambda: decision(verdict="push_anew"),
    ],
    "decision_there_has_reference": [lambda: decision(reason="Seen")],
    "link_is_one": [lambda: Link.objects.create(pk=2)],
    "link_paused_since": [
        lambda: Link.objects.update_or_create(pk=1, defaults={"pause": "down"}),
        lambda: Link.objects.update_or_create(pk=1, defaults={"paused_at": NOW}),
    ],
    "batch_extends_by_some_time": [
        lambda: Batch.objects.create(kind="extend", extend_by=timedelta(0)),
        lambda: Batch.objects.create(kind="extend", extend_by=-timedelta(hours=1)),
    ],
    "batch_finished_has_end": [
        lambda: Batch.objects.create(kind="push", state="finished"),
        lambda: Batch.objects.create(kind="push", finished_at=NOW),
    ],
    "item_once_in_batch": [lambda: twice(item(batch=Batch.objects.create(kind="push")))],
    "item_queued_once": [lambda: twice(item(result="queued"))],
    "import_written_once_confirmed": [
        lambda: ImportRun.objects.create(file_name="a.csv", state="writing"),
        lambda: ImportRun.objects.create(file_name="a.csv", state="done"),
    ],
    "import_writes_good_rows": [
        lambda: ImportRun.objects.create(file_name="a.csv", good=1, written=2),
        lambda: ImportRun.objects.create(file_name="a.csv", good=2, overtaken=1, written=2),
    ],
    "import_block_once": [lambda: twice(block())],
    "call_tally_once": [
        lambda: twice(
            CallTally.objects.create,
            quarter=NOW,
            operation="push",
            outcome="succeeded",
            error_code=0,
        )
    ],
    "response_tally_once": [lambda: twice(ResponseTally.objects.create, quarter=NOW, bucket=1)],
    "tallied_is_one": [lambda: Tallied.objects.create(pk=2)],
    "pull_ends_after_it_began": [lambda: pull(ended_at=NOW - timedelta(seconds=1))],
    "pull_grain_known": [lambda: pull(grain="week")],
    "count_once": [lambda: twice(ZoneCount.objects.create, pull=pull(), zone="Lot 4", total=1)],
    "count_not_negative": [lambda: ZoneCount.objects.create(pull=pull(), total=-1)],
    "belief_once": [lambda: twice(ZoneBelief.objects.create, pull=pull(), zone="Lot 4")],
    "drift_open_once": [lambda: twice(drift)],
    "drift_has_a_gap": [lambda: drift(gap=0)],
    "alert_is_sent_or_due": [
        lambda: alert(due_at=None, sent_at=None),
        lambda: alert(due_at=NOW, sent_at=NOW),
    ],
    "validation_one_at_a_time": [lambda: twice(Validation.objects.create)],
    "validation_begun_has_lease": [
        lambda: Validation.objects.create(begun_at=NOW),
        lambda: Validation.objects.create(lease_until=NOW),
    ],
    "saved_view_name_once": [lambda: twice(saved_view, owner=somebody())],
    "saved_view_has_name": [lambda: saved_view(owner=somebody(), name="")],
    "validation_step_once": [
        lambda: twice(
            ValidationStep.objects.create, validation=Validation.objects.create(), name="push"
        )
    ],
}
"""What each constraint refuses."""

CASES = [
    pytest.param(name, write, id=f"{name}-{number}")
    for name, writes in REFUSED.items()
    for number, write in enumerate(writes)
]


@pytest.mark.parametrize(("name", "write"), CASES)
def test_the_database_refuses_it(name: str, write: Callable[[], object]) -> None:
    with pytest.raises((IntegrityError, DataError)) as caught, transaction.atomic():
        write()
    said = str(caught.value)
    if isinstance(caught.value, DataError):
        assert "too long" in said, "PostgreSQL's own length comes before ours"
    elif "UNIQUE" in said:
        assert connection.vendor == "sqlite", "which does not name the index"
    else:
        assert name in said


def test_every_constraint_is_tried() -> None:
    constraints = {
        constraint.name
        for model in apps.get_app_config("permits").get_models()
        for constraint in model._meta.constraints
    }
    assert constraints == set(REFUSED)


class TestAllowed:
    def test_any_number_of_permits_has_no_reference(self) -> None:
        twice(permit)

    def test_a_permit_that_was_deleted_may_be_replaced_by_another(self) -> None:
        old = enter()
        permit(replaces=old, state=State.DELETED)
        permit(replaces=old)

    def test_any_number_of_closed_attempts_belongs_to_a_permit(self) -> None:
        of = enter()
        twice(attempt, permit=of, outcome=Outcome.REJECTED, finished_at=NOW)
        attempt(permit=of)

    @pytest.mark.parametrize("verdict", ["withdraw", "keep"])
    def test_a_withdrawal_needs_no_reason(self, verdict: str) -> None:
        decision(verdict=verdict)

    @pytest.mark.parametrize("amount", ["0.01", "999999.99"])
    def test_the_first_and_the_last_amount_may_be(self, amount: str) -> None:
        assert permit(amount=Decimal(amount)).amount == Decimal(amount)


class TestNames:
    def test_the_states_of_the_constraint_are_those_of_the_model(self) -> None:
        assert set(_STATES) == set(State.values)
        assert len(_STATES) == len(set(_STATES))

    @pytest.mark.parametrize("outcome", Outcome.values)
    def test_every_outcome_can_be_written(self, outcome: str) -> None:
        attempt(outcome=outcome, finished_at=None if outcome == Outcome.SENDING else NOW)

    @pytest.mark.parametrize("state", State.values)
    def test_every_state_can_be_written(self, state: str) -> None:
        there = state in (State.SYNCED, State.CHANGED, State.MISSING)
        permit(state=state, reference_id="a" if there else "")


@pytest.mark.parametrize("table", ["permits_permit", "permits_zone"])
def test_what_is_referred_to_cannot_be_removed_past_django(table: str) -> None:
    attempt()
    with pytest.raises(IntegrityError):
        remove_all(table)


@transaction.atomic
def remove_all(table: str) -> None:
    """Remove every row of the table as an outside tool would."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
        connection.check_constraints()
