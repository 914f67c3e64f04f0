"""`send_alerts` does from the shell what the worker does each minute."""

import pytest

from permits.models import Alert, Permit
from tests.engine.office import enter
from tests.mail_server import MailServer
from tests.portal import Portal
from tests.processes import free_port


@pytest.fixture
def mail() -> MailServer:
    """A mail server that nobody has started yet."""
    return MailServer()


def told(url: str) -> dict[str, str]:
    """What an installation says that has somebody told."""
    return {
        "EMAIL_URL": url,
        "ALERT_RECIPIENTS": "desk@example.org",
        "PORTAL_URL": "https://permits.example.org",
    }


def stuck() -> None:
    """A permit that is not tried again by itself."""
    Permit.objects.filter(pk=enter().pk).update(state=Permit.State.QUEUED, due_at=None)


def test_it_tells_what_is_open_and_only_once(portal: Portal, mail: MailServer) -> None:
    stuck()
    with mail:
        done = portal.manage("send_alerts", check=True, **told(mail.url))
        assert done.stdout == "[permitportal] 1 stuck in the queue: sent\n"
        assert portal.manage("send_alerts", check=True, **told(mail.url)).stdout == ""
    assert mail.subjects == ["[permitportal] 1 stuck in the queue"]


def test_a_test_mail_goes_out_where_nothing_is_open(portal: Portal, mail: MailServer) -> None:
    with mail:
        done = portal.manage("send_alerts", "--test", check=True, **told(mail.url))
    assert done.stdout == "[permitportal] test mail: sent\n"
    assert "The command line asked for this test mail" in mail.messages[0].get_content()


def test_it_fails_where_nobody_is_to_be_told(portal: Portal) -> None:
    stuck()
    done = portal.manage("send_alerts", check=False)
    assert done.returncode == 1
    assert "ALERT_RECIPIENTS names nobody" in done.stderr
    assert not Alert.objects.exists()


def test_it_fails_where_the_mail_server_is_away_and_keeps_the_message(portal: Portal) -> None:
    stuck()
    done = portal.manage(
        "send_alerts",
        check=False,
        **told(f"smtp://127.0.0.1:{free_port()}"),
    )
    assert done.returncode == 1
    assert "refused" in done.stdout
    assert "tried again by itself" in done.stderr
    assert Alert.objects.get().sent_at is None
