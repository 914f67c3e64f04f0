"""What every answer says besides its text, and how long a request may be."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from permits import importing

_ROOM: Final = 1 << 20
"""Bytes of a form around a file."""
_SAID: Final = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture"),
            *("encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid", "magnetometer"),
            *("microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial"),
            *("usb", "xr-spatial-tracking"),
        )
    )
    + ", clipboard-write=(self), publickey-credentials-create=(self)"
    + ", publickey-credentials-get=(self)",
    "X-Frame-Options": "DENY",
}


class HeaderMiddleware:
    """Says on every answer what a browser must not do with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; what has no word on it is kept by no cache."""
        response = self.get_response(request)
        for name, value in _SAID.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class BodyLimitMiddleware:
    """Refuses a body that is too long before a byte of it is read.

    Django takes a file in before a page can say who may send one, so a long one is for those who
    have signed in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, or refuse with 413."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal():
            return HttpResponse(status=400)
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if int(length) > most and request.user.is_authenticated:
            most = importing.MOST_BYTES + _ROOM
        return HttpResponse(status=413) if int(length) > most else self.get_response(request)
