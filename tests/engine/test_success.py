"""What stands in the rows once the controller did what it was asked."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from permits import sync
from permits.models import Permit, Source, SyncAttempt
from tests.endings import Scene, success
from tests.engine.office import (
    LATER,
    LATER_ON_WIRE,
    ON_WIRE,
    ask,
    edit,
    enter,
    history,
    make_call,
    now,
    push,
    queued_for,
    send,
    wanted,
    withdraw,
)
from tests.raw_server import Conversation, http
from tests.sandbox_server import Sandbox

State = Permit.State


class TestPush:
    def test_the_permit_holds_the_reference_and_what_was_acknowledged(
        self, sandbox: Sandbox
    ) -> None:
        permit = push()
        (record,) = sandbox.records()
        assert permit.reference_id == permit.internal_reference_id == record["reference"]
        assert permit.acknowledged == ON_WIRE
        assert wanted(permit) == {}

    def test_only_fields_that_have_a_value_are_sent(self, sandbox: Sandbox) -> None:
        permit = push(enter(amount=None, currency="", ticket_number="", zone=None))
        (request,) = sandbox.requests("push")
        assert set(request["fields"]) == {"plate", "StartDateUtc", "EndDateUtc"}
        assert set(permit.acknowledged) == {"plate", "start_time", "end_time"}

    def test_its_times_are_sent_in_the_zone_that_is_set(
        self, sandbox: Sandbox, settings: Settings
    ) -> None:
        settings.OPSCOM_TIME_ZONE = ZoneInfo("America/Toronto")
        permit = push()
        (request,) = sandbox.requests("push")
        assert request["fields"]["startTime"] == "2026-11-23T04:00:00"
        assert request["fields"]["endTime"] == "2026-11-23T06:00:00"
        assert permit.state == State.SYNCED

    def test_it_is_not_pushed_again(self, sandbox: Sandbox) -> None:
        permit = push()
        with pytest.raises(sync.Refused, match="nothing to send"):
            ask(permit)
        assert sync.send(permit.pk) is None
        assert len(sandbox.requests("push")) == 1

    def test_the_internal_reference_may_be_another(self, scene: Scene) -> None:
        permit = enter()
        success(InternalReferenceID="internal-1")(scene)
        send(permit)
        assert permit.internal_reference_id == "internal-1"
        assert permit.reference_id == scene.reference


class TestUpdate:
    @pytest.mark.parametrize(
        ("change", "sent"),
        [
            ({"plate": "XYZ 9"}, {"plate": "XYZ 9"}),
            ({"amount": Decimal("14.00")}, {"amount": "14.00"}),
            ({"currency": "USD"}, {"currency": "USD"}),
            ({"end_time": LATER}, {"EndDateUtc": LATER_ON_WIRE}),
            ({"plate": "XYZ 9", "currency": "USD"}, {"plate": "XYZ 9", "currency": "USD"}),
        ],
    )
    def test_only_what_changed_is_sent(
        self, sandbox: Sandbox, change: dict[str, object], sent: dict[str, str]
    ) -> None:
        permit = push()
        edit(permit, **change)
        send(permit)
        (request,) = sandbox.requests("update")
        assert request["fields"] == {"reference_id": permit.reference_id, **sent}
        assert permit.state == State.SYNCED
        assert wanted(permit) == {}

    def test_what_it_did_not_send_stays_acknowledged(self, sandbox: Sandbox) -> None:
        permit = push()
        edit(permit, plate="XYZ 9")
        send(permit)
        assert permit.acknowledged == {**ON_WIRE, "plate": "XYZ 9"}
        (record,) = sandbox.records()
        assert (record["plate"], record["zone"]) == ("XYZ 9", "Lot 4")

    def test_several_edits_fold_into_one_call(self, sandbox: Sandbox) -> None:
        permit = push()
        for plate in ("A 1", "A 2", "A 3"):
            edit(permit, plate=plate)
        send(permit)
        assert [each["fields"]["plate"] for each in sandbox.requests("update")] == ["A 3"]

    def test_what_was_filled_in_later_is_sent(self, sandbox: Sandbox) -> None:
        permit = push(enter(amount=None, currency=""))
        edit(permit, amount=Decimal("3.00"), currency="USD")
        send(permit)
        (request,) = sandbox.requests("update")
        assert (request["fields"]["amount"], request["fields"]["currency"]) == ("3.00", "USD")
        assert permit.state == State.SYNCED

    def test_an_internal_reference_that_is_left_out_stays(self, scene: Scene) -> None:
        permit = queued_for("update")
        scene.reference, internal = permit.reference_id, permit.internal_reference_id
        success(InternalReferenceID=None)(scene)
        make_call(permit)
        assert permit.internal_reference_id == internal != ""


class TestDelete:
    def test_the_record_ends_and_the_permit_keeps_its_reference(self, sandbox: Sandbox) -> None:
        permit = push()
        withdraw(permit, "Refunded")
        make_call(permit)
        assert sandbox.records("live") == []
        assert permit.state == State.DELETED
        assert permit.reference_id
        assert permit.acknowledged == {}
        assert history(permit) == [("push", "succeeded"), ("delete", "succeeded")]

    def test_nothing_can_be_sent_for_it_any_more(self, sandbox: Sandbox) -> None:
        permit = push()
        withdraw(permit)
        make_call(permit)
        with pytest.raises(sync.Refused, match=r"was deleted\. Enter a new one"):
            ask(permit)
        with pytest.raises(sync.Refused, match="was deleted already"):
            withdraw(permit)


class TestTheAttempt:
    def test_it_names_who_asked_and_through_what(self, sandbox: Sandbox) -> None:
        permit = enter()
        sync.ask(permit.pk, actor="amira", source=Source.IMPORT)
        attempt = make_call(permit)
        assert (attempt.actor, attempt.source) == ("amira", Source.IMPORT)

    def test_it_names_the_retry_as_such(self, sandbox: Sandbox) -> None:
        permit = queued_for("push")
        sandbox.fault("status", status=503)
        make_call(permit)
        Permit.objects.update(due_at=timezone.now())
        assert make_call(permit).source == Source.RETRY

    def test_it_is_written_down_before_the_call_is_made(
        self, scene: Scene, settings: Settings
    ) -> None:
        permit = queued_for("push")
        seen: list[tuple[str, str]] = []

        def look(conversation: Conversation) -> None:
            conversation.read_request()
            seen.append((SyncAttempt.objects.get().outcome, Permit.objects.get().state))
            connection.close()
            conversation.say(http())

        settings.OPSCOM_URL = scene.listen(look).url
        make_call(permit)
        assert seen == [("sending", "sending")]

    def test_a_call_in_a_transaction_is_refused(self, sandbox: Sandbox) -> None:
        permit = queued_for("push")
        with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"):
            sync.send(permit.pk)
        assert sandbox.requests() == []
        assert now(permit).state == State.QUEUED
        assert history(permit) == []
