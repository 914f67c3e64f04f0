"""Ports, and whether somebody answers there."""

import errno
import socket
from collections.abc import Collection
from http.client import HTTPConnection, HTTPException
from typing import Final

from tools.refusal import Refusal

PORTS_TO_TRY: Final = 50
_ANYWHERE: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def free_port(host: str, wanted: int, but: Collection[int] = ()) -> int:
    """Return the first port from `wanted` on that can be listened on and is not in `but`.

    Raises Refusal where there is none, or where the host is not this machine's.
    """
    for port in range(wanted, min(wanted + PORTS_TO_TRY, 65536)):
        if port not in but and _is_free(host, port):
            return port
    raise Refusal(f"The ports from {wanted} on are all taken. Name another: make run PORT=9000")


def answers(host: str, port: int, path: str, *, called: str) -> bool:
    """Whether a GET on the path is answered without an error, by the server's name `called`."""
    connection = HTTPConnection(_ANYWHERE.get(host, host), port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": f"{called}:{port}"})
        return connection.getresponse().status < 400
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise Refusal(f"Nothing can listen on {host}, port {port}: {error.strerror}.") from None
    return True
