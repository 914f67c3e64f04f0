"""The documents keep up with the code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import translation

from tests.environment import ROOT, untouched
from tests.running.guide import blocks

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


def test_every_setting_that_it_names_is_one() -> None:
    named = set(re.findall(r"`([A-Z][A-Z_]+)`", SECURITY)) - {"SECRET_KEY_FALLBACKS"}
    settings = set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))
    assert "MFA_REQUIRED_GROUPS" in named
    assert named <= settings


def test_every_threat_has_a_test_that_holds_its_answer() -> None:
    rows = re.findall(r"^\| (?!threat|---)(.+) \|$", SECURITY, re.MULTILINE)
    assert rows
    assert not [row for row in rows if "`tests/" not in row.split(" | ")[-1]]


DOCUMENTS = [ROOT / "README.md", *ROOT.glob("C*.md"), *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    text = document.read_text()
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        file, _, heading = link.partition("#")
        place = (document.parent / file) if file else document
        assert place.exists(), link
        if heading:
            headings = re.findall(r"^#+ (.+)$", place.read_text(), re.MULTILINE)
            assert heading in {title.lower().replace(" ", "-") for title in headings}, link


def test_the_readme_leads_to_every_document() -> None:
    linked = {(ROOT / link).resolve() for link in re.findall(r"\]\(([^)#]+)", README)}
    assert not [str(each) for each in DOCUMENTS[1:] if each not in linked]


@pytest.mark.parametrize(
    "guide", ["clerk", "auditor", "desk", "importing", "archives", "reconciling"]
)
def test_a_guide_in_french_says_as_much_and_names_what_the_page_says(guide: str) -> None:
    english, french = (
        (ROOT / "docs" / f"{guide}{language}.md").read_text() for language in ("", ".fr")
    )
    for same in (r"^#+ ", r"^\| ", r"^    .*", r"^\d?[.-] ", r"\]\(pictures/.*\)"):
        assert re.findall(same, english, re.MULTILINE) == re.findall(same, french, re.MULTILINE)
    named = set(re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", french))
    with translation.override("fr"):
        wanted = {
            translation.gettext(words)
            for words in re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", english)
        }
    assert wanted - {"all that match"} <= named


MADE = {
    command
    for document in DOCUMENTS
    for command in re.findall(r"^    (make .+)$|`(make [^`]+)`", document.read_text(), re.MULTILINE)
    for command in command
    if command
}


def test_every_target_that_a_document_names_can_be_made() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for command in sorted(MADE):
        for variable in re.findall(r"(\w+)=", command):
            assert f"$({variable})" in makefile or f"$(if $({variable})" in makefile, command
        done = subprocess.run(
            ["sh", "-ec", f"{command} --dry-run"],
            cwd=ROOT,
            env=untouched(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"


def test_what_contributing_says_of_running_a_part_of_the_tests_finds_them() -> None:
    there = blocks((ROOT / "CONTRIBUTING.md").read_text()).values()
    here, on_postgres = [line for lines in there for line in lines if not line.startswith("make ")]
    assert on_postgres == f"TEST_DATABASE=postgres {here}"
    program, *arguments = here.split()
    assert program == ".venv/bin/python"
    done = subprocess.run(
        [sys.executable, *arguments, "--collect-only", "-q"],
        cwd=ROOT,
        env={**untouched(), "PYTEST_XDIST_WORKER": "alone", "TEST_DATABASE": "sqlite"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{here}\n{done.stdout}{done.stderr}"
