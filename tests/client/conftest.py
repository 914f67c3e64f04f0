"""The client, and the calls that these tests make with it."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from permits.controller import Acknowledgement, Controller, Request, Totals
from tests.endings import Scene
from tests.raw_server import REFERENCE
from tests.sandbox_server import CLIENT_CODE, TOKEN, Sandbox

UTC: Final = ZoneInfo("UTC")
WANTED: Final = {
    "plate": "ABC 123",
    "start_time": "2026-11-23T09:00:00",
    "end_time": "2026-11-23T11:00:00",
    "amount": "12.50",
    "currency": "CAD",
    "ticket_number": "T-100",
    "zone": "Lot 4",
}
"""A permit's fields as they go on the wire, by our names."""


@pytest.fixture
def scene(sandbox: Sandbox) -> Iterator[Scene]:
    """What the call meets: a sandbox that holds one record, unless an ending changes that."""
    with ExitStack() as stack:
        scene = Scene(sandbox, stack)
        scene.reference = sandbox.call("push", dict(request("push").body))["reference_id"]
        yield scene


def request(operation: str, reference: str = REFERENCE) -> Request:
    """A well-formed request of this kind."""
    match operation:
        case "push":
            return Request.push(WANTED, UTC)
        case "update":
            return Request.update(reference, {"end_time": "2026-11-23T12:00:00"}, UTC)
        case "delete":
            return Request.delete(reference)
        case _:
            return Request.stats()


def make_controller(
    url: str,
    *,
    connect_timeout: float = 5,
    read_timeout: float = 10,
    deadline: float = 10,
    connections: int = 8,
) -> Controller:
    """A client of the controller at this address, patient unless told otherwise."""
    return Controller(
        url=url,
        client_code=CLIENT_CODE,
        token=TOKEN,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        deadline=deadline,
        connections=connections,
    )


def impatient(url: str) -> Controller:
    """A client that gives up after a fraction of a second."""
    return make_controller(url, connect_timeout=0.4, read_timeout=0.4, deadline=0.6)


def call(
    controller: Controller, operation: str, reference: str = REFERENCE
) -> Acknowledgement | Totals:
    """Make a call of this kind."""
    asked = request(operation, reference)
    return controller.count(asked) if operation == "stats" else controller.apply(asked)
