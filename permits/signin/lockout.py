"""Who tried too often, and until when they wait.

A name is locked out at the address that the failed tries came from. Many more tries lock it out
from everywhere, or shut an address out under every name: somebody may guess one name from many
addresses, or many names from one. django-axes asks here; its table keeps the count, so that every
process of every machine sees the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

from axes.handlers.database import AxesDatabaseHandler
from axes.signals import user_locked_out
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from permits.activity import client_address
from permits.models import FailedTry
from permits.models.lockout import Scope

WIDER: Final = 10
"""How many times more failed tries lock a name out everywhere, or an address under every name."""
LISTED: Final = 100
"""Lock-outs of one kind that are listed at most."""


@dataclass(frozen=True)
class Lockout:
    """Somebody who must wait."""

    scope: Scope
    until: datetime


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """Counts failed tries for django-axes."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Whether this name is locked out here."""
        return standing(*_who(request, credentials), now=timezone.now()) is not None

    def user_login_failed(
        self,
        sender: Any,
        credentials: dict[str, Any],
        request: HttpRequest | None = None,
        **kwargs: Any,
    ) -> None:
        """Count the try, unless whoever made it is locked out: the time to wait must not grow."""
        if request is None:
            return
        asked: Any = request  # django-axes keeps its own notes on it
        asked.axes_credentials = credentials
        if asked.axes_locked_out:
            return
        now = timezone.now()
        FailedTry.objects.until(now - settings.AXES_COOLOFF_TIME).delete()
        name, address = _who(request, credentials)
        FailedTry.objects.note(
            Scope(name, address), agent=asked.axes_user_agent, path=asked.axes_path_info, at=now
        )
        if standing(name, address, now=now):
            asked.axes_locked_out = True
            user_locked_out.send("axes", request=request, username=name, ip_address=address)


def standing(name: str, address: str | None, *, now: datetime) -> Lockout | None:
    """Return the lock-out that keeps this name out at this address the longest."""
    scopes = [Scope(name, address), Scope(username=name)]
    if address is not None:
        scopes.append(Scope(address=address))
    return max(_found(scopes, now), key=lambda lockout: lockout.until, default=None)


def everybody(*, now: datetime) -> list[Lockout]:
    """Return who must wait, the longest first."""
    tries = FailedTry.objects.since(now - settings.AXES_COOLOFF_TIME)
    limit = settings.AXES_FAILURE_LIMIT
    scopes = [
        *tries.scopes("username", "ip_address", least=limit)[:LISTED],
        *tries.scopes("username", least=limit * WIDER)[:LISTED],
        *tries.scopes("ip_address", least=limit * WIDER)[:LISTED],
    ]
    return sorted(_found(scopes, now), key=lambda lockout: lockout.until, reverse=True)


def lift(scope: Scope) -> bool:
    """Forget the failed tries that keep somebody out; whether there were any."""
    count, _ = FailedTry.objects.of(scope).delete()
    return count > 0


def locked_out(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """Tell whoever is locked out when they can try again, in place of the answer."""
    now = timezone.now()
    lockout = standing(*_who(request, credentials), now=now)
    # Somebody may just have lifted it.
    wait = lockout.until - now if lockout else timedelta(seconds=1)
    answer = render(
        request,
        "signin/locked_out.html",
        {"until": lockout.until if lockout else now, "minutes": ceil(wait / timedelta(minutes=1))},
        status=429,
    )
    answer["Retry-After"] = str(ceil(wait.total_seconds()))
    return answer


def _found(scopes: list[Scope], now: datetime) -> Iterator[Lockout]:
    """Yield the scopes that are locked out, with the time at which they are not any more."""
    tries = FailedTry.objects.since(now - settings.AXES_COOLOFF_TIME)
    for scope in scopes:
        is_pair = scope.username is not None and scope.address is not None
        most = settings.AXES_FAILURE_LIMIT * (1 if is_pair else WIDER)
        if moment := tries.of(scope).reached(most):
            yield Lockout(scope, moment + settings.AXES_COOLOFF_TIME)


def _who(request: HttpRequest, credentials: dict[str, Any] | None) -> tuple[str, str | None]:
    """Return the name that was tried, and where from."""
    given = credentials if credentials is not None else request.POST
    return str(given.get("username") or ""), client_address(request) or None
