"""The tests themselves stay on the machine."""

import socket

import pytest


@pytest.mark.parametrize("address", ["192.0.2.1", "8.8.8.8"])
def test_another_machine_is_refused(address: str) -> None:
    with socket.socket() as connection, pytest.raises(RuntimeError, match="stay on this machine"):
        connection.connect((address, 80))


def test_this_machine_is_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as connection,
    ):
        assert connection.getpeername() == server.getsockname()
