"""The ID that a request, the calls made for it, their log lines and the history share."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

LENGTH: Final = 16  # hexadecimal digits

_current: ContextVar[str] = ContextVar("trace", default="")


def new() -> str:
    """Return an ID that nothing has yet."""
    return secrets.token_hex(LENGTH // 2)


def current() -> str:
    """Return the ID of what is being done now; outside a request each thing has its own."""
    return _current.get() or new()


@contextmanager
def tracing(trace: str) -> Iterator[None]:
    """Do what is in the block under this ID."""
    token = _current.set(trace)
    try:
        yield
    finally:
        _current.reset(token)
