"""The image and the compose file of `deploy/`, held against the portal and its guide."""

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import yaml
from django.conf import settings

from tests.environment import ROOT, VARIABLES
from tests.running.guide import block, blocks

CONTAINERFILE: Final = (ROOT / "deploy" / "Containerfile").read_text()
COMPOSE_TEXT: Final = (ROOT / "deploy" / "compose.yaml").read_text()
COMPOSE: Final[dict[str, Any]] = yaml.safe_load(COMPOSE_TEXT)
OURS: Final = ("web", "worker", "workers", "migrate")
SECRETS: Final = {"SECRET_KEY", "HISTORY_KEY", "DATABASE_URL", "OPSCOM_API_TOKEN", "METRICS_TOKEN"}


class TestContainer:
    def test_its_base_is_pinned(self) -> None:
        (base,) = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)
        assert re.fullmatch(r"docker\.io/library/python:3\.1[123]\.\d+-slim-\w+", base)

    def test_it_runs_as_nobody_who_may_change_it(self) -> None:
        steps = re.findall(r"^(FROM|RUN|COPY|USER|CMD)", CONTAINERFILE, re.MULTILINE)
        assert steps[-2:] == ["USER", "CMD"]
        assert "chown" not in CONTAINERFILE

    def test_what_it_takes_is_there_and_no_secret_is_among_it(self) -> None:
        copies = re.findall(r"^COPY (.+)$", CONTAINERFILE, re.MULTILINE)
        taken = [words.split()[:-1] for words in copies]
        assert taken
        assert all((ROOT / name).exists() and name != ".env" for names in taken for name in names)
        assert not re.search(r"^(ARG|ENV) .*(KEY|TOKEN|URL|PASSWORD)", CONTAINERFILE, re.MULTILINE)

    def test_the_builder_gets_what_is_taken_and_no_key_or_database_that_lies_in_it(self) -> None:
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        first, *rules = [line for line in lines if not line.startswith("#")]
        let_in = [rule for rule in rules if rule.startswith("!")]
        kept_out = rules[len(let_in) :]
        taken = re.findall(r"^COPY (\S+) ", CONTAINERFILE, re.MULTILINE)
        assert first == "*"
        assert rules == [*let_in, *kept_out]
        assert {rule[1:] for rule in let_in} == {*taken}
        for name in (".env", ".git", "portal.sqlite3", "portal.sqlite3-wal", "__pycache__"):
            assert any(fnmatch(f"permits/{name}", rule.replace("**", "*")) for rule in kept_out)

    def test_it_takes_all_that_the_settings_name(self) -> None:
        templates: Any = settings.TEMPLATES[0]["DIRS"]
        named = [
            *settings.LOCALE_PATHS,
            *templates,
            settings.DOCS,
            ROOT / "permits",
            ROOT / "permitportal",
        ]
        taken = re.findall(r"^COPY (\S+) \1$", CONTAINERFILE, re.MULTILINE)
        assert {Path(each).relative_to(ROOT).parts[0] for each in named} <= {*taken}

    def test_it_starts_what_the_guide_starts(self) -> None:
        (words,) = re.findall(r"^CMD (\[.+\])$", CONTAINERFILE, re.MULTILINE)
        guide = block("Installing", 4)[0].split()[1:]
        assert [
            word for word in yaml.safe_load(words)[1:] if word not in ("--bind", "0.0.0.0:8000")
        ] == [word for word in guide if word not in ("--pid", "web.pid")]


class TestCompose:
    def test_every_variable_is_one_of_the_settings(self) -> None:
        for name in OURS:
            given = COMPOSE["services"][name]["environment"]
            assert {variable.removesuffix("_FILE") for variable in given} <= VARIABLES.keys()

    def test_every_secret_is_in_a_file_that_is_mounted(self) -> None:
        for name in OURS:
            service = COMPOSE["services"][name]
            files = {key: value for key, value in service["environment"].items() if "_FILE" in key}
            assert {key.removesuffix("_FILE") for key in files} == SECRETS
            assert {Path(value).name for value in files.values()} == set(service["secrets"])
            assert set(service["secrets"]) <= COMPOSE["secrets"].keys()
            assert not SECRETS & service["environment"].keys()

    def test_one_worker_has_the_periodic_tasks_and_any_number_helps(self) -> None:
        commands = {name: COMPOSE["services"][name].get("command") for name in OURS}
        worker, *others = (line.split()[1:] for line in block("Installing", 4)[1:])
        assert commands["worker"] == ["python", *worker]
        assert [commands["workers"]] == [["python", *other] for other in others]
        assert "container_name" not in COMPOSE["services"]["workers"]

    def test_nothing_starts_before_the_database_is_migrated(self) -> None:
        for name in ("web", "worker", "workers"):
            waits = COMPOSE["services"][name]["depends_on"]["migrate"]
            assert waits == {"condition": "service_completed_successfully"}
        assert COMPOSE["services"]["migrate"]["command"][1:] == ["manage.py", "migrate"]

    def test_it_is_bare_of_rights_and_open_to_this_machine_alone(self) -> None:
        for name in OURS:
            service = COMPOSE["services"][name]
            assert service["cap_drop"] == ["ALL"]
            assert service["read_only"] is True
        ports = [port for each in COMPOSE["services"].values() for port in each.get("ports", [])]
        assert ports == ["127.0.0.1:8000:8000"]
        images = [each["image"] for each in COMPOSE["services"].values() if "image" in each]
        assert not [image for image in images if image != "permitportal" and ":" not in image]

    def test_a_call_has_time_to_end_from_the_first_second_on(self) -> None:
        for name in OURS:
            assert COMPOSE["services"][name]["stop_grace_period"] == "60s"
            assert COMPOSE["services"][name]["init"] is True

    def test_the_database_waits_for_those_who_write_to_it(self) -> None:
        database = COMPOSE["services"]["database"]
        assert database["stop_signal"] == "SIGTERM"  # a smart shutdown
        assert int(database["stop_grace_period"].removesuffix("s")) > 60

    def test_its_commands_are_the_guides_own(self) -> None:
        joined = re.sub(r" \\\n# +", " ", COMPOSE_TEXT)
        said = "\n".join(re.findall(r"^#     (docker compose .+)$", joined, re.MULTILINE))
        guide = [line.partition(" ")[2] for lines in blocks().values() for line in lines]
        ours = re.findall(r" python (manage\.py .+)$", said, re.MULTILINE)
        assert len(ours) == 2
        assert {*ours} <= {*guide}
        services = re.findall(r" (?:exec(?: -T)?|run --rm|--scale) (\w+)", said)
        assert {"database", "migrate", "web", "workers"} == {*services}

    def test_what_it_is_given_is_never_committed(self) -> None:
        given = [f"deploy/{secret['file']}" for secret in COMPOSE["secrets"].values()]
        given.append(f"deploy/{COMPOSE['services']['web']['env_file']}")
        ignored = subprocess.run(
            ["git", "check-ignore", *given], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert ignored.stdout.split() == given
