"""Who ends the programs: mostly as a power cut would, now and then politely, or by a halt."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
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


class Killer:
    """Strikes until it is over, and leaves everything running.

    It works in the thread that asks it to. With that, whatever ends the run ends the killer too;
    and what it has started lives on, which Linux kills with the *thread* that it is tied to.
    """

    def __init__(self, programs: Programs, dice: random.Random) -> None:
        self.blows: list[Blow] = []
        self._programs = programs
        self._dice = dice

    def strike_until(self, is_over: Callable[[], bool]) -> None:
        """Strike again and again; what was struck runs again at the end."""
        while not _wait(self._dice.uniform(*PAUSES), is_over):
            self._revive_shell()
            if victims := self._victims():
                self._strike(victims)

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
            self._halt(victims)
        elif kind == "stop" and victims[0] is not self._programs.controller:
            self._end(victims[0])
        else:
            self._kill(victims)

    def _kill(self, victims: list[Program]) -> None:
        at = datetime.now(UTC)
        for victim in victims:
            victim.kill()
            self._note("kill", victim, at)
        killed = [victim for victim in victims if victim is not self._programs.shell]
        for victim in self._each_after(dict.fromkeys(killed, DOWN_FOR)):
            victim.start()

    def _end(self, victim: Program) -> None:
        at = datetime.now(UTC)
        victim.stop()
        self._note("stop", victim, at)
        if victim is not self._programs.shell:
            victim.start()

    def _halt(self, victims: list[Program]) -> None:
        at = datetime.now(UTC)
        for victim in victims:
            _signal(victim, signal.SIGSTOP)
        for victim in self._each_after({victim: self._halts(victim) for victim in victims}):
            _signal(victim, signal.SIGCONT)
            self._note("halt", victim, at)

    def _halts(self, victim: Program) -> tuple[float, float]:
        """For how long it stands still; on SQLite it may hold the lock that all others wait for."""
        may_be_long = (
            self._programs.plan.database == "postgres" and victim in self._programs.workers
        )
        return LONG_HALTS if may_be_long and self._dice.random() < 0.25 else HALTS

    def _each_after(self, spans: dict[Program, tuple[float, float]]) -> Iterator[Program]:
        """Yield each once a while of its own, between these seconds, has passed."""
        began = time.monotonic()
        whiles = {victim: self._dice.uniform(*span) for victim, span in spans.items()}
        for victim in sorted(whiles, key=whiles.__getitem__):
            time.sleep(max(0.0, began + whiles[victim] - time.monotonic()))
            yield victim

    def _note(self, kind: str, victim: Program, at: datetime) -> None:
        self.blows.append(Blow(kind, victim.name, at, datetime.now(UTC)))


def _wait(seconds: float, is_over: Callable[[], bool]) -> bool:
    """Wait so long, or until it is over; whether it is."""
    ends = time.monotonic() + seconds
    while not (over := is_over()) and time.monotonic() < ends:
        time.sleep(0.05)
    return over


def _signal(victim: Program, number: signal.Signals) -> None:
    """Signal the program, and whatever it has started."""
    try:
        if victim.name == "sandbox":
            os.kill(victim.pid, number)
        else:
            os.killpg(victim.pid, number)
    except ProcessLookupError:
        pass
