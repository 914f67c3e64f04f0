"""The page of alerts."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from permits import alerts
from permits.models import Alert, Drift, Link, Permit, Verification
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


def test_each_link_of_a_message_opens_the_page_that_settles_it(
    desks: Desks, settings: Settings
) -> None:
    settings.PORTAL_URL = "https://permits.example.org"
    now = timezone.now()
    Permit.objects.filter(pk=enter(plate="LOST 1").pk).update(state=Permit.State.IN_DOUBT)
    Permit.objects.filter(pk=enter(plate="STUCK 1").pk).update(
        state=Permit.State.QUEUED, due_at=None
    )
    Link.objects.update_or_create(
        pk=Link.ONLY, defaults={"pause": Link.Pause.UNREACHABLE, "paused_at": now}
    )
    ago = now - timedelta(hours=2)
    Drift.objects.create(zone="Lot 4", since=ago, seen_at=now, gap=1)
    told = {"started_at": ago, "heard_at": ago, "finished_at": now}
    Verification.objects.create(**told, problems=["Permit 1 was changed."])
    alert = alerts.write_due()
    assert alert is not None
    links = re.findall(r"https://permits\.example\.org(\S+)", alert.body)
    seen = {path: desks.supervisor.open(path) for path in links}
    assert {page.status for page in seen.values()} == {200}
    assert set(seen) == {
        "/proof/",
        "/controller/",
        "/permits/permit/?needs=unknown",
        "/permits/permit/?needs=stuck",
        "/controller/drift/",
        "/alerts/",
    }
    assert "LOST 1" in seen["/permits/permit/?needs=unknown"].text
    assert "STUCK 1" not in seen["/permits/permit/?needs=unknown"].text
    assert "STUCK 1" in seen["/permits/permit/?needs=stuck"].text
    assert "Permit 1 was changed" in seen["/proof/"].text


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
