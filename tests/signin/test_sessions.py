"""Sessions end when nobody clicks, and at an age; nothing that was typed is lost with them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from permits.models import Activity, Permit
from tests.pages.desk import ADD, PERMITS, TYPED, Desk, Desks
from tests.staff import PASSWORD

IDLE: timedelta = settings.SESSION_IDLE
AGE: timedelta = settings.SESSION_AGE
MINUTE = timedelta(minutes=1)
Travel = Callable[[timedelta], None]


@pytest.fixture
def later(time_machine: time_machine.TimeMachineFixture, desks: Desks) -> Travel:
    """Move the clock forward, from a moment at which everybody has just clicked."""
    now: datetime = timezone.now()
    time_machine.move_to(now, tick=False)
    for desk in vars(desks).values():
        desk.client.get("/")
    passed = timedelta()

    def travel(by: timedelta) -> None:
        nonlocal passed
        passed += by
        time_machine.move_to(now + passed, tick=False)

    return travel


def is_signed_in(desk: Desk) -> bool:
    return desk.client.get(PERMITS).status_code == 200


def sign_in_again(desk: Desk, address: str) -> str:
    """Fill in the sign-in form that the address leads to; where that leads."""
    assert desk.user is not None
    answer = desk.client.post(address, {"username": desk.user.username, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.headers["Location"])


class TestEnding:
    def test_it_goes_on_while_somebody_clicks(self, desks: Desks, later: Travel) -> None:
        for _ in range(5):
            later(IDLE - MINUTE)
            assert is_signed_in(desks.clerk)

    def test_it_ends_when_nobody_does(self, desks: Desks, later: Travel) -> None:
        later(IDLE + MINUTE)
        assert not is_signed_in(desks.clerk)

    def test_a_page_that_asks_by_itself_is_nobody(self, desks: Desks, later: Travel) -> None:
        for _ in range(3):
            later(IDLE / 2)
            desks.clerk.client.get(f"{PERMITS}?progress=1")
        assert not is_signed_in(desks.clerk)

    def test_it_ends_at_its_age_whoever_clicks(self, desks: Desks, later: Travel) -> None:
        for _ in range(int(AGE / (IDLE / 2)) - 1):
            later(IDLE / 2)
            assert is_signed_in(desks.clerk)
        later(IDLE / 2)
        assert not is_signed_in(desks.clerk)

    def test_the_old_cookie_opens_nothing_afterwards(self, desks: Desks, later: Travel) -> None:
        cookie = desks.clerk.client.cookies[settings.SESSION_COOKIE_NAME].value
        later(IDLE)
        desks.clerk.client.get(PERMITS)
        thief = Client()
        thief.cookies[settings.SESSION_COOKIE_NAME] = cookie
        assert thief.get(PERMITS).status_code == 302
        assert not Session.objects.filter(session_key=cookie).exists()

    def test_a_click_writes_the_session_once_a_minute_at_most(
        self, desks: Desks, later: Travel
    ) -> None:
        before = Session.objects.values_list("session_data", flat=True).get(
            session_key=desks.clerk.client.cookies[settings.SESSION_COOKIE_NAME].value
        )
        later(MINUTE / 2)
        is_signed_in(desks.clerk)
        assert before in Session.objects.values_list("session_data", flat=True)


class TestWhatWasTyped:
    def test_a_page_comes_back_after_signing_in(self, desks: Desks, later: Travel) -> None:
        later(IDLE)
        answer = desks.clerk.client.get(f"{PERMITS}?state=synced")
        assert "Location" in answer.headers
        assert sign_in_again(desks.clerk, answer.headers["Location"]) == f"{PERMITS}?state=synced"

    def test_the_sign_in_page_says_why(self, desks: Desks, later: Travel) -> None:
        later(IDLE)
        assert "signed out after 1 h without a click" in desks.clerk.open(PERMITS).text

    def test_a_form_that_came_too_late_is_kept_and_sent_later(
        self, desks: Desks, later: Travel
    ) -> None:
        later(IDLE)
        answer = desks.clerk.client.post(ADD, {**TYPED, "_save": "1"})
        assert Permit.objects.count() == 0
        offer = sign_in_again(desks.clerk, answer.headers["Location"])
        page = desks.clerk.open(offer)
        assert "ABC 123" in page.text
        desks.clerk.press(page, "Send it now")
        assert Permit.objects.get().plate == "ABC 123"

    def test_it_is_sent_once(self, desks: Desks, later: Travel) -> None:
        later(IDLE)
        answer = desks.clerk.client.post(ADD, {**TYPED, "_save": "1"})
        page = desks.clerk.open(sign_in_again(desks.clerk, answer.headers["Location"]))
        desks.clerk.press(page, "Send it now")
        assert "nothing left to send" in desks.clerk.press(page, "Send it now").text
        assert Permit.objects.count() == 1

    def test_it_can_be_dropped(self, desks: Desks, later: Travel) -> None:
        later(IDLE)
        answer = desks.clerk.client.post(ADD, {**TYPED, "_save": "1"})
        page = desks.clerk.open(sign_in_again(desks.clerk, answer.headers["Location"]))
        desks.clerk.press(page, "Drop it")
        assert "nothing left to send" in desks.clerk.press(page, "Send it now").text
        assert Permit.objects.count() == 0

    def test_somebody_else_who_signs_in_does_not_get_it(self, desks: Desks, later: Travel) -> None:
        later(IDLE)
        answer = desks.clerk.client.post(ADD, {**TYPED, "_save": "1"})
        desks.clerk.user = desks.supervisor.user
        offer = sign_in_again(desks.clerk, answer.headers["Location"])
        assert "ABC 123" not in desks.clerk.open(offer).text
        desks.clerk.post(offer, {**TYPED, "_save": "1"})
        assert Permit.objects.count() == 0

    def test_a_forged_form_is_not_kept(self, desks: Desks, later: Travel) -> None:
        client = Client(enforce_csrf_checks=True)
        assert desks.clerk.user is not None
        client.force_login(desks.clerk.user)
        client.get("/")
        later(IDLE)
        assert client.post(ADD, {**TYPED, "_save": "1"}).status_code == 403
        assert "session_kept" not in client.session

    def test_a_password_is_not_kept(self, desks: Desks, later: Travel) -> None:
        later(IDLE)
        desks.clerk.client.post("/password_change/", {"old_password": PASSWORD})
        assert "session_kept" not in desks.clerk.client.session

    def test_who_sent_too_much_is_told(self, desks: Desks, later: Travel) -> None:
        later(IDLE)
        page = desks.clerk.post(ADD, {**TYPED, "plate": "A" * 70_000})
        assert "was not saved" in page.text


class TestSigningOutEverywhere:
    def test_ones_other_sessions_are_listed_and_ended(self, desks: Desks) -> None:
        elsewhere = Desk(desks.clerk.user)
        for desk in (desks.clerk, elsewhere):
            assert is_signed_in(desk)
        desks.clerk.press(desks.clerk.open("/account/"), "Sign out everywhere else")
        assert is_signed_in(desks.clerk)
        assert not is_signed_in(elsewhere)
        noted = Activity.objects.latest("pk")
        assert (noted.kind, noted.what) == (Activity.Kind.SIGNED_OUT_ALL, "clerk")

    def test_nobody_elses_session_is_touched(self, desks: Desks) -> None:
        for desk in (desks.clerk, desks.supervisor):
            assert is_signed_in(desk)
        desks.clerk.post("/account/sign-out-elsewhere/")
        assert is_signed_in(desks.supervisor)

    def test_an_administrator_ends_all_sessions_of_a_user(self, desks: Desks) -> None:
        assert is_signed_in(desks.clerk)
        assert desks.clerk.user is not None
        page = desks.root.open(f"/auth/user/{desks.clerk.user.pk}/change/")
        desks.root.press(page, "Sign out everywhere")
        assert not is_signed_in(desks.clerk)
        assert not UserSession.objects.filter(user=desks.clerk.user).exists()

    @pytest.mark.parametrize("who", ["clerk", "supervisor", "auditor", "stranger", "nobody"])
    def test_nobody_else_does(self, desks: Desks, who: str) -> None:
        assert is_signed_in(desks.clerk)
        assert desks.clerk.user is not None
        vars(desks)[who].client.post(f"/auth/user/{desks.clerk.user.pk}/sign-out/")
        assert is_signed_in(desks.clerk)

    def test_a_new_password_ends_the_other_sessions_and_keeps_this_one_listed(
        self, desks: Desks
    ) -> None:
        elsewhere = Desk(desks.clerk.user)
        assert is_signed_in(elsewhere)
        new = "a-password-nobody-uses-4711"
        desks.clerk.post(
            "/password_change/",
            {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
        )
        assert not is_signed_in(elsewhere)
        assert desks.clerk.open("/account/").text.count("since") == 1

    def test_a_closed_account_is_signed_out_at_its_next_click(self, desks: Desks) -> None:
        assert is_signed_in(desks.clerk)
        User.objects.filter(username="clerk").update(is_active=False)
        assert not is_signed_in(desks.clerk)


class TestPasswords:
    @pytest.mark.parametrize(
        "weak", ["short-4711", "123456789012", "q1w2e3r4t5y6", "clerk@example.org"]
    )
    def test_a_weak_one_is_refused(self, desks: Desks, weak: str) -> None:
        page = desks.clerk.post(
            "/password_change/",
            {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak},
        )
        assert "The password was not changed." in page.text

    def test_the_old_one_cannot_be_guessed_from_an_open_session(self, desks: Desks) -> None:
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            desks.clerk.client.post("/password_change/", {"old_password": "guess"})
        answer = desks.clerk.client.post("/password_change/", {"old_password": "guess"})
        assert answer.status_code == 429
        assert (
            Client().post("/login/", {"username": "clerk", "password": PASSWORD}).status_code == 429
        )
