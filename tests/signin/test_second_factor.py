"""Codes and recovery codes: set up alone, asked for, counted when wrong, and never shown again."""

import re
from typing import Any, Final

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client
from pytest_django import Settings

from permits.models import Activity
from tests.pages.desk import PERMITS, Desk, Desks
from tests.pages.reading import Page
from tests.signin.codes import code
from tests.staff import PASSWORD

LIMIT: Final = settings.AXES_FAILURE_LIMIT
WRONG: Final = "000000"


def sign_in(name: str = "clerk", path: str = PERMITS) -> Desk:
    """Somebody who has given the password, from a browser of their own."""
    desk = Desk()
    desk.client.post(f"/login/?next={path}", {"username": name, "password": PASSWORD})
    return desk


def set_up(desk: Desk) -> tuple[str, list[str]]:
    """Add an app as its owner does; its secret, and the recovery codes that are shown then."""
    page = desk.open("/account/app/add/")
    secret = page.root.one("main").one("details").one("code").text
    shown = desk.press(page, "Add the app", code=code(secret))
    return secret, [each.text for each in shown.root.one("ul.codes").all("code")]


def enter(desk: Desk, given: str) -> Page:
    return desk.post("/account/second-step/", {"code": given})


def is_signed_in(desk: Desk) -> bool:
    return desk.client.get(PERMITS).status_code == 200


@pytest.fixture
def app(desks: Desks) -> tuple[str, list[str]]:
    """The secret and the recovery codes of the clerk, who has just added an app."""
    return set_up(sign_in())


class TestSettingUp:
    def test_a_clerk_does_it_alone_right_after_signing_in(self, desks: Desks) -> None:
        _, codes = set_up(sign_in())
        assert len(set(codes)) == 10
        assert all(re.fullmatch(r"\d{8}", each) for each in codes)

    def test_later_the_password_is_asked_for_once_more(self, desks: Desks) -> None:
        page = desks.clerk.open("/account/app/add/")
        assert "Enter your password once more" in page.text
        page = desks.clerk.press(page, "Confirm", password=PASSWORD)
        assert "authenticator app" in page.text

    def test_a_wrong_code_adds_nothing(self, desks: Desks) -> None:
        desk = sign_in()
        desk.press(desk.open("/account/app/add/"), "Add the app", code=WRONG)
        assert not Authenticator.objects.exists()

    def test_recovery_codes_are_shown_once(self, app: tuple[str, list[str]]) -> None:
        _, codes = app
        desk = sign_in()
        enter(desk, codes[0])
        page = desk.open("/account/codes/")
        assert not any(each in page.text for each in codes)

    def test_the_database_does_not_show_the_secrets(self, app: tuple[str, list[str]]) -> None:
        secret, codes = app
        held = str(list(Authenticator.objects.values()))
        assert secret not in held
        assert not any(each in held for each in codes)

    def test_it_is_written_down_without_them(self, app: tuple[str, list[str]]) -> None:
        secret, _ = app
        noted = Activity.objects.filter(kind=Activity.Kind.FACTOR_ADDED)
        assert {each.details["factor"] for each in noted} == {"app", "recovery codes"}
        assert secret not in str(list(Activity.objects.values()))


