"""A mail server on the loopback that keeps what it is handed, or refuses it, or says nothing."""

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Final, Literal, Self

Manner = Literal["take", "refuse", "later", "hang", "close", "take and close"]
REFUSALS: Final = {"refuse": b"550 No such mailbox\r\n", "later": b"451 Come back later\r\n"}


class MailServer:
    """A context manager; `manner` may be changed at any time."""

    def __init__(self, manner: Manner = "take") -> None:
        self.manner: Manner = manner
        self.unknown: set[str] = set()  # addresses that it refuses while it takes mail for others
        self.messages: list[EmailMessage] = []
        self.connections = 0
        self.stopping = threading.Event()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer._converse(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05])

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        """As EMAIL_URL takes it."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def subjects(self) -> list[str]:
        """The subjects of what it was handed, in order."""
        return [str(message["Subject"]) for message in self.messages]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)

    def _converse(self, peer: Any) -> None:
        self.connections += 1
        if self.manner == "hang":
            self.stopping.wait(30)
        if self.manner in ("hang", "close"):
            return
        peer.wfile.write(b"220 here\r\n")
        while line := peer.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                peer.wfile.write(b"354 go on\r\n")
                self.messages.append(self._read(peer))
                if self.manner == "take and close":
                    return
                peer.wfile.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                peer.wfile.write(b"221 bye\r\n")
                return
            elif verb == b"EHLO":
                peer.wfile.write(b"250-here\r\n250 AUTH PLAIN\r\n")
            elif verb == b"RCPT" and any(name.encode() in line for name in self.unknown):
                peer.wfile.write(REFUSALS["refuse"])
            elif verb in (b"RCPT", b"AUTH") and self.manner in REFUSALS:
                peer.wfile.write(REFUSALS[self.manner])
            else:
                peer.wfile.write(b"250 well\r\n")

    def _read(self, peer: Any) -> EmailMessage:
        lines: list[bytes] = []
        while (line := peer.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        return message_from_bytes(b"".join(lines), policy=policy.default)
