"""After each way in which a call can end, the page says what happened and what to do."""

import re
from dataclasses import dataclass

import pytest
from pytest_django import Settings

from permits.models import Permit
from tests.endings import OPERATIONS
from tests.engine.office import edit, enter, push
from tests.pages.desk import Desks
from tests.pages.reading import Page
from tests.pages.states import State
from tests.processes import free_port
from tests.sandbox_server import TOKEN, Sandbox

pytestmark = pytest.mark.either

JARGON = re.compile(r"Traceback|Exception|Error\(|errno|urllib|object at 0x|HTTPConn|\bNone,")


@dataclass(frozen=True)
class Case:
    """What the sandbox is told to do, and what the page must say after a push."""

    name: str
    fault: str
    said: str  # of a push
    state: str
    parameters: tuple[tuple[str, object], ...] = ()
    said_later: str = ""  # of an update or a delete, where that is another thing
    state_later: str = ""

    def __str__(self) -> str:
        return self.name

    def said_of(self, operation: str) -> str:
        """What the page must say of this operation."""
        if operation == "push":
            return self.said
        if operation == "update":
            said = self.said.replace("Push it", "Update it").replace("push again", "update again")
            return self.said_later or said
        if self.state == State.REJECTED and self.name not in ("code 9008", "code 9015"):
            return f"{self.said.partition(')')[0]}). Delete it again; if that fails too, show this"
        return self.said_later or self.said

    def state_of(self, operation: str) -> str:
        """Where the permit must be after this operation."""
        return self.state if operation == "push" else self.state_later or self.state


def refused(code: int, said: str, **more: str) -> Case:
    return Case(f"code {code}", "error", said, State.REJECTED, (("code", code),), **more)


LOST = "what became of it is not known"
AGAIN = "Repeating it is harmless"
CONFIGURED = "The permit stays queued and is sent once an administrator has put that right."
SENT_AGAIN = "It is queued and is sent again by itself."


def doubtful(name: str, fault: str, **parameters: object) -> Case:
    return Case(
        name, fault, LOST, State.IN_DOUBT, tuple(parameters.items()), AGAIN, State.QUEUED
    )  # fmt: skip


def configuration(code: int, said: str) -> Case:
    return Case(f"code {code}", "error", said, State.QUEUED, (("code", code), ("message", "")))


def status(code: int, said: str, state: str = State.QUEUED, **more: str) -> Case:
    return Case(f"HTTP {code}", "status", said, state, (("status", code),), **more)


CASES = [
    refused(9003, "the request could not be read (9003). Push it again"),
    refused(9004, "the end time is missing (9004). Enter the end and push again."),
    refused(9005, "the end time is invalid (9005). Change the end and push again."),
    refused(9006, "the plate is missing (9006). Enter the plate and push again."),
    refused(9007, "the start time is invalid (9007). Change the start and push again."),
    refused(9008, "the reference ID is missing (9008). Show this call to an administrator."),
    refused(9022, "a record with these details already exists (9022). Look for it"),
    refused(9030, "a field is longer than allowed (9030). Shorten it and push again."),
    refused(9031, "a required field is empty (9031). Fill it in and push again."),
    refused(9032, "a field is shorter than allowed (9032). Complete it and push again."),
    refused(9033, "a field's value is invalid (9033). Correct it and push again."),
    refused(9015, "Correct the permit and send it again, or show this call to an administrator."),
    configuration(9000, f"The client code is missing (9000). {CONFIGURED}"),
    configuration(9001, f"The API token is missing (9001). {CONFIGURED}"),
    configuration(9002, f"The API token lacks the permission (9002). {CONFIGURED}"),
    *(status(code, CONFIGURED) for code in (401, 403, 404)),
    status(429, SENT_AGAIN),
    status(503, SENT_AGAIN),
    status(500, LOST, State.IN_DOUBT, said_later=AGAIN, state_later=State.QUEUED),
    status(502, LOST, State.IN_DOUBT, said_later=AGAIN, state_later=State.QUEUED),
    Case("redirect", "redirect", CONFIGURED, State.QUEUED),
    doubtful("reset", "reset"),
    doubtful("close", "close"),
    doubtful("HTML", "html"),
    doubtful("cut off", "cut_off"),
    doubtful("a list", "list"),
    doubtful("null", "null"),
    doubtful("empty", "empty"),
    doubtful("no UTF-8", "invalid_utf8"),
    doubtful("no reference", "no_reference"),
    doubtful("50 MB", "huge"),
    doubtful("silence", "silence"),
    doubtful("drip", "drip"),
    doubtful("long reference", "long_reference"),
    doubtful("markup reference", "markup_reference"),
]


def no_jargon(page: Page) -> None:
    """No page ever shows how it is made, nor says that something went "successfully"."""
    assert page.status == 200
    assert "successfully" not in page.text.lower()
    assert not JARGON.search(page.text), JARGON.findall(page.text)
    assert TOKEN not in page.html


def due(operation: str) -> tuple[Permit, str]:
    """A permit and the button that calls for it."""
    if operation == "push":
        return enter(), "Push"
    permit = push()
    if operation == "delete":
        return permit, "Delete on controller"
    edit(permit, plate="ABC 124")
    Permit.objects.filter(pk=permit.pk).update(state=State.CHANGED)
    return permit, "Update"


