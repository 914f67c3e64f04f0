"""Who must use a second factor, and is led to set one up before anything else."""

from collections.abc import Callable
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

ADMINISTRATORS: Final = "Administrators"  # English: a setting names it
"""Stands among the groups for those who may do everything."""
_OPEN: Final = ("mfa_", "account_", "logout", "password_change", "jsi18n", "set_language")
"""How the names of the addresses begin that are open before."""


class SecondFactorMiddleware:
    """Leads those who must use a second factor, and have none, to where they set one up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Send somebody without a second factor to set one up."""
        if not is_required(request.user) or _may_pass(request):
            return None
        messages.warning(request, _("Set up a second way to prove that it is you, then go on."))
        return redirect("mfa_index")


def is_required(user: User | AnonymousUser) -> bool:
    """Whether the user must use a second factor."""
    groups = settings.MFA_REQUIRED_GROUPS
    if not groups or not user.is_authenticated:
        return False
    if user.is_superuser and ADMINISTRATORS in groups:
        return True
    return bool(user.groups.filter(name__in=groups).exists())


def has_one(user: User | AnonymousUser) -> bool:
    """Whether the user has a second factor; recovery codes alone are none."""
    factors = Authenticator.objects.filter(user_id=user.pk)
    return bool(factors.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


def _may_pass(request: HttpRequest) -> bool:
    address = request.resolver_match
    if address and (address.url_name or "").startswith(_OPEN):
        return True
    return has_one(request.user)
