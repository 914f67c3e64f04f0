"""Looks up whether a known vulnerability is in what is installed: `make audit`.

pip-audit asks PyPI about every package. It ends well as long as it found nothing, also where it
could not look; here that is a failure like a finding.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Verdict:
    """What came of looking."""

    packages: int
    found: list[str]
    """A line for each known vulnerability."""
    not_looked_up: list[str]
    """A line for each package that nothing could be learned about."""

    @property
    def is_good(self) -> bool:
        """Whether every package was looked up and nothing is known of any."""
        return bool(self.packages) and not self.found and not self.not_looked_up

    def __str__(self) -> str:
        lines = [*self.found, *self.not_looked_up]
        if self.is_good:
            lines.append(f"Nothing is known against any of the {self.packages} packages.")
        else:
            lines.append(
                f"Of {self.packages} packages: {len(self.found)} known vulnerabilities, "
                f"{len(self.not_looked_up)} packages that could not be looked up."
            )
        return "\n".join(lines)


def judge(report: str) -> Verdict:
    """Read pip-audit's report; raises ValueError where it is none."""
    packages = json.loads(report)["dependencies"]
    return Verdict(
        packages=len(packages),
        found=[
            f"{package['name']} {package['version']}: {flaw['id']}, mended in "
            f"{' or '.join(flaw['fix_versions']) or 'no version yet'}"
            for package in packages
            for flaw in package.get("vulns", [])
        ],
        not_looked_up=[
            f"{package['name']}: {package['skip_reason']}"
            for package in packages
            if "skip_reason" in package
        ],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Look everything up; 0 where nothing is known, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tools.audit", description=__doc__)
    parser.add_argument("auditor", type=Path, help="the Python that has pip-audit")
    parser.add_argument("packages", type=Path, help="the folder of the packages to look up")
    options = parser.parse_args(arguments)
    done = subprocess.run(
        [
            *(options.auditor, "-m", "pip_audit", "--format=json", "--progress-spinner=off"),
            *("--path", options.packages),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    try:
        verdict = judge(done.stdout)
    except (ValueError, KeyError):
        print(f"pip-audit ended with {done.returncode} and no report; nothing was looked up.")
        return 1
    print(verdict)
    return 0 if verdict.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
