"""Finds the nginx that the tests put in front of the portal, and installs one where there is none.

`python -m tools.nginx` is what `make test` runs first.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

_ELSEWHERE: Final = Path("/usr/sbin/nginx")  # where Debian puts it, on the PATH of root alone
ADVICE: Final = (
    "No nginx was found for the tests, and none could be installed. Install it (on Debian: apt-get "
    "install nginx-light), or set NGINX to the path of one that is there."
)


def find() -> str | None:
    """The path of an nginx: the one NGINX names, one on the PATH, or Debian's."""
    if named := os.environ.get("NGINX", ""):
        if shutil.which(named) is None:
            raise SystemExit(f"NGINX is set to {named}, and no program is there.")
        return named
    return shutil.which("nginx") or (str(_ELSEWHERE) if _ELSEWHERE.exists() else None)


def find_or_explain() -> str:
    """The path of an nginx; where there is none, an end that says what to do."""
    if path := find():
        return path
    raise SystemExit(ADVICE)


def install() -> None:
    """Install an nginx with apt-get, as root; it is not started as a service."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", "nginx-light"],
    ):
        print("$", *command, flush=True)
        subprocess.run(command, check=False, env={**os.environ, "RUNLEVEL": "1"})


if __name__ == "__main__":
    if find() is None:
        install()
    print(f"The tests put {find_or_explain()} in front of the portal")
