"""The commands that the auditor's guide and the page on archives have, run as they stand."""

import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy2

import time_machine
from django.core.management import call_command

from permits import proof
from tests.engine.office import push
from tests.environment import ROOT, VARIABLES
from tests.proof.conftest import Story
from tests.running.guide import blocks
from tests.sandbox_server import Sandbox

AUDITOR = blocks((ROOT / "docs" / "auditor.md").read_text())
BEFORE = datetime(2090, 1, 1, tzinfo=UTC)
ARCHIVES = blocks((ROOT / "docs" / "archives.md").read_text())


def test_the_auditor_proves_the_history_and_prints_its_seal(sandbox: Sandbox) -> None:
    push()
    ((_, commands),) = AUDITOR.items()
    for command in commands:
        program, *arguments = shlex.split(command)
        assert [program, arguments.pop(0)] == [".venv/bin/python", "manage.py"]
        call_command(*arguments)


def test_an_archive_is_verified_as_its_page_says(story: Story, tmp_path: Path) -> None:
    ((_, commands),) = ARCHIVES.items()
    asked = [shlex.split(command) for command in commands]
    with time_machine.travel(BEFORE + timedelta(days=400)):
        made = proof.archive(BEFORE, tmp_path, actor="")
    Path(made.file).rename(tmp_path / asked[0][2])
    copy2(ROOT / "permits" / "proof" / "verify_archive.py", tmp_path)
    (tmp_path / "keys.txt").write_text(VARIABLES["HISTORY_KEY"])
    for program, *arguments in asked:
        assert program == "python3"
        done = subprocess.run(
            [sys.executable, "-I", "-S", *arguments],
            cwd=tmp_path,
            env={},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
