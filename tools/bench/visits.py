"""Visits to pages: made inside a portal's process, and compared between portals of two sizes.

The pages are ours or a stock admin's over the same tables, in a process of its own for each.
"""

import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from tools.bench.installation import Databases, Installation

VISITS: Final = 5  # of a page, one after the other
PATIENCE: Final = 2.0  # seconds for the visits of one page; at least one is made
ROUNDS: Final = 3  # of which the quickest counts: neighbours on the machine only ever add

Times = dict[str, float]  # of each page, in milliseconds


def measure(
    databases: Databases, engine: str, module: str, sizes: Mapping[int, tuple[str, ...]]
) -> dict[tuple[int, str], Times]:
    """Fill a portal of each size and take the steps named there; each page's median in a round.

    The module has the steps, `fill` among them, which takes the size.
    """
    medians: dict[tuple[int, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        portals = {}
        for size in sizes:
            portal = stack.enter_context(Installation.new(databases, engine, "http://127.0.0.1:9"))
            portal.variables["ALLOWED_HOSTS"] = "testserver"
            portal.run("-m", module, "fill", str(size))
            portal.collect_static_files()
            portals[size] = portal
        for _ in range(ROUNDS):
            for size, portal in portals.items():
                for step in sizes[size]:
                    printed = portal.run("-m", module, step)
                    for page, took in json.loads(printed.splitlines()[-1]).items():
                        medians[size, step][page].append(statistics.median(took))
    return {
        key: {page: min(rounds) for page, rounds in pages.items()} for key, pages in medians.items()
    }


def visit(pages: Mapping[str, str], *, showing: str) -> dict[str, list[float]]:
    """Visit each address a few times; the milliseconds of each visit. Each page shows the text."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    user, _ = User.objects.get_or_create(username="root", is_staff=True, is_superuser=True)
    client.force_login(user)
    found: dict[str, list[float]] = {}
    client.get(next(iter(pages.values())))  # which compiles the templates
    for name, address in pages.items():
        took: list[float] = []
        began = time.monotonic()
        while not took or (len(took) < VISITS and time.monotonic() - began < PATIENCE):
            start = time.perf_counter()
            answer = client.get(address)
            took.append((time.perf_counter() - start) * 1000)
            if answer.status_code != 200 or showing.encode() not in answer.content:
                raise RuntimeError(f"{name}: {answer.status_code}, {answer.content[:500]!r}")
        found[name] = took
    return found


@contextmanager
def on_stock() -> Iterator[None]:
    """Have the stock admin answer, in Django's own templates."""
    from django.conf import settings
    from django.test.utils import override_settings

    templates = [{**settings.TEMPLATES[0], "DIRS": []}]
    with override_settings(ROOT_URLCONF="tools.bench.stock", TEMPLATES=templates):
        yield


@contextmanager
def without_indexes(*tables: str) -> Iterator[None]:
    """Take the tables' own indexes away and make them anew: millions of rows go in quicker so."""
    from django.db import connection

    with connection.cursor() as cursor:
        made = [index for table in tables for index in _indexes(cursor, table)]
        for name, _ in made:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in made:
            cursor.execute(definition)


def _indexes(cursor: Any, table: str) -> list[tuple[str, str]]:
    """Return the name and the making of each index that no constraint needs."""
    from django.db import connection

    if connection.vendor == "sqlite":
        cursor.execute(
            "SELECT name, sql FROM sqlite_master "
            "WHERE type = 'index' AND tbl_name = %s AND sql IS NOT NULL",
            [table],
        )
    else:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indrelid = %s::regclass AND indexrelid NOT IN "
            "(SELECT conindid FROM pg_constraint)",
            [table],
        )
    return [(str(name), str(definition)) for name, definition in cursor.fetchall()]


def run(arguments: list[str], *steps: Callable[..., Any]) -> None:
    """Take the step that the command line names, and print its answer as JSON."""
    import django

    django.setup()
    step, *numbers = arguments
    print(json.dumps({each.__name__: each for each in steps}[step](*map(int, numbers))))
