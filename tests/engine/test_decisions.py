"""What only a person can decide: whether a push arrived, and whether to push anew."""

from collections.abc import Callable

import pytest

from permits import sync
from permits.models import Decision, Permit, Source
from tests.engine.office import (
    ACTOR,
    ON_WIRE,
    ask,
    edit,
    enter,
    history,
    make_call,
    now,
    push,
    queued_for,
    wanted,
    withdraw,
)
from tests.sandbox_server import Sandbox

State = Permit.State
Verdict = Decision.Verdict
REASON = "I looked it up at the vendor's"


def in_doubt(sandbox: Sandbox, *, applied: bool = True) -> Permit:
    """A permit whose push was answered with silence."""
    permit = queued_for("push")
    sandbox.fault("close", applied=applied)
    make_call(permit)
    assert permit.state == State.IN_DOUBT
    return permit


def missing(sandbox: Sandbox) -> Permit:
    """A permit that the controller has lost."""
    permit = queued_for("update")
    sandbox.lose_record(permit.reference_id)
    make_call(permit)
    assert permit.state == State.MISSING
    return permit


def there(permit: Permit, reference: str, reason: str = REASON) -> None:
    """Decide that the push arrived."""
    sync.resolve_there(permit.pk, reference_id=reference, reason=reason, actor="supervisor")


def not_there(permit: Permit, reason: str = REASON) -> None:
    """Decide that the push did not arrive."""
    sync.resolve_not_there(permit.pk, reason=reason, actor="supervisor")


class TestThere:
    def test_the_permit_is_on_the_controller_under_that_reference(self, sandbox: Sandbox) -> None:
        permit = in_doubt(sandbox)
        (record,) = sandbox.records()
        there(permit, f" {record['reference']} ")
        assert (now(permit).state, permit.reference_id) == (State.SYNCED, record["reference"])
        assert permit.acknowledged == ON_WIRE
        edit(permit, plate="XYZ 9")
        ask(permit)
        make_call(permit)
        assert sandbox.records()[0]["plate"] == "XYZ 9"

    def test_what_was_edited_since_is_a_difference(self, sandbox: Sandbox) -> None:
        permit = in_doubt(sandbox)
        edit(permit, plate="XYZ 9")
        there(permit, sandbox.records()[0]["reference"])
        assert now(permit).state == State.CHANGED
        assert wanted(permit) == {"plate": "XYZ 9"}

    def test_what_was_withdrawn_since_is_deleted(self, sandbox: Sandbox) -> None:
        permit = in_doubt(sandbox)
        withdraw(permit)
        assert now(permit).state == State.IN_DOUBT
        there(permit, sandbox.records()[0]["reference"])
        assert now(permit).state == State.QUEUED
        make_call(permit)
        assert permit.state == State.DELETED
        assert sandbox.records("live") == []

    def test_it_is_written_down_who_decided_and_why(self, sandbox: Sandbox) -> None:
        permit = in_doubt(sandbox)
        there(permit, "ABC-1")
        decision = Decision.objects.get()
        assert (decision.verdict, decision.actor) == (Verdict.THERE, "supervisor")
        assert (decision.reason, decision.reference_id) == (REASON, "ABC-1")
        assert decision.attempt == permit.attempts.get()
        assert history(permit) == [("push", "in_doubt")]

    def test_a_duplicate_that_was_refused_can_be_adopted(self, sandbox: Sandbox) -> None:
        sandbox.settings(duplicates="refuse")
        permit = in_doubt(sandbox)
        not_there(permit)
        make_call(permit)
        assert (permit.state, permit.attempts.latest("pk").error_code) == (State.REJECTED, 9022)
        there(permit, sandbox.records()[0]["reference"])
        assert now(permit).state == State.SYNCED

    @pytest.mark.parametrize("reference", ["", " ", "a b", "a/b", "<b>", "a" * 51, "é"])
    def test_what_cannot_be_a_reference_is_refused(self, sandbox: Sandbox, reference: str) -> None:
        permit = in_doubt(sandbox)
        with pytest.raises(sync.Refused, match="A reference ID"):
            there(permit, reference)
        assert now(permit).state == State.IN_DOUBT

    def test_the_reference_of_another_permit_is_refused_and_the_permit_named(
        self, sandbox: Sandbox
    ) -> None:
        other = push(enter(plate="OTHER 1"))
        permit = in_doubt(sandbox)
        with pytest.raises(sync.Refused, match=rf"OTHER 1 \(number {other.pk}\) has this"):
            there(permit, other.reference_id)
        assert not Decision.objects.exists()


