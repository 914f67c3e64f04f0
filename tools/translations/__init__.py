"""Holds every text that staff meet to its translation: found, wrapped, translated, compiled."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
CATALOGUE: Final = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"


def python_files() -> list[Path]:
    """Return the modules of the portal whose texts staff may meet."""
    left_out = {"migrations", "sandbox"}  # the sandbox is a program of its own, for those who try
    return sorted(
        path
        for path in (ROOT / "permits").rglob("*.py")
        if not left_out & {*path.relative_to(ROOT).parts}
    )


def template_files() -> list[Path]:
    """Return the templates of the pages and of the messages."""
    return sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())


def script_files() -> list[Path]:
    """Return the scripts of the pages."""
    return sorted((ROOT / "permits" / "static").rglob("*.js"))
