"""Visits to pages: made inside a portal's process, and compared between portals of two sizes.

The pages are ours or a stock admin's over the same tables, in a process of its own for each. The
processes take turns, visit by visit: what the machine's neighbours do befalls all of them alike.
"""

import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final, NamedTuple

from tools.bench.installation import Databases, Installation
from tools.bench.programs import Conversation

VISITS: Final = 3  # of a page, by turns with the other processes
PATIENCE: Final = 2.0  # seconds for a process's visits of one page; at least one is made
ROUNDS: Final = 12  # of which the quickest counts: neighbours on the machine only ever add

Times = dict[str, float]  # of each page, in milliseconds


class Page(NamedTuple):
    """A page to visit."""

    address: str
    showing: str  # a text that its answer has


def measure(
    databases: Databases, engine: str, module: str, sizes: Mapping[int, tuple[str, ...]]
) -> dict[tuple[int, str], Times]:
    """Fill a portal of each size and have it visited as its steps say; each page's best median.

    The module has the steps, and `fill` besides, which takes the size.
    """
    medians: dict[tuple[int, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        visitors: dict[tuple[int, str], Conversation] = {}
        for size, steps in sizes.items():
            portal = stack.enter_context(Installation.new(databases, engine, "http://127.0.0.1:9"))
            portal.variables["ALLOWED_HOSTS"] = "testserver"
            portal.run("-m", module, "fill", str(size))
            portal.collect_static_files()
            for step in steps:
                visitors[size, step] = portal.converse("-m", module, step)
        pages = {key: visitor.hear() for key, visitor in visitors.items()}
        for _ in range(ROUNDS):
            for page in dict.fromkeys(page for each in pages.values() for page in each):
                having = {key: each for key, each in visitors.items() if page in pages[key]}
                for key, took in _by_turns(having, page).items():
                    medians[key][page].append(statistics.median(took))
    return {
        key: {page: min(rounds) for page, rounds in pages.items()} for key, pages in medians.items()
    }


def _by_turns(
    visitors: Mapping[tuple[int, str], Conversation], page: str
) -> dict[tuple[int, str], list[float]]:
    took: dict[tuple[int, str], list[float]] = {key: [] for key in visitors}
    for _ in range(VISITS):
        for key, visitor in visitors.items():
            if sum(took[key]) < PATIENCE * 1000:
                visitor.say(page)
                took[key].append(visitor.hear())
    return took


def visit(pages: Mapping[str, Page]) -> None:
    """Visit each page that standard input names, and print the milliseconds that it took.

    The first line printed has the names; all of it is JSON.
    """
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    user, _ = User.objects.get_or_create(username="root", is_staff=True, is_superuser=True)
    client.force_login(user)
    client.get(next(iter(pages.values())).address)  # which compiles the templates
    print(json.dumps(list(pages)), flush=True)
    for line in sys.stdin:
        name = json.loads(line)
        start = time.perf_counter()
        answer = client.get(pages[name].address)
        took = (time.perf_counter() - start) * 1000
        if answer.status_code != 200 or pages[name].showing.encode() not in answer.content:
            raise RuntimeError(f"{name}: {answer.status_code}, {answer.content[:500]!r}")
        print(json.dumps(took), flush=True)


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
    """Take the step that the command line names, and print its answer as JSON, if it has one."""
    import django

    django.setup()
    step, *numbers = arguments
    answer = {each.__name__: each for each in steps}[step](*map(int, numbers))
    if answer is not None:
        print(json.dumps(answer))