def click(desks: Desks, permit: Permit, button: str) -> Page:
    """Press the button for a permit, as a clerk, on its page."""
    page = desks.clerk.see(permit)
    if button == "Delete on controller":
        page = desks.clerk.open(f"/permits/permit/{permit.pk}/delete/")
    return desks.clerk.press(page, button)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_page_says_what_happened_and_what_to_do(
    desks: Desks, sandbox: Sandbox, settings: Settings, case: Case
) -> None:
    prepared = [(operation, *due(operation)) for operation in OPERATIONS]
    if case.fault in ("silence", "drip"):
        settings.OPSCOM_CONNECT_TIMEOUT = settings.OPSCOM_READ_TIMEOUT = 0.2
        settings.OPSCOM_DEADLINE = 0.3
    for operation, permit, button in prepared:
        sandbox.fault(case.fault, operation=operation, **dict(case.parameters))
        page = click(desks, permit, button)
        no_jargon(page)
        assert page.message.startswith(f"{permit.plate}: ")
        assert case.said_of(operation) in page.message
        assert page.pill == str(State(case.state_of(operation)).label)
        match page.pill:
            case "Rejected":
                assert case.said.split(" (")[0].lower() in page.panel.lower()
            case "Queued":
                assert "paused" in page.text or "the next try is" in page.panel
            case _:
                assert "Nobody can tell yet whether the permit is on the" in page.panel


@pytest.mark.parametrize("operation", OPERATIONS)
class TestNoController:
    def test_a_refused_connection_is_told(
        self, desks: Desks, settings: Settings, operation: str
    ) -> None:
        permit, button = due(operation)
        settings.OPSCOM_URL = f"http://127.0.0.1:{free_port()}"
        page = click(desks, permit, button)
        no_jargon(page)
        assert SENT_AGAIN in page.message
        assert page.pill == "Queued"

    def test_an_unknown_host_is_told(
        self, desks: Desks, settings: Settings, operation: str
    ) -> None:
        permit, button = due(operation)
        settings.OPSCOM_URL = "http://nowhere.invalid"
        page = click(desks, permit, button)
        no_jargon(page)
        assert SENT_AGAIN in page.message


class TestSuccess:
    def test_a_push_is_told_with_its_reference(self, desks: Desks, sandbox: Sandbox) -> None:
        page = desks.clerk.enter(push=True)
        (record,) = sandbox.records()
        assert page.message == (
            f"ABC 123: It is on the controller. Reference ID {record['reference']}."
        )
        assert record["reference"] in page.panel
        assert page.pill == "On controller"
        no_jargon(page)

    def test_an_update_is_told(self, desks: Desks) -> None:
        page = click(desks, *due("update"))
        assert page.message == "ABC 124: The controller has the changes."
        assert page.pill == "On controller"

    def test_a_delete_is_told(self, desks: Desks) -> None:
        page = click(desks, *due("delete"))
        assert page.message == "ABC 123: It is deleted on the controller."
        assert page.pill == "Deleted"


class TestARecordThatIsGone:
    def test_an_update_of_it_shows_it_missing_and_offers_to_push_anew(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        permit, button = due("update")
        sandbox.lose_record(permit.reference_id)
        page = click(desks, permit, button)
        assert "push it anew" in page.message
        assert page.pill == "Missing"
        assert "Push anew" in desks.supervisor.see(permit).buttons

    def test_a_delete_of_it_says_that_it_was_gone(self, desks: Desks, sandbox: Sandbox) -> None:
        permit, button = due("delete")
        sandbox.lose_record(permit.reference_id)
        page = click(desks, permit, button)
        assert page.message == (
            "ABC 123: the controller held no such record any more, so it is deleted."
        )
        assert page.pill == "Deleted"


@pytest.mark.parametrize("operation", OPERATIONS)
class TestHostileAnswers:
    def test_markup_in_a_message_is_shown_as_data(
        self, desks: Desks, sandbox: Sandbox, operation: str
    ) -> None:
        permit, button = due(operation)
        sandbox.fault("error", code=9015, message='<script>x()</script><img src="y" onerror="z()">')
        page = click(desks, permit, button)
        assert "<script>x()</script>" in page.message
        assert "<script>x()" not in page.html
        assert "<img src" not in page.html.replace('<img src="/static/', "")
        for path in ("/", permit.attempts.latest("pk").get_absolute_url()):
            html = desks.supervisor.open(path).html
            assert "<script>x()" not in html

    def test_markup_in_a_reference_is_shown_as_data(
        self, desks: Desks, sandbox: Sandbox, operation: str
    ) -> None:
        permit, button = due(operation)
        sandbox.fault("markup_reference", operation=operation)
        click(desks, permit, button)
        attempt = permit.attempts.latest("pk")
        shown = desks.auditor.open(attempt.get_absolute_url())
        assert "<script" in attempt.response or "<img" in attempt.response
        assert attempt.response.count("<") > 0
        answer = shown.root.one("#came").text if shown.root.all("#came") else ""
        assert answer == "Answer"
        pre = shown.root.one("pre")
        assert not [child for child in pre.children if not isinstance(child, str)]

    def test_a_token_that_is_echoed_is_shown_nowhere(
        self, desks: Desks, sandbox: Sandbox, operation: str
    ) -> None:
        permit, button = due(operation)
        sandbox.fault("echo_token", operation=operation)
        no_jargon(click(desks, permit, button))
        for path in ("/", permit.attempts.latest("pk").get_absolute_url(), "/controller/"):
            no_jargon(desks.supervisor.open(path))
