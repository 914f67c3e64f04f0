"""The pages of errors, each with an ID that the log repeats, and reports that hold no secret."""

import logging
import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.encoding import escape_uri_path
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from permits import trace

_PAGES: Final = {400, 403, 404, 405, 413, 500}
_STARS: Final = "********************"
_SHORTEST: Final = 6
"""Characters: a shorter secret would star out half of every report."""

_QUOTED: Final = re.compile(r"(?<=\s-\s).*(?=\sdoes\snot\smatch\s)", re.DOTALL)
"""The address that Django's reason for refusing a form quotes, whole."""
_ORIGIN: Final = re.compile(r"null|https?://[\w.:\[\]-]+(?=[/?#]|\Z)", re.ASCII)

logger = logging.getLogger(__name__)


class ErrorPageMiddleware:
    """Gives an error that has no page one of ours: a method that is not allowed, a long body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, with words where there are none."""
        response = self.get_response(request)
        is_bare = not response.streaming and not getattr(response, "content", b"-")
        if response.status_code not in _PAGES or not is_bare:
            return response
        page = show(request, response.status_code)
        for name in {*response.headers} - {"Content-Type", "Content-Length"}:
            page.headers[name] = response.headers[name]
        return page


def show(request: HttpRequest, status: int, template: str = "") -> HttpResponse:
    """Return the page of an error, and say its ID in the log, beside what went wrong."""
    context = {"error_id": trace.current()}
    logger.warning("Error %s: %d at %s", context["error_id"], status, escape_uri_path(request.path))
    return render(request, template or f"{status}.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page of a request that cannot be read."""
    return show(request, 400)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page of what the user may not do."""
    return show(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page of what is not there."""
    return show(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """Return the page of what went wrong on our side."""
    return show(request, 500)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the page of a form whose token is missing or does not fit, and log the reason.

    Of the address that it came from only the origin is logged: a plate may stand in the rest.
    """
    logger.warning("Error %s: %s", trace.current(), _QUOTED.sub(_origin, reason))
    return show(request, 403, "403_csrf.html")


def _origin(quoted: re.Match[str]) -> str:
    found = _ORIGIN.match(quoted[0])
    return found[0] if found else "elsewhere"


class Reporter(ExceptionReporter):
    """Django's report of an exception, for the browser of a developer and for mails to admins.

    Django stars out what has a telling name. A secret may as well stand in an address, in a
    variable of any name or in the message: each is looked for by its value.
    """

    def get_traceback_html(self) -> SafeString:
        """Return the report as a page."""
        return _without_secrets(super().get_traceback_html())

    def get_traceback_text(self) -> SafeString:
        """Return the report as a text."""
        return _without_secrets(super().get_traceback_text())


def _without_secrets(report: str) -> SafeString:
    for secret in _secrets():
        for written in {secret, escape(secret), repr(secret)[1:-1], escape(repr(secret)[1:-1])}:
            report = report.replace(written, _STARS)
    return SafeString(report)


def _secrets() -> Iterator[str]:
    """Yield every secret of the settings that is long enough to be told from other text."""
    queue: dict[str, Any] = settings.QUEUE
    given = [
        queue.get("dsn", ""),
        settings.SECRET_KEY,
        *settings.SECRET_KEY_FALLBACKS,
        *(key.decode(errors="replace") for key in settings.HISTORY_KEYS),
        settings.EMAIL_HOST_PASSWORD,
        settings.OPSCOM_API_TOKEN,
        settings.METRICS_TOKEN,
        *(database.get("PASSWORD", "") for database in settings.DATABASES.values()),
    ]
    yield from sorted({each for each in given if len(each) >= _SHORTEST}, key=len, reverse=True)
