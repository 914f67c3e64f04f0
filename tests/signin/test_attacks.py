"""Attacks: what nobody expects, sent to every address by everybody, over real connections too."""

import ast
import io
import re
import socket
import zipfile
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permits import tasks
from permits.importing.csv_files import LONGEST_ROW
from permits.models import ImportRun, Permit, SyncAttempt, Worker, Zone
from tests.engine.office import enter
from tests.environment import ROOT
from tests.pages.addresses import Address, all_addresses
from tests.pages.desk import ADD, TYPED, Desks
from tests.portal import Portal
from tests.sandbox_server import Sandbox

MARKUP: Final = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
NASTY: Final = [
    *("", " ", "0", "-1", "9" * 30, "1e309", "NaN", "None", "null", "[]", "\x00", "\ud7ff"),
    *("' OR 1=1 --", "%", "_", "\\", "../../etc/passwd", "{{ 7*7 }}", "${7*7}", MARKUP, "=1+1"),
    *("A" * 5_000, "\U0001f697", "\u202e", "2026-02-30T25:61:61", "0001-01-01T00:00:00"),
    *("9999-12-31T23:59:59", "http://169.254.169.254/", "//evil.example", "a,b", "12.5.0"),
]
ASKED: Final = [
    *("q", "p", "o", "e", "all", "state", "zone", "needs", "validity", "outcome", "operation"),
    *("code", "after", "before", "from", "to", "on", "actor", "staff", "next", "like", "plate"),
    *("start", "end", "name", "bad", "duplicate", "progress", "file", "format", "view", "group"),
    *("sign_in", "_popup", "_to_field", "_changelist_filters", "per", "columns", "id__exact"),
    *("state__in", "attempts__request__contains", "plate__regex"),
]
SENT: Final = [
    *TYPED,
    *("_save", "_push", "action", "_selected_action", "select_across", "verdict", "reason"),
    *("reference_id", "confirm", "post", "rows", "push", "username", "address", "password"),
    *("groups", "permissions", "first_name", "email", "is_superuser", "code", "credential"),
    *("old_password", "new_password1", "new_password2", "discard", "kind", "lock", "version"),
]
values = st.one_of(st.sampled_from(NASTY), st.text(max_size=60))
PLACEHOLDERS: Final = (
    *("<int:pk>", "<path:object_id>", "<id>", "<path:content_type_id>"),
    *("<slug:name>", "<str:name>", "<str:form>"),
)


