"""The page of alerts."""

import pytest
from django.utils import timezone
from pytest_django import Settings

from permits import alerts
from permits.models import Alert, Permit
from tests.engine.office import enter
from tests.pages.desk import Desks

PATH = "/alerts/"


@pytest.fixture(autouse=True)
def _somebody_is_told(settings: Settings) -> None:
    settings.ALERT_RECIPIENTS = ["desk@example.org"]


def test_it_shows_what_is_open_and_where_it_is_settled(desks: Desks) -> None:
    Permit.objects.filter(pk=enter().pk).update(state=Permit.State.IN_DOUBT)
    page = desks.auditor.open(PATH)
    assert "nobody knows whether it arrived" in page.text
    html = desks.auditor.client.get(PATH).content.decode()
    assert 'href="/permits/permit/?needs=unknown"' in html


def test_it_shows_what_was_sent_and_what_waits_and_why(desks: Desks) -> None:
    alerts.write_test("root")
    Alert.objects.update(error="connection refused", tries=2)
    page = desks.supervisor.open(PATH)
    assert "[permitportal] test mail" in page.text
    assert "Waits" in page.text
    assert "Connection refused." in page.text


def test_it_says_whom_the_mail_server_refused(desks: Desks) -> None:
    alerts.write_test("root")
    refused = "chief@example.org is refused: 550 No such mailbox"
    Alert.objects.update(error=refused, sent_at=timezone.now(), due_at=None)
    page = desks.supervisor.open(PATH)
    assert "Not to all" in page.text
    assert "No such mailbox" in page.text


def test_the_button_writes_a_test_mail(desks: Desks) -> None:
    page = desks.supervisor.press(desks.supervisor.open(PATH), "Send a test mail")
    assert "The test mail is written" in page.message
    assert Alert.objects.get().kind == Alert.Kind.TEST


def test_where_nobody_is_told_the_page_says_how(desks: Desks, settings: Settings) -> None:
    settings.ALERT_RECIPIENTS = []
    page = desks.supervisor.open(PATH)
    assert "EMAIL_URL and ALERT_RECIPIENTS" in page.text
    assert "Send a test mail" not in page.buttons
    assert "Nothing is sent" in desks.supervisor.post("/alerts/test/").message


def test_an_auditor_sees_it_and_sends_none(desks: Desks) -> None:
    assert desks.auditor.post("/alerts/test/").status == 403
    assert not Alert.objects.exists()
