"""Archive again and again, and be killed each time a few statements later than the time before.

    python -m tests.proof.killed FOLDER

Each try is a process of its own, which kills itself as it is about to make a statement. After each
the history must be whole, with every link in the database or in a finished file, and no chain in
part. It ends with 0 once a try came to its end.
"""

import gzip
import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import django
import time_machine

BEFORE: Final = datetime(2090, 1, 1, tzinfo=UTC)
FURTHER: Final = 12  # statements between two kills while the file is written; after that two
MOST: Final = 400  # tries, of which a few dozen are needed

Links = dict[int, set[int]]  # of each chain the numbers


def main(folder: Path) -> int:
    """Try until a try ends by itself; the exit code."""
    from permits import proof
    from permits.models import Archive

    whole = in_database()
    killed = {Archive.State.WRITING: 0, Archive.State.REMOVING: 0}
    upto = 1
    for _ in range(MOST):
        before = _begun()
        if _try(folder, upto) == 0:
            break
        begun = _begun()
        killed[begun] += 1
        upto = 1 if begun != before else upto + (FURTHER if begun == Archive.State.WRITING else 2)
        must_hold(whole)
        problems = proof.verify("").problems
        assert not problems, problems
    else:
        raise AssertionError("It never came to its end.")
    must_hold(whole)
    assert min(killed.values()) > 2, killed
    assert not (whole.keys() & in_database().keys()), "Something archived is still here."
    print(json.dumps(killed))  # noqa: T201
    return 0


def _begun() -> Any:
    from permits.models import Archive

    removing = Archive.objects.filter(state=Archive.State.REMOVING).exists()
    return Archive.State.REMOVING if removing else Archive.State.WRITING


def _try(folder: Path, upto: int) -> int:
    """Archive in a process that is killed at that statement; its exit status."""
    from django.db import connection

    from permits import proof

    connection.close()  # the child must not share it
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    left = upto

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    status = 1
    try:
        with connection.execute_wrapper(count):
            proof.archive(BEFORE, folder, actor="")
        status = 0
    finally:
        os._exit(status)


def must_hold(whole: Links) -> None:
    """Each link is in the database or in a finished file, and no chain is there in part."""
    here, there = in_database(), in_files()
    for chain, links in whole.items():
        found = here.get(chain, set())
        assert links <= found | there.get(chain, set()), f"{chain} has lost links."
        assert not links & found or links <= found, f"{chain} was removed in part."


def in_database() -> Links:
    """The links of permits that are in the database."""
    from permits.proof import links

    return {
        chain: {each.number for each in carried if each.number is not None}
        for chain, carried in links.of_permits(0, None)
    }


def in_files() -> Links:
    """The links that are in the files of archives that vouch for them."""
    from django.conf import settings

    from permits.models import Archive
    from permits.proof.verify_archive import check

    found: Links = {}
    finished = (Archive.State.REMOVING, Archive.State.DONE)
    for made in Archive.objects.filter(state__in=finished):
        check(Path(made.file), settings.HISTORY_KEYS)
        for raw in gzip.decompress(Path(made.file).read_bytes()).splitlines():
            line = json.loads(raw)
            if "link" in line:
                found.setdefault(line["chain"], set()).add(line["link"])
    return found


if __name__ == "__main__":
    django.setup()
    from permits.proof import removing, seals

    # A page is one chain, so that there is much between the first and the last.
    removing.PAGE = 1  # type: ignore[misc]
    # Whoever was killed leaves the lease of a seal behind, which nobody waits for here.
    seals.LEASE = timedelta(0)  # type: ignore[misc]
    with time_machine.travel(BEFORE + timedelta(days=400)):
        sys.exit(main(Path(sys.argv[1])))
