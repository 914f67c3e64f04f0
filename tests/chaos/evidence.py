"""Everything that is known when the portal is at rest: both sides' records, and what was done."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from permits.models import Decision, Permit, SyncAttempt
from tests.chaos.diary import Diaries
from tests.chaos.killer import Blow
from tests.chaos.plan import Plan

Json = dict[str, Any]
T = TypeVar("T")

# The sandbox's names of a record's fields, by the portal's.
RECORD_FIELDS: Mapping[str, str] = {
    "plate": "plate",
    "start_time": "start",
    "end_time": "end",
    "amount": "amount",
    "currency": "currency",
    "ticket_number": "ticket_number",
    "zone": "zone",
}


@dataclass
class Evidence:
    """What the verdict looks at."""

    plan: Plan
    requests: list[Json]
    """All that the controller received, oldest first."""
    records: list[Json]
    """All that the controller holds or held."""
    permits: dict[int, Permit]
    removed: set[str]
    """The ticket numbers of permits that were removed before any call, by the edit history."""
    attempts: list[SyncAttempt]
    """The whole history, oldest first."""
    decisions: list[Decision]
    diaries: Diaries
    blows: list[Blow]
    logs: dict[str, str]
    left: set[int]
    """The permits whose changes the portal would have left unsent until somebody asked."""
    exit_codes: dict[str, int]
    """How the programs ended that were asked to, in the end."""
    problems: list[str] = field(default_factory=list)

    def complain(self, problem: str) -> None:
        """Note something that must not be."""
        self.problems.append(problem)

    @cached_property
    def by_reference(self) -> dict[str, Json]:
        """The controller's records."""
        return {record["reference"]: record for record in self.records}

    @cached_property
    def stale_answers(self) -> list[datetime]:
        """When the controller gave answers after which it closed the connection unannounced.

        A request that left at that very moment was read by nobody, and the portal cannot know.
        """
        return [moment(each["time"]) for each in self.requests if each["fault"] == "stale"]

    @cached_property
    def live_by_ticket(self) -> dict[str, list[Json]]:
        """The controller's live records, by ticket number."""
        return _grouped(
            (record["ticket_number"] or "", record)
            for record in self.records
            if record["state"] == "live"
        )

    @cached_property
    def attempts_of(self) -> dict[int, list[SyncAttempt]]:
        """Each permit's attempts, oldest first."""
        return _grouped((each.permit_id, each) for each in self.attempts if each.permit_id)

    @cached_property
    def decisions_of(self) -> dict[int, list[Decision]]:
        """Each permit's decisions, oldest first."""
        return _grouped((each.permit_id, each) for each in self.decisions)

    @cached_property
    def applied_pushes(self) -> dict[str, list[Json]]:
        """The pushes that took effect, by ticket number, oldest first."""
        return _grouped(
            (request["fields"].get("permitNo", ""), request)
            for request in self.requests
            if request["operation"] == "push" and request["applied"]
        )

    def name(self, permit: Permit) -> str:
        """A permit as a report names it."""
        return f"permit {permit.pk} ({permit.ticket_number}, {permit.plate}, {permit.state})"


def moment(text: str) -> datetime:
    """The ledger's time of an event."""
    return datetime.fromisoformat(text)


def gather(
    plan: Plan,
    ledger: Json,
    diaries: Diaries,
    blows: list[Blow],
    logs: dict[str, str],
    left: set[int],
    exit_codes: dict[str, int],
) -> Evidence:
    """Read the portal's database, and put everything side by side."""
    return Evidence(
        plan=plan,
        requests=ledger["requests"],
        records=ledger["records"],
        permits={each.pk: each for each in Permit.objects.select_related("zone")},
        removed=set(
            Permit.history.filter(history_type="-").values_list("ticket_number", flat=True)
        ),
        attempts=list(SyncAttempt.objects.order_by("started_at", "pk")),
        decisions=list(Decision.objects.order_by("decided_at", "pk")),
        diaries=diaries,
        blows=blows,
        logs=logs,
        left=left,
        exit_codes=exit_codes,
    )


def _grouped(pairs: Iterable[tuple[Any, T]]) -> dict[Any, list[T]]:
    groups: dict[Any, list[T]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
