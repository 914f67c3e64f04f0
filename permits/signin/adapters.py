"""What allauth asks us: who may sign in, with which steps, and how secrets are kept."""

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.encoding import force_str
from django.utils.translation import gettext as _

from permits.activity import client_address
from permits.signin import required

UNKNOWN_ADDRESS = "::"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signing in takes a password and, from who has one, a second factor; nothing else."""

    def get_login_stages(self) -> list[str]:
        """Return the steps after the password."""
        return ["allauth.mfa.stages.AuthenticateStage"]

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Refuse who may not sign in, whatever they proved with."""
        if user.is_active and user.is_staff:
            return None
        messages.error(request, _("This account may not sign in. Ask an administrator."))
        return redirect("admin:login")

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Administrators make the accounts."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client's address."""
        return client_address(request) or UNKNOWN_ADDRESS

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send none: what changed stands in the activity."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: whose they are, and their secrets, which the database holds encrypted."""

    def _get_user_identifier(self, user: User) -> str:
        return user.get_username()

    def _get_site_name(self) -> str:
        return str(settings.MFA_TOTP_ISSUER)

    def build_totp_svg(self, url: str) -> str:
        """Return the picture to scan as an element of the page; the policy allows no other."""
        import qrcode
        from qrcode.image.svg import SvgPathImage

        image = qrcode.make(url, image_factory=SvgPathImage)
        return str(image.to_string(encoding="unicode"))

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Keep the last factor of who must use one."""
        if not required.is_required(authenticator.user):
            return True
        others = Authenticator.objects.filter(user_id=authenticator.user_id)
        others = others.exclude(type=Authenticator.Type.RECOVERY_CODES)
        return bool(others.exclude(pk=authenticator.pk).exists())

    def encrypt(self, text: str) -> str:
        """Return a secret as the database may hold it."""
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret again; with another SECRET_KEY it is lost, and no code fits it."""
        try:
            return _keys().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return ""


def _keys() -> MultiFernet:
    """Return the key that encrypts, and those before it, each made from a SECRET_KEY."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    label = "second factors"  # English: the keys are made of it
    digests = [
        hashlib.sha256(f"{label} {force_str(secret)}".encode()).digest() for secret in secrets
    ]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