class TestSecondStep:
    def test_the_password_alone_does_not_sign_in(self, app: tuple[str, list[str]]) -> None:
        desk = sign_in()
        assert not is_signed_in(desk)
        assert "One more step" in desk.open("/account/second-step/").text

    def test_a_code_does_and_leads_to_the_page(self, app: tuple[str, list[str]]) -> None:
        secret, _ = app
        desk = sign_in(path=f"{PERMITS}?q=7")
        answer = desk.client.post("/account/second-step/", {"code": code(secret)})
        assert answer.headers["Location"] == f"{PERMITS}?q=7"
        assert is_signed_in(desk)

    def test_a_code_is_taken_once(self, app: tuple[str, list[str]]) -> None:
        secret, _ = app
        seen = code(secret, ahead=1)
        enter(sign_in(), seen)
        desk = sign_in()
        enter(desk, seen)
        assert not is_signed_in(desk)

    def test_a_recovery_code_is_taken_once(self, app: tuple[str, list[str]]) -> None:
        _, codes = app
        first, second = sign_in(), sign_in()
        enter(first, codes[3])
        enter(second, codes[3])
        assert is_signed_in(first)
        assert not is_signed_in(second)

    def test_guessing_codes_locks_out(self, app: tuple[str, list[str]]) -> None:
        secret, codes = app
        desk = sign_in()
        for _ in range(LIMIT - 1):
            enter(desk, WRONG)
        answer = desk.client.post("/account/second-step/", {"code": WRONG})
        assert answer.status_code == 429
        assert desk.client.post("/account/second-step/", {"code": codes[0]}).status_code == 429
        again = Client().post("/login/", {"username": "clerk", "password": PASSWORD})
        assert again.status_code == 429
        assert secret

    def test_the_password_given_again_does_not_forget_wrong_codes(
        self, app: tuple[str, list[str]]
    ) -> None:
        for _ in range(LIMIT - 1):
            enter(sign_in(), WRONG)
        answer = sign_in().client.post("/account/second-step/", {"code": WRONG})
        assert answer.status_code == 429

    def test_nobody_begins_with_the_second_step(self, app: tuple[str, list[str]]) -> None:
        secret, _ = app
        desk = Desk()
        enter(desk, code(secret))
        assert not is_signed_in(desk)

    def test_it_can_be_left(self, app: tuple[str, list[str]]) -> None:
        secret, _ = app
        desk = sign_in()
        desk.press(desk.open("/account/second-step/"), "Cancel")
        enter(desk, code(secret))
        assert not is_signed_in(desk)

    @pytest.mark.parametrize("given", ["", " ", "\u0661\u0662\u0663", "1" * 5000, "'", "\x00"])
    def test_nonsense_is_refused(self, app: tuple[str, list[str]], given: str) -> None:
        desk = sign_in()
        answer = desk.client.post("/account/second-step/", {"code": given})
        assert answer.status_code == 200
        assert not is_signed_in(desk)

    @pytest.mark.parametrize(
        "given",
        ["", "{}", "[]", "null", "1", '"x"', "{", '{"id": 1}', '{"response": {"userHandle": 1}}',
         '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"userHandle": "AA"}}',
         '{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30",'
         '"authenticatorData":"AA","signature":"AA","userHandle":"MQ"}}'],
    )  # fmt: skip
    @pytest.mark.parametrize("path", ["/account/passkeys/sign-in/", "/account/second-step/"])
    def test_a_forged_passkey_is_refused(
        self, app: tuple[str, list[str]], given: str, path: str
    ) -> None:
        desk = sign_in()
        desk.client.get("/account/passkeys/sign-in/", headers={"Accept": "application/json"})
        answer = desk.client.post(path, {"credential": given})
        assert answer.status_code in (200, 302)
        assert not is_signed_in(desk)


