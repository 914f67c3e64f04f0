"""Every command of a document is run by a test, or it is said here why none can run it."""

import re
from pathlib import Path
from typing import Final

import pytest
from django.core.management import get_commands, load_command_class

from tests.environment import ROOT

CHAOS: Final = "tests/chaos/test_chaos.py::test_it_keeps_its_promise_under_fire"
# These run whatever stands in the document, so that what is added to it is run as well.
RUN_WHOLE: Final = {
    "docs/operating.md": (
        "tests/running/test_operating.py::test_every_command_of_the_guide_is_run_by_a_test"
    ),
    "docs/auditor.md": (
        "tests/proof/test_guides.py::test_the_auditor_proves_the_history_and_prints_its_seal"
    ),
    "docs/auditor.fr.md": (  # it has the commands of the English one
        "tests/test_docs.py::test_a_guide_in_french_says_as_much_and_names_what_the_page_says"
    ),
    "docs/archives.fr.md": (
        "tests/test_docs.py::test_a_guide_in_french_says_as_much_and_names_what_the_page_says"
    ),
    "docs/archives.md": (
        "tests/proof/test_guides.py::test_an_archive_is_verified_as_its_page_says"
    ),
}
RUN: Final = {
    "make run": "tests/test_run.py::TestFreshClone",
    "make chaos": CHAOS,
    'make chaos PERMITS=200 SEEDS="7"': CHAOS,
    'make chaos SEEDS="7 8" PERMITS=2000': CHAOS,
    "python -m tests.chaos --seed=7 --permits=2000 --database=postgres --consumers=3": CHAOS,
    "make audit": "tests/signin/test_audit.py",
    "make pictures": "tests/test_pictures.py::test_a_morning_at_the_counter",
    ".venv/bin/python -m pytest tests/models/test_zones.py": "tests/models/test_zones.py",
    "TEST_DATABASE=postgres .venv/bin/python -m pytest tests/models/test_zones.py": (
        "tests/models/test_zones.py"
    ),
    ".venv/bin/python -m tests.simulation": "tests/simulation/test_simulation.py",
    ".venv/bin/python -m tools.translations update": (
        "tests/test_translations.py::test_updating_adds_what_is_new_drops_what_is_gone_and_compiles"
    ),
    "manage.py check_controller": (
        "tests/commands/test_check_controller.py::test_it_ends_well_where_the_controller_answers"
    ),
    "manage.py check_controller --validate": (
        "tests/commands/test_check_controller.py::TestValidate"
    ),
    (
        "manage.py import_permits FILE [--push] [--all-or-none | --good-rows] [--yes] "
        "[--as USERNAME]"
    ): "tests/importing/test_command.py",
}
NOT_RUN: Final = {
    "make test": "It is what runs this.",
    "make lint": "It holds before each change beside the tests, and takes minutes.",
    "make bench ONLY=desk": "It measures, for minutes, on a machine that does nothing else.",
    "make bench ONLY=list PART=50": "The same.",
    **dict.fromkeys(
        (
            "docker build --file deploy/Containerfile --tag permitportal .",
            "docker compose build",
            "docker compose up --detach --scale workers=3",
            "docker compose stop web worker workers",
            "docker compose run --rm migrate",
            "docker compose run --rm migrate python manage.py after_restore "
            "--taken=2026-11-26T09:30 --by=admin",
            "docker compose exec web "
            "python manage.py createsuperuser --username=admin --email=admin@example.org",
            "docker compose exec -T database "
            "pg_dump --username=portal --format=custom --no-owner portal >backup.dump",
            "docker compose exec -T database "
            "pg_restore --username=portal --exit-on-error --no-owner --dbname=portal <backup.dump",
            "docker compose exec database dropdb --username=portal portal",
            "docker compose exec database createdb --username=portal portal",
        ),
        "It needs Docker.",
    ),
    "systemctl reload permitportal-web": "It needs systemd; its ExecReload is held to the guide.",
}
DOCUMENTS: Final = [ROOT / "README.md", *ROOT.glob("C*.md"), *(ROOT / "docs").glob("*.md")]
IN_COMMENTS: Final = re.compile(r"docker (?:build|compose) [^`\n]+|systemctl \w+ [\w@-]+")


def commands(document: Path) -> list[str]:
    """The indented lines of a document, but for drawings and the README's map of the folders."""
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^## Where to look.*?^## ", "", text, flags=re.MULTILINE | re.DOTALL)
    return [line.strip() for line in re.findall(r"^    .+$", text, re.MULTILINE)]


def in_documents() -> set[str]:
    """Every command, but for those of documents that are run whole."""
    found: set[str] = set()
    for document in DOCUMENTS:
        if str(document.relative_to(ROOT)) not in RUN_WHOLE:
            found.update(commands(document))
    for file in (ROOT / "deploy").rglob("*"):
        if file.is_file():
            text = re.sub(r" \\\n# +", " ", file.read_text())  # a command of two lines
            found.update(IN_COMMENTS.findall(text))
    return found


def test_every_command_has_its_test_or_a_reason() -> None:
    assert in_documents() == {*RUN, *NOT_RUN}


@pytest.mark.parametrize("named", sorted({*RUN.values(), *RUN_WHOLE.values()}))
def test_the_test_is_there(named: str) -> None:
    file, _, inside = named.partition("::")
    assert inside in (ROOT / file).read_text()


def test_every_option_is_one_that_the_command_takes() -> None:
    lines = [line for document in DOCUMENTS for line in commands(document)]
    managed = [line.split("manage.py ", 1)[1] for line in lines if "manage.py " in line]
    assert managed
    for line in managed:
        name = line.split()[0]
        command = load_command_class(get_commands()[name], name)
        told = command.create_parser("manage.py", name).format_help()
        assert not [each for each in re.findall(r"--[\w-]+", line) if each not in told], line
