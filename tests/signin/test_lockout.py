"""Who fails to sign in too often waits; the right people can let them in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from permits.models import Activity, FailedTry
from permits.signin import lockout
from permits.signin.lockout import WIDER
from tests.pages.desk import Desk, Desks
from tests.portal import Portal
from tests.staff import PASSWORD

LIMIT = settings.AXES_FAILURE_LIMIT
WRONG = "a wrong password"
HOME = "10.0.0.7"


def sign_in(name: str, password: str, address: str = HOME, agent: str = "Firefox") -> int:
    """Try to sign in, from a browser of its own; the status of the answer."""
    answer = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=agent).post(
        "/login/", {"username": name, "password": password}
    )
    return answer.status_code


def fail(name: str, times: int, address: str = HOME) -> list[int]:
    return [sign_in(name, WRONG, address) for _ in range(times)]


@pytest.mark.usefixtures("desks")
class TestTooManyTries:
    def test_the_right_password_is_refused_once_too_many_were_wrong(self, desks: Desks) -> None:
        assert fail("clerk", LIMIT) == [200] * (LIMIT - 1) + [429]
        assert sign_in("clerk", PASSWORD) == 429

    def test_one_try_fewer_does_not_count_once_somebody_got_in(self, desks: Desks) -> None:
        fail("clerk", LIMIT - 1)
        assert sign_in("clerk", PASSWORD) == 302
        fail("clerk", LIMIT - 1)
        assert sign_in("clerk", PASSWORD) == 302

    def test_another_browser_does_not_begin_anew(self, desks: Desks) -> None:
        for number in range(LIMIT):
            sign_in("clerk", WRONG, agent=f"Browser {number}")
        assert sign_in("clerk", PASSWORD) == 429

    def test_others_at_the_same_address_get_in(self, desks: Desks) -> None:
        fail("clerk", LIMIT)
        assert sign_in("supervisor", PASSWORD) == 302

    def test_the_same_name_gets_in_elsewhere(self, desks: Desks) -> None:
        fail("clerk", LIMIT)
        assert sign_in("clerk", PASSWORD, "10.0.0.8") == 302

    def test_a_name_that_nobody_has_is_treated_alike(self, desks: Desks) -> None:
        assert fail("nobody-of-that-name", LIMIT) == fail("clerk", LIMIT)

    def test_one_name_guessed_from_many_addresses_is_locked_everywhere(self, desks: Desks) -> None:
        for number in range(LIMIT * WIDER):
            sign_in("clerk", WRONG, f"10.1.{number}.1")
        assert sign_in("clerk", PASSWORD, "10.2.0.1") == 429
        assert sign_in("supervisor", PASSWORD, "10.2.0.1") == 302

    def test_many_names_guessed_from_one_address_shut_it_out(self, desks: Desks) -> None:
        for number in range(LIMIT * WIDER):
            sign_in(f"name-{number}", WRONG)
        assert sign_in("clerk", PASSWORD) == 429
        assert sign_in("clerk", PASSWORD, "10.0.0.8") == 302

    def test_what_was_typed_is_not_kept(self, desks: Desks) -> None:
        fail("clerk", 2)
        (row,) = FailedTry.objects.values()
        assert row["failures_since_start"] == 2
        assert WRONG not in str(row)


@pytest.mark.usefixtures("desks")
class TestWaiting:
    def test_the_page_says_when_to_try_again(self, desks: Desks) -> None:
        with time_machine.travel("2026-11-23T15:00:00Z", tick=False):
            fail("clerk", LIMIT)
            answer = Client(REMOTE_ADDR=HOME).post(
                "/login/", {"username": "clerk", "password": PASSWORD}
            )
        assert "in 15 minutes" in answer.content.decode()
        assert "today 10:15" in answer.content.decode()
        assert answer.headers["Retry-After"] == "900"

    def test_it_ends_when_it_said(self, desks: Desks) -> None:
        start = timezone.now()
        with time_machine.travel(start, tick=False):
            fail("clerk", LIMIT)
        with time_machine.travel(start + timedelta(minutes=14, seconds=59), tick=False):
            assert sign_in("clerk", PASSWORD) == 429
        with time_machine.travel(start + timedelta(minutes=15), tick=False):
            assert sign_in("clerk", PASSWORD) == 302

    def test_trying_meanwhile_does_not_make_it_longer(self, desks: Desks) -> None:
        start = timezone.now()
        with time_machine.travel(start, tick=False):
            fail("clerk", LIMIT)
        with time_machine.travel(start + timedelta(minutes=14), tick=False):
            assert fail("clerk", 3) == [429] * 3
        with time_machine.travel(start + timedelta(minutes=15), tick=False):
            assert sign_in("clerk", PASSWORD) == 302

    def test_old_tries_are_forgotten(self, desks: Desks) -> None:
        start = timezone.now()
        with time_machine.travel(start, tick=False):
            fail("clerk", 1)
        with time_machine.travel(start + timedelta(minutes=15), tick=False):
            fail("supervisor", 1)
        assert [row.username for row in FailedTry.objects.all()] == ["supervisor"]


@pytest.mark.usefixtures("desks")
class TestLettingIn:
    def test_a_supervisor_sees_who_waits_and_lets_them_in(self, desks: Desks) -> None:
        fail("clerk", LIMIT)
        page = desks.supervisor.open("/lockouts/")
        assert "clerk" in page.text
        assert HOME in page.text
        assert "They can sign in now." in desks.supervisor.press(page, "Let in clerk").text
        assert sign_in("clerk", PASSWORD) == 302

    def test_a_name_that_is_locked_everywhere_is_listed_once_more(self, desks: Desks) -> None:
        for number in range(LIMIT * WIDER):
            sign_in("clerk", WRONG, f"10.1.{number}.1")
        (found,) = lockout.everybody(now=timezone.now())
        assert (found.scope.username, found.scope.address) == ("clerk", None)
        page = desks.supervisor.open("/lockouts/")
        assert "Anywhere" in page.text
        desks.supervisor.press(page, "Let in clerk")
        assert sign_in("clerk", PASSWORD, "10.2.0.1") == 302

    def test_an_address_that_is_shut_out_is_let_in(self, desks: Desks) -> None:
        for number in range(LIMIT * WIDER):
            sign_in(f"name-{number}", WRONG)
        page = desks.supervisor.open("/lockouts/")
        assert "Any name" in page.text
        desks.supervisor.press(page, f"Let in {HOME}")
        assert sign_in("clerk", PASSWORD) == 302

    def test_it_is_written_down_who_was_locked_out_and_who_let_them_in(self, desks: Desks) -> None:
        before = Activity.objects.count()
        fail("clerk", LIMIT + 2)
        desks.supervisor.press(desks.supervisor.open("/lockouts/"), "Let in clerk")
        noted = Activity.objects.order_by("pk")[before:]
        assert [(each.kind, each.actor, each.what) for each in noted] == [
            *[("failed", "clerk", "")] * (LIMIT - 1),  # the last one is the lock-out
            ("locked_out", "clerk", ""),
            ("lockout_lifted", "supervisor", "clerk"),
        ]

    @pytest.mark.parametrize("who", ["clerk", "auditor", "stranger", "nobody"])
    def test_nobody_else_does(self, desks: Desks, who: str) -> None:
        fail("root", LIMIT)
        desk: Desk = vars(desks)[who]
        desk.client.post("/lockouts/lift/", {"username": "root", "address": HOME})
        assert sign_in("root", PASSWORD) == 429

    def test_an_empty_form_lets_nobody_in(self, desks: Desks) -> None:
        fail("clerk", LIMIT)
        desks.supervisor.post("/lockouts/lift/", {"username": "", "address": ""})
        assert sign_in("clerk", PASSWORD) == 429


def test_every_process_counts_alike(portal: Portal) -> None:
    """A burst of guesses over real connections: what is over the limit gets no answer but 429."""

    def guess(number: int) -> int:
        session = requests.Session()
        session.get(f"{portal.url}/login/", timeout=30)
        return session.post(
            f"{portal.url}/login/",
            {
                "username": "clerk",
                "password": f"{WRONG} {number}",
                "csrfmiddlewaretoken": session.cookies["csrftoken"],
            },
            headers={"Referer": portal.url},
            timeout=30,
        ).status_code

    with ThreadPoolExecutor(4) as many:
        first = list(many.map(guess, range(LIMIT + 3)))
        assert first.count(429) >= 1
        assert set(many.map(guess, range(8))) == {429}
    assert FailedTry.objects.since(timezone.now() - timedelta(hours=1)).reached(LIMIT)
