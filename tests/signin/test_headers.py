"""Every answer says what a browser must not do with it, errors and files not excepted."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

import pytest
import requests
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import override_settings
from django.urls import path as url_path
from pytest_django import Settings

from permitportal import urls
from permitportal.environment import SECRET_VARIABLES
from permits import errors
from tests.environment import ROOT, VARIABLES
from tests.pages.addresses import all_addresses
from tests.pages.desk import ADD, TYPED, Desks
from tests.portal import Portal

pytestmark = pytest.mark.either

WANTED: Final = {
    "Content-Security-Policy": re.compile(
        r"default-src 'none'.*script-src 'self'|script-src 'self'.*"
    ),
    "X-Content-Type-Options": re.compile("nosniff"),
    "X-Frame-Options": re.compile("DENY"),
    "Referrer-Policy": re.compile("same-origin"),
    "Permissions-Policy": re.compile(r"camera=\(\)"),
    "Cross-Origin-Opener-Policy": re.compile("same-origin"),
    "Cross-Origin-Resource-Policy": re.compile("same-origin"),
    "Cache-Control": re.compile("no-store|max-age"),
}
NASTY_KEY: Final = "the <key> & that's 'secret' \" 4711 and long"
PRODUCTION: Final = {
    **VARIABLES,
    "SECRET_KEY": "kq3-Vu2_pJ8xZr5TnWc7YbLs9GdHf0MaEe4RtXoPiNyKj6QwCz1BvD",
    "ALLOWED_HOSTS": "permits.example.org",
    "CSRF_TRUSTED_ORIGINS": "https://permits.example.org",
    "TRUSTED_PROXIES": "127.0.0.1",
}


class Filed(NamedTuple):
    """A secret that stands in a file, and what becomes of it."""

    given: str
    setting: str
    becomes: str


LONG: Final = "a-secret-of-fifty-characters-that-stands-in-a-file"
DSN: Final = "postgres://clerk:their-password@db/permits"
FILED: Final = {
    "SECRET_KEY": Filed(LONG, "settings.SECRET_KEY", LONG),
    "HISTORY_KEY": Filed(LONG, "settings.HISTORY_KEYS[0].decode()", LONG),
    "DATABASE_URL": Filed(DSN, "settings.DATABASES['default']['PASSWORD']", "their-password"),
    "QUEUE_URL": Filed(DSN, "settings.QUEUE['dsn']", DSN),
    "OPSCOM_API_TOKEN": Filed(LONG, "settings.OPSCOM_API_TOKEN", LONG),
    "METRICS_TOKEN": Filed(LONG, "settings.METRICS_TOKEN", LONG),
    "EMAIL_URL": Filed(
        "smtp+tls://clerk:their-password@mail:587", "settings.EMAIL_HOST_PASSWORD", "their-password"
    ),
}
# Whoever is told wants a mail server, and a controller its token: from a file as well.
TELLING: Final = {
    "ALERT_RECIPIENTS": "desk@example.org",
    "PORTAL_URL": "https://permits.example.org",
    "EMAIL_URL": "smtp+tls://mail:587",
    "OPSCOM_URL": "https://controller.example.org",
}


def break_down(request: HttpRequest) -> NoReturn:
    raise RuntimeError("It broke.")


urlpatterns = [*urls.urlpatterns[:-1], url_path("broken/", break_down), urls.urlpatterns[-1]]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


def missing(headers: object) -> list[str]:
    """The headers that an answer lacks."""
    said = dict(headers)  # type: ignore[call-overload]
    return [name for name, value in WANTED.items() if not value.search(said.get(name, ""))]


class TestEveryAnswer:
    def test_of_every_address_to_everybody(self, desks: Desks, known: dict[str, str]) -> None:
        for address in all_addresses():
            for desk in vars(desks).values():
                for ask in (desk.client.get, desk.client.post):
                    answer = ask(address.path(known))
                    assert not missing(answer.headers), address.name

    def test_of_the_web_server_itself(self, portal: Portal) -> None:
        login = requests.get(f"{portal.url}/login/", timeout=10)
        stylesheet = re.search(r"/static/permits/portal\.[^\"]+css", login.text)
        assert stylesheet
        for path in ("/login/", stylesheet[0], "/nowhere", "/static/nowhere.css", "/favicon.ico"):
            assert not missing(requests.get(portal.url + path, timeout=10).headers), path
        stranger = requests.get(portal.url, headers={"Host": "evil.example"}, timeout=10)
        assert stranger.status_code == 400
        assert not missing(stranger.headers)

    def test_a_page_with_personal_data_is_not_kept(self, desks: Desks) -> None:
        for path in ("/", "/permits/permit/", "/account/", "/lockouts/"):
            answer = desks.supervisor.client.get(path)
            assert "no-store" in answer.headers["Cache-Control"], path


class TestErrors:
    @pytest.fixture
    def client(self, desks: Desks) -> Iterator[Client]:
        client = desks.root.client
        client.raise_request_exception = False
        with override_settings(ROOT_URLCONF=__name__):
            yield client

    @pytest.mark.parametrize(
        ("method", "path", "more", "status", "words"),
        [
            ("get", "/", {"headers": {"host": "evil.example"}}, 400, "cannot be read"),
            ("get", "/permits/syncattempt/add/", {}, 403, "You may not do this"),
            ("get", "/nowhere/", {}, 404, "There is no such page"),
            ("get", "/lockouts/lift/", {}, 405, "not opened like this"),
            ("get", "/broken/", {}, 500, "went wrong on our side"),
        ],
    )
    def test_each_has_a_page_that_says_what_to_do_and_names_an_id_of_the_log(
        self,
        client: Client,
        caplog: pytest.LogCaptureFixture,
        method: str,
        path: str,
        more: dict[str, dict[str, str]],
        status: int,
        words: str,
    ) -> None:
        answer = getattr(client, method)(path, **more)
        assert answer.status_code == status
        assert words in answer.content.decode()
        assert not missing(answer.headers)
        (error_id,) = re.findall(r"<code>(\w{16})</code>", answer.content.decode())
        assert error_id in caplog.text

    def test_without_a_database_a_page_says_as_much_and_the_log_has_its_line(
        self, client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connection.close()
        with monkeypatch.context() as patch:
            patch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
            answer = client.get("/permits/permit/")
            connection.close()
        assert answer.status_code == 500
        assert "went wrong on our side" in answer.content.decode()
        assert not missing(answer.headers)
        assert answer.headers["X-Request-ID"] in caplog.text

    def test_a_page_that_is_not_opened_like_this_says_how(self, client: Client) -> None:
        assert client.get("/lockouts/lift/").headers["Allow"] == "POST"

    def test_a_form_without_its_token_is_explained(self) -> None:
        answer = Client(enforce_csrf_checks=True).post("/login/", {"username": "clerk"})
        assert answer.status_code == 403
        assert re.search(r"<code>\w{16}</code>", answer.content.decode())

    def test_too_long_a_form_is_refused_unread(self, client: Client) -> None:
        answer = client.post(ADD, {**TYPED, "plate": "A" * (2 << 20)})
        assert answer.status_code == 400
        answer = Client().post(ADD, {"plate": "A" * (2 << 20)})
        assert answer.status_code == 413
        assert "too much at once" in answer.content.decode()

    def test_too_many_fields_are_refused(self, client: Client) -> None:
        answer = client.post(ADD, {f"field-{number}": "1" for number in range(1001)})
        assert answer.status_code == 400

    def test_a_length_that_is_none_is_refused(self, client: Client) -> None:
        assert client.post(ADD, CONTENT_LENGTH="-5").status_code == 400


def leak(*innocent: object) -> NoReturn:
    """Fail with everything in the message and in a variable of no telling name."""
    raise ValueError(str(innocent))


class TestSecrets:
    TOKEN: Final = "a-token-that-nobody-must-see-4711"

    @pytest.fixture(autouse=True)
    def secrets(self, settings: Settings) -> None:
        settings.OPSCOM_API_TOKEN = self.TOKEN
        settings.SECRET_KEY = NASTY_KEY
        settings.QUEUE = {"dsn": "postgres://queue:the-queues-password@db/queue"}
        settings.DATABASES["default"]["PASSWORD"] = "the-databases-password"
        settings.EMAIL_HOST_PASSWORD = "the-mail-servers-password"
        settings.HISTORY_KEYS = [b"the-historys-key-of-today", b"the-historys-key-until-then"]

    def report(self, *, debug: bool, settings: Settings) -> str:
        """What is shown of an exception, and mailed, with secrets wherever one can stand."""
        settings.DEBUG = debug
        try:
            leak(
                [self.TOKEN, settings.SECRET_KEY, settings.EMAIL_HOST_PASSWORD],
                settings.QUEUE,
                settings.DATABASES,
                settings.HISTORY_KEYS,
            )
        except ValueError:
            reporter = errors.Reporter(RequestFactory().get(f"/?x={self.TOKEN}"), *sys.exc_info())
            return reporter.get_traceback_html() + reporter.get_traceback_text()
        raise AssertionError

    @pytest.mark.parametrize("debug", [True, False])
    def test_no_report_shows_one(self, settings: Settings, debug: bool) -> None:
        report = self.report(debug=debug, settings=settings)
        assert "ValueError" in report
        for secret in (
            self.TOKEN,
            "the-queues-password",
            "the-databases-password",
            "the-mail-servers-password",
            "the-historys-key",
        ):
            assert secret not in report
        assert NASTY_KEY not in report
        assert escape(NASTY_KEY) not in report
        assert escape(repr(NASTY_KEY)[1:-1]) not in report

    def test_the_portal_uses_that_reporter(self, settings: Settings) -> None:
        from django.views.debug import get_exception_reporter_class

        assert settings.DEFAULT_EXCEPTION_REPORTER == "permits.errors.Reporter"
        chosen: object = get_exception_reporter_class(RequestFactory().get("/"))
        assert chosen is errors.Reporter

    @pytest.mark.parametrize("variable", FILED)
    def test_one_can_stand_in_a_file(self, tmp_path: Path, variable: str) -> None:
        file = tmp_path / "secret"
        file.write_text(f"{FILED[variable].given}\n")
        named = {variable: "", f"{variable}_FILE": str(file)}
        assert ask(FILED[variable].setting, {**TELLING, **named}) == FILED[variable].becomes

    def test_each_that_can_is_tried_here(self) -> None:
        assert FILED.keys() == {*SECRET_VARIABLES}

    def test_a_file_that_is_not_there_is_named_with_its_cure(self) -> None:
        done = manage("check", {"OPSCOM_API_TOKEN_FILE": "/nowhere/token"})
        assert "OPSCOM_API_TOKEN_FILE: It cannot be read" in done.stderr
        assert "HINT" in done.stderr

    def test_a_secret_that_is_set_twice_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "secret"
        file.write_text("another-token")
        done = manage("check", {"OPSCOM_API_TOKEN_FILE": str(file)})
        assert "OPSCOM_API_TOKEN_FILE: So is OPSCOM_API_TOKEN set." in done.stderr


class TestProduction:
    def test_djangos_own_check_for_it_finds_nothing(self) -> None:
        done = manage("check", PRODUCTION, "--deploy", "--fail-level=WARNING")
        assert done.returncode == 0, done.stderr
        assert "no issues" in done.stdout

    def test_cookies_and_browsers_are_for_https_alone(self) -> None:
        said = ask(
            "*(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, "
            "settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "
            "settings.SECURE_HSTS_SECONDS, settings.SECURE_SSL_REDIRECT)",
            PRODUCTION,
        )
        assert said == "True True __Host-sessionid __Host-csrftoken 31536000 True"

    def test_https_without_a_proxy_that_is_trusted_is_pointed_out(self) -> None:
        done = manage("check", {**PRODUCTION, "TRUSTED_PROXIES": ""}, "--deploy")
        assert "TRUSTED_PROXIES: " in done.stderr

    @pytest.mark.portal(CSRF_TRUSTED_ORIGINS="https://localhost", TRUSTED_PROXIES="127.0.0.1")
    def test_over_https_the_portal_works_and_says_so(self, portal: Portal) -> None:
        plain = requests.get(f"{portal.url}/login/", timeout=10, allow_redirects=False)
        assert plain.status_code == 301
        assert plain.headers["Location"].startswith("https://")
        headers = {"X-Forwarded-Proto": "https"}
        secure = requests.get(f"{portal.url}/login/", headers=headers, timeout=10)
        assert secure.status_code == 200
        assert secure.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert "Secure" in secure.headers["Set-Cookie"]

    @pytest.mark.portal(CSRF_TRUSTED_ORIGINS="https://localhost", TRUSTED_PROXIES="10.9.8.7")
    def test_a_stranger_cannot_claim_https(self, portal: Portal) -> None:
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.9.8.7"}
        answer = requests.get(
            f"{portal.url}/login/", headers=headers, timeout=10, allow_redirects=False
        )
        assert answer.status_code == 301


def manage(
    command: str, variables: dict[str, str], *options: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of manage.py with these variables besides the tests' own."""
    return subprocess.run(
        [sys.executable, "manage.py", command, *options],
        cwd=ROOT,
        env={**os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE": "", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def ask(expression: str, variables: dict[str, str]) -> str:
    """What an expression about the settings is under these variables."""
    program = f"from django.conf import settings; print({expression})"
    done = manage("shell", variables, "--no-imports", f"--command={program}")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
