"""The sandbox's command line."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from permits.sandbox.server import DEFAULT_ZONES, Options, serve
from permits.sandbox.settings import DUPLICATES


def main(argv: Sequence[str] | None = None) -> int:
    """Run a sandbox as the command line says, until it is stopped; its exit code."""
    return serve(read_options(argv))


def read_options(argv: Sequence[str] | None = None) -> Options:
    """The command line's options; a mistake in them ends the process with code 2."""
    default = Options()
    parser = argparse.ArgumentParser(
        prog="python -m permits.sandbox",
        description="A stand-in for the vendor's controller, to try the portal against.",
    )
    parser.add_argument("--port", type=_port, default=default.port, help="0 picks a free one")
    parser.add_argument("--host", default=default.host, help="the address to listen on")
    parser.add_argument("--client-code", default=default.client_code, help="the customer's code")
    parser.add_argument("--token", default=default.token, help="the only token that it takes")
    parser.add_argument("--ledger", type=Path, help="a file to keep everything in")
    parser.add_argument("--zones", type=_zones, default=DEFAULT_ZONES, help='"Lot 1,Lot 2"')
    parser.add_argument(
        "--duplicates",
        choices=DUPLICATES,
        default=default.duplicates,
        help="refuse: a push that repeats a live record is answered 9022",
    )
    return Options(**vars(parser.parse_args(argv)))


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return port


def _zones(text: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",")]
    return tuple(dict.fromkeys(name for name in names if name))
