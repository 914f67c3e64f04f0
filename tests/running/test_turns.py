"""Transactions on SQLite take turns, and a page gets its own beside a worker that never rests."""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction

from permitportal.sqlite.turns import Turns, turns
from permits.models import Zone
from tests import environment

TAKE_AND_HOLD = """
import sys, time
from permitportal.sqlite.turns import Turns
assert Turns(sys.argv[1]).take(10)
print("taken", flush=True)
time.sleep(600)
"""
NEVER_REST = """
import os, sys, time
from permitportal.sqlite.turns import Turns
turns, count = Turns(sys.argv[1]), 0
counter = os.open(sys.argv[1] + "-count", os.O_RDWR | os.O_CREAT)
while True:
    assert turns.take(60)
    count += 1
    os.pwrite(counter, count.to_bytes(8, "big"), 0)
    if count == 1:
        print("running", flush=True)
    time.sleep(0.003)
    turns.give_back()
"""
FORK = """
import os, sys, time
from permitportal.sqlite.turns import turns
assert turns(sys.argv[1]).take(10)
print("forking", flush=True)
child = os.fork()
if child == 0:
    mine = turns(sys.argv[1])
    os._exit(0 if not mine.take(0.05) and mine.take(60) else 3)
time.sleep(0.3)
turns(sys.argv[1]).give_back()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""

on_sqlite = pytest.mark.skipif(environment.ON_POSTGRES, reason="PostgreSQL needs no turns")


@contextmanager
def another_process(program: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a program on the turns of this path; it has said its word when this is entered."""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        cwd=environment.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database would be."""
    return tmp_path / "portal.sqlite3"


class TestTurns:
    def test_a_process_that_never_rests_has_two_turns_more_at_most(self, path: Path) -> None:
        mine = Turns(str(path))
        with another_process(NEVER_REST, path):
            counter = os.open(f"{path}-count", os.O_RDONLY)
            passed = []
            for _ in range(30):
                before = os.pread(counter, 8, 0)
                assert mine.take(60)
                passed.append(int.from_bytes(os.pread(counter, 8, 0)) - int.from_bytes(before))
                mine.give_back()
                time.sleep(0.005)
        # The machine may be busy between the look at the count and the wait for the turn.
        assert statistics.median(passed) <= 2

    def test_one_that_is_killed_lets_the_next_one_in(self, path: Path) -> None:
        mine = Turns(str(path))
        with another_process(TAKE_AND_HOLD, path) as holder:
            assert not mine.take(0.05)
            holder.kill()
            assert mine.take(60)
        mine.give_back()

    def test_threads_have_it_one_at_a_time(self, path: Path) -> None:
        mine, inside, most = Turns(str(path)), 0, 0

        def work() -> None:
            nonlocal inside, most
            for _ in range(20):
                assert mine.take(60)
                inside += 1
                most = max(most, inside)
                time.sleep(0.0002)
                inside -= 1
                mine.give_back()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (most, inside) == (1, 0)

    def test_a_child_that_was_forked_has_turns_of_its_own(self, path: Path) -> None:
        with another_process(FORK, path) as parent:
            assert parent.wait(60) == 0


@on_sqlite
class TestConnections:
    def test_one_that_waits_too_long_says_so_as_sqlite_does(self, database: str) -> None:
        mine = turns(str(connection.settings_dict["NAME"]))
        assert mine.take(1)
        patience = connection.settings_dict["OPTIONS"]["timeout"]
        connection.settings_dict["OPTIONS"]["timeout"] = 0.05
        try:
            with pytest.raises(OperationalError, match="locked"), transaction.atomic():
                pass
        finally:
            connection.settings_dict["OPTIONS"]["timeout"] = patience
            mine.give_back()
        with transaction.atomic():
            Zone.objects.create(name="Lot 4")
        assert Zone.objects.filter(name="Lot 4").exists()

    @pytest.mark.parametrize("how", ["commit", "rollback", "close", "error"])
    def test_each_end_of_a_transaction_gives_the_turn_back(self, database: str, how: str) -> None:
        def end() -> None:
            with transaction.atomic():
                Zone.objects.create(name="Lot 4")
                match how:
                    case "rollback":
                        transaction.set_rollback(True)
                    case "close":
                        connection.close()
                    case "error":
                        raise ZeroDivisionError

        if how == "error":
            with pytest.raises(ZeroDivisionError):
                end()
        else:
            end()
        mine = turns(str(connection.settings_dict["NAME"]))
        assert mine.take(0.05)
        mine.give_back()
        assert Zone.objects.filter(name="Lot 4").exists() == (how == "commit")
