"""The operator's guide, carried out: installed, upgraded under load, looked after."""

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import psutil
import pytest
import requests
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker

from permits import sync
from permits.models import Permit, SyncAttempt
from tests import environment, postgres
from tests.database import connected_to
from tests.engine.office import ask, enter
from tests.processes import Process, wait_until
from tests.running.guide import HOST, Site, block, blocks
from tests.sandbox_server import Sandbox

CLERKS: Final = 4
QUEUED: Final = 40
TOKENS: Final = ("a-token-that-was-before", "a-token-that-comes-after")


@pytest.fixture
def site(tmp_path: Path, sandbox: Sandbox, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """An installation as the guide has it, whose database the models look into."""
    name = f"operating_{environment.WORKER}"
    site = Site(tmp_path, postgres.create(name) if environment.ON_POSTGRES else "")
    for line in block("Installing", 0):
        site.run_well(line)
    keys = {site.run_well(line) for line in block("Installing", 1) for _ in range(2)}
    assert len(keys) == 2
    assert all(len(key.strip()) >= 50 for key in keys)
    site.fill_in_all(sandbox.url, METRICS_TOKEN=TOKENS[0])
    site.fill_in(SECRET_KEY=SIGNS_ALIKE, ALLOWED_HOSTS=f"{HOST},127.0.0.1")
    for line in block("Installing", 2):
        site.run_well(line)
    for line in block("Installing", 3):
        site.run_well(f"{line} --noinput", DJANGO_SUPERUSER_PASSWORD="a-long-and-odd-password")
    with django_db_blocker.unblock(), connected_to(site.database_url):
        sync.resume("")
        yield site
        connection.close()


SIGNS_ALIKE: Final = environment.VARIABLES["SECRET_KEY"]  # so that the test can sign somebody in


@pytest.fixture
def programs(site: Site) -> Iterator[list[Process]]:
    """The web server and three workers, running."""
    web, worker, another = block("Installing", 4)
    lines = {"web": web, "worker-1": worker, "worker-2": another, "worker-3": another}
    programs = [site.program(f"site-{name}", line) for name, line in lines.items()]
    for program in programs:
        program.start({})
    try:
        wait_until(lambda: ready(site), seconds=60)
        for worker_process in programs[1:]:
            wait_until(lambda: "Working with" in worker_process.words(), seconds=60)  # noqa: B023
        yield programs
    finally:
        for program in programs:
            program.kill()


def ready(site: Site) -> bool:
    """Whether the portal says that it can do its work."""
    try:
        return requests.get(f"{site.url}/health/ready/", timeout=30).ok
    except requests.ConnectionError:
        return False


class Clerk(threading.Thread):
    """Opens the list and pushes permits without a pause, and remembers whatever went wrong."""

    def __init__(self, site: Site, cookie: str, permits: list[int]) -> None:
        super().__init__()
        self.failures: list[str] = []
        self.pages = 0
        self.over = threading.Event()
        self._site, self._permits = site, permits
        self._headers = {
            "Host": HOST,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "192.0.2.1",
            "Referer": f"https://{HOST}/",
            "X-CSRFToken": "c" * 32,
            "Cookie": f"__Host-sessionid={cookie}; __Host-csrftoken={'c' * 32}",
        }

    def run(self) -> None:
        """Go on until it is over and every permit is pushed."""
        while self._permits or not self.over.is_set():
            self._ask("GET", "/permits/permit/", 200)
            if self._permits:
                self._ask("POST", f"/permits/permit/{self._permits.pop()}/push/", 302)

    def _ask(self, method: str, path: str, wanted: int) -> None:
        try:  # each over a connection of its own, as a proxy does
            answer = requests.request(
                method,
                self._site.url + path,
                headers=self._headers,
                allow_redirects=False,
                timeout=60,
            )
        except requests.RequestException as error:
            self.failures.append(f"{method} {path}: {error}")
            return
        self.pages += 1
        if answer.status_code != wanted or "/login/" in answer.headers.get("Location", ""):
            self.failures.append(f"{method} {path}: {answer.status_code}")


@pytest.mark.database
@pytest.mark.skipif(not environment.ON_POSTGRES, reason="many workers are for PostgreSQL")
def test_an_upgrade_under_load_fails_no_page_and_loses_no_call(
    site: Site, programs: list[Process], sandbox: Sandbox
) -> None:
    sandbox.settings(delay=0.05)
    client = Client()
    client.force_login(User.objects.get(username="admin"))
    cookie = client.cookies["sessionid"].value
    of_clerks = [enter(plate=f"CLERK {number}").pk for number in range(CLERKS * 10)]
    for number in range(QUEUED):
        ask(enter(plate=f"QUEUE {number}"))
    clerks = [Clerk(site, cookie, of_clerks[each::CLERKS]) for each in range(CLERKS)]
    for clerk in clerks:
        clerk.start()
    try:
        wait_until(lambda: all(clerk.pages > 1 for clerk in clerks), seconds=60)
        site.fill_in(METRICS_TOKEN=TOKENS[1])
        before = served_by(site)
        for line in block("Upgrading without downtime", 0):
            site.run_well(line)
        wait_until(lambda: served_by(site) and not served_by(site) & before, seconds=90)
        for worker in programs[1:]:
            assert worker.stop() == 0
            worker.start({})
            wait_until(lambda: "Working with" in worker.words(), seconds=60)  # noqa: B023
    finally:
        for clerk in clerks:
            clerk.over.set()
        for clerk in clerks:
            clerk.join(timeout=60)
    assert [clerk.failures for clerk in clerks] == [[]] * CLERKS
    pushed = CLERKS * 10 + QUEUED
    there = Permit.objects.filter(state=Permit.State.SYNCED)
    wait_until(lambda: there.count() == pushed, seconds=60)
    assert len(sandbox.requests("push")) == len(sandbox.records()) == pushed
    # A worker that is asked to end holds back what it has claimed and not begun to send.
    others = SyncAttempt.objects.filter(operation="push").exclude(outcome="succeeded")
    told = set(others.values_list("outcome", "http_status", "error_message"))
    assert told <= {("not_sent", None, "It was held back before it began.")}
    assert [scrape(site, token) for token in TOKENS] == [401, 200]
    look_after(site)


def served_by(site: Site) -> set[int]:
    """The processes that serve pages."""
    first = psutil.Process(int((site.folder / "web.pid").read_text()))
    return {process.pid for process in first.children()}


def scrape(site: Site, token: str) -> int:
    """The status of a scrape."""
    given = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{site.url}/metrics", headers=given, timeout=30).status_code


def look_after(site: Site) -> None:
    """Run what the guide has for alarms and archives."""
    for line in block("When there is an alarm", 0):
        site.run_well(line)
    verify, make_folder, archive = block("Archives", 0)
    assert "The history is whole." in site.run_well(verify)
    site.run_well(make_folder)
    done = site.run(archive)
    assert "closed before" in done.stderr + done.stdout, done.stderr + done.stdout


def test_every_command_of_the_guide_is_run_by_a_test() -> None:
    here = Path(__file__).parent
    sources = "".join((here / f"test_{name}.py").read_text() for name in ("operating", "restoring"))
    asked: Callable[[str], list[tuple[str, str]]] = re.compile(r'block\("([^"]+)", (\d)').findall
    assert {(heading, int(number)) for heading, number in asked(sources)} == set(blocks())


def test_no_command_is_written_where_no_test_sees_it() -> None:
    """What stands in a line of text is a name, or one of the commands that are run."""
    from tests.running.guide import GUIDE

    run = "\n".join(line for lines in blocks().values() for line in lines)
    told = re.findall(r"`(manage\.py \w+)[^`]*`", GUIDE)
    assert told
    assert not [command for command in told if command not in run]
