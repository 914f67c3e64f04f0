"""No more is in doubt than could not be known: every doubt has a cause that nobody could help."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from permits.models import Operation, SyncAttempt
from tests.chaos.evidence import Evidence, Json, moment
from tests.chaos.faults import leaves_unknown

Outcome = SyncAttempt.Outcome

KEPT: Final = timedelta(seconds=1)  # how long the portal keeps a connection that rests
SLACK: Final = timedelta(milliseconds=100)  # between two programs' looks at one clock


def check(evidence: Evidence) -> Counter[str]:
    """Find the cause of each push in doubt; return how many have which."""
    pushes = _requests_by_ticket(evidence.requests)
    causes: Counter[str] = Counter()
    for attempt in evidence.attempts:
        if attempt.operation == Operation.PUSH and attempt.outcome == Outcome.IN_DOUBT:
            cause = _cause(evidence, attempt, pushes.get(attempt.request.get("permitNo", ""), []))
            causes[cause or "none"] += 1
            if not cause:
                evidence.complain(
                    f"attempt {attempt.pk} for {attempt.request.get('permitNo')} is in doubt "
                    f"without a cause: {attempt.error_message} ({attempt.started_at:%H:%M:%S.%f})"
                )
    return causes


def _cause(evidence: Evidence, attempt: SyncAttempt, requests: Iterable[Json]) -> str:
    """Why nobody could know; empty where somebody could have."""
    begun = attempt.started_at - SLACK
    ended = min(attempt.finished_at or attempt.lease_until, attempt.lease_until) + SLACK
    for request in requests:
        if begun <= moment(request["time"]) <= ended and leaves_unknown(request):
            return "fault"
    if any(begun - KEPT <= moment <= ended for moment in evidence.stale_answers):
        return "stale connection"
    for blow in evidence.blows:
        # What is ended politely finishes its calls, so that is no cause.
        if blow.kind != "stop" and blow.at <= ended and begun <= blow.until:
            return blow.kind
    return ""


def _requests_by_ticket(requests: Iterable[Json]) -> dict[str, list[Json]]:
    by_ticket: dict[str, list[Json]] = {}
    for request in requests:
        if request["operation"] == "push":
            by_ticket.setdefault(request["fields"].get("permitNo", ""), []).append(request)
    return by_ticket
