"""Runs a program that must not outlive the one that starts it.

    python -m tools.tied PARENT PROGRAM ARGUMENTS…

PARENT is the starter's process number. On Linux the kernel kills the program when that process is
gone, however it went; it even does so when the thread that started it is. So whoever starts one
from a thread that ends before the process does has it killed. Elsewhere it is run as it is.
"""

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


def tie_to_parent(how: signal.Signals, parent: int) -> None:
    """Have the kernel send this process a signal when its parent ends. Needs Linux."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:  # it ended before the kernel knew
        sys.exit(f"Process {parent} is gone.")


def main(arguments: list[str]) -> None:
    """Become the program."""
    parent, program = int(arguments[0]), arguments[1:]
    tie_to_parent(signal.SIGKILL, parent)
    os.execvp(program[0], program)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
