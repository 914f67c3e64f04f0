"""How the browser tests come to their Chromium."""

import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT, untouched
from tools.chromium import ADVICE


def look_for_one(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Look on a machine that has none, but for what the variables name."""
    empty = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), "CHROMIUM": ""}
    return subprocess.run(
        [sys.executable, "-c", "from tools import chromium; print(chromium.find_or_explain())"],
        cwd=ROOT,
        env={**untouched(), **empty, **variables},
        capture_output=True,
        check=False,
        text=True,
    )


def test_where_there_is_none_it_says_what_to_do_and_fails(tmp_path: Path) -> None:
    done = look_for_one(tmp_path)
    assert done.returncode != 0
    assert ADVICE in done.stderr


def test_the_one_that_is_named_is_taken(tmp_path: Path) -> None:
    named = tmp_path / "my-chromium"
    named.touch(mode=0o755)
    assert look_for_one(tmp_path, CHROMIUM=str(named)).stdout.strip() == str(named)


def test_a_name_with_nothing_there_is_refused(tmp_path: Path) -> None:
    done = look_for_one(tmp_path, CHROMIUM="/nowhere/chromium")
    assert done.returncode != 0
    assert "/nowhere/chromium, and no program is there" in done.stderr


def test_one_on_the_path_is_found(tmp_path: Path) -> None:
    (tmp_path / "chromium").touch(mode=0o755)
    assert look_for_one(tmp_path).stdout.strip() == str(tmp_path / "chromium")
