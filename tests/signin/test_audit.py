"""The audit fails where something is known, and as loudly where it could not look."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import ROOT
from tools.audit import judge

GOOD = {"name": "django", "version": "5.2.19", "vulns": []}
FLAWED = {
    "name": "requests",
    "version": "2.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["2.1"], "description": "It leaks."}],
}
SKIPPED = {"name": "ours", "skip_reason": "Dependency not found on PyPI"}


def report(*packages: object) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_nothing_known_is_good() -> None:
    verdict = judge(report(GOOD))
    assert verdict.is_good
    assert "Nothing is known against any of the 1 packages." in str(verdict)


def test_a_known_vulnerability_is_named_with_its_cure() -> None:
    verdict = judge(report(GOOD, FLAWED))
    assert not verdict.is_good
    assert "requests 2.0: PYSEC-2026-1, mended in 2.1" in str(verdict)


@pytest.mark.parametrize("packages", [[GOOD, SKIPPED], []])
def test_what_was_not_looked_up_is_not_good(packages: list[object]) -> None:
    assert not judge(report(*packages)).is_good


def test_an_auditor_that_could_not_look_is_a_failure(tmp_path: Path) -> None:
    auditor = tmp_path / "python"
    auditor.write_text("#!/bin/sh\necho 'no network' >&2\nexit 1\n")
    auditor.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "tools.audit", auditor, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "nothing was looked up" in done.stdout
