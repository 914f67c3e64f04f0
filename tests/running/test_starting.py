"""Programs look for no garbage while they load, and do so from then on."""

import subprocess
import sys

import pytest

from tests.environment import ROOT

TELL = "import gc; print(gc.isenabled(), gc.get_freeze_count() > 100_000)"


@pytest.mark.parametrize(
    "command",
    [
        ("-c", f"import permitportal.wsgi; {TELL}"),
        ("manage.py", "shell", "--no-imports", f"--command={TELL}"),
    ],
    ids=["web server", "command"],
)
def test_a_started_program_looks_for_garbage_again(command: tuple[str, ...]) -> None:
    told = subprocess.check_output([sys.executable, *command], cwd=ROOT, text=True)
    assert told.splitlines()[-1] == "True True"
