"""Every permit stands as the portal says, and no record of the controller is unaccounted for."""

from collections import Counter
from collections.abc import Callable, Mapping

from permits import limits
from permits.models import Decision, Permit, SyncAttempt
from tests.chaos.evidence import RECORD_FIELDS, Evidence, Json

State = Permit.State
Verdict = Decision.Verdict
Outcome = SyncAttempt.Outcome


def check(evidence: Evidence) -> None:
    """Hold each permit to its state, and each record to a permit."""
    for permit in evidence.permits.values():
        for problem in _CHECKS.get(State(permit.state), _at_work)(evidence, permit):
            evidence.complain(f"{evidence.name(permit)}: {problem}")
    _no_wish_is_forgotten(evidence)
    _none_is_there_beside_its_successor(evidence)
    _none_is_lost(evidence)
    _none_is_entered_twice(evidence)
    _none_is_hidden(evidence)


def _synced(evidence: Evidence, permit: Permit) -> list[str]:
    return _record_is(evidence, permit, permit.wanted())


def _changed(evidence: Evidence, permit: Permit) -> list[str]:
    """Everything that could be sent was; the rest waits for a Replace."""
    sendable = [each.field for each in permit.differences() if each.can_be_sent]
    problems = [f"{', '.join(sendable)} could have been sent"] if sendable else []
    if not permit.differences():
        problems.append("there is no difference")
    return problems + _record_is(evidence, permit, permit.acknowledged)


def _rejected(evidence: Evidence, permit: Permit) -> list[str]:
    attempts = evidence.attempts_of.get(permit.pk, [])
    last = attempts[-1] if attempts else None
    problems = []
    if last is None or last.outcome != Outcome.REJECTED or not last.error_message:
        problems.append("no attempt says why")
    if permit.reference_id:
        return problems + _record_is(evidence, permit, permit.acknowledged)
    return problems + _nothing_there(evidence, permit)


def _in_doubt(evidence: Evidence, permit: Permit) -> list[str]:
    undecided = [
        each
        for each in evidence.attempts_of.get(permit.pk, [])
        if each.operation == "push"
        and each.outcome == Outcome.IN_DOUBT
        and not any(d.attempt_id == each.pk for d in evidence.decisions_of.get(permit.pk, []))
    ]
    problems = [] if undecided else ["no push of it is undecided"]
    if len(evidence.live_by_ticket.get(permit.ticket_number, [])) > 1:
        problems.append("it is on the controller more than once")
    return problems


def _missing(evidence: Evidence, permit: Permit) -> list[str]:
    last = evidence.attempts_of[permit.pk][-1]
    problems = [] if last.error_code == 9009 else ["no attempt says that the record is gone"]
    record = evidence.by_reference.get(permit.reference_id)
    if record is not None and record["state"] == "live":
        problems.append("the controller holds it")
    return problems


def _draft(evidence: Evidence, permit: Permit) -> list[str]:
    problems = _nothing_there(evidence, permit)
    if permit.pk in evidence.attempts_of:
        problems.append("calls were made for it")
    if permit.ticket_number in evidence.diaries.tickets("asked"):
        problems.append("it was asked to be sent")
    return problems


def _at_work(evidence: Evidence, permit: Permit) -> list[str]:
    return [f"it is not at rest (due {permit.due_at}, tries {permit.tries})"]


def _nothing_there(evidence: Evidence, permit: Permit) -> list[str]:
    live = evidence.live_by_ticket.get(permit.ticket_number, [])
    return [f"the controller holds {record['reference']} of it" for record in live]


def _record_is(evidence: Evidence, permit: Permit, fields: Mapping[str, str | None]) -> list[str]:
    """Compare the controller's record with these fields; None stands for "not known"."""
    record = evidence.by_reference.get(permit.reference_id)
    if record is None:
        return [f"the controller never made {permit.reference_id}"]
    if record["state"] == "lost":
        return []  # as long as no call is made, nobody can know
    if record["state"] != "live":
        return [f"its record is {record['state']} on the controller"]
    return [
        f"{field} is {record[name]!r} on the controller and {fields.get(field)!r} here"
        for field, name in RECORD_FIELDS.items()
        if fields.get(field, "") is not None and (record[name] or "") != fields.get(field, "")
    ]


