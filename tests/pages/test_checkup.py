"""The page that checks the way to the controller."""

from pytest_django import Settings

from permits.models import SyncAttempt
from tests.pages.desk import Desks
from tests.sandbox_server import TOKEN, Sandbox

PATH = "/controller/check/"


def test_nothing_is_called_before_the_button_is_pressed(desks: Desks) -> None:
    page = desks.supervisor.open(PATH)
    assert page.status == 200
    assert not SyncAttempt.objects.exists()


def test_the_button_shows_every_step(desks: Desks) -> None:
    page = desks.supervisor.press(desks.supervisor.open(PATH), "Check now")
    assert "It works" in page.text
    for label in ("Name resolved", "Connection", "Encryption", "Answer", "Counts", "Clock"):
        assert label in page.text
    assert TOKEN not in page.text
    assert SyncAttempt.objects.get().actor == "supervisor"


def test_a_failure_is_said_with_its_cure(desks: Desks, sandbox: Sandbox) -> None:
    sandbox.fault("error", code=9000, message="No.")
    page = desks.supervisor.press(desks.supervisor.open(PATH), "Check now")
    assert "It fails" in page.text
    assert "OPSCOM_CLIENT_CODE" in page.text


def test_a_clerk_may_not_press_it(desks: Desks) -> None:
    assert desks.clerk.post(PATH).status == 403
    assert not SyncAttempt.objects.exists()


class TestTheControllersPage:
    PATH = "/controller/"

    def test_it_says_how_the_controller_is_reached(self, desks: Desks) -> None:
        text = desks.clerk.open(self.PATH).text
        assert f"The token ends in …{TOKEN[-3:]} Its times are in UTC" in text
        assert TOKEN not in text
        assert "It was not checked yet." in text

    def test_the_button_checks_and_the_page_keeps_what_was_seen(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        desks.supervisor.press(desks.supervisor.open(self.PATH), "Check now")
        page = desks.auditor.open(self.PATH)
        assert [step.attributes["data-standing"] for step in page.root.all("li.finding")] == [
            *("warning", "good", "good", "good", "good", "good", "good")
        ]
        assert "supervisor" in page.text

    def test_a_failure_stays_there_with_its_cure_until_the_next_check(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        sandbox.fault("error", code=9000, message="No.")
        desks.supervisor.post(PATH)
        page = desks.clerk.open(self.PATH)
        assert "It fails" in page.text
        assert "OPSCOM_CLIENT_CODE" in page.text
        desks.supervisor.post(PATH)
        assert "It works" in desks.clerk.open(self.PATH).text

    def test_a_check_of_another_controller_is_not_shown(
        self, desks: Desks, sandbox: Sandbox, settings: Settings
    ) -> None:
        desks.supervisor.post(PATH)
        settings.OPSCOM_CLIENT_CODE = "OC-OTHER"
        assert "It was not checked yet." in desks.clerk.open(self.PATH).text

    def test_a_clerk_reads_it_and_starts_none(self, desks: Desks) -> None:
        assert "Check now" not in desks.clerk.open(self.PATH).buttons
