"""No permit was applied twice unasked, and the history tells of every call that was made."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise

from permits.models import Decision, SyncAttempt
from tests.chaos.evidence import Evidence, Json, moment

Outcome = SyncAttempt.Outcome
Verdict = Decision.Verdict
Call = tuple[str, frozenset[tuple[str, str]]]

ASKED_ANEW = (Verdict.NOT_THERE, Verdict.PUSH_ANEW)


def check(evidence: Evidence) -> None:
    """Hold the history to the ledger."""
    _none_is_applied_twice(evidence)
    _history_is_whole(evidence)
    _nothing_strays(evidence)


def _none_is_applied_twice(evidence: Evidence) -> None:
    by_ticket = defaultdict(list)
    for permit in evidence.permits.values():
        by_ticket[permit.ticket_number].append(permit.pk)
    for ticket, pushes in evidence.applied_pushes.items():
        decisions = [d for pk in by_ticket[ticket] for d in evidence.decisions_of.get(pk, [])]
        for first, second in pairwise(pushes):
            if not _was_asked_for(first, second, decisions):
                evidence.complain(
                    f"{ticket} was pushed twice, by requests {first['number']} and "
                    f"{second['number']}, and nobody had asked for the second"
                )


def _was_asked_for(first: Json, second: Json, decisions: Iterable[Decision]) -> bool:
    """Whether a person asked for another push between the two."""
    between = (moment(first["time"]), moment(second["time"]))
    return any(
        each.verdict in ASKED_ANEW and between[0] < each.decided_at < between[1]
        for each in decisions
    )


def _history_is_whole(evidence: Evidence) -> None:
    """Requests and attempts are the same calls, but for attempts that may not have arrived."""
    received = Counter(
        _call(each["operation"], each["fields"]) for each in evidence.requests if each["operation"]
    )
    written = Counter(_call(each.operation, each.request) for each in evidence.attempts)
    answered = Counter(
        _call(each.operation, each.request) for each in evidence.attempts if each.http_status
    )
    for call, count in (received - written).items():
        evidence.complain(f"{_words(call)} was received {count} times more than it is in history")
    for call, count in (answered - received).items():
        evidence.complain(f"{_words(call)} was answered {count} times more than it was received")


def _nothing_strays(evidence: Evidence) -> None:
    for request in evidence.requests:
        if request["operation"] is None or request["token"] != "valid":
            evidence.complain(f"request {request['number']} was no call: {request['path']}")


def _call(operation: str, fields: Mapping[str, str]) -> Call:
    return operation, frozenset(fields.items())


def _words(call: Call) -> str:
    return f"{call[0]} of {dict(sorted(call[1]))}"
