"""Names, connections and certificates, asked about with a limit on every wait."""

import socket
import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from certifi import where

from permits.stored import said

_ISSUER_NAMES: Final = ("organizationName", "commonName")
_SUBJECT_NAMES: Final = ("commonName", "organizationName")

Address = tuple[int, Any]  # the family and where to connect, as `socket` takes them


@dataclass(frozen=True)
class Certificate:
    """What a verified certificate says."""

    subject: str
    issuer: str
    until: datetime


def resolve(host: str, port: int, *, patience: float) -> list[Address]:
    """Return the addresses behind a name; raises OSError, after `patience` seconds at the latest.

    The system's resolver takes no limit, so it is asked in a thread that nobody waits for longer.
    """
    found: list[Address] = []
    errors: list[OSError] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend((family, address) for family, _, _, _, address in answers)
        except OSError as error:
            errors.append(error)
        except UnicodeError as error:  # a name that is none
            errors.append(OSError(str(error)))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(patience)
    if thread.is_alive():
        raise TimeoutError(said("no answer came in time"))
    if errors:
        raise errors[0]
    return found


def connect(addresses: list[Address], *, patience: float) -> tuple[Address, socket.socket]:
    """Return the first address that takes a connection, and that; raises the last one's OSError."""
    problem = OSError(said("the name has no address"))
    for family, address in addresses:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(patience / len(addresses))
        try:
            sock.connect(address)
        except OSError as error:
            sock.close()
            problem = error
        else:
            sock.settimeout(patience)
            return (family, address), sock
    raise problem


def certificate(sock: socket.socket, host: str) -> Certificate:
    """Shake hands as the client of the calls would; raises OSError where it would refuse too."""
    context = ssl.create_default_context(cafile=where())
    with context.wrap_socket(sock, server_hostname=host) as secured:
        told: dict[str, Any] = secured.getpeercert() or {}
    return Certificate(
        subject=_named(told.get("subject", ()), _SUBJECT_NAMES),
        issuer=_named(told.get("issuer", ()), _ISSUER_NAMES),
        until=datetime.fromtimestamp(ssl.cert_time_to_seconds(told["notAfter"]), UTC),
    )


def reason(error: OSError) -> str:
    """Return why, in words without the numbers and places in source files that Python adds."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, TimeoutError):
        return said("no answer came in time")
    return str(error.strerror or error)


def _named(parts: Any, names: tuple[str, ...]) -> str:
    told = {name: value for part in parts for name, value in part}
    return next((told[name] for name in names if name in told), "")