class TestRequired:
    @pytest.fixture(autouse=True)
    def required(self, settings: Settings) -> None:
        settings.MFA_REQUIRED_GROUPS = ["Parking staff", "Administrators"]

    def test_a_clerk_without_one_is_led_to_it_and_goes_on_afterwards(self, desks: Desks) -> None:
        desk = sign_in()
        page = desk.open(PERMITS)
        assert "second way to prove that it is you" in page.text
        set_up(desk)
        assert is_signed_in(desk)

    @pytest.mark.parametrize("who", ["clerk", "root"])
    def test_nothing_else_is_open_before(self, desks: Desks, who: str) -> None:
        desk: Desk = vars(desks)[who]
        for path in ("/", PERMITS, "/controller/", "/permits/permit/import/", "/account/resend/"):
            answer = desk.client.get(path)
            assert (answer.status_code, answer.headers["Location"]) == (302, "/account/"), path
        answer = desk.client.post("/permits/permit/add/", {"plate": "A"})
        assert answer.status_code == 302

    def test_others_are_not_asked(self, desks: Desks) -> None:
        assert is_signed_in(desks.supervisor)

    def test_a_group_that_is_not_there_is_refused_at_the_start(
        self, desks: Desks, settings: Settings
    ) -> None:
        call_command("check")
        settings.MFA_REQUIRED_GROUPS = ["Administrators", "Superviors"]
        with pytest.raises(SystemCheckError, match="There is no group 'Superviors'") as refusal:
            call_command("check")
        assert "HINT: Name some of Administrators, Auditors, Parking staff" in str(refusal.value)

    def test_the_last_one_stays(self, app: tuple[str, list[str]]) -> None:
        _, codes = app
        desk = sign_in()
        enter(desk, codes[0])
        assert desk.open("/account/app/remove/").buttons == ["Back"]
        desk.post("/account/app/remove/")
        assert Authenticator.objects.filter(type="totp").exists()


class TestTakingAway:
    def test_its_owner_removes_it(self, app: tuple[str, list[str]]) -> None:
        _, codes = app
        desk = sign_in()
        enter(desk, codes[0])
        desk.press(desk.open("/account/app/remove/"), "Remove the app")
        assert not Authenticator.objects.exists()
        assert is_signed_in(sign_in())

    def test_an_administrator_removes_it_and_ends_the_sessions(
        self, desks: Desks, app: tuple[str, list[str]]
    ) -> None:
        _, codes = app
        desk = sign_in()
        enter(desk, codes[0])
        clerk = User.objects.get(username="clerk")
        page = desks.root.open(f"/auth/user/{clerk.pk}/change/")
        desks.root.press(page, "Remove second factors")
        assert not is_signed_in(desk)
        assert is_signed_in(sign_in())
        removed = Activity.objects.filter(kind=Activity.Kind.FACTOR_REMOVED)
        assert {(each.actor, each.what) for each in removed} == {("root", "clerk")}

    @pytest.mark.parametrize("who", ["clerk", "supervisor", "auditor", "stranger", "nobody"])
    def test_nobody_else_does(self, desks: Desks, app: tuple[str, list[str]], who: str) -> None:
        clerk = User.objects.get(username="clerk")
        vars(desks)[who].client.post(f"/auth/user/{clerk.pk}/remove-factors/")
        assert Authenticator.objects.count() == 2


class TestWhatIsClosed:
    @pytest.mark.parametrize(
        "path",
        ["signup/", "email/", "password/reset/", "password/change/", "password/set/",
         "login/code/", "confirm-email/", "social/connections/", "phone/change/", "2fa/"],
    )  # fmt: skip
    def test_what_allauth_offers_besides_has_no_address(self, desks: Desks, path: str) -> None:
        assert desks.clerk.client.get(f"/account/{path}").status_code == 404
        assert desks.clerk.client.get(f"/accounts/{path}").status_code == 404

    @pytest.mark.parametrize(
        "table", ["mfa/authenticator", "account/emailaddress", "usersessions/usersession", "axes"]
    )
    def test_its_tables_have_no_pages(self, desks: Desks, table: str) -> None:
        assert desks.root.client.get(f"/{table}/").status_code == 404

    @pytest.mark.parametrize(
        "wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil"]
    )
    def test_signing_in_leads_nowhere_else(self, desks: Desks, wanted: str) -> None:
        data: dict[str, Any] = {"username": "clerk", "password": PASSWORD, "next": wanted}
        answer = Client().post("/login/", data)
        assert answer.headers["Location"] == "/"

    def test_a_person_who_is_no_staff_does_not_sign_in(self, desks: Desks) -> None:
        User.objects.filter(username="clerk").update(is_staff=False)
        assert not is_signed_in(sign_in())
