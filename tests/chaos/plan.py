"""What one run is made of."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

DATABASES: Final = ("sqlite", "postgres")


@dataclass(frozen=True)
class Plan:
    """One run; the seed decides every choice, but not how the processes interleave."""

    seed: int
    permits: int
    """How many permits are entered, replacements not counted."""
    duration: float
    """Seconds after which the clients stop, whatever is left to do."""
    database: str
    consumers: int
    """Worker processes; all but one run with `--no-periodic`."""
    fault_rate: float
    """Of the calls, those that meet a fault."""
    collected: bool = False
    """Whether somebody has collected the static files already."""

    @property
    def token(self) -> str:
        """An API token that stands nowhere else, so that it can be searched for."""
        return f"Secret-of-the-chaos-run-{self.seed}"

    @property
    def command(self) -> str:
        """The command that runs the same again."""
        return (
            f"python -m tests.chaos --seed={self.seed} --permits={self.permits}"
            f" --duration={self.duration:g} --database={self.database}"
            f" --consumers={self.consumers} --fault-rate={self.fault_rate:g}"
        )

    def variables(self, *, sandbox_url: str, database_url: str, queue_url: str) -> dict[str, str]:
        """The environment of every program: deadlines so short that leases run out quickly."""
        return {
            "SANDBOX_URL": sandbox_url,
            "DATABASE_URL": database_url,
            "QUEUE_URL": queue_url,
            "OPSCOM_API_TOKEN": self.token,
            "OPSCOM_CONNECT_TIMEOUT": "1",
            "OPSCOM_READ_TIMEOUT": "1.5",
            "OPSCOM_DEADLINE": "2",
            "OPSCOM_CONNECTIONS": "4",
            "OPSCOM_RETRY_TRIES": "6",
        }


def read_plan(arguments: Sequence[str] | None) -> Plan:
    """The command line's plan; a mistake in it ends the process with code 2."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--permits", type=int, default=2000, help="how many are entered")
    parser.add_argument("--duration", type=float, default=240, help="seconds, at the most")
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--consumers", type=int, default=1, help="worker processes")
    parser.add_argument("--fault-rate", type=float, default=0.12, help="of the calls")
    parser.add_argument(
        "--collected", action="store_true", help="the static files are collected already"
    )
    return Plan(**vars(parser.parse_args(arguments)))
