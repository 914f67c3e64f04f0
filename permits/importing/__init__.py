"""Import permits from a file: check it whole, let a person confirm, write it, push it.

    receive     keep a file that was handed in
    carry_on    check it, or write it once it was confirmed: in a request, a worker, or the shell
    confirm     a person has seen what the check found and wants the good rows written
    add_zones   a person wants zones added that the file names; then it is checked anew
    discard     a person does not want it
    tidy        remove what was kept long enough

Nothing but the check's own result is written before `confirm`. Everything is kept in the database,
so that a web server, a worker and a restart of either see the same.
"""

from permits.importing.failures import failed_rows
from permits.importing.report import Report
from permits.importing.runs import (
    MOST_BYTES,
    add_zones,
    carry_on,
    confirm,
    discard,
    receive,
    tidy,
    try_again,
    unfinished,
)
from permits.importing.unreadable import Unreadable

__all__ = [
    "MOST_BYTES",
    "Report",
    "Unreadable",
    "add_zones",
    "carry_on",
    "confirm",
    "discard",
    "failed_rows",
    "receive",
    "tidy",
    "try_again",
    "unfinished",
]
