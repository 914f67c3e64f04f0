"""Claim, call, record, recover, resolve: this package owns every transaction around a call.

A permit's wish and the controller's record are rows; the difference is the work. Nothing here is
called inside another's transaction: what leaves the house must have been written down before.

    ask         a person, an import or a bulk run wants a permit's difference sent
    send        claim one permit, call the controller, record what came of it
    drain       send whatever is due, as long as there is something to send
    *_batch     a bulk run: list its permits, feed them to the queue, stop, resume, retry
    withdraw    a person wants it off the controller;  keep  takes that back
    recover     find the calls that a crash cut off
    resolve_*   a person says what became of a push whose outcome is unknown
    push_anew   a person wants a permit pushed again that the controller lost
    replace     a successor with what the controller cannot change; then the old one goes
    pull_counts the controller's counts per zone, and what they teach us of its zones
    pull_if_due the same on a schedule, and after an unknown outcome;  thin_counts  forgets old ones
    after_restore  a backup was restored: what was pushed since it was taken is not known
    home        whether that is still to be run, for which all calls wait;  settle  ends the wait
    try_refusal a call that must be refused, made on purpose by a validation run
    link        whether calls are made at all: pause, probe, resume, rate
"""

from permits.sync.bulk import (
    eligible,
    end_exhausted,
    end_unlisted,
    passed_over,
    resume_batch,
    retry_failed,
    start_batch,
    stop_batch,
)
from permits.sync.calls import call_one, send
from permits.sync.claims import ask
from permits.sync.counts import probe, pull_counts, pull_if_due, thin_counts
from permits.sync.decisions import (
    keep,
    push_anew,
    replace,
    resolve_not_there,
    resolve_there,
    withdraw,
)
from permits.sync.drain import drain, drain_with_threads, next_look
from permits.sync.home import BACKUP, settle
from permits.sync.link import callers, hold_back, resume
from permits.sync.recovery import recover
from permits.sync.refused import Refused
from permits.sync.restoring import Restored, after_restore
from permits.sync.trials import try_refusal

__all__ = [
    "BACKUP",
    "Refused",
    "Restored",
    "after_restore",
    "ask",
    "call_one",
    "callers",
    "drain",
    "drain_with_threads",
    "eligible",
    "end_exhausted",
    "end_unlisted",
    "hold_back",
    "keep",
    "next_look",
    "passed_over",
    "probe",
    "pull_counts",
    "pull_if_due",
    "push_anew",
    "recover",
    "replace",
    "resolve_not_there",
    "resolve_there",
    "resume",
    "resume_batch",
    "retry_failed",
    "send",
    "settle",
    "start_batch",
    "stop_batch",
    "thin_counts",
    "try_refusal",
    "withdraw",
]
