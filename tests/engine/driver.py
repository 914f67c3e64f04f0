"""A process of its own that sends permits, and dies where it is told to.

    python -m tests.engine.driver send PERMIT…     one thread for each
    python -m tests.engine.driver drain
    python -m tests.engine.driver die-before-call PERMIT…
    python -m tests.engine.driver die-before-record PERMIT…
    python -m tests.engine.driver replace PERMIT POINT   dies at one of the points of `_replace`

It says `ready` once everything is loaded, and begins with the first line that comes in.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, NoReturn


def main(command: str, *permits: str) -> None:
    """Do what the command line says."""
    import django

    django.setup()
    from permits import sync

    if command.startswith("die"):
        _die(before=command.removeprefix("die-before-"), calls=len(permits))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    if command == "replace":
        _replace(int(permits[0]), permits[1])
        return
    if command == "drain":
        sync.drain_with_threads(go_on=lambda: True)
        return
    with ThreadPoolExecutor(len(permits)) as threads:
        list(threads.map(sync.send, map(int, permits)))


def _replace(permit_id: int, point: str) -> None:
    """Replace a permit by one that starts an hour earlier, and die on the way."""
    from permits import sync
    from permits.controller import Controller
    from permits.models import Permit
    from permits.sync import calls, decisions, outcomes

    points: dict[str, tuple[Any, str, Callable[..., bool]]] = {
        "before the entry is committed": (decisions, "_asked", lambda *_: True),
        "before the push is claimed": (calls, "claim", lambda _: True),
        "before the push": (Controller, "apply", lambda _, request: request.path == "push"),
        "before the push is recorded": (calls, "record", lambda *told: told[2].path == "push"),
        "before the record is committed": (outcomes, "take_off", lambda _: True),
        "before the delete is claimed": (calls, "claim", lambda pk: pk == permit_id),
        "before the delete": (Controller, "apply", lambda _, request: request.path == "delete"),
        "before the delete is recorded": (calls, "record", lambda *told: told[2].path == "delete"),
        "on the way": (calls, "claim", lambda _: False),
    }
    owner, name, is_there = points[point]
    go_on = getattr(owner, name)

    def die(*told: Any, **named: Any) -> Any:
        if is_there(*told):
            os.kill(os.getpid(), signal.SIGKILL)
        return go_on(*told, **named)

    setattr(owner, name, die)
    permit = Permit.objects.select_related("zone").get(pk=permit_id)
    fields = {field: getattr(permit, field) for field in Permit.STAFF_FIELDS}
    fields["start_time"] -= timedelta(hours=1)
    sync.send(sync.replace(permit_id, fields=fields, actor="clerk").pk)


def _die(*, before: str, calls: int) -> None:
    """Die by SIGKILL once all the calls have come to this point."""
    from permits.controller import Controller
    from permits.sync import calls as seam

    together = threading.Barrier(calls)

    def die(*_: Any, **__: Any) -> NoReturn:
        together.wait(timeout=30)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("Nobody survives SIGKILL.")

    if before == "call":
        Controller.apply = die  # type: ignore[method-assign]
    else:
        vars(seam)["record"] = die


if __name__ == "__main__":
    main(*sys.argv[1:])
