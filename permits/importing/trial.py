"""Reads a workbook as the portal will, in a process that may fall over: `trial.py MEMORY SECONDS`.

calamine ends the whole process where a workbook makes it ask for more memory than there is, and a
few kilobytes can. The workbook is the standard input; this knows nothing of the portal.
"""

import resource
import sys
from contextlib import suppress

import python_calamine as calamine


def main(memory: int, seconds: int) -> None:
    """Read it within so many bytes and seconds of work; what is merely wrong is no failure."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(calamine.CalamineError):
        workbook = calamine.CalamineWorkbook.from_filelike(sys.stdin.buffer)
        for name in workbook.sheet_names:
            with suppress(calamine.CalamineError):
                sheet = workbook.get_sheet_by_name(name)
                for _ in sheet.iter_rows():
                    pass
                if sheet.height:
                    return


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
