"""The environment: every bad variable is refused by name, with its cure, and no secret is shown."""

import ast
import os
import re
import subprocess
import sys
from typing import Final

import pytest

from tests.environment import ROOT, VARIABLES

BAD_VALUES: Final = {
    "SECRET_KEY": "shorter-than-32",
    "HISTORY_KEY": "also-shorter-than-32",
    "HISTORY_DAYS": "29",
    "DEBUG": "perhaps",
    "CSRF_TRUSTED_ORIGINS": "permits.example.org",
    "TRUSTED_PROXIES": "the one in the cellar",
    "LOCKOUT_TRIES": "2",
    "LOCKOUT_MINUTES": "0",
    "SESSION_IDLE_MINUTES": "0",
    "SESSION_AGE_HOURS": "for ever",
    "TIME_ZONE": "Mars/Olympus",
    "LANGUAGE_CODE": "tlh",
    "DATABASE_URL": "mysql://clerk:secret-of-mysql@db/permits",
    "QUEUE_URL": "redis://clerk:secret-of-redis@queue/0",
    "OPSCOM_URL": "https://controller.example.org/api",
    "OPSCOM_CLIENT_CODE": "OC TOMA",
    "OPSCOM_API_TOKEN": "secret token!",
    "OPSCOM_TIME_ZONE": "Local",
    "OPSCOM_CONNECT_TIMEOUT": "soon",
    "OPSCOM_READ_TIMEOUT": "0",
    "OPSCOM_DEADLINE": "601",
    "OPSCOM_CONNECTIONS": "65",
    "OPSCOM_RATE_LIMIT": "-1",
    "OPSCOM_RETRY_TRIES": "0",
    "OPSCOM_COUNT_EVERY": "often",
    "OPSCOM_TOTALS_EXPIRED": "perhaps",
    "OPSCOM_TOTALS_OTHERS": "some",
    "DRIFT_AFTER": "-1",
    "LOG_LEVEL": "loud",
    "LOG_FORMAT": "xml",
    "METRICS_TOKEN": "short-secret",
    "EMAIL_URL": "gopher://clerk:secret-of-mail@mail",
    "DEFAULT_FROM_EMAIL": "nobody",
    "ALERT_RECIPIENTS": "desk@example.org, the chief",
    "PORTAL_URL": "permits.example.org",
    "SANDBOX_URL": "127.0.0.1:8001",
}
SECRETS: Final = (
    *("shorter-than-32", "also-shorter-than-32"),
    *("secret-of-mysql", "secret-of-redis", "secret-of-mail", "secret token!"),
    "short-secret",
)
# Any text is a list of names.
WITHOUT_BAD_VALUE: Final = {"ALLOWED_HOSTS", "MFA_REQUIRED_GROUPS"}


def check(**variables: str) -> subprocess.CompletedProcess[str]:
    """Run the system checks with these variables besides the tests' own."""
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def refusal() -> str:
    """What is said when every variable is bad at once."""
    done = check(**BAD_VALUES)
    assert done.returncode == 1
    return done.stdout + done.stderr


class TestBadVariables:
    def test_each_that_is_read_is_tried_here(self) -> None:
        assert BAD_VALUES.keys() | WITHOUT_BAD_VALUE == VARIABLES.keys()

    @pytest.mark.parametrize("variable", BAD_VALUES)
    def test_it_is_refused_by_name_with_its_cure(self, variable: str, refusal: str) -> None:
        assert re.search(rf"\b{variable}: .+\n\s+HINT: .+", refusal), refusal

    def test_a_value_that_is_no_secret_is_repeated(self, refusal: str) -> None:
        assert "'Mars/Olympus'" in refusal

    @pytest.mark.parametrize("secret", SECRETS)
    def test_a_secret_is_not_shown(self, secret: str, refusal: str) -> None:
        assert secret not in refusal

    @pytest.mark.parametrize("variable", ["DATABASE_URL", "QUEUE_URL", "EMAIL_URL"])
    def test_nor_is_a_part_of_a_password_that_ends_its_address_too_early(
        self, variable: str
    ) -> None:
        scheme = "smtp+tls" if variable == "EMAIL_URL" else "postgres"
        done = check(**{variable: f"{scheme}://clerk:half/other@host/permits"})
        assert f"{variable}: It is no address." in done.stderr
        assert "half" not in done.stderr


class TestVariablesThatGoTogether:
    def test_the_tests_own_environment_is_accepted(self) -> None:
        assert check().returncode == 0

    def test_an_empty_secret_key_is_refused(self) -> None:
        assert "SECRET_KEY: It is missing." in check(SECRET_KEY="").stderr

    def test_an_empty_history_key_is_refused(self) -> None:
        assert "HISTORY_KEY: It is missing." in check(HISTORY_KEY="").stderr

    def test_a_history_key_is_not_the_secret_key(self) -> None:
        same = VARIABLES["SECRET_KEY"]
        assert (
            "HISTORY_KEY: It is the SECRET_KEY." in check(HISTORY_KEY=f"{'k' * 32},{same}").stderr
        )

    @pytest.mark.parametrize("variable", ["OPSCOM_CLIENT_CODE", "OPSCOM_API_TOKEN"])
    def test_a_controller_wants_its_credentials(self, variable: str) -> None:
        done = check(OPSCOM_URL="https://controller.example.org", **{variable: ""})
        assert f"{variable}: It is missing" in done.stderr

    @pytest.mark.parametrize("variable", ["EMAIL_URL", "PORTAL_URL"])
    def test_whoever_is_told_wants_a_mail_server_and_links(self, variable: str) -> None:
        done = check(ALERT_RECIPIENTS="desk@example.org")
        assert f"{variable}: It is missing" in done.stderr

    def test_a_token_is_not_sent_in_the_clear(self) -> None:
        done = check(OPSCOM_URL="http://controller.example.org")
        assert "OPSCOM_URL: " in done.stderr
        assert "in the clear" in done.stderr

    def test_a_deadline_is_not_shorter_than_a_read(self) -> None:
        done = check(OPSCOM_DEADLINE="3", OPSCOM_READ_TIMEOUT="4")
        assert "OPSCOM_DEADLINE: " in done.stderr

    def test_the_web_server_does_not_open_with_a_bad_one(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", "import permitportal.wsgi"],
            cwd=ROOT,
            env={**os.environ, "TIME_ZONE": "Mars/Olympus"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "TIME_ZONE: 'Mars/Olympus'" in done.stderr


class TestEveryVariableIsDescribed:
    def test_in_the_example_file(self) -> None:
        example = (ROOT / ".env.example").read_text()
        described = re.findall(r"(?<=\n\n)(?:# .+\n)+([A-Z_]+)=\n", example)
        assert described == re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE)
        assert set(described) == variables_read()

    def test_in_the_readme(self) -> None:
        rows = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
        assert set(rows) == variables_read()

    def test_in_the_environment_of_the_tests(self) -> None:
        assert VARIABLES.keys() == variables_read()


def variables_read() -> set[str]:
    """The names of the variables that the settings read."""
    programs = (ROOT / "permitportal" / "settings").glob("*.py")
    calls = [
        node
        for program in programs
        for node in ast.walk(ast.parse(program.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("read", "text")
    ]
    names = [node.args[0].value for node in calls if isinstance(node.args[0], ast.Constant)]
    return {str(name) for name in names}
