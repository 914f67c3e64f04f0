"""The documents keep up with the code."""

import re

import pytest

from tests.environment import ROOT

README = (ROOT / "README.md").read_text()
PARTS = (ROOT / "docs" / "parts.md").read_text()
REQUIREMENTS = [
    re.split(r"[=\[]", line)[0]
    for file in ("requirements.txt", "requirements-dev.txt")
    for line in (ROOT / file).read_text().splitlines()
    if not line.startswith(("#", "-r"))
]


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_every_part_has_its_reason(requirement: str) -> None:
    rows = re.findall(r"^\| (.+) \| .+ \|$", PARTS, re.MULTILINE)
    named = {name.split(" ")[0].lower() for row in rows for name in row.split(", ")}
    assert requirement.lower() in named


@pytest.mark.parametrize("place", re.findall(r"^    (\S+/\S*)", README, re.MULTILINE))
def test_every_place_the_readme_names_is_there(place: str) -> None:
    assert (ROOT / place).exists()


SECURITY = (ROOT / "docs" / "security.md").read_text()


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[^`]+)`", SECURITY))))
def test_every_test_that_holds_a_promise_of_security_is_there(named: str) -> None:
    file, *inside = named.split("::")
    source = (ROOT / file).read_text()
    for part in inside:
        assert re.search(rf"^\s*(class|def) {part}\b", source, re.MULTILINE), part


def test_every_threat_has_a_test_that_holds_its_answer() -> None:
    rows = re.findall(r"^\| (?!threat|---)(.+) \|$", SECURITY, re.MULTILINE)
    assert rows
    assert not [row for row in rows if "`tests/" not in row.split(" | ")[-1]]
