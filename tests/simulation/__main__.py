"""The command line: one run."""

import argparse
import sys
import time

from tests import environment


def main() -> int:
    """Simulate, print how often the evidence pointed where, and fail where it pointed wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--permits", type=int, default=100_000)
    parser.add_argument("--zones", type=int, default=40)
    parser.add_argument("--pulls", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    environment.prepare()
    from django.core.management import call_command

    from tests.database import connected_to
    from tests.simulation.past import Past
    from tests.simulation.verdict import judge
    from tests.simulation.worlds import World

    began = time.monotonic()
    with connected_to(environment.database_url("simulation")):
        call_command("migrate", verbosity=0)
        past = Past(options.zones, options.permits, options.pulls, options.seed)
        past.happen()
        wrong = 0
        sys.stdout.write(
            f"{options.permits:,} permits in {options.zones} zones, {options.pulls} pulls, "
            f"{len(past.arrived):,} pushes in doubt, seed {options.seed}.\n"
        )
        for foreign in (False, True):
            for expired in (True, False):
                for verdict in judge(past, World(foreign=foreign, expired=expired)):
                    wrong += verdict.wrong
                    sys.stdout.write(f"{verdict}\n")
                    sys.stdout.flush()
        sys.stdout.write("What breaks a premise, for comparison:\n")
        for verdict in (
            *judge(past, World(foreign=True, expired=True), honest=False),
            *judge(past, World(foreign=False, expired=True, loses=True)),
        ):
            sys.stdout.write(f"{verdict}\n")
    sys.stdout.write(f"{time.monotonic() - began:.0f} s. Wrong: {wrong}.\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
