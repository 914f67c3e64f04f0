"""The calls that these tests make, well formed unless a test spoils them."""

import json
import re
import socket
import time
from typing import Any

from tests.sandbox_server import Sandbox

PERMIT = {
    "plate": "ABC 123",
    "startTime": "2026-11-23T09:00:00",
    "endTime": "2026-11-23T11:00:00",
    "amount": "12.50",
    "currency": "CAD",
    "permitNo": "T-100",
    "zone": "Lot 4",
}
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def permit(**changes: str | None) -> dict[str, str]:
    """A permit's fields with some changed, or with None left out."""
    fields = {**PERMIT, **changes}
    return {name: value for name, value in fields.items() if value is not None}


def push(sandbox: Sandbox, **changes: str | None) -> str:
    """Push a permit; its reference."""
    reference: str = sandbox.call("push", permit(**changes))["reference_id"]
    return reference


def http(
    body: bytes | None = None,
    *,
    path: str = "/api/OC-TOMA/v1/permits/push",
    method: str = "POST",
    host: str = "127.0.0.1",
    content_type: str = "application/json",
    **headers: str,
) -> bytes:
    """A whole request as bytes; without a body, a valid push."""
    if body is None:
        body = json.dumps({"apiToken": "sandbox-token", **PERMIT}).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class Wire:
    """One raw connection to a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.socket = socket.create_connection(("127.0.0.1", sandbox.port), timeout=5)

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def until_end(self) -> bytes:
        """All that comes until the sandbox closes."""
        received = b""
        while piece := self.socket.recv(1 << 20):
            received += piece
        return received

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer: its status, its headers in lower case, its body by its length."""
        received = b""
        while b"\r\n\r\n" not in received:
            piece = self.socket.recv(1 << 16)
            assert piece, f"closed after {received!r}"
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            piece = self.socket.recv(1 << 16)
            assert piece, f"closed after {body!r}"
            body += piece
        return int(first.split()[1]), headers, body


def ask(sandbox: Sandbox, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own; its answer."""
    with Wire(sandbox) as wire:
        wire.send(request)
        return wire.answer()


def code(answer: dict[str, Any]) -> int:
    """A refusal's code; a success has none, and fails here."""
    assert set(answer) == {"ErrorCode", "ErrorMessage"}, answer
    number: int = answer["ErrorCode"]
    return number


def wait_for_requests(sandbox: Sandbox, count: int) -> list[dict[str, Any]]:
    """The ledger's requests once there are this many of them."""
    deadline = time.monotonic() + 5
    while len(requests := sandbox.requests()) < count:
        assert time.monotonic() < deadline, f"only {len(requests)} requests have arrived"
    return requests
