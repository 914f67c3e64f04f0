"""The document that keeps the tables measured last."""

import re
from pathlib import Path
from typing import Final

from tools.bench.report import Table

HEAD: Final = """# Benchmarks

How fast, how light and how patient the portal is, against what is wanted of it. `make bench`
measures it all, `make bench ONLY=sending` one section, `ONLY=sending.pages` one part of one; it
ends with an error where a wanted value is missed. The portal's own programs run as processes, on
databases of their own, against the sandbox on the same machine. PostgreSQL runs with its own
settings, which write through to the disk.

The tables are written by `make bench WRITE=docs/benchmarks.md`, each when it was measured last.

"""


def put(path: Path, table: Table, measured: str) -> None:
    """Put the table in the place of the one with its title, or at the end."""
    text = path.read_text() if path.exists() else ""
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    sections = {part.partition("\n")[0]: part.rstrip() + "\n" for part in parts}
    sections[f"## {table.title}"] = f"{table.as_text()}\n{measured}\n"
    path.write_text(HEAD + "\n".join(sections.values()))
