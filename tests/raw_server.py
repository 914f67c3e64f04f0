"""A server that does on the socket what no web server would, one connection at a time."""

import json
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

REFERENCE: Final = "1a9b5375-cb75-4c71-9939-eeae550b09ac"
SUCCESS: Final = json.dumps(
    {"status": "success", "reference_id": REFERENCE, "InternalReferenceID": REFERENCE}
).encode()


class Conversation:
    """One connection, from the server's side."""

    def __init__(self, connection: socket.socket, server: "RawServer") -> None:
        self._socket, self._server = connection, server
        self._unread = b""

    @property
    def is_wanted(self) -> bool:
        """Whether the test still runs."""
        return not self._server.stopping.is_set()

    def pause(self, seconds: float) -> None:
        """Do nothing for so long, or until the test ends."""
        self._server.stopping.wait(seconds)

    def read_request(self) -> bytes:
        """A whole request, which is noted in the server's list; raises OSError at the end."""
        head = self._read_until(lambda read: b"\r\n\r\n" in read)
        start, _, _ = head.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in start.split(b"\r\n")[1:])
        length = len(start) + 4 + int(fields[b"content-length"])
        request = self._read_until(lambda read: len(read) >= length)[:length]
        self._unread = self._unread[length:]
        self._server.requests.append(request)
        return request

    def wait_for_something(self) -> None:
        """Wait until there is something to read, and leave it unread."""
        select.select([self._socket], [], [], 10)

    def read_some(self) -> bytes:
        """Whatever comes first."""
        return self._read_until(bool)

    def say(self, *pieces: bytes) -> None:
        """Send these bytes."""
        for piece in pieces:
            self._socket.sendall(piece)

    def reset(self) -> None:
        """End the connection with a RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def _read_until(self, enough: Callable[[bytes], bool]) -> bytes:
        while not enough(self._unread):
            piece = self._socket.recv(1 << 16)
            if not piece:
                raise ConnectionError("The client left.")
            self._unread += piece
        return self._unread


Act = Callable[[Conversation], None]


class RawServer:
    """Listens on the loopback; the first connection meets the first act, the last act repeats.

    A context manager, which ends every conversation. `requests` are those read as a whole.
    """

    def __init__(self, *acts: Act, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.ended = threading.Semaphore(0)  # released when a conversation has ended
        self.stopping = threading.Event()
        self._acts, self._tls = acts, tls
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stopping.set()
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(timeout=5)
            assert not thread.is_alive(), "A conversation did not end."

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            act = self._acts[min(self.connections, len(self._acts) - 1)]
            self.connections += 1
            self._start(self._converse, connection, act)

    def _converse(self, connection: socket.socket, act: Act) -> None:
        with suppress(OSError):  # the client left, or the test ended
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            act(Conversation(connection, self))
        connection.close()
        self.ended.release()


def http(
    body: bytes = SUCCESS, *headers: str, status: str = "200 OK", length: int | None = None
) -> bytes:
    """A whole answer as bytes; `length` may lie."""
    lines = [
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def answer(*pieces: bytes) -> Act:
    """Read a request, send these bytes, and close."""

    def act(conversation: Conversation) -> None:
        conversation.read_request()
        conversation.say(*pieces)

    return act


def answer_each(*answers: bytes) -> Act:
    """Answer one request after the other on the same connection; close after the last answer."""

    def act(conversation: Conversation) -> None:
        for each in answers:
            conversation.read_request()
            conversation.say(each)

    return act


def answer_for_ever(conversation: Conversation) -> None:
    """Answer every request with success."""
    while conversation.is_wanted:
        conversation.read_request()
        conversation.say(http())


def endlessly(start: bytes, again: bytes, pause: float = 0.0) -> Act:
    """Read a request, then say the same again and again until the client leaves.

    A client that does not leave is left after a while, so that its test fails and does not hang.
    """

    def act(conversation: Conversation) -> None:
        conversation.read_request()
        conversation.say(start)
        ends = time.monotonic() + 15
        while conversation.is_wanted and time.monotonic() < ends:
            conversation.say(again)
            conversation.pause(pause)

    return act


def reset_unread(conversation: Conversation) -> None:
    """Reset the connection once something has come, without having read it."""
    conversation.wait_for_something()
    conversation.reset()


def reset_read(conversation: Conversation) -> None:
    """Read a request and reset the connection."""
    conversation.read_request()
    conversation.reset()


def answer_unread(conversation: Conversation) -> None:
    """Answer in plain HTTP before anything was asked."""
    conversation.say(http(status="400 Bad Request"))


def reset_at_the_first_word(conversation: Conversation) -> None:
    """Reset the connection as soon as something came."""
    conversation.read_some()
    conversation.reset()


def close_at_the_first_word(conversation: Conversation) -> None:
    """Close the connection as soon as something came."""
    conversation.read_some()


def close_unread(conversation: Conversation) -> None:
    """Accept the connection and close it, without having read anything."""


def stay_silent(conversation: Conversation) -> None:
    """Read and say nothing until the test ends."""
    conversation.pause(60)