class TestNotThere:
    def test_the_permit_is_queued_and_pushed_once_more(self, sandbox: Sandbox) -> None:
        permit = in_doubt(sandbox, applied=False)
        not_there(permit)
        assert now(permit).state == State.QUEUED
        assert (permit.asked_by, permit.asked_through) == ("supervisor", Source.DECISION)
        make_call(permit)
        assert permit.state == State.SYNCED
        assert len(sandbox.records("live")) == 1

    def test_it_is_pushed_as_the_staff_want_it_now(self, sandbox: Sandbox) -> None:
        permit = in_doubt(sandbox, applied=False)
        edit(permit, plate="XYZ 9", ticket_number="T-2")
        not_there(permit)
        make_call(permit)
        assert sandbox.records()[0]["ticket_number"] == "T-2"
        assert permit.state == State.SYNCED

    def test_one_that_was_withdrawn_is_done_with(self, sandbox: Sandbox) -> None:
        permit = in_doubt(sandbox, applied=False)
        withdraw(permit)
        not_there(permit)
        assert now(permit).state == State.DELETED
        assert sync.send(permit.pk) is None

    def test_a_second_doubt_is_decided_by_itself(self, sandbox: Sandbox) -> None:
        permit = in_doubt(sandbox, applied=False)
        not_there(permit)
        sandbox.fault("close", applied=False)
        make_call(permit)
        assert permit.state == State.IN_DOUBT
        not_there(permit)
        make_call(permit)
        assert permit.state == State.SYNCED
        assert Decision.objects.filter(verdict=Verdict.NOT_THERE).count() == 2

    def test_a_duplicate_that_was_refused_is_there_or_must_be_changed(
        self, sandbox: Sandbox
    ) -> None:
        permit = queued_for("push")
        sandbox.fault("error", code=9022)
        make_call(permit)
        with pytest.raises(sync.Refused, match=r"refused this push\. Change the permit"):
            not_there(permit)


@pytest.mark.parametrize("decide", [not_there, lambda permit, *a: there(permit, "ABC-1", *a)])
class TestRefusals:
    @pytest.mark.parametrize("reason", ["", "  ", "\n"])
    def test_a_decision_needs_a_reason(
        self, sandbox: Sandbox, decide: Callable[..., None], reason: str
    ) -> None:
        permit = in_doubt(sandbox)
        with pytest.raises(sync.Refused, match="Give the reason"):
            decide(permit, reason)
        assert now(permit).state == State.IN_DOUBT

    def test_it_is_decided_once(self, sandbox: Sandbox, decide: Callable[..., None]) -> None:
        permit = in_doubt(sandbox)
        decide(permit)
        with pytest.raises(sync.Refused, match="someone has decided, or the answer came"):
            decide(permit)
        assert Decision.objects.count() == 1

    @pytest.mark.parametrize("operation", ["push", "update", "delete"])
    def test_what_is_not_in_doubt_is_not_decided(
        self, sandbox: Sandbox, decide: Callable[..., None], operation: str
    ) -> None:
        with pytest.raises(sync.Refused, match="not in doubt"):
            decide(queued_for(operation))

    @pytest.mark.parametrize("code", [9033, 9009])
    def test_another_refusal_is_no_doubt(
        self, sandbox: Sandbox, decide: Callable[..., None], code: int
    ) -> None:
        permit = queued_for("push")
        sandbox.fault("error", code=code)
        make_call(permit)
        with pytest.raises(sync.Refused, match="not in doubt"):
            decide(permit)

    def test_a_permit_that_is_gone_is_not_decided(
        self, sandbox: Sandbox, decide: Callable[..., None]
    ) -> None:
        permit = enter()
        key = permit.pk
        permit.delete()
        permit.pk = key
        with pytest.raises(sync.Refused, match="does not exist any more"):
            decide(permit)


class TestPushAnew:
    def test_it_gets_a_record_and_a_reference_of_its_own(self, sandbox: Sandbox) -> None:
        permit = missing(sandbox)
        before = permit.reference_id
        sync.push_anew(permit.pk, reason=REASON, actor="supervisor")
        assert (now(permit).state, permit.reference_id) == (State.QUEUED, "")
        assert (permit.internal_reference_id, permit.acknowledged) == ("", {})
        make_call(permit)
        assert permit.state == State.SYNCED
        assert permit.reference_id not in ("", before)
        assert len(sandbox.records("live")) == 1

    def test_the_old_reference_is_written_down(self, sandbox: Sandbox) -> None:
        permit = missing(sandbox)
        before = permit.reference_id
        sync.push_anew(permit.pk, reason=REASON, actor="supervisor")
        decision = Decision.objects.get()
        assert (decision.verdict, decision.reference_id) == (Verdict.PUSH_ANEW, before)
        assert (decision.reason, decision.actor) == (REASON, "supervisor")

    def test_it_needs_a_reason(self, sandbox: Sandbox) -> None:
        permit = missing(sandbox)
        with pytest.raises(sync.Refused, match="Give the reason"):
            sync.push_anew(permit.pk, reason=" ", actor=ACTOR)
        assert now(permit).state == State.MISSING

    @pytest.mark.parametrize("operation", ["push", "update", "delete"])
    def test_what_is_not_missing_is_not_pushed_anew(self, sandbox: Sandbox, operation: str) -> None:
        permit = queued_for(operation)
        with pytest.raises(sync.Refused, match="Only a permit that is missing"):
            sync.push_anew(permit.pk, reason=REASON, actor=ACTOR)

    def test_a_doubt_is_not_pushed_anew(self, sandbox: Sandbox) -> None:
        with pytest.raises(sync.Refused, match="Only a permit that is missing"):
            sync.push_anew(in_doubt(sandbox).pk, reason=REASON, actor=ACTOR)

    def test_nothing_but_that_can_be_asked_for_a_missing_permit(self, sandbox: Sandbox) -> None:
        permit = missing(sandbox)
        with pytest.raises(sync.Refused, match="Use Push anew"):
            ask(permit)
