"""A short run, as part of every test run; `make chaos` has the long ones."""

import os
import subprocess
import sys

import pytest

from tests import environment

pytestmark = pytest.mark.database

LIMIT = 300  # seconds; on an idle machine it takes about thirty


def test_it_keeps_its_promise_under_fire(static_files: None) -> None:
    database, consumers = ("postgres", 3) if environment.ON_POSTGRES else ("sqlite", 1)
    run = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.chaos", "--collected", f"--database={database}"),
            *(f"--consumers={consumers}", "--permits=70", "--duration=10", "--seed=1"),
        ],
        cwd=environment.ROOT,
        # It shares the server of the tests, and so needs databases of another name than this one's.
        env={**os.environ, "PYTEST_XDIST_WORKER": f"{environment.WORKER}_chaos"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        words, _ = run.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        run.terminate()  # it ends what it has started
        words, _ = run.communicate()
    assert run.returncode == 0, words
