"""A permit in each of its states, brought there by the calls that lead there."""

from typing import Final

from permits import sync
from permits.models import Permit
from permits.sync.claims import claim
from tests.engine.office import ask, edit, enter, make_call, push, send, withdraw
from tests.sandbox_server import Sandbox

State = Permit.State
STATES: Final = tuple(State)


def in_state(state: str, sandbox: Sandbox, plate: str = "") -> Permit:
    """A permit in this state; the sandbox's faults, where they are needed, are used up."""
    permit = enter(plate=plate or f"{state} 1".upper().replace("_", " "))
    match state:
        case State.QUEUED:
            sandbox.fault("status", status=503, headers={"Retry-After": "3000"})
            send(permit)
        case State.SENDING:
            ask(permit)
            claim(permit.pk)
        case State.SYNCED:
            push(permit)
        case State.CHANGED:
            edit(push(permit), plate=f"{permit.plate} B")
            Permit.objects.filter(pk=permit.pk).update(state=State.CHANGED)
        case State.REJECTED:
            sandbox.fault("error", code=9005, message="The end time is invalid.")
            send(permit)
        case State.MISSING:
            edit(push(permit), plate=f"{permit.plate} B")
            sandbox.lose_record(permit.reference_id)
            send(permit)
        case State.IN_DOUBT:
            sandbox.fault("close")
            send(permit)
        case State.DELETED:
            withdraw(push(permit), "Entered by mistake.")
            make_call(permit)
    permit.refresh_from_db()
    assert permit.state == state
    return permit


def one_of_each(sandbox: Sandbox) -> dict[str, Permit]:
    """A permit in each state. The queue is not paused by it."""
    permits = {state.value: in_state(state, sandbox) for state in STATES}
    sync.resume("")
    return permits
