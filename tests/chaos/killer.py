"""Who ends the programs: mostly as a power cut would, now and then politely, or by a halt."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tests.chaos.programs import Program, Programs

UP_FOR: Final = 3.0  # seconds that a program works before it may be ended again
PAUSES: Final = (0.8, 3.5)  # seconds between two blows
DOWN_FOR: Final = (0.1, 1.5)  # seconds until what was killed is started again
HALTS: Final = (0.3, 2.5)  # seconds that a program stands still
LONG_HALTS: Final = (7.5, 9.0)  # ... until others take its calls for cut off


@dataclass(frozen=True)
class Blow:
    """One thing that was done to a program."""

    kind: str
    """kill, stop (politely) or halt (it stands still for a while, and goes on)"""
    victim: str
    at: datetime
    until: datetime

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S.%f} to {self.until:%H:%M:%S.%f} {self.kind} {self.victim}"


class Killer(threading.Thread):
    """Strikes until it is told to rest, and leaves everything running."""

    def __init__(self, programs: Programs, dice: random.Random) -> None:
        super().__init__(name="killer")
        self.blows: list[Blow] = []
        self.failure: BaseException | None = None
        self._programs = programs
        self._dice = dice
        self._resting = threading.Event()

    def rest(self) -> None:
        """Strike no more, and wait until everything that was struck runs again."""
        self._resting.set()
        self.join()
        if self.failure:
            raise self.failure

    def run(self) -> None:
        """Strike again and again."""
        try:
            while not self._resting.wait(self._dice.uniform(*PAUSES)):
                self._revive_shell()
                if victims := self._victims():
                    self._strike(victims)
        except BaseException as failure:  # noqa: BLE001 - raised again where it is waited for
            self.failure = failure

    def _revive_shell(self) -> None:
        """`manage.py send_permits` ends by itself; whoever has it in cron starts it again."""
        shell = self._programs.shell
        if not shell.is_running and self._dice.random() < 0.3:
            shell.start()

    def _victims(self) -> list[Program]:
        programs = self._programs
        everything = [*programs.workers, programs.web, programs.shell]
        ripe = [p for p in everything if p.is_running and time.monotonic() > p.started_at + UP_FOR]
        if time.monotonic() > programs.controller.started_at + UP_FOR:
            ripe.append(programs.controller)
        if self._dice.random() < 0.1:
            return ripe  # a power cut
        return [self._dice.choice(ripe)] if ripe else []

    def _strike(self, victims: list[Program]) -> None:
        kind = self._dice.choices(["kill", "stop", "halt"], weights=[70, 12, 18])[0]
        if kind == "halt":
            self._each(victims, self._halt)
        elif kind == "stop" and victims[0] is not self._programs.controller:
            self._each(victims[:1], self._end)
        else:
            self._each(victims, self._kill)

    def _each(self, victims: list[Program], do: Callable[[Program], None]) -> None:
        """Do it to all of them at once."""
        threads = [threading.Thread(target=do, args=[victim]) for victim in victims]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _kill(self, victim: Program) -> None:
        at = datetime.now(UTC)
        victim.kill()
        self._note("kill", victim, at)
        if victim is not self._programs.shell:
            time.sleep(self._dice.uniform(*DOWN_FOR))
            victim.start()

    def _end(self, victim: Program) -> None:
        at = datetime.now(UTC)
        victim.stop()
        self._note("stop", victim, at)
        if victim is not self._programs.shell:
            victim.start()

    def _halt(self, victim: Program) -> None:
        at = datetime.now(UTC)
        _signal(victim, signal.SIGSTOP)
        # On SQLite it may hold the lock that everybody else waits for, but not for ever.
        may_be_long = (
            self._programs.plan.database == "postgres" and victim in self._programs.workers
        )
        long = may_be_long and self._dice.random() < 0.25
        time.sleep(self._dice.uniform(*(LONG_HALTS if long else HALTS)))
        _signal(victim, signal.SIGCONT)
        self._note("halt", victim, at)

    def _note(self, kind: str, victim: Program, at: datetime) -> None:
        self.blows.append(Blow(kind, victim.name, at, datetime.now(UTC)))


def _signal(victim: Program, number: signal.Signals) -> None:
    """Signal the program, and whatever it has started."""
    try:
        if victim.name == "sandbox":
            os.kill(victim.pid, number)
        else:
            os.killpg(victim.pid, number)
    except ProcessLookupError:
        pass
