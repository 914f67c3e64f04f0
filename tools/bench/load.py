"""Fifty clerks at once, with a controller that now and then is busy, silent or gone."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterable
from typing import Any, Final

from tools.bench.clerks import THINKS
from tools.bench.installation import Databases, Installation
from tools.bench.programs import ROOT, Program, Sandbox
from tools.bench.report import Figure, Row, Table
from tools.children import say
from tools.listening import free_port

CLERKS: Final = 50
SECONDS: Final = 600
PERMITS: Final = 20_000  # there before: those of twenty days
DELAY: Final = 0.1  # seconds that the controller takes for a call
FAULTS: Final[list[dict[str, Any]]] = [
    {"fault": "status", "status": 503},
    {"fault": "status", "status": 503},
    {"fault": "close"},
    {"fault": "silence"},
]
RATE: Final = 0.04  # of the calls meet one of them
WANTED: Final = 300.0  # milliseconds, of the 95th percentile, without the controller's own time
_STOCKED: Final = {"DJANGO_SETTINGS_MODULE": "tools.bench.stocked.settings"}


def load(databases: Databases, part: int = 1) -> Table:
    """Let clerks work at the portal, then at a stock admin that calls as it saves."""
    seconds = max(20, SECONDS // part)
    table = Table(
        "Load: fifty clerks at once",
        f"{CLERKS} clerks, each with a session and a connection that is kept alive, for {seconds} "
        f"s over {PERMITS:,} permits: half look at the list and search, half search, open a "
        "permit, and enter and push one. After each answer a clerk thinks for "
        f"{THINKS[0]:.0f} to {THINKS[1]:.0f} s. The controller takes {DELAY * 1000:.0f} ms for a "
        "call; of a hundred calls it is busy for two (503), drops the connection of one and never "
        "answers another. What a page waited for the controller is taken off, but for stock's "
        "error pages. Web server and worker as they are deployed; clerks, sandbox and database "
        "are on the same cores. Stock is a project with Django's defaults, a `ModelAdmin` that "
        "calls `requests.post` in `save_model`, and the same number of processes and threads.",
        ["longest", "pages"],
    )
    for engine in ("SQLite", "PostgreSQL"):
        for kind in ("ours", "stock"):
            with Sandbox(delay=DELAY) as sandbox:
                sandbox.misbehave({"rate": RATE, "seed": 1, "faults": FAULTS})
                found = _work(databases, engine, kind, sandbox, seconds)
            table.rows += _rows(f"{engine}, {kind}", kind, found)
    return table


def _work(
    databases: Databases, engine: str, kind: str, sandbox: Sandbox, seconds: int
) -> dict[str, Any]:
    """Set a portal up, let the clerks work at it, and return what they saw."""
    with Installation.new(databases, engine, sandbox.url) as portal:
        if kind == "ours":
            portal.run("-m", "tools.bench.lists", "fill", str(PERMITS))
            sessions = portal.step("sign_in_many", CLERKS)
            url, server = portal.serve()
            (worker,) = portal.start_workers((8,))
            programs = [server, worker]
        else:
            url, server, sessions = _stocked(databases, portal, engine)
            programs = [server]
        before = [program.cpu() for program in programs]
        found = _clerks(kind, url, seconds, sessions)
        spent = [program.cpu() - cpu for program, cpu in zip(programs, before, strict=True)]
        found["spent"] = sum(spent) / found["took"]
        if kind == "ours":
            _take_off(found["visits"], portal.step("controller_times"))
            found["twice"] = len(records := sandbox.plates()) - len(set(records))
    return found


def _stocked(
    databases: Databases, portal: Installation, engine: str
) -> tuple[str, Program, list[dict[str, str]]]:
    """Set the stock project up in a database of its own, and start it."""
    portal.variables |= databases.new(engine) | _STOCKED
    portal.run("-m", "django", "migrate", "--run-syncdb", "--verbosity=0")
    portal.run("-m", "tools.bench.stocked.steps", "fill", str(PERMITS))
    printed = portal.run("-m", "tools.bench.stocked.steps", "sign_in", str(CLERKS))
    port = free_port("127.0.0.1", 8400)
    server = portal.start(
        *("-m", "gunicorn", "--worker-class=gthread", "--threads=16", "--timeout=60"),
        *(f"--workers={1 if engine == 'SQLite' else 2}", "--no-control-socket"),
        *("--bind", f"127.0.0.1:{port}", "django.core.wsgi:get_wsgi_application()"),
    )
    server.said("Booting worker")
    return f"http://127.0.0.1:{port}", server, json.loads(printed.splitlines()[-1])


def _clerks(kind: str, url: str, seconds: int, sessions: list[dict[str, str]]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench.clerks", kind, url, str(seconds)],
        cwd=ROOT,
        input=json.dumps(sessions),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _take_off(visits: list[dict[str, Any]], times: dict[str, float]) -> None:
    """Note with each push what the controller took for it, in seconds."""
    for visit in visits:
        if "permit" in visit:
            visit["controller"] = times.get(visit["permit"], 0.0)


def _rows(name: str, kind: str, found: dict[str, Any]) -> Iterable[Row]:
    ours, visits = kind == "ours", found["visits"]
    wanted = WANTED if ours else None
    yield _row(f"{name}, 95th percentile of all", visits, wanted)
    for what in dict.fromkeys(visit["what"] for visit in visits):
        yield _row(f"- {what}", [visit for visit in visits if visit["what"] == what], None)
    errors = [visit["error"] for visit in visits if visit["error"]]
    for error in dict.fromkeys(errors):
        say(f"{name}: {error[:200]}")
    yield Row(f"{name}, error pages", Figure(len(errors), wanted=0 if ours else None, digits=0))
    if ours:
        figure = Figure(found["twice"], wanted=0, digits=0)
        yield Row(f"{name}, permits on the controller twice", figure)
    yield Row("- cores in use by its programs", Figure(found["spent"]))
    yield Row("- cores in use by the clerks", Figure(found["cpu"] / found["took"]))


def _row(what: str, visits: list[dict[str, Any]], wanted: float | None) -> Row:
    took = [(visit["took"] - visit.get("controller", 0.0)) * 1000 for visit in visits]
    ninety_fifth = statistics.quantiles(took, n=20)[-1] if len(took) > 1 else took[0]
    besides = [f"{max(took):,.0f} ms", f"{len(took):,}"]
    return Row(what, Figure(ninety_fifth, "ms", wanted, digits=0), besides)