class TestNoAddressBreaks:
    """No answer is a 500: the client raises what a view does not catch."""

    @pytest.fixture(autouse=True)
    def _a_worker(self, desks: Desks) -> None:
        Worker.objects.see("here:1", connections=8)  # without one the portal is not ready: a 503

    @settings(
        max_examples=300,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        address=st.sampled_from(all_addresses()),
        method=st.sampled_from(["get", "post", "head", "put", "delete", "options", "patch"]),
        who=st.sampled_from(["root", "supervisor", "clerk", "auditor", "stranger", "nobody"]),
        asked=st.dictionaries(st.sampled_from(ASKED), values, max_size=4),
        sent=st.dictionaries(st.sampled_from(SENT), values, max_size=8),
    )
    def test_whatever_is_asked_and_sent(
        self,
        desks: Desks,
        known: dict[str, str],
        address: Address,
        method: str,
        who: str,
        asked: dict[str, str],
        sent: dict[str, str],
    ) -> None:
        client: Client = vars(desks)[who].client
        keep_passwords()
        path = address.path(known)
        if method in ("get", "head"):
            answer = getattr(client, method)(path, asked)
        else:
            query = "&".join(f"{name}={quote(value)}" for name, value in asked.items())
            kind = {} if method == "post" else {"content_type": "text/plain"}
            answer = getattr(client, method)(f"{path}?{query}", sent, **kind)
        assert answer.status_code < 500, (method, path, asked, sent)

    @settings(
        max_examples=200,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(address=st.sampled_from([a for a in all_addresses() if "<" in a.pattern]), value=values)
    def test_whatever_stands_in_the_address(
        self, desks: Desks, known: dict[str, str], address: Address, value: str
    ) -> None:
        path = address.pattern.replace("^(?P<app_label>permits|auth)/$", "permits/")
        path = path.replace("(?P<url>.*)$", value)
        for placeholder in PLACEHOLDERS:
            path = path.replace(placeholder, value)
        for ask in (desks.root.client.get, desks.root.client.post):
            assert ask(f"/{quote(path)}").status_code < 500, path

    def test_the_empty_name_of_a_field(self, desks: Desks, known: dict[str, str]) -> None:
        for address in all_addresses():
            if "<path:object_id>" in address.pattern:
                answer = desks.root.client.get(address.path(known), {"_to_field": ""})
                assert answer.status_code < 500, address.name

    @pytest.mark.parametrize("number", ["9" * 19, "9" * 40, "0", "00"])
    def test_numbers_that_no_row_can_have(self, desks: Desks, number: str) -> None:
        for address in all_addresses():
            path = address.pattern.replace("^(?P<app_label>permits|auth)/$", "permits/")
            for placeholder in PLACEHOLDERS:
                path = path.replace(placeholder, number)
            path = path.replace("(?P<url>.*)$", number)
            assert desks.root.client.get(f"/{path}").status_code < 500, path


def keep_passwords() -> None:
    """Open the accounts again that a lucky form has closed."""
    User.objects.filter(username="root").update(is_active=True, is_staff=True, is_superuser=True)


class TestMarkup:
    def test_what_people_type_is_shown_as_text_on_every_page(
        self, desks: Desks, known: dict[str, str]
    ) -> None:
        Zone.objects.filter(name="Unused").update(name=MARKUP.replace(",", ""))
        Permit.objects.update(ticket_number=MARKUP[:50])
        User.objects.filter(username="clerk").update(first_name=MARKUP[:150], username=MARKUP[:60])
        desks.clerk.client.get("/account/", headers={"User-Agent": MARKUP})
        Client(headers={"User-Agent": MARKUP}).post(
            "/login/", {"username": MARKUP, "password": "x"}
        )
        self.assert_harmless(desks, known, query=MARKUP)

    def test_what_the_controller_answers_is_shown_as_text_on_every_page(
        self, desks: Desks, known: dict[str, str], sandbox: Sandbox
    ) -> None:
        sandbox.fault("error", code=9033, message=MARKUP)
        desks.clerk.client.post(f"/permits/permit/{enter(plate='EVIL 1').pk}/push/")
        assert SyncAttempt.objects.get(error_code=9033).error_message == MARKUP
        self.assert_harmless(desks, known, query="")

    def assert_harmless(self, desks: Desks, known: dict[str, str], query: str) -> None:
        latest = Permit.objects.latest("pk")
        mine = {**known, "permit": str(latest.pk)}
        if attempt := latest.attempts.first():
            mine["syncattempt"] = str(attempt.pk)
        for address in all_addresses():
            answer = desks.root.client.get(address.path(mine), {"q": query} if query else {})
            if not answer.streaming and "html" in answer.headers.get("Content-Type", ""):
                shown = answer.content.decode()
                assert "<script>alert" not in shown, address.name
                assert "<img src=x" not in shown, address.name


class TestTricks:
    @pytest.mark.parametrize(
        "path",
        [
            *("/static/../permitportal/wsgi.py", "/static/%2e%2e/.env", "/%2e%2e/.env"),
            *("/static//etc/passwd", "/static/..%2f..%2f.env", "/static/\\..\\.env", "/.env"),
            *("/portal.sqlite3", "/.git/config", "/static/%00", "/\x7f", "//evil.example/%2e%2e"),
            *("/login/;/../admin", "/permits/permit/1/..;/", "/" + "a" * 7000, "/?" + "b&" * 3000),
        ],
    )
    def test_no_path_leads_out(self, portal: Portal, path: str) -> None:
        answer = speak(
            portal, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        )
        assert b"SECRET_KEY" not in answer
        assert status(answer) in (200, 301, 302, 400, 404, 414), answer[:200]
        assert leads_to(answer) == ""

    @pytest.mark.parametrize(
        "head",
        [
            "Host: evil.example",
            "Host: 127.0.0.1\r\nHost: evil.example",
            "Host: 127.0.0.1@evil.example",
            "Host: ",
            "Host: 127.0.0.1\r\nX-Forwarded-Host: evil.example",
            "Host: 127.0.0.1\r\nX-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1",
            "Host: 127.0.0.1\r\nX-Original-URL: /permits/permit/\r\nX-Rewrite-URL: /permits/",
            "Host: 127.0.0.1\r\nX-HTTP-Method-Override: DELETE",
            "Host: 127.0.0.1\r\nRemote-User: root\r\nAuthorization: Basic cm9vdDpyb290",
            "Host: 127.0.0.1\r\nCookie: sessionid=" + "x" * 4000,
            "Host: 127.0.0.1\r\nCookie: sessionid=../../etc/passwd; csrftoken=\x01",
            'Host: 127.0.0.1\r\nCookie: sessionid="abcdefgh\\000"',
            "Host: 127.0.0.1\r\nSCRIPT_NAME: /elsewhere\r\nPATH_INFO: /health/live/",
            "Host: 127.0.0.1\r\nAccept-Language: " + "a-" * 2000,
            "Host: 127.0.0.1\r\nX: " + "y" * 20_000,
            "Host: 127.0.0.1\r\nContent-Length: -1",
            "Host: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6",
            "Host: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
            "Host: 127.0.0.1\r\nTransfer-Encoding: xchunked",
        ],
    )  # fmt: skip
    def test_no_head_opens_a_page(self, portal: Portal, head: str) -> None:
        request = f"GET /permits/permit/ HTTP/1.1\r\n{head}\r\nConnection: close\r\n\r\n"
        answer = speak(portal, request)
        assert status(answer) in (302, 400, 431, 501), answer[:200]
        assert leads_to(answer) == ""

    def test_no_head_moves_the_portal(self, portal: Portal) -> None:
        answer = requests.get(
            f"{portal.url}/permits/permit/", headers={"SCRIPT_NAME": "/permits"},
            allow_redirects=False, timeout=10,
        )  # fmt: skip
        assert answer.headers["Location"] == "/login/?next=/permits/permit/"

    def test_a_session_of_before_signing_in_is_not_kept(self, portal: Portal) -> None:
        session = requests.Session()
        session.cookies.set("sessionid", "a" * 32)
        page = session.get(f"{portal.url}/login/", timeout=10)
        assert page.ok
        answer = session.post(
            f"{portal.url}/login/",
            {"username": "clerk", "password": "correct horse battery staple",
             "csrfmiddlewaretoken": session.cookies["csrftoken"]},
            headers={"Referer": portal.url}, allow_redirects=False, timeout=10,
        )  # fmt: skip
        assert answer.status_code == 302
        assert answer.cookies["sessionid"] != "a" * 32


def speak(portal: Portal, request: str) -> bytes:
    """Send these very bytes; what comes back until the server closes."""
    at = urlsplit(portal.url)
    with socket.create_connection((at.hostname, at.port), timeout=20) as connection:
        connection.sendall(request.encode("latin-1"))
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
    return answer


def status(answer: bytes) -> int:
    """The number in the first line."""
    return int(answer.split(b" ", 2)[1])


def leads_to(answer: bytes) -> str:
    """The host that a redirect names; empty for one to the portal itself."""
    place = re.search(rb"\r\nLocation: ([^\r]+)", answer)
    return urlsplit(place[1].decode()).netloc if place else ""


def zipped(parts: dict[str, bytes]) -> bytes:
    """An archive of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


LAUGHS: Final = (
    '<!DOCTYPE l [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]><l>&a9;</l>"
).encode()
OUTSIDE: Final = b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>'
BOOK: Final = b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
UPLOADS: Final[dict[str, Callable[[], bytes]]] = {
    "empty": lambda: b"",
    "a NUL": lambda: b"\0",
    "half a workbook": lambda: zipped({"xl/workbook.xml": BOOK})[:60],
    "a workbook of nothing": lambda: zipped({"xl/workbook.xml": BOOK}),
    "a billion laughs": lambda: zipped(
        {"xl/workbook.xml": LAUGHS, "xl/_rels/workbook.xml.rels": LAUGHS}
    ),
    "an entity from outside": lambda: zipped(
        {"xl/workbook.xml": OUTSIDE, "xl/_rels/workbook.xml.rels": OUTSIDE}
    ),
    "a path out": lambda: zipped({"../../evil": b"x", "xl/workbook.xml": BOOK}),
    "a bomb": lambda: zipped(
        {"xl/workbook.xml": BOOK, "xl/worksheets/sheet1.xml": bytes(300 << 20)}
    ),
    "too many parts": lambda: zipped(
        {"xl/workbook.xml": BOOK, **{f"xl/{number}.xml": b"x" for number in range(3000)}}
    ),
    "a row without an end": lambda: b"," * (4 * LONGEST_ROW),
    "a row of lines without an end": lambda: b'"\n",' * LONGEST_ROW,
    "a cell without an end": lambda: b'"' + b"a" * (4 * LONGEST_ROW),
    "half a character": lambda: b"plate\n\xe2\x82",
    "no text at all": lambda: bytes(range(256)) * 100,
    "a mark alone": lambda: b"\xff\xfe",
    "markup": f"plate,zone\n{MARKUP},{MARKUP}\n".encode,
    "formulas": lambda: b"plate,zone\n=cmd|' /C calc'!A0,@SUM(1)\n",
}  # fmt: skip


class TestUploads:
    @pytest.mark.parametrize("what", UPLOADS)
    @pytest.mark.parametrize("name", ["permits.csv", f"../../{MARKUP}.xlsx"])
    def test_none_breaks_the_page_or_writes_a_permit(
        self, desks: Desks, what: str, name: str
    ) -> None:
        file = SimpleUploadedFile(name, UPLOADS[what](), content_type="text/html")
        answer = desks.clerk.client.post("/permits/permit/import/", {"file": file}, follow=True)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()
        run = ImportRun.objects.first()
        if run is not None and run.state == ImportRun.State.CHECKING:  # left to the worker
            tasks.carry_on_import(run.pk)
            run.refresh_from_db()
        assert run is None or run.state in (ImportRun.State.REFUSED, ImportRun.State.READY)
        assert run is None or not run.good
        assert not Permit.objects.exists()

    def test_two_files_at_once_are_refused(self, desks: Desks) -> None:
        files = {name: SimpleUploadedFile("a.csv", b"plate\nA\n") for name in ("file", "more")}
        assert desks.clerk.client.post("/permits/permit/import/", files).status_code == 400

    def test_nobody_hands_in_a_long_file_without_signing_in(self, portal: Portal) -> None:
        length = 150 << 20
        answer = speak(
            portal,
            "POST /permits/permit/import/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n"
            "Connection: close\r\n\r\n--x\r\n",
        )
        assert status(answer) == 413


class TestReplays:
    def test_a_form_that_is_sent_again_makes_no_second_call(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        permit = enter(plate="TWICE")
        for _ in range(3):
            desks.clerk.client.post(f"/permits/permit/{permit.pk}/push/")
        assert len(sandbox.requests()) == 1

    def test_a_form_of_a_session_that_was_ended_does_nothing(self, desks: Desks) -> None:
        stolen = Client()
        stolen.cookies["sessionid"] = desks.clerk.client.cookies["sessionid"].value
        desks.clerk.client.post("/logout/")
        assert stolen.post(ADD, {**TYPED, "_save": "1"}).status_code == 302
        assert not Permit.objects.exists()


class TestNoAddressIsFetched:
    def test_only_what_reaches_the_configured_controller_opens_connections(self) -> None:
        """The client and its check-up; the worker asks for this machine's name alone."""
        openers = {"requests", "urllib3", "socket", "http.client", "urllib.request", "httpx"}
        found = {
            str(file.relative_to(ROOT))
            for folder in ("permits", "permitportal")
            for file in (ROOT / folder).rglob("*.py")
            if "sandbox" not in file.parts and imported(file.read_text()) & openers
        }
        assert found == {
            "permits/transport.py",
            "permits/checkup/network.py",
            "permits/checkup/steps.py",
            "permits/management/commands/worker.py",
        }

    def test_an_address_that_is_typed_reaches_nobody(self, desks: Desks, sandbox: Sandbox) -> None:
        typed: dict[str, Any] = {**TYPED, "ticket_number": sandbox.url, "_save": "1"}
        desks.clerk.client.post(ADD, typed)
        desks.clerk.client.get(f"/login/?next={sandbox.url}/permits")
        assert not sandbox.requests()


def imported(source: str) -> set[str]:
    """The names of the modules that a program imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found
