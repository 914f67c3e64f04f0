"""What arrives at a mail server, and what becomes of it where that is away."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from permits import alerts, sync
from permits.alerts import concerns
from permits.models import Alert, Drift, Permit, Verification
from tests.alerts.office import doubt, pause, tell, unpause
from tests.engine.office import enter, queued_for
from tests.mail_server import MailServer
from tests.sandbox_server import Sandbox


def test_an_unknown_outcome_arrives_with_the_page_that_settles_it(mail: MailServer) -> None:
    doubt()
    tell()
    (message,) = mail.messages
    assert message["Subject"] == "[permitportal] 1 unknown outcome"
    assert message["To"] == "desk@example.org, chief@example.org"
    assert "https://permits.example.org/permits/permit/?needs=unknown" in message.get_content()


def test_a_real_push_in_doubt_is_told(mail: MailServer, sandbox: Sandbox) -> None:
    permit = queued_for("push")
    sandbox.fault("close")
    sync.send(permit.pk)
    tell()
    assert mail.subjects == ["[permitportal] 1 unknown outcome"]


def test_a_pause_and_the_return_are_told(mail: MailServer, clock: Traveller) -> None:
    pause()
    tell()
    assert "/controller/" in mail.messages[0].get_content()
    unpause()
    clock.shift(timedelta(minutes=10))
    tell()
    assert mail.subjects == [
        "[permitportal] calls paused",
        "[permitportal] calls resumed, all clear",
    ]
    assert "Calls to the controller are resumed." in mail.messages[1].get_content()


def test_a_retry_that_gave_up_is_told(mail: MailServer) -> None:
    Permit.objects.filter(pk=enter().pk).update(state=Permit.State.QUEUED, due_at=None)
    tell()
    assert mail.subjects == ["[permitportal] 1 stuck in the queue"]
    assert "?needs=stuck" in mail.messages[0].get_content()


def test_a_zone_that_stays_out_of_step_is_told(mail: MailServer, clock: Traveller) -> None:
    now = timezone.now()
    Drift.objects.create(zone="Lot 4", since=now, seen_at=now, gap=1)
    clock.shift(timedelta(minutes=59))
    tell()
    assert not mail.messages
    clock.shift(timedelta(minutes=1))
    tell()
    (message,) = mail.messages
    assert "1 zone out of step" in message["Subject"]
    assert "https://permits.example.org/controller/drift/" in message.get_content()


def test_a_history_that_does_not_verify_is_told_and_so_is_one_that_does_again(
    mail: MailServer, clock: Traveller
) -> None:
    told = {"started_at": timezone.now(), "heard_at": timezone.now()}
    Verification.objects.create(**told, finished_at=timezone.now(), problems=["Permit 1 changed."])
    tell()
    clock.shift(timedelta(minutes=10))
    Verification.objects.create(**told)  # one that goes on says nothing
    tell()
    Verification.objects.create(**told, finished_at=timezone.now())
    tell()
    assert mail.subjects == [
        "[permitportal] the history is not whole",
        "[permitportal] all clear",
    ]
    assert "https://permits.example.org/proof/" in mail.messages[0].get_content()


def test_that_calls_are_resumed_is_told_within_the_hour_where_something_else_is_open(
    mail: MailServer, clock: Traveller
) -> None:
    doubt()
    pause()
    tell()
    unpause()
    for _ in range(59):
        clock.shift(timedelta(minutes=1))
        tell()
    assert len(mail.messages) == 1
    clock.shift(timedelta(minutes=1))
    tell()
    assert mail.subjects[1:] == ["[permitportal] calls resumed, 1 unknown outcome"]


def test_what_is_open_together_is_told_together(mail: MailServer) -> None:
    doubt()
    doubt("DEF 456")
    pause()
    tell()
    assert mail.subjects == ["[permitportal] calls paused, 2 unknown outcomes"]


def test_no_plate_and_no_word_of_the_controllers_is_in_it(mail: MailServer) -> None:
    doubt("ZZZ 999")
    pause()
    tell()
    text = mail.messages[0].as_string()
    assert "ZZZ" not in text
    assert "not welcome" not in text


def test_nothing_is_told_twice(mail: MailServer, clock: Traveller) -> None:
    doubt()
    for _ in range(60):
        tell()
        clock.shift(timedelta(minutes=1))
    assert len(mail.messages) == 1


def test_where_nobody_is_named_nothing_is_written(mail: MailServer, settings: Settings) -> None:
    settings.ALERT_RECIPIENTS = []
    doubt()
    tell()
    assert not Alert.objects.exists()


def test_one_that_was_begun_is_not_sent_by_another(mail: MailServer) -> None:
    alerts.write_test("root")
    Alert.objects.update(due_at=timezone.now() + timedelta(minutes=5), tries=1)
    assert alerts.send_due() == []


def test_one_whose_sender_died_is_sent_when_its_lease_has_run_out(
    mail: MailServer, clock: Traveller
) -> None:
    alerts.write_test("root")
    Alert.objects.update(due_at=timezone.now() + timedelta(minutes=5), tries=1)
    clock.shift(timedelta(minutes=5))
    tell()
    assert len(mail.messages) == 1


def test_none_is_sent_inside_a_transaction(mail: MailServer) -> None:
    alerts.write_test("root")
    with transaction.atomic(), pytest.raises(RuntimeError):
        alerts.send_due()
    assert not mail.messages


def test_two_that_come_to_the_same_conclusion_write_one(
    mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubt()
    now = timezone.now()
    others: list[object] = []
    standing = concerns.standing  # the moment between the look and the writing

    def meanwhile(moment: object) -> object:
        if not others:
            others.append(None)
            others.append(alerts.write_due(now))
        return standing(now)

    monkeypatch.setattr("permits.alerts.outbox.standing", meanwhile)
    alerts.write_due(now)
    assert others[1] is not None
    assert Alert.objects.count() == 1
