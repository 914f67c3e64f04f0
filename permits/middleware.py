"""One log line for each request, under the ID that its calls and the history share."""

import time
from collections.abc import Callable
from typing import Final

import structlog
from django.db import Error
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from permits import trace

HEADER: Final = "X-Request-ID"

log = structlog.get_logger("permits.request")


class RequestLogMiddleware:
    """Says what was asked for, by whom, how it ended and how long it took.

    The path is logged without its query, where searches for plates stand.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Wrap everything that answers a request."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request, and log it."""
        mine, began = trace.new(), time.monotonic()
        with trace.tracing(mine):
            response = self._get_response(request)
        response[HEADER] = mine
        log.info(
            "request",
            trace=mine,
            method=request.method,
            path=request.path,
            status=response.status_code,
            user=_name(request),
            ms=round((time.monotonic() - began) * 1000),
        )
        return response


def _name(request: HttpRequest) -> str:
    """Return who asks; empty for nobody, and where the database that knows it is away."""
    try:
        user = getattr(request, "user", None)
        return user.get_username() if user is not None and user.is_authenticated else ""
    except Error:
        return ""
