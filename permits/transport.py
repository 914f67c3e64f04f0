"""One HTTP call that is sent at most once and ends by its deadline. No Django, no permits.

requests and urllib3 do the work; three things are added to their connections:

- a call knows whether a byte of its request was handed to the network, so that "surely not sent" is
  a fact and not a guess from the kind of exception;
- each read waits only for what is left until the deadline: urllib3's read timeout starts anew with
  every byte, and a server that drips would hold a worker for hours;
- a kept-alive connection that has rested for a while is not used again: the server may be closing
  it at that very moment, and a request lost that way would have an unknown outcome.
"""

import http.client
import io
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from permits.stored import said

RESPONSE_LIMIT: Final = 1 << 20  # bytes of an answer that are read; a longer one is not believed
REST_LIMIT: Final = 1.0  # seconds a kept-alive connection may rest; servers close after 2 or more


@dataclass(frozen=True)
class Received:
    """What came back, as far as it came. It shows no word of it: the token may be among them."""

    status: int | None  # HTTP status; None where not even that arrived
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    sent: bool  # whether a byte of the request was handed to the network
    failure: str = field(default="", repr=False)  # why it is not whole; empty for a whole one
    took: float = 0.0  # seconds from the first step towards a connection to the last byte read


class Confidential(bytes):
    """Bytes that show themselves in no trace."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"  # English: for programmers


class _Call(threading.local):
    """The call that this thread is making."""

    deadline = 0.0  # on the monotonic clock
    sent = False

    def time_left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(said("the call took longer than its deadline"))
        return left


_call = _Call()


class _UntilDeadline(io.RawIOBase):
    """The reading side of a socket, no read of which waits past the call's deadline."""

    def __init__(self, sock: socket.socket, raw: Any) -> None:
        self.sock, self.raw = sock, raw
        self.patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _call.time_left()
        self.sock.settimeout(left if self.patience is None else min(left, self.patience))
        count: int | None = self.raw.readinto(buffer)
        return count

    def close(self) -> None:
        if not self.closed:
            self.raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_UntilDeadline(sock, self.fp.detach()))

    def begin(self) -> None:
        super().begin()
        # urllib3 would log the rest of a malformed head, and the token may be echoed there.
        self.msg.set_payload("")


class _OnceMixin:
    """A connection that notes when its request begins to leave and when it last was in use."""

    response_class: Any = _Response
    answered_at = 0.0
    sock: Any

    @property
    def is_connected(self) -> bool:
        rested = time.monotonic() - self.answered_at
        connected: bool = super().is_connected  # type: ignore[misc]
        return connected and rested < REST_LIMIT

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        _call.time_left()  # a name that took long to resolve must not send what was given up
        _call.sent = True
        super().send(data)  # type: ignore[misc]

    def getresponse(self) -> Any:
        response = super().getresponse()  # type: ignore[misc]
        self.answered_at = time.monotonic()
        return response


class _HTTPConnection(_OnceMixin, HTTPConnection):
    pass


class _HTTPSConnection(_OnceMixin, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _Adapter(HTTPAdapter):
    """The part of a session that sends: it follows nothing, and keeps and adds nothing of its own.

    So no proxy, .netrc, certificate bundle or cookie has a part in a call: the token goes to the
    configured host and nowhere else.
    """

    def __init__(self) -> None:
        self._pools: dict[str, Any] = {}
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    # What requests works out anew for each request is the same for every one to an address.

    def get_connection_with_tls_context(self, request: Any, verify: Any, *_: Any, **__: Any) -> Any:
        pool = self._pools.get(request.url)
        if pool is None:
            pool = super().get_connection_with_tls_context(request, verify)
            self._pools[request.url] = pool
        return pool

    def request_url(self, request: Any, proxies: object) -> str:
        return str(request.path_url)

    def build_response(self, req: object, resp: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw = resp
        return response


class Transport:
    """Posts to one host. A call has an adapter, and so a connection, to itself; both are kept.

    The adapter that was put back last is taken first: there are never more of them than calls at
    once, whatever the number of threads, and a connection rests as shortly as can be.
    """

    def __init__(
        self,
        *,
        headers: Mapping[str, str],
        connect_timeout: float,
        read_timeout: float,
        deadline: float,
    ) -> None:
        """Take all times in seconds: to connect, between two bytes, and for the whole call."""
        self.timeout = (min(connect_timeout, deadline), min(read_timeout, deadline))
        self.deadline = deadline
        self._headers = headers
        self._prepared: dict[str, requests.PreparedRequest] = {}
        self._idle: list[_Adapter] = []

    def post(self, url: str, body: Confidential) -> Received:
        """Post once. Every fault of the network comes back in `Received.failure`."""
        began = time.monotonic()
        _call.deadline = began + self.deadline
        _call.sent = False
        status: int | None = None
        answer_headers: Mapping[str, str] = {}
        parts: list[bytes] = []
        try:
            request = self._request(url, body)
            with (
                self._adapter() as adapter,
                adapter.send(request, timeout=self.timeout, stream=True) as response,
            ):
                status, answer_headers = response.status_code, response.headers
                failure = _read(response.raw, parts)
        # OSError covers requests' own exceptions and the socket's.
        except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
            failure = _reason(error)
        except ValueError as error:  # an address or a header that cannot be put on the wire
            failure = f"{type(error).__name__}: {error}"
        took = time.monotonic() - began
        return Received(status, answer_headers, b"".join(parts), _call.sent, failure, took)

    def _request(self, url: str, body: Confidential) -> requests.PreparedRequest:
        """Return the request, of which all but the body was checked when its address was new."""
        if url not in self._prepared:
            self._prepared[url] = requests.Request("POST", url, self._headers).prepare()
        checked = self._prepared[url]
        request = requests.PreparedRequest()
        request.method, request.url = checked.method, checked.url
        request.headers = checked.headers.copy()
        request.prepare_body(body, files=None)
        return request

    @contextmanager
    def _adapter(self) -> Iterator[_Adapter]:
        try:
            adapter = self._idle.pop()
        except IndexError:
            adapter = _Adapter()
        try:
            yield adapter
        finally:
            self._idle.append(adapter)


def _read(raw: Any, parts: list[bytes]) -> str:
    """Read the body into `parts`, undecoded; return why it is not whole, or nothing."""
    length = 0
    while data := raw.read1(1 << 16, decode_content=False):
        parts.append(data)
        length += len(data)
        if length > RESPONSE_LIMIT:
            raw.close()
            return said("the answer is longer than %(response_limit)s bytes") % {
                "response_limit": RESPONSE_LIMIT
            }
    return ""


def _reason(error: BaseException) -> str:
    """Return the innermost cause in words: the layers above it say the same less plainly."""
    innermost: Any = error
    while (inner := _cause(innermost)) is not None:
        innermost = inner
    if isinstance(innermost, TimeoutError) and "deadline" not in str(innermost):
        return said("no answer came in time")
    return getattr(innermost, "strerror", None) or str(innermost) or type(innermost).__name__


def _cause(error: Any) -> BaseException | None:
    candidates = (
        getattr(error, "reason", None),
        error.__cause__,
        *(argument for argument in reversed(error.args)),
    )
    return next((c for c in candidates if isinstance(c, BaseException) and c is not error), None)
