"""How `make` comes to its Python and its packages, and what it says where it cannot."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import ROOT, untouched


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the environment is to be."""
    return tmp_path / "venv"


def make_venv(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Do as `make run` does."""
    return subprocess.run(
        ["sh", "tools/venv.sh", str(folder), "requirements.txt"],
        cwd=ROOT,
        env={**untouched(), **variables},
        capture_output=True,
        check=False,
        text=True,
    )


def program(path: Path, script: str) -> str:
    """Make a program of a shell script; its path."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_python_that_is_too_old_is_named(folder: Path, tmp_path: Path) -> None:
    old = program(tmp_path / "old", "[ $1 = --version ] && echo Python 3.9.2")
    done = make_venv(folder, PYTHON=old)
    assert done.returncode != 0
    assert "needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert "is Python 3.9.2" in done.stderr


def test_no_python_at_all_is_said(folder: Path) -> None:
    done = make_venv(folder, PYTHON="/nowhere/python")
    assert done.returncode != 0
    assert "/nowhere/python is not there" in done.stderr


def test_a_python_without_venv_is_named_with_the_cure(folder: Path, tmp_path: Path) -> None:
    lacking = f'case "$2" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"'
    done = make_venv(folder, PYTHON=program(tmp_path / "lacking", lacking))
    assert done.returncode != 0
    assert "lacks its venv module" in done.stderr
    assert "python3-venv" in done.stderr


def test_packages_that_cannot_be_had_are_explained_and_nothing_is_taken_as_done(
    folder: Path,
) -> None:
    cut_off = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    done = make_venv(folder, PYTHON=sys.executable, **cut_off)
    assert done.returncode != 0
    assert "The packages could not be installed" in done.stderr
    assert not list(folder.glob("installed-*"))


def test_what_is_there_already_is_not_installed_again(folder: Path, tmp_path: Path) -> None:
    (folder / "bin").mkdir(parents=True)
    no_pip = f'[ "$1" = -m ] && exit 1; exec {sys.executable} "$@"'
    program(folder / "bin" / "python", no_pip)
    (folder / "installed-requirements.txt").write_text((ROOT / "requirements.txt").read_text())
    done = make_venv(folder, PYTHON="/nowhere/python")
    assert done.returncode == 0
    assert done.stdout == ""


def test_other_requirements_than_those_installed_are_noticed(folder: Path) -> None:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "installed-requirements.txt").write_text("Django==1.0\n")
    done = make_venv(folder, PYTHON="/nowhere/python", PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert "Installing the packages" in done.stdout
