"""The controller's counts against our own records: what fits, what does not, what it proves.

    pull        fetch the counts and compare them;  catch_up  compares what the schedule fetched
    sides       one zone in one pull: what was counted there, and the band of what we know of
    changes     what a count's movement between two pulls says beyond our own calls
    readings    what the totals include: as stated, or as far as the data can tell
    drift       zones out of step, from when to when
    board       all of it, zone by zone, as of the last pull
    evidence    what became of a push whose outcome is unknown, as far as anything shows it

Nothing here changes a permit: what the counts prove is told to a person.
"""

from permits.reconcile.board import Board, Standing, board, calls_within
from permits.reconcile.drift import catch_up, pull
from permits.reconcile.evidence import Evidence, evidence
from permits.reconcile.findings import Points
from permits.reconcile.readings import Reading, Told, reading

__all__ = [
    "Board",
    "Evidence",
    "Points",
    "Reading",
    "Standing",
    "Told",
    "board",
    "calls_within",
    "catch_up",
    "evidence",
    "pull",
    "reading",
]
