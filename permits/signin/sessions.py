"""How long somebody stays signed in, and what becomes of a form that came too late.

A session ends when nobody clicked for `SESSION_IDLE`, and at `SESSION_AGE` in any case. Signing in
leads back to the page; what was sent too late is kept with the session and offered there once more.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict
from urllib.parse import urlencode

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from permits import moments

STARTED: Final = "session_started"
SEEN: Final = "session_seen"
LISTED: Final = "session_listed"
KEPT: Final = "session_kept"
SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly the last click is known: a session is not written for each."""
MOST_KEPT: Final = 64 << 10
"""Characters of a late form that are kept at most."""
_NEVER_KEPT: Final = ("password", "credential", "code", "csrfmiddlewaretoken")
_NOT_A_CLICK: Final = "progress"
"""In the address of what a page asks by itself, again and again."""


class Kept(TypedDict):
    """A form that was sent after the session had ended."""

    user: str
    path: str
    fields: list[tuple[str, str]]


class SessionLimitMiddleware:
    """Ends sessions that are too old, or in which nobody clicked for too long."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and keep the list of the user's sessions true when this one gets a new key."""
        response = self.get_response(request)
        if request.user.is_authenticated:
            key = request.session.session_key
            if key and request.session.get(LISTED) != key:
                request.session[LISTED] = key
                UserSession.objects.create_from_request(request)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Send somebody whose session has ended to sign in; a forged form was refused before."""
        if not request.user.is_authenticated:
            return None
        now = timezone.now()
        why = _ended(request, now)
        if not why:
            _note_click(request, now)
            return None
        return _sign_in_again(request, why)


def take_kept(request: HttpRequest) -> Kept | None:
    """Return the late form of this user, which is given back once."""
    kept: Kept | None = request.session.pop(KEPT, None)
    return kept if kept and kept["user"] == str(request.user.pk) else None


def see_kept(request: HttpRequest) -> Kept | None:
    """Return the late form of this user, and go on keeping it."""
    kept: Kept | None = request.session.get(KEPT)
    return kept if kept and kept["user"] == str(request.user.pk) else None


def sign_out(user: User | AnonymousUser, *, but: str | None = None) -> int:
    """End all sessions of a user except the one with this key; how many."""
    count = 0
    for session in UserSession.objects.filter(user_id=user.pk):
        if session.session_key != but:
            session.end()
            count += 1
    return count


def _ended(request: HttpRequest, now: datetime) -> str:
    """Return why the session has ended; empty while it goes on."""
    started = _moment(request, STARTED, now)
    if now - started >= settings.SESSION_AGE:
        return _("You were signed out, as everybody is after %(time)s.") % {
            "time": moments.length(settings.SESSION_AGE)
        }
    if now - _moment(request, SEEN, now) >= settings.SESSION_IDLE:
        return _("You were signed out after %(time)s without a click.") % {
            "time": moments.length(settings.SESSION_IDLE)
        }
    return ""


def _note_click(request: HttpRequest, now: datetime) -> None:
    if STARTED not in request.session:
        request.session[STARTED] = request.session[SEEN] = now.timestamp()
    elif _NOT_A_CLICK not in request.GET and now - _moment(request, SEEN, now) >= SEEN_EVERY:
        request.session[SEEN] = now.timestamp()


def _moment(request: HttpRequest, name: str, now: datetime) -> datetime:
    value = request.session.get(name)
    return now if value is None else datetime.fromtimestamp(value, tz=now.tzinfo)


def _sign_in_again(request: HttpRequest, why: str) -> HttpResponse:
    back, kept = request.get_full_path(), _kept(request)
    was_sent = request.method == "POST"
    logout(request)
    if kept:
        request.session[KEPT] = kept
        back = reverse("resend")
        advice = _("Sign in again: what you sent is kept, and you can send it from there.")
    elif was_sent:
        advice = _("What you sent was not saved. Sign in again and send it once more.")
    else:
        advice = _("Sign in again to go on where you were.")
    messages.warning(request, f"{why} {advice}")
    return redirect(f"{reverse('admin:login')}?{urlencode({'next': back})}")


def _kept(request: HttpRequest) -> Kept | None:
    """Return what was sent, unless it holds a secret or a file, or is too long."""
    if request.method != "POST" or request.FILES:
        return None
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
    if any(word in name for name, _ in fields for word in _NEVER_KEPT):
        return None
    if sum(len(name) + len(value) for name, value in fields) > MOST_KEPT:
        return None
    return Kept(user=request.session[SESSION_KEY], path=request.get_full_path(), fields=fields)
