"""The units and the site of `deploy/`: run where they can be, else held against the portal."""

import configparser
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from permits.models import Activity
from tests.engine.office import enter
from tests.environment import ROOT, VARIABLES
from tests.portal import Portal
from tests.processes import free_port, wait_until
from tests.running.guide import block
from tests.sandbox_server import Sandbox
from tools import nginx

DEPLOY: Final = ROOT / "deploy"
SITE: Final = (DEPLOY / "nginx" / "permitportal.conf").read_text()
UNITS: Final = sorted((DEPLOY / "systemd").glob("*.service"))


def unit(path: Path) -> configparser.RawConfigParser:
    """A unit, as systemd reads it."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text())
    return parser


class TestUnits:
    @pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
    def test_it_starts_what_the_guide_starts(self, path: Path) -> None:
        started = unit(path)["Service"]["ExecStart"].removeprefix("/opt/permitportal/")
        guide = [line.replace(" --pid web.pid", "") for line in block("Installing", 4)]
        assert started in guide

    @pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
    def test_it_is_hardened_and_lets_a_call_end(self, path: Path) -> None:
        service = unit(path)["Service"]
        assert service["User"] == "permitportal"
        assert service["NoNewPrivileges"] == service["PrivateTmp"] == "yes"
        assert service["ProtectSystem"] == "strict"
        assert service["CapabilityBoundingSet"] == ""
        assert int(service["TimeoutStopSec"]) > int(VARIABLES["OPSCOM_DEADLINE"])
        assert service["KillMode"] == "mixed"

    def test_reloading_is_what_the_guide_does(self) -> None:
        web = unit(DEPLOY / "systemd" / "permitportal-web.service")["Service"]
        assert web["ExecReload"] == "/bin/kill -HUP $MAINPID"
        assert block("Upgrading without downtime", 0)[-1].startswith("kill -HUP")

    @pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd")
    def test_systemd_finds_nothing_wrong(self, tmp_path: Path) -> None:
        program = shutil.which("true") or ""
        for path in UNITS:
            started = re.compile(r"^ExecStart=\S+", re.MULTILINE)
            text = started.sub(f"ExecStart={program}", path.read_text())
            (tmp_path / path.name.replace("@", "@1")).write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.iterdir()))],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        ours = [line for line in done.stderr.splitlines() if "permitportal" in line]
        assert not ours


class Proxy:
    """An nginx with the site of `deploy/`, on ports of its own."""

    def __init__(self, folder: Path, portal: Portal) -> None:
        self.plain, self.secure = free_port(), free_port()
        certificate = ROOT / "tests" / "self_signed.pem"
        site = re.sub(r"^    listen \[::\].*\n", "", SITE, flags=re.MULTILINE)
        for old, new in (
            ("listen 80;", f"listen 127.0.0.1:{self.plain};"),
            ("listen 443 ", f"listen 127.0.0.1:{self.secure} "),
            ("http://127.0.0.1:8000", portal.url),
        ):
            assert old in site
            site = site.replace(old, new)
        site = re.sub(r"/etc/letsencrypt/\S+\.pem", str(certificate), site)
        self._log = folder / "error.log"
        temporary = "".join(
            f"{kind}_temp_path {folder / kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        configuration = folder / "nginx.conf"
        configuration.write_text(
            f"daemon off; master_process off; pid {folder / 'nginx.pid'};\n"
            f"error_log {self._log} warn;\nevents {{}}\n"
            f"http {{ access_log off;\n{temporary}{site}}}\n"
        )
        self._process = subprocess.Popen(
            [nginx.find_or_explain(), "-e", str(self._log), "-p", str(folder), "-c", configuration]
        )

    def wait(self) -> None:
        """Wait until it answers."""
        wait_until(self._answers, seconds=60)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(timeout=30)

    def ask(self, path: str, method: str = "GET", **more: Any) -> requests.Response:
        """Ask it over HTTPS, as the browser of somebody outside."""
        headers = {"Host": "permits.example.org", **more.pop("headers", {})}
        url = f"https://127.0.0.1:{self.secure}{path}"
        return requests.request(
            method, url, headers=headers, verify=False, allow_redirects=False, timeout=60, **more
        )

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        try:
            return self.ask("/login/").ok
        except requests.ConnectionError:
            return False


def assert_says_enough(answer: requests.Response) -> None:
    """Hold an answer from outside to what every one of them has to say."""
    said = answer.headers
    assert "default-src 'none'" in said["Content-Security-Policy"]
    assert said["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert said["X-Content-Type-Options"] == "nosniff"
    assert said["Cache-Control"]


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
class TestNginx:
    @pytest.fixture
    def proxy(self, portal: Portal, tmp_path: Path) -> Iterator[Proxy]:
        """The site in front of a portal that is set up as its head says."""
        said = dict(re.findall(r"^#     ([A-Z_]+)=(\S+)$", SITE, re.MULTILINE))
        assert said.keys() <= VARIABLES.keys()
        portal.restart(**said, METRICS_TOKEN="a-token-for-inside-alone")
        proxy = Proxy(tmp_path, portal)
        try:
            proxy.wait()
            yield proxy
        finally:
            proxy.stop()

    def test_the_portal_behind_it(self, proxy: Proxy, portal: Portal, sandbox: Sandbox) -> None:
        plain = requests.get(
            f"http://127.0.0.1:{proxy.plain}/login/?a=1",
            headers={"Host": "permits.example.org"},
            allow_redirects=False,
            timeout=60,
        )
        assert plain.status_code == 301
        assert plain.headers["Location"] == "https://permits.example.org/login/?a=1"
        page = proxy.ask("/login/")
        assert_says_enough(page)
        assert page.headers["Content-Security-Policy"].count("default-src") == 1
        static = re.search(r"/static/permits/portal\.[^\"]+css", page.text)
        assert static
        file = proxy.ask(static[0])
        assert file.status_code == 200
        assert "immutable" in file.headers["Cache-Control"]
        for path in ("/metrics", "/health/live/", "/health/ready/"):
            given = {"Authorization": "Bearer a-token-for-inside-alone"}
            hidden = proxy.ask(path, headers=given)
            assert hidden.status_code == 404
            assert_says_enough(hidden)
            assert requests.get(portal.url + path, headers=given, timeout=60).status_code != 404
        for path, most in (("/login/", 2), ("/permits/permit/import/", 201)):
            told = {"Content-Length": str((most << 20) + 1)}
            too_long = proxy.ask(path, "POST", headers=told, data=b"")
            assert too_long.status_code == 413
            assert "nginx" in too_long.text
            assert_says_enough(too_long)
        # Longer than a form may be, and let through to the portal: it knows nobody who asks.
        assert (
            "nginx" not in proxy.ask("/permits/permit/import/", "POST", data=b"x" * (3 << 20)).text
        )
        # What gunicorn refuses to read never comes to the portal's own headers.
        unread = proxy.ask(f"/login/?{'a' * 6000}")
        assert unread.status_code == 414
        assert_says_enough(unread)
        permit = enter()
        cookie = portal.session_cookie(portal.staff.clerk)
        signed_in = {
            "Cookie": f"__Host-sessionid={cookie}; __Host-csrftoken={'c' * 32}",
            "X-CSRFToken": "c" * 32,
            "Referer": "https://permits.example.org/",
        }
        pushed = proxy.ask(f"/permits/permit/{permit.pk}/push/", "POST", headers=signed_in)
        assert pushed.status_code == 302
        assert len(sandbox.records()) == 1
        forged = {"X-Forwarded-For": "192.0.2.66", "X-Real-IP": "192.0.2.66", "Forwarded": "for=x"}
        token = {"Cookie": f"__Host-csrftoken={'c' * 32}", "X-CSRFToken": "c" * 32}
        proxy.ask(
            "/login/", "POST",
            headers={**forged, **token, "Referer": "https://permits.example.org/"},
            data={"username": "clerk", "password": "a-wrong-one"},
        )  # fmt: skip
        failed = Activity.objects.filter(kind=Activity.Kind.SIGN_IN_FAILED).get()
        assert failed.address == "127.0.0.1"
