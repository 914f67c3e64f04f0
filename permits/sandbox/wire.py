"""HTTP/1.1 as the sandbox speaks it: read a request, send an answer, and own the socket.

Written by hand so that an answer can be torn up anywhere: the faults need the socket itself.
A request is bounded before it is read: a head of 16 kB and 100 headers (431), a body of 64 kB
(413).
"""

import asyncio
import re
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

MAX_HEAD = 16 * 1024
MAX_HEADERS = 100
MAX_BODY = 64 * 1024
IDLE = 75.0
"""Seconds a connection may wait for its next request, and a request for its last byte."""

_REQUEST_LINE = re.compile(r"([A-Z]{1,20}) ([\x21-\x7e]+) HTTP/(\d)\.(\d)")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

Headers = tuple[tuple[str, str], ...]


class ProtocolError(Exception):
    """What arrived is not a request that the sandbox reads; `status` is the answer to it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """One request, read whole."""

    method: str
    path: str
    """As sent, still percent-encoded, without the query."""
    query: str
    headers: Headers
    """As received: order, case and repetitions kept."""
    body: bytes
    keep_alive: bool

    def header(self, name: str) -> str:
        """The first header of this name in lower case, or an empty string."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def segments(self) -> tuple[str, ...]:
        """The path's segments, decoded; `/api/x` gives `("api", "x")`."""
        return tuple(unquote(segment) for segment in self.path.split("/")[1:])


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; the length is added when it is sent, unless the headers claim one."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    @property
    def bodiless(self) -> bool:
        """Whether HTTP forbids this status a body."""
        return self.status in (204, 304)

    def head(self, *, close: bool) -> bytes:
        """The status line and the headers, as bytes."""
        try:
            reason = HTTPStatus(self.status).phrase
        except ValueError:
            reason = "Unknown"
        lines = [f"HTTP/1.1 {self.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        told = {name.lower() for name, _ in self.headers}
        if not self.bodiless and not told & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(self.body)}")
        if close and "connection" not in told:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Connection:
    """One client's connection: requests in, answers or worse out."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.requests = 0
        """How many requests have been read whole."""

    async def receive(self) -> Request | None:
        """The next request; None when the client has left or said nothing for too long.

        Raises `ProtocolError` for what is no request, or too large a one.
        """
        try:
            async with asyncio.timeout(IDLE):
                head = await self._reader.readuntil(b"\r\n\r\n")
                method, target, keep_alive, headers = _read_head(head)
                length = _body_length(headers)
                if length and _has(headers, "expect", "100-continue"):
                    await self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await self._reader.readexactly(length) if length else b""
        except asyncio.LimitOverrunError as overrun:
            raise ProtocolError(431, f"The head is larger than {MAX_HEAD} bytes.") from overrun
        except (asyncio.IncompleteReadError, OSError):
            return None
        self.requests += 1
        path, query = _split(target)
        return Request(method, path, query, headers, body, keep_alive)

    async def write(self, data: bytes) -> None:
        """Send bytes as they are; raises OSError when the client has left."""
        self._writer.write(data)
        await self._writer.drain()

    async def send(self, answer: Answer, *, close: bool = False, body: bool = True) -> None:
        """Send a whole answer, or only its head (`body=False`, for HEAD)."""
        content = answer.body if body and not answer.bodiless else b""
        await self.write(answer.head(close=close) + content)

    async def client_left(self, *, within: float) -> None:
        """Wait until the client closes, at most `within` seconds; what it sends is dropped."""
        with suppress(OSError):
            async with asyncio.timeout(within):
                while await self._reader.read(MAX_BODY):
                    pass

    async def finish(self) -> None:
        """Close so that an answer to an unread request still arrives: half, then wholly."""
        with suppress(OSError):
            self._writer.write_eof()
            await self.client_left(within=1.0)
        self.close()

    def reset(self) -> None:
        """End the connection with a RST instead of a FIN."""
        sock = self._writer.get_extra_info("socket")
        if sock is not None:
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._writer.transport.abort()

    def close(self) -> None:
        """End the connection with a FIN."""
        self._writer.close()


def _read_head(head: bytes) -> tuple[str, str, bool, Headers]:
    lines = head[:-4].decode("latin-1").split("\r\n")
    line = _REQUEST_LINE.fullmatch(lines[0])
    if line is None:
        raise ProtocolError(400, "The first line is not a request line.")
    method, target, major, minor = line.groups()
    if major != "1":
        raise ProtocolError(505, f"HTTP/{major}.{minor} is not spoken here, only HTTP/1.1.")
    if len(lines) > MAX_HEADERS + 1:
        raise ProtocolError(431, f"There are more than {MAX_HEADERS} headers.")
    headers = tuple(_read_header(text) for text in lines[1:])
    if minor != "0" and sum(name.lower() == "host" for name, _ in headers) != 1:
        raise ProtocolError(400, "There must be one Host header.")
    if minor == "0":
        keep_alive = _has(headers, "connection", "keep-alive")
    else:
        keep_alive = not _has(headers, "connection", "close")
    return method, target, keep_alive, headers


def _read_header(text: str) -> tuple[str, str]:
    header = _HEADER.fullmatch(text)
    if header is None:
        raise ProtocolError(400, "A header is malformed.")
    return header[1], header[2].rstrip(" \t")


def _has(headers: Headers, name: str, value: str) -> bool:
    return any(
        value in {part.strip() for part in text.lower().split(",")}
        for key, text in headers
        if key.lower() == name
    )


def _body_length(headers: Headers) -> int:
    if any(name.lower() == "transfer-encoding" for name, _ in headers):
        raise ProtocolError(501, "A transfer encoding is not read here: send a Content-Length.")
    lengths = {value for name, value in headers if name.lower() == "content-length"}
    if not lengths:
        return 0
    length = lengths.pop()
    if lengths or not re.fullmatch("[0-9]+", length):
        raise ProtocolError(400, "The Content-Length is not one number.")
    if len(length) > 18 or int(length) > MAX_BODY:
        raise ProtocolError(413, f"The body is larger than {MAX_BODY} bytes.")
    return int(length)


def _split(target: str) -> tuple[str, str]:
    try:
        parts = urlsplit(target if not target.startswith("/") else f"http://host{target}")
    except ValueError as error:
        raise ProtocolError(400, "The request's address is malformed.") from error
    if parts.scheme not in ("http", "https"):
        raise ProtocolError(400, "The request's address is malformed.")
    return parts.path or "/", parts.query
