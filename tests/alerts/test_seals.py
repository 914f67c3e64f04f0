"""A seal is mailed once, to those who get the alerts, and settles or hides no trouble."""

from datetime import timedelta

from pytest_django import Settings
from time_machine import Traveller

from permits import alerts, proof
from permits.models import Alert
from tests.alerts.office import doubt, tell
from tests.mail_server import MailServer


def test_it_arrives_in_a_form_that_can_be_compared_by_eye(mail: MailServer) -> None:
    seal = proof.make_seal("")
    tell()
    (message,) = mail.messages
    assert message["Subject"] == f"[permitportal] seal {seal.pk} of the history"
    assert message["To"] == "desk@example.org, chief@example.org"
    body = message.get_content()
    assert seal.printed() in body
    assert f"made {seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC" in body
    assert f"https://permits.example.org/proof/seals/{seal.pk}/" in body


def test_it_is_told_once_and_the_next_one_names_the_one_before(mail: MailServer) -> None:
    first = proof.make_seal("")
    tell()
    tell()
    assert len(mail.messages) == 1
    second = proof.make_seal("")
    tell()
    tell()
    assert len(mail.messages) == 2
    assert f"The seal before was {first.pk}:" in mail.messages[1].get_content()
    assert first.printed() in mail.messages[1].get_content()
    assert second.printed() in mail.messages[1].get_content()


def test_of_several_made_meanwhile_the_last_stands_for_all(mail: MailServer) -> None:
    proof.make_seal(""), proof.make_seal("")
    last = proof.make_seal("")
    tell()
    assert mail.subjects == [f"[permitportal] seal {last.pk} of the history"]


def test_it_holds_back_no_trouble_and_is_none(mail: MailServer, clock: Traveller) -> None:
    seal = proof.make_seal("")
    tell()
    doubt()
    tell()
    assert mail.subjects == [
        f"[permitportal] seal {seal.pk} of the history",
        "[permitportal] 1 unknown outcome",
    ]
    clock.shift(timedelta(hours=1))
    proof.make_seal("")
    tell()
    assert "all clear" not in " ".join(mail.subjects)
    assert Alert.objects.telling().count() == 1


def test_before_the_first_seal_nothing_is_sent(mail: MailServer) -> None:
    tell()
    assert not mail.messages


def test_where_nobody_is_told_it_is_not_written(mail: MailServer, settings: Settings) -> None:
    settings.ALERT_RECIPIENTS = []
    proof.make_seal("")
    assert alerts.write_seal() is None
    assert not Alert.objects.exists()
