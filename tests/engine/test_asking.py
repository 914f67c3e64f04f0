"""Asking for a permit's difference to be sent, and what there is to refuse."""

import pytest
from django.utils import timezone
from time_machine import Traveller

from permits import sync
from permits.models import Permit, Source
from tests.engine.office import ACTOR, ask, edit, enter, make_call, now, push, queued_for, send
from tests.engine.test_decisions import in_doubt, missing
from tests.engine.test_withdrawals import refused
from tests.sandbox_server import Sandbox

State = Permit.State


class TestQueueing:
    @pytest.mark.usefixtures("clock")
    def test_a_draft_is_queued_and_due_now(self) -> None:
        permit = enter()
        sync.ask(permit.pk, actor=ACTOR, source=Source.ACTION)
        assert (now(permit).state, permit.due_at) == (State.QUEUED, timezone.now())
        assert (permit.asked_by, permit.asked_through) == (ACTOR, Source.ACTION)

    def test_an_edit_that_was_not_asked_for_is_not_sent(self, sandbox: Sandbox) -> None:
        permit = push()
        edit(permit, plate="XYZ 9")
        assert sync.drain(go_on=lambda: True).total() == 0
        assert len(sandbox.requests()) == 1

    @pytest.mark.parametrize("operation", ["push", "update", "delete"])
    def test_what_was_refused_is_tried_again(self, sandbox: Sandbox, operation: str) -> None:
        permit = refused(sandbox, operation)
        ask(permit)
        assert make_call(permit).operation == operation
        assert permit.state == (State.DELETED if operation == "delete" else State.SYNCED)

    def test_what_is_queued_already_may_be_asked_for_again(self, sandbox: Sandbox) -> None:
        permit = queued_for("push")
        ask(permit)
        make_call(permit)
        assert len(sandbox.requests("push")) == 1

    def test_a_retry_that_waits_is_hurried(self, sandbox: Sandbox) -> None:
        permit = queued_for("push")
        sandbox.fault("status", headers={"Retry-After": "3600"})
        make_call(permit)
        assert send(permit).outcome == "succeeded"


class TestRefusals:
    def test_where_nothing_differs_there_is_nothing_to_send(self, sandbox: Sandbox) -> None:
        with pytest.raises(sync.Refused, match="There is nothing to send"):
            ask(push())

    def test_what_the_controller_cannot_change_needs_a_replacement(self, sandbox: Sandbox) -> None:
        permit = push()
        Permit.objects.filter(pk=permit.pk).update(ticket_number="T-9", state=State.CHANGED)
        with pytest.raises(sync.Refused, match=r"cannot change what differs here\. Use Replace"):
            ask(permit)

    def test_a_doubt_needs_a_person(self, sandbox: Sandbox) -> None:
        with pytest.raises(sync.Refused, match="Nobody knows whether the last push arrived"):
            ask(in_doubt(sandbox))

    def test_a_missing_permit_needs_a_person(self, sandbox: Sandbox) -> None:
        with pytest.raises(sync.Refused, match="has lost this permit"):
            ask(missing(sandbox))

    def test_a_permit_that_is_gone_is_refused(self) -> None:
        permit = enter()
        key = permit.pk
        permit.delete()
        with pytest.raises(sync.Refused, match="does not exist any more"):
            sync.ask(key, actor=ACTOR, source=Source.FORM)


class TestSending:
    def test_nothing_is_called_where_nothing_was_asked_for(self, sandbox: Sandbox) -> None:
        assert sync.send(enter().pk) is None
        assert sandbox.requests() == []

    def test_the_last_call_is_returned(self, sandbox: Sandbox) -> None:
        attempt = send(enter())
        assert (attempt.operation, attempt.outcome) == ("push", "succeeded")

    def test_after_a_failure_the_next_one_waits_for_its_time(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        permit = queued_for("push")
        sandbox.fault("status")
        make_call(permit)
        clock.shift(1)
        assert sync.send(permit.pk) is None
        assert len(sandbox.requests()) == 1
