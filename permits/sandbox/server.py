"""Listens, tells calls from control, and ends politely."""

import asyncio
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from permits.sandbox.control import Control
from permits.sandbox.controller import Controller
from permits.sandbox.journal import Journal, JournalError
from permits.sandbox.ledger import Ledger
from permits.sandbox.misbehaviour import json_answer, misbehave
from permits.sandbox.rules import Operation
from permits.sandbox.settings import Settings
from permits.sandbox.wire import MAX_HEAD, Connection, ProtocolError, Request

_OPERATIONS = frozenset(Operation)
DEFAULT_ZONES = (
    "Lot 1",
    "Lot 2",
    "Lot 3",
    "Lot 4",
    "Lot 5 - Overflow",
    "North Garage",
    "South Garage",
    "Garage P1 (reserved)",
    "Main Street",
    "Harbour Street",
    "City Hall Visitors",
    "Hôtel-Dieu",
    "Fairgrounds",
    "Loading Bay",
)


@dataclass(frozen=True, slots=True)
class Options:
    """How a sandbox is started."""

    port: int = 8001
    """0 picks a free one."""
    host: str = "127.0.0.1"
    client_code: str = "OC-TOMA"
    token: str = "sandbox-token"  # noqa: S105 - it opens nothing but the sandbox
    ledger: Path | None = None
    zones: tuple[str, ...] = DEFAULT_ZONES
    duplicates: str = "accept"


def serve(options: Options) -> int:
    """Run a sandbox until SIGINT or SIGTERM; its exit code, 1 where it could not start."""
    try:
        journal = None if options.ledger is None else Journal(options.ledger)
        ledger = Ledger(options.zones, journal)
    except JournalError as error:
        return _fail(str(error))
    if journal is not None and journal.discarded:
        _say(
            f"The ledger {options.ledger} ended in a half-written line of {journal.discarded}"
            " bytes, which was cut off; nobody had been answered for it."
        )
    settings = Settings(token=options.token, duplicates=options.duplicates)
    try:
        asyncio.run(_listen(options, Controller(options.client_code, ledger, settings)))
    except OSError as error:
        reason = error.strerror or str(error)
        return _fail(
            f"The sandbox cannot listen on {options.host} port {options.port}: {reason}."
            " Stop what is there, or choose another --port."
        )
    return 0


async def _listen(options: Options, controller: Controller) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    server = _Server(controller)
    listener = await asyncio.start_server(
        server.accept,
        options.host,
        options.port,
        limit=MAX_HEAD,
        backlog=1024,
        start_serving=False,
    )
    port = listener.sockets[0].getsockname()[1]
    server.control = Control(controller, options.host, port)
    await listener.start_serving()
    host = f"[{options.host}]" if ":" in options.host else options.host
    sys.stdout.write(f"The sandbox controller listens on http://{host}:{port}/\n")
    sys.stdout.flush()
    await stopped.wait()
    listener.close()


class _Server:
    """Carries one sandbox's connections."""

    control: Control

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._conversations: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin to answer a connection; what still runs in the end is cancelled without a word."""
        conversation = asyncio.create_task(self._converse(reader, writer))
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests until either side ends it."""
        connection = Connection(reader, writer)
        try:
            while (request := await connection.receive()) is not None:
                if not await self._answer(request, connection):
                    break
        except ProtocolError as error:
            with suppress(OSError):
                answer = json_answer({"error": str(error)}, error.status)
                await connection.send(answer, close=True)
                await connection.finish()
        except OSError:
            pass  # the client has left; there is nobody to tell
        finally:
            connection.close()

    async def _answer(self, request: Request, connection: Connection) -> bool:
        """Answer one request; whether the connection lives on."""
        close = not request.keep_alive or self._is_worn_out(connection)
        try:
            match request.segments:
                case ("",) | ("sandbox", *_):
                    answer = self.control.answer(request)
                case ("api", client_code, "v1", "permits", name) if name in _OPERATIONS:
                    if request.method == "POST":
                        return await self._call(
                            Operation(name), client_code, request, connection, close=close
                        )
                    answer = json_answer({"error": "A call is a POST."}, 405)
                    answer = self._controller.stray(request, answer)
                case _:
                    answer = json_answer({"error": f"There is no {request.path} here."}, 404)
                    answer = self._controller.stray(request, answer)
        except JournalError as error:
            _say(str(error))
            answer = json_answer({"error": "The ledger cannot be written."}, 500)
        await connection.send(answer, close=close, body=request.method != "HEAD")
        return not close

    async def _call(
        self,
        operation: Operation,
        client_code: str,
        request: Request,
        connection: Connection,
        *,
        close: bool,
    ) -> bool:
        reply = self._controller.call(operation, client_code, request)
        if reply.delay:
            await asyncio.sleep(reply.delay)
        if reply.fault is not None:
            return await misbehave(reply.fault, reply.answer, connection, close=close)
        await connection.send(reply.answer, close=close)
        return not close

    def _is_worn_out(self, connection: Connection) -> bool:
        most = self._controller.settings.close_after_requests
        return most is not None and connection.requests >= most


def _fail(message: str) -> int:
    _say(message)
    return 1


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")
