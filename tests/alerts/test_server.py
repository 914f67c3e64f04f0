"""What becomes of a message where the mail server is away, refuses or hangs."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from permits import alerts, tasks
from permits.models import Alert, Permit
from tests.alerts.office import doubt, tell
from tests.engine.office import queued_for
from tests.mail_server import MailServer, Manner
from tests.processes import free_port
from tests.sandbox_server import Sandbox


class TestTheServerIsAway:
    def test_a_message_is_kept_and_tried_again_later_each_time(
        self, mail: MailServer, settings: Settings, clock: Traveller
    ) -> None:
        settings.EMAIL_PORT = free_port()
        doubt()
        tell()
        alert = Alert.objects.get()
        assert alert.sent_at is None
        assert "refused" in alert.error
        assert alert.due_at == timezone.now() + timedelta(minutes=1)
        clock.shift(timedelta(minutes=1))
        tell()
        alert.refresh_from_db()
        assert alert.due_at == timezone.now() + timedelta(minutes=2)
        settings.EMAIL_PORT = mail.port
        clock.shift(timedelta(minutes=2))
        tell()
        alert.refresh_from_db()
        assert alert.sent_at == timezone.now()
        assert alert.error == ""
        assert len(mail.messages) == 1

    @pytest.mark.parametrize("manner", ["refuse", "later", "hang", "close"])
    def test_whatever_it_does_the_message_waits_and_then_arrives_once(
        self, mail: MailServer, clock: Traveller, manner: Manner
    ) -> None:
        mail.manner = manner
        doubt()
        tell()
        alert = Alert.objects.get()
        assert alert.sent_at is None
        assert alert.error
        assert not mail.messages
        mail.manner = "take"
        clock.shift(timedelta(minutes=1))
        tell()
        assert len(mail.messages) == 1
        assert Alert.objects.get().sent_at is not None

    def test_one_recipient_refused_is_written_down_and_the_others_are_not_told_again(
        self, mail: MailServer, clock: Traveller
    ) -> None:
        mail.unknown = {"chief@example.org"}
        doubt()
        tell()
        alert = Alert.objects.get()
        assert alert.error == "chief@example.org is refused: 550 No such mailbox"
        assert alert.sent_at is not None
        clock.shift(timedelta(hours=1))
        tell()
        assert len(mail.messages) == 1

    def test_where_all_are_refused_it_waits(self, mail: MailServer, clock: Traveller) -> None:
        mail.unknown = {"chief@example.org", "desk@example.org"}
        doubt()
        tell()
        assert Alert.objects.get().sent_at is None
        mail.unknown = set()
        clock.shift(timedelta(minutes=1))
        tell()
        assert len(mail.messages) == 1

    def test_what_may_have_arrived_is_sent_again_under_the_same_id(
        self, mail: MailServer, clock: Traveller
    ) -> None:
        mail.manner = "take and close"
        doubt()
        tell()
        mail.manner = "take"
        clock.shift(timedelta(minutes=1))
        tell()
        assert len(mail.messages) == 2
        assert mail.messages[0]["Message-ID"] == mail.messages[1]["Message-ID"]

    def test_the_same_server_is_not_asked_for_the_next_one_at_once(self, mail: MailServer) -> None:
        mail.manner = "close"
        alerts.write_test("root")
        alerts.write_test("root")
        alerts.send_due()
        assert mail.connections == 1

    def test_it_holds_up_no_call(self, mail: MailServer, sandbox: Sandbox) -> None:
        mail.manner = "hang"
        doubt()
        tell()
        permit = queued_for("push")
        tasks.look.call_local()
        permit.refresh_from_db()
        assert permit.state == Permit.State.SYNCED

    def test_the_password_is_not_kept_should_the_server_repeat_it(
        self, mail: MailServer, settings: Settings
    ) -> None:
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "desk", "No such mailbox"
        mail.manner = "refuse"
        alerts.write_test("root")
        alerts.send_due()
        assert "No such mailbox" not in Alert.objects.get().error
