"""The command line: one run."""

import os
import signal
import sys

from tests.chaos.plan import read_plan
from tools.children import say

if __name__ == "__main__":
    plan = read_plan(None)
    os.environ["TEST_DATABASE"] = plan.database  # before the tests' environment is laid out
    from tests.chaos import story

    signal.signal(signal.SIGTERM, lambda *_: sys.exit("It was asked to end."))
    say(plan.command)
    sys.exit(story.run(plan))
