"""A port that a test has chosen stays its own, whoever listens there or does not."""

import errno
import socket

import pytest

from tests.processes import free_port
from tests.sandbox_server import Sandbox


def take(port: int) -> None:
    """Take a port, as a connection or a server that names none is given one."""
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", port))


def test_nobody_is_given_it_and_nobody_answers_there() -> None:
    port = free_port()
    with pytest.raises(OSError, match="in use"):
        take(port)
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


def test_who_names_it_can_listen_there_again_and_again() -> None:
    port = free_port()
    for _ in range(2):
        with socket.create_server(("127.0.0.1", port)) as server:
            socket.create_connection(("127.0.0.1", port)).close()
            server.accept()[0].close()


def test_a_sandbox_that_was_killed_comes_back_to_it() -> None:
    with Sandbox() as sandbox:
        sandbox.kill()
        with pytest.raises(OSError, match="in use"):
            take(sandbox.port)
        sandbox.start()
        assert sandbox.requests() == []
