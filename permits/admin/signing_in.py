"""What an administrator does about somebody else's signing in: end sessions, take factors away."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from permits import activity
from permits.models import Activity
from permits.signin import notes, sessions


def sign_out(model_admin: "ModelAdmin[Any]", request: HttpRequest, pk: int) -> HttpResponse:
    """End all sessions of a user, as when a phone was lost or somebody has left."""
    user = _find(model_admin, request, pk)
    count = _end_sessions(request, user)
    messages.success(
        request,
        ngettext(
            "%(user)s: %(count)d session was ended.",
            "%(user)s: %(count)d sessions were ended.",
            count,
        )
        % {"user": user, "count": count},
    )
    return redirect("admin:auth_user_change", pk)


def remove_factors(model_admin: "ModelAdmin[Any]", request: HttpRequest, pk: int) -> HttpResponse:
    """Take away the second factors of a user who has lost them, and end their sessions."""
    user = _find(model_admin, request, pk)
    for factor in Authenticator.objects.filter(user=user):
        factor.delete()
        notes.note(Activity.Kind.FACTOR_REMOVED, request, user, factor)
    _end_sessions(request, user)
    messages.success(
        request,
        _("%(user)s signs in with the password alone now, until a second factor is added.")
        % {"user": user},
    )
    return redirect("admin:auth_user_change", pk)


def _end_sessions(request: HttpRequest, user: User) -> int:
    count = sessions.sign_out(user, but=request.session.session_key)
    Activity.note(
        kind=Activity.Kind.SIGNED_OUT_ALL,
        actor=request.user.get_username(),
        what=user.get_username(),
        details={"sessions": count},
        address=activity.client_address(request),
    )
    return count


def _find(model_admin: "ModelAdmin[Any]", request: HttpRequest, pk: int) -> User:
    user = get_object_or_404(User, pk=pk)
    if not model_admin.has_change_permission(request, user):
        raise PermissionDenied
    if user.is_superuser and not request.user.is_superuser:  # else who may change users is one
        raise PermissionDenied
    return user
