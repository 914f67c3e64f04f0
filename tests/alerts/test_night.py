"""A night in which nothing works: told in a few messages, whatever the number of failures."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from permits import sync, tasks
from permits.models import Permit, SyncAttempt
from tests.alerts.office import doubt, pause, settle, tell, unpause
from tests.engine.office import END, START, enter
from tests.mail_server import MailServer
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.either


def test_eight_hours_of_failing_calls_are_told_in_three_messages(
    mail: MailServer, sandbox: Sandbox, clock: Traveller, settings: Settings
) -> None:
    """Real calls, of which seven in ten get no answer or a 503: calls pause, go on, and pause."""
    settings.OPSCOM_COUNT_EVERY = 900
    broken = [{"fault": "close"}, {"fault": "status"}]
    sandbox.settings(random_faults={"rate": 0.7, "seed": 1, "faults": broken})
    for minute in range(8 * 60):
        due = {"start_time": START, "end_time": END, "due_at": timezone.now()}
        Permit.objects.bulk_create(
            Permit(plate=f"N {minute} {n}", state=Permit.State.QUEUED, **due) for n in range(6)
        )
        sync.drain(go_on=lambda: True)
        tasks.count.call_local()
        tell()
        clock.shift(timedelta(minutes=1))
    failed = SyncAttempt.objects.exclude(outcome=SyncAttempt.Outcome.SUCCEEDED)
    assert failed.count() > 1500
    assert mail.subjects[0].endswith("unknown outcomes")
    assert len(mail.messages) == 3
    unknown = f"{settings.PORTAL_URL}/permits/permit/?needs=unknown"
    assert all(unknown in message.get_content() for message in mail.messages)


def test_a_broken_night_is_told_in_three_messages_and_the_all_clear(
    mail: MailServer, clock: Traveller
) -> None:
    """Every minute for ten hours a push is lost; calls pause and resume; retries give up."""
    for minute in range(600):
        doubt(f"P {minute}")
        if minute % 7 == 1:
            pause()
        if minute % 7 == 5:
            unpause()
        if minute > 90:
            Permit.objects.filter(pk=enter(plate=f"S {minute}").pk).update(
                state=Permit.State.QUEUED, due_at=None
            )
        tell()
        clock.shift(timedelta(minutes=1))
    assert len(mail.messages) == 3
    assert "1 unknown outcome" in mail.subjects[0]
    assert "stuck" in mail.subjects[2]
    unpause()
    settle()
    Permit.objects.stuck().update(state=Permit.State.DRAFT, due_at=timezone.now())
    tell()
    assert len(mail.messages) == 4
    assert "all clear" in mail.subjects[3]


def test_a_night_of_pauses_alone_is_told_in_four(mail: MailServer, clock: Traveller) -> None:
    for minute in range(600):
        if minute % 30 == 0:
            pause()
        if minute % 30 == 15:
            unpause()
        tell()
        clock.shift(timedelta(minutes=1))
    assert len(mail.messages) == 4
    assert "calls paused" in mail.subjects[0]
