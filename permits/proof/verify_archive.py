#!/usr/bin/env python3
"""Verify an archive of permitportal's history, anywhere: Python's standard library is enough.

    python3 verify_archive.py FILE
    python3 verify_archive.py FILE --key-file KEYS

Without the keys this checks that the file is whole, that each chain's links follow each other and
end where its seals say, and prints the SHA-256 to compare with the one the portal noted when it
made the archive. With the portal's HISTORY_KEY (all of it, in a file of its own) it checks the
digest of every record as well, which nobody can forge without them. It exits with 1 where anything
is wrong. docs/archives.md describes the file.
"""

import argparse
import gzip
import hashlib
import hmac
import json
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

FORMAT = "permitportal history 1"
LINK = ("chain", "link", "previous", "kind", "fields")  # what a link's digest is over
Line = dict[str, Any]


class Broken(Exception):
    """The archive is not as it was written; says where."""


def text(content: Line) -> bytes:
    """Return the one text of a line."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def check(path: Path, keys: Sequence[bytes] = ()) -> Line:
    """Check the whole file and return its last line; raises `Broken`."""
    whole = hashlib.sha256()
    counted = {"links": 0, "chains": 0}
    chain = _Chain(keys)
    end: Line | None = None
    for number, raw, content in _lines(path):
        if end is not None:
            raise Broken(f"line {number}: something follows the end.")
        if number == 1 and content.get("format") != FORMAT:
            raise Broken(f"line 1: this is no archive of the format {FORMAT!r}.")
        if "sha256" in content:
            end = content
            continue
        whole.update(raw)
        try:
            chain.take(content)
        except Broken as broken:
            raise Broken(f"line {number}: {broken}") from None
        counted["links"] += "link" in content
        counted["chains"] += "after" in content
    if end is None:
        raise Broken("the end is missing: the file was cut off.")
    chain.must_have_ended()
    said = {name: end.get(name) for name in ("links", "chains", "sha256")}
    if said != {**counted, "sha256": whole.hexdigest()}:
        raise Broken("the end does not fit: something was changed, removed or added.")
    if keys and not proven(keys, said, end.get("proof", "")):
        raise Broken("the end was not written by this portal.")
    return end


def proven(keys: Sequence[bytes], content: Line, digest: str) -> bool:
    """Whether one of the keys made this digest."""
    return any(
        hmac.compare_digest(hmac.new(key, text(content), "sha256").hexdigest(), digest)
        for key in keys
    )


class _Chain:
    """The chain that is being read."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.keys = keys
        self.number: int | None = None
        self.length = 0
        self.digest = ""
        self.digests: dict[int, str] = {}

    def take(self, content: Line) -> None:
        if "after" in content:
            self.must_have_ended()
            self.number, self.length = content["chain"], content["after"]
            self.digest, self.digests = content["start"], {}
        elif "link" in content:
            self._link(content)
        elif "end" in content:
            self._is_here(content)
            if (content["length"], content["head"]) != (self.length, self.digest):
                raise Broken(f"chain {self.number} does not end where it should.")
            self.number = None
        elif "sealed_at" in content:
            said = {name: each for name, each in content.items() if name != "digest"}
            if hashlib.sha256(text(said)).hexdigest() != content["digest"]:
                raise Broken(f"seal {content['seal']} was changed.")
        elif "length" in content:
            self._is_here(content)
            if self.digests.get(content["length"]) != content["head"]:
                raise Broken(
                    f"chain {self.number} was not like this when seal {content['seal']} was made."
                )

    def must_have_ended(self) -> None:
        if self.number is not None:
            raise Broken(f"the end of chain {self.number} is missing.")

    def _is_here(self, content: Line) -> None:
        if content.get("chain") != self.number:
            raise Broken(f"a line of chain {content.get('chain')} is in chain {self.number}.")

    def _link(self, content: Line) -> None:
        self._is_here(content)
        name = f"chain {self.number}, link {content['link']} ({content['kind']} {content['id']})"
        if content["link"] != self.length + 1:
            raise Broken(f"{name} follows link {self.length}.")
        if content["previous"] != self.digest:
            raise Broken(f"{name} does not follow the link before it.")
        if self.keys and not proven(self.keys, {n: content[n] for n in LINK}, content["digest"]):
            raise Broken(f"{name} was changed, or the key is not the portal's.")
        self.length, self.digest = content["link"], content["digest"]
        self.digests[self.length] = self.digest


def _lines(path: Path) -> Iterator[tuple[int, bytes, Line]]:
    try:
        with gzip.open(path, "rb") as file:
            for number, raw in enumerate(file, 1):
                yield number, raw, _record(number, raw)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise Broken(f"it cannot be read: {error}") from None


def _record(number: int, raw: bytes) -> Line:
    content = json.loads(raw)
    if not isinstance(content, dict):
        raise Broken(f"line {number}: this is no record.")
    return content


def _keys(path: Path) -> list[bytes]:
    try:
        given = path.read_text().split(",")
    except (OSError, ValueError) as error:
        raise Broken(f"the key cannot be read: {error}") from None
    keys = [key.strip().encode() for key in given if key.strip()]
    if not keys:
        raise Broken(f"there is no key in {path}.")
    return keys


def main() -> int:
    """Check the file that is named, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--key-file", type=Path, help="a file with the portal's HISTORY_KEY")
    options = parser.parse_args()
    try:
        keys = _keys(options.key_file) if options.key_file else []
        end = check(options.file, keys)
    except (Broken, KeyError, TypeError) as broken:
        print(f"{options.file}: {broken}")
        return 1
    digest = hashlib.sha256(options.file.read_bytes()).hexdigest()
    print(f"{options.file}: whole; {end['links']:,} links in {end['chains']:,} chains.")
    print(f"SHA-256 of the file, as the portal noted it: {digest}")
    print("Each digest was checked with the key." if keys else "No digest was checked: no key.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
