"""What every test can ask for. The fixtures stand in the modules named below.

    sandbox       a controller to call, with nothing in its ledger; the settings point to it
    database      in-process: the test's database, written to for good, for threads and processes
    migrated      makes databases that need no migrating
    clock         in-process: stands still until it is moved
    staff         in-process: one user of each group and a superuser, in the test's database
    portal        a real web server on a database of its own, which the test looks into as well
    worker        a real worker beside the portal
    page          a browser's page; its console must stay empty
    screen        the six screens: asked for, the test runs once on each
    words         both languages: asked for, the test runs once in each, and finds its texts
    signed_in     opens a session for a user of the portal
    axe           holds a page to the rules of accessibility
    picture       makes a screenshot for the documents when asked with --pictures

A test that reaches a database or drives a browser is marked so by itself, unless it says that it is
the same on `either` database: what it proves lies in what is said, and others hold the writing.
"""

import os
from typing import Final

import pytest

from tests import environment

LONGEST: Final = ("test_run.py", "test_chaos.py", "test_operating.py", "test_restoring.py")

environment.prepare()

pytest.register_assert_rewrite("tests.processes")
pytest_plugins = [  # each after those that it builds on
    "tests.network",
    "tests.clock",
    "tests.once",
    "tests.database",
    "tests.staff",
    "tests.controller",
    "tests.portal",
    "tests.browser",
    "tests.spoken",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make pictures` say that the screenshots of the documents are to be made anew."""
    parser.addoption("--pictures", action="store_true", help="make docs/pictures/*.png anew")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run one process more than there are cores: a third of the time is spent in waiting."""
    return min((os.cpu_count() or 1) + 1, 4)


def pytest_xdist_setupnodes() -> None:
    """Let each process lay out its own environment before it sets Django up, and not this one's.

    With this name in what they inherit, pytest-django would set it up first, and all of them would
    share one queue.
    """
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_configure(config: pytest.Config) -> None:
    """Let hypothesis take its time: the machine that runs this may be busy."""
    from hypothesis import settings

    settings.register_profile("portal", deadline=None, database=None)
    settings.load_profile("portal")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what reaches a database and what drives a browser, so that a run can choose.

    The longest tests do not come last: there they would keep one process at work alone.
    """
    items.sort(key=lambda item: item.path.name not in LONGEST)
    for item in items:
        asked_for = set(getattr(item, "fixturenames", ()))
        if "page" in asked_for:
            item.add_marker("browser")
        databases = asked_for & {"database", "db", "transactional_db", "portal"}
        reaches_one = databases or item.get_closest_marker("django_db")
        if reaches_one and not item.get_closest_marker("either"):
            item.add_marker("database")
