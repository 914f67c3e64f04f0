"""Whether this process is alive, and whether the portal can do its work: for load balancers.

Both pages are open to everybody and say nothing but which part is well. `live` asks no part: a
database that is away is no reason to start a web server anew.
"""

import sqlite3
from collections.abc import Callable
from functools import cache
from typing import Final

import psycopg
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from permits.models import Worker
from permits.tasks import queue

WELL: Final = "ok"


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Say that this process answers."""
    return HttpResponse(f"{WELL}\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Say of each part whether it is well; 503 where one is not."""
    found = {name: _outcome(check) for name, check in _CHECKS.items()}
    is_well = all(outcome == WELL for outcome in found.values())
    return JsonResponse(found, status=200 if is_well else 503)


def _outcome(check: Callable[[], str]) -> str:
    try:
        return check() or WELL
    except (DatabaseError, psycopg.Error, sqlite3.Error, OSError):
        return "cannot be reached"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    missing = _known() - MigrationRecorder(connection).applied_migrations().keys()
    return "not all are applied; run manage.py migrate" if missing else ""


@cache
def _known() -> frozenset[tuple[str, str]]:
    """Return the migrations of this process's code, by app and name."""
    return frozenset(MigrationLoader(None).disk_migrations)


def _queue() -> str:
    queue.pending_count()
    return ""


def _worker() -> str:
    return "" if Worker.objects.at_work(timezone.now()).exists() else "none was seen lately"


_CHECKS: Final[dict[str, Callable[[], str]]] = {
    "database": _database,
    "migrations": _migrations,
    "queue": _queue,
    "worker": _worker,
}
