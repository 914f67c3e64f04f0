"""System checks: a bad or missing setting is refused by name, with its cure."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register
from django.db import DatabaseError


@register("configuration")
def check_environment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Name every variable of the environment that cannot be used, all at once."""
    return [
        Error(f"{problem.variable}: {problem.reason}", hint=problem.cure, id="permits.E001")
        for problem in settings.ENVIRONMENT_PROBLEMS
    ]


@register("configuration")
def check_timeouts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Hold the deadline of a call against the timeouts inside it."""
    if settings.OPSCOM_DEADLINE >= settings.OPSCOM_READ_TIMEOUT:
        return []
    return [
        Error(
            f"OPSCOM_DEADLINE: {settings.OPSCOM_DEADLINE:g} seconds for a whole call is less than "
            f"OPSCOM_READ_TIMEOUT, {settings.OPSCOM_READ_TIMEOUT:g} seconds.",
            hint="Raise OPSCOM_DEADLINE or lower OPSCOM_READ_TIMEOUT.",
            id="permits.E002",
        )
    ]


@register("configuration")
def check_groups(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a group that is to use a second factor and does not exist: nobody would be asked."""
    from django.contrib.auth.models import Group

    from permits.signin.required import ADMINISTRATORS

    if not settings.MFA_REQUIRED_GROUPS:
        return []
    try:
        known = {ADMINISTRATORS, *Group.objects.values_list("name", flat=True)}
    except DatabaseError:  # before the first migrate there are none, and nobody signs in
        return []
    return [
        Error(
            f"MFA_REQUIRED_GROUPS: There is no group {name!r}.",
            hint=f"Name some of {', '.join(sorted(known))}, or none.",
            id="permits.E003",
        )
        for name in settings.MFA_REQUIRED_GROUPS
        if name not in known
    ]


@register("security", deploy=True)
def check_proxies(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Point out a portal behind HTTPS that cannot know who uses it."""
    if not settings.SESSION_COOKIE_SECURE or settings.TRUSTED_PROXIES:
        return []
    return [
        checks.Warning(
            "TRUSTED_PROXIES: It is empty, and CSRF_TRUSTED_ORIGINS has an https address.",
            hint="Name the proxy that speaks HTTPS, such as 127.0.0.1: else every client seems to "
            "have its address and to use HTTP.",
            id="permits.W003",
        )
    ]
