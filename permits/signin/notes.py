"""Writing down what was changed about second factors, and counting the codes that were wrong."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.auth.models import User
from django.dispatch import receiver
from django.http import HttpRequest

from permits.activity import client_address
from permits.models import Activity
from permits.signin.forms import count_failure

WORDS = {
    Authenticator.Type.TOTP: "app",
    Authenticator.Type.WEBAUTHN: "passkey",
    Authenticator.Type.RECOVERY_CODES: "recovery codes",  # English: it is kept
}


@receiver(authenticator_added)
@receiver(authenticator_reset)
def _added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    note(Activity.Kind.FACTOR_ADDED, request, user, authenticator)


@receiver(authenticator_removed)
def _removed(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    note(Activity.Kind.FACTOR_REMOVED, request, user, authenticator)


@receiver(authentication_failed)
def _failed(user: User, **kwargs: Any) -> None:
    count_failure(user)


def note(
    kind: Activity.Kind, request: HttpRequest, user: User, authenticator: Authenticator
) -> None:
    """Write down that a user got or lost a second factor, and who did it."""
    Activity.note(
        kind=kind,
        actor=request.user.get_username(),
        what=user.get_username(),
        details={"factor": WORDS[Authenticator.Type(authenticator.type)]},
        address=client_address(request),
    )
