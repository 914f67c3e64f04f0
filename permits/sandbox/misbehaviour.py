"""How each fault looks: the answer that it makes of a good one, and how it goes out on the wire."""

import asyncio
import json
import zlib
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

from permits.sandbox.faults import Fault, Name
from permits.sandbox.wire import Answer, Connection, Headers

JSON_HEADERS: Headers = (("Content-Type", "application/json"),)
_HTML_HEADERS: Headers = (("Content-Type", "text/html; charset=utf-8"),)
_PIECE = 64 * 1024
_MAINTENANCE = (
    b"<!doctype html><html lang=en><title>Maintenance</title>"
    b"<h1>We'll be right back</h1><p>The controller is being maintained.</p>"
)
_REFERENCES = ("reference_id", "InternalReferenceID")
SILENT = frozenset({Name.RESET, Name.CLOSE, Name.SILENCE})
"""The faults that answer nothing at all."""


def json_answer(value: object, status: int = 200) -> Answer:
    """An answer that carries a JSON value."""
    return Answer(status, JSON_HEADERS, json.dumps(value).encode())


def misshape(fault: Fault, good: Answer, request_body: bytes) -> Answer:
    """The answer that a fault makes of a good one."""
    match fault.name:
        case Name.STATUS | Name.ANSWER:
            return _literal(fault)
        case Name.REDIRECT:
            return Answer(fault.status, (("Location", fault.location),))
        case Name.HTML:
            return Answer(fault.status, _HTML_HEADERS, _MAINTENANCE)
        case Name.EMPTY:
            return Answer(fault.status, JSON_HEADERS)
        case Name.ERROR:
            return _refusal(fault.code, fault.message, fault.status)
        case Name.ECHO_TOKEN:
            request = request_body.decode("utf-8", "replace")
            return _refusal(9003, f"Could not process {request}", fault.status)
        case _:
            return replace(good, body=_spoilt(fault.name, good.body))


def _spoilt(name: Name, body: bytes) -> bytes:
    match name:
        case Name.LIST:
            return b"[" + body + b"]"
        case Name.NULL:
            return b"null"
        case Name.INVALID_UTF8:
            return body[:-1] + b', "note": "\xff\xfe\xe9"}'
        case Name.NO_REFERENCE:
            return _with_reference(body, None)
        case Name.OTHER_REFERENCE:
            return _with_reference(body, str(uuid4()))
        case Name.MARKUP_REFERENCE:
            return _with_reference(body, "\"><script>alert('reference')</script>")
        case Name.LONG_REFERENCE:
            return _with_reference(body, "a" * 5000)
        case _:
            return body


def _refusal(code: int, message: str, status: int) -> Answer:
    return json_answer({"ErrorCode": code, "ErrorMessage": message}, status)


def _literal(fault: Fault) -> Answer:
    body = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
    told = {name.lower() for name, _ in fault.headers}
    headers = fault.headers if "content-type" in told else (*fault.headers, *JSON_HEADERS)
    return Answer(fault.status, headers, body.encode("utf-8", "replace"))


def _with_reference(body: bytes, reference: str | None) -> bytes:
    """A success with another reference or none; a refusal has none to change."""
    value = json.loads(body)
    if "ErrorCode" in value:
        return body
    for name in _REFERENCES:
        value.pop(name, None)
        if reference is not None:
            value[name] = reference
    return json.dumps(value).encode()


async def misbehave(fault: Fault, answer: Answer, connection: Connection, *, close: bool) -> bool:
    """Send an answer as the fault has it; whether the connection lives on."""
    match fault.name:
        case Name.RESET:
            connection.reset()
        case Name.CLOSE:
            pass
        case Name.SILENCE:
            await connection.client_left(within=fault.hold)
        case Name.CUT_OFF:
            whole = answer.head(close=False) + answer.body
            await connection.write(whole[: -max(1, len(answer.body) // 2)])
        case Name.HUGE:
            await _send_huge(fault, answer, connection)
        case Name.DRIP:
            await connection.write(answer.head(close=True))
            await _drip(answer.body, fault.interval, connection)
        case Name.DRIP_HEADERS:
            await _drip(answer.head(close=True), fault.interval, connection)
            await connection.write(answer.body)
        case Name.STALE:
            await connection.send(answer)
            await asyncio.sleep(fault.interval)
        case _:
            await connection.send(answer, close=close)
            return not close
    return False


async def _drip(data: bytes, interval: float, connection: Connection) -> None:
    for byte in data:
        await connection.write(bytes([byte]))
        await asyncio.sleep(interval)


async def _send_huge(fault: Fault, answer: Answer, connection: Connection) -> None:
    """The good answer, swollen to `size` bytes of valid JSON by padding."""
    headers = dict(answer.headers)
    if fault.gzip:
        headers["Content-Encoding"] = "gzip"
    if fault.chunked or fault.gzip:
        headers["Transfer-Encoding"] = "chunked"
    else:
        headers["Content-Length"] = str(fault.size)
    head = Answer(answer.status, tuple(headers.items())).head(close=True)
    await connection.write(head)
    pieces = _swollen(answer.body, fault.size)
    for piece in _gzipped(pieces) if fault.gzip else pieces:
        framed = b"%x\r\n%b\r\n" % (len(piece), piece) if "Transfer-Encoding" in headers else piece
        await connection.write(framed)
        await asyncio.sleep(0)
    if "Transfer-Encoding" in headers:
        await connection.write(b"0\r\n\r\n")


def _swollen(body: bytes, size: int) -> Iterator[bytes]:
    opening = body[:-1] + b', "padding": "'
    padding = max(0, size - len(opening) - 2)
    yield opening[:size]
    for start in range(0, padding, _PIECE):
        yield b"x" * min(_PIECE, padding - start)
    if size > len(opening):
        yield b'"}'[: size - len(opening)]


def _gzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    gzip = zlib.compressobj(wbits=31)
    for piece in pieces:
        if pressed := gzip.compress(piece):
            yield pressed
    yield gzip.flush()