_CHECKS: Mapping[State, Callable[[Evidence, Permit], list[str]]] = {
    State.SYNCED: _synced,
    State.CHANGED: _changed,
    State.REJECTED: _rejected,
    State.IN_DOUBT: _in_doubt,
    State.MISSING: _missing,
    State.DELETED: _nothing_there,
    State.DRAFT: _draft,
}


def _no_wish_is_forgotten(evidence: Evidence) -> None:
    """A change is left unsent only where somebody saved it without asking, or during a doubt."""
    knowingly = evidence.diaries.tickets("left")
    for pk in sorted(evidence.left):
        permit = evidence.permits[pk]
        doubted = any(
            each.operation == "push" and each.outcome == Outcome.IN_DOUBT
            for each in evidence.attempts_of[pk]
        )
        if permit.ticket_number not in knowingly and not doubted:
            evidence.complain(
                f"{evidence.name(permit)}: a change was asked to be sent, and was not"
            )


def _none_is_there_beside_its_successor(evidence: Evidence) -> None:
    """Once a successor is on the controller, what it replaces is taken off, or refused to go."""
    for successor in evidence.permits.values():
        if successor.replaces_id is None or not successor.reference_id:
            continue
        if _was_given_up(evidence, successor):
            continue
        old = evidence.permits[successor.replaces_id]
        withdrawals = [
            each
            for each in evidence.decisions_of.get(old.pk, [])
            if each.verdict == Verdict.WITHDRAW
        ]
        if not withdrawals:
            evidence.complain(f"{evidence.name(old)}: its successor {successor.pk} is there too")


def _was_given_up(evidence: Evidence, successor: Permit) -> bool:
    """Whether it was withdrawn for good before it was known to be there: the old one then stays."""
    if successor.withdrawn_at is None:
        return False
    decisions = evidence.decisions_of.get(successor.pk, [])
    pushes = [
        each
        for each in evidence.attempts_of.get(successor.pk, [])
        if each.operation == "push" and each.outcome == Outcome.SUCCEEDED
    ]
    found = [each for each in decisions if each.verdict in (Verdict.THERE, Verdict.LATE_ANSWER)]
    # The chain has them in the order in which they took effect, to which no clock comes near.
    withdrawn = max(each.link or 0 for each in decisions if each.verdict == Verdict.WITHDRAW)
    return all(withdrawn < (each.link or 0) for each in (*pushes, *found))


def _none_is_lost(evidence: Evidence) -> None:
    """What the portal said is saved is there, or was removed by a person."""
    there = {permit.ticket_number for permit in evidence.permits.values()}
    for ticket in sorted(evidence.diaries.tickets("saved") - there - evidence.removed):
        evidence.complain(f"{ticket} was saved, and is gone")


def _none_is_entered_twice(evidence: Evidence) -> None:
    tickets = Counter(permit.ticket_number for permit in evidence.permits.values())
    for ticket, count in tickets.items():
        if count > 1:
            evidence.complain(f"{ticket} was entered {count} times")


def _none_is_hidden(evidence: Evidence) -> None:
    """Every live record is a permit's own, in doubt, or told of by a late answer."""
    held = {
        permit.reference_id
        for permit in evidence.permits.values()
        if permit.state != State.DELETED and permit.reference_id
    }
    in_doubt = {
        permit.ticket_number
        for permit in evidence.permits.values()
        if permit.state == State.IN_DOUBT
    }
    told = {each.reference_id for each in evidence.decisions if each.verdict == Verdict.LATE_ANSWER}
    for record in evidence.records:
        if record["state"] == "live" and not record["foreign"]:
            _is_known(evidence, record, held | told, in_doubt)


def _is_known(evidence: Evidence, record: Json, known: set[str], in_doubt: set[str]) -> None:
    ticket = record["ticket_number"] or ""
    if record["reference"] not in known and limits.ticket_number(ticket) not in in_doubt:
        evidence.complain(f"{ticket}: the controller holds {record['reference']} and nobody knows")
