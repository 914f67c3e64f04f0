"""The clients' process: people at browsers and tools, each a thread, until their work is done.

python -m tests.chaos.clients URL FOLDER JOURNAL SEED PERMITS COOKIE...
"""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permitportal.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from tests.chaos.diary import Diary  # noqa: E402
from tests.chaos.pages import Person  # noqa: E402
from tests.chaos.tools import Tool  # noqa: E402
from tests.chaos.truth import Truth  # noqa: E402

Act = Callable[[], object]

TOOLS_SHARE: Final = 0.5  # of the permits are written by outside tools
ACTS_PER_PERMIT: Final = 2.0  # what people do besides entering, for each permit they enter
ENDLESS: Final = 1_000_000_000  # as many acts as there is time for

ended = threading.Event()


class Client:
    """One thread that does one thing after the other."""

    def __init__(self, actor: Person | Tool, acts: list[tuple[Act, int]], count: int) -> None:
        self.name, self.diary, self.dice, self.count = actor.name, actor.diary, actor.dice, count
        self._acts, self._weights = [act for act, _ in acts], [weight for _, weight in acts]
        self._thread = threading.Thread(target=self._run, name=self.name)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait until it has done what it was to do, or was told to end."""
        self._thread.join()

    def _run(self) -> None:
        try:
            for _ in range(self.count):
                if ended.is_set():
                    return
                self._do(self.dice.choices(self._acts, self._weights)[0])
                time.sleep(self.dice.uniform(0, 0.05))
        finally:
            connection.close()

    def _do(self, act: Act) -> None:
        name = getattr(act, "__name__", "")
        self.diary.note("acted", name=name)
        try:
            act()
        except Exception:  # noqa: BLE001 - whatever it is must reach the verdict
            self.diary.note("wrong", what=f"{self.name}: {name}", page=traceback.format_exc())


def clerks(people: list[Person], permits: int) -> list[Client]:
    """People who enter, edit, push, withdraw and replace permits."""
    count = round(permits / len(people) * (1 + ACTS_PER_PERMIT))
    return [
        Client(
            person,
            [
                (person.enter, 100),
                (person.edit, 70),
                (person.push, 30),
                (person.update, 25),
                (person.delete, 12),
                (person.keep, 8),
                (person.replace, 12),
                (person.bulk, 15),
                (person.look, 28),
            ],
            count,
        )
        for person in people
    ]


def supervisor(person: Person) -> Client:
    """One who decides what nobody knows; busy for as long as the others are."""
    acts: list[tuple[Act, int]] = [
        (person.resolve, 60),
        (person.push_anew, 15),
        (person.resume, 15),
        (person.lose, 2),
        (person.look, 5),
        (person.audit, 5),
    ]
    return Client(person, acts, ENDLESS)


def main(arguments: list[str]) -> int:
    """Run the clients; those who only watch end when the others have."""
    url, folder, journal, seed, permits, *cookies = arguments
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    diary = Diary(Path(folder) / "clients.diary")
    truth = Truth(Path(journal))
    people = [
        Person(url, (settings.SESSION_COOKIE_NAME, cookie), f"p{i}", diary, truth, int(seed))
        for i, cookie in enumerate(cookies)
    ]
    tool = Tool("t", diary, int(seed))
    by_tools = round(int(permits) * TOOLS_SHARE)
    busy = clerks(people[1:], int(permits) - by_tools)
    busy += [_importer(tool, by_tools)]
    watching = [supervisor(people[0]), _meddler(Tool("m", diary, int(seed)))]
    for client in (*busy, *watching):
        client.start()
    for client in busy:
        client.join()
    ended.set()
    for client in watching:
        client.join()
    return 0


def _importer(tool: Tool, permits: int) -> Client:
    left = permits

    def enter_many() -> None:
        nonlocal left
        if left > 0:
            left -= tool.enter_many()
            time.sleep(tool.dice.uniform(0, 1))

    return Client(tool, [(enter_many, 1)], permits // 8)


def _meddler(tool: Tool) -> Client:
    def rest() -> None:
        time.sleep(tool.dice.uniform(0, 0.4))

    return Client(
        tool,
        [
            (tool.queue_many, 15),
            (tool.change_many, 15),
            (tool.change_under_way, 30),
            (tool.run, 8),
            (tool.stop_or_resume, 4),
            (tool.retry, 3),
            (tool.send_one, 25),
            (tool.recover, 5),
            (rest, 75),
        ],
        ENDLESS,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
