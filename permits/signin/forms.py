"""The forms of signing in. A wrong code or password counts wherever it is asked for."""

import struct
from typing import Any, Final

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from axes.handlers.proxy import AxesProxyHandler
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# What reading a malformed answer of a passkey raises, besides allauth's own refusal.
_NOT_A_PASSKEY: Final = (LookupError, TypeError, ValueError, AttributeError, struct.error)


def refuse_locked_out(user: User) -> None:
    """Raise ValidationError for who is locked out; the answer then says until when."""
    request = context.request
    credentials = {"username": user.get_username()}
    if AxesProxyHandler.is_locked(request, credentials):
        request.axes_locked_out = True
        request.axes_credentials = credentials
        raise ValidationError(_("Too many tries."), code="locked_out")


def count_failure(user: User) -> None:
    """Count a wrong code or password against the user."""
    user_login_failed.send(
        __name__, credentials={"username": user.get_username()}, request=context.request
    )


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """A code of an app, or a recovery code, as the second step of signing in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_code(self)

    def clean_code(self) -> str:
        """Refuse a wrong code, and count it."""
        refuse_locked_out(self.user)
        return str(super().clean_code())


class CodeAgainForm(ReauthenticateForm):  # type: ignore[misc]
    """A code, asked for again before something about signing in is changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_code(self)

    def clean_code(self) -> str:
        """Refuse a wrong code, and count it."""
        refuse_locked_out(self.user)
        return str(super().clean_code())


class _Passkey:
    """What a browser says of a passkey is anybody's text: read it as such."""

    def clean_credential(self) -> Any:
        """Refuse what is no answer of a passkey, or not the right one."""
        try:
            return super().clean_credential()  # type: ignore[misc]
        except _NOT_A_PASSKEY:
            raise ValidationError(_("The passkey was not recognised.")) from None


class PasskeyStepForm(_Passkey, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as the second step of signing in."""


class PasskeySignInForm(_Passkey, LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey in place of a password."""


class PasskeyAgainForm(_Passkey, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey, asked for again before something about signing in is changed."""


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey, which signs in by itself unless its owner wants it otherwise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        self.fields["name"].max_length = 60
        self.fields["name"].widget.attrs["maxlength"] = 60
        self.fields["name"].help_text = _("So that you know it among others, such as “my phone”.")
        self.fields["passwordless"].label = _("Sign in with it alone, without a password")
        self.fields["passwordless"].help_text = ""
        self.fields["passwordless"].initial = True

    def clean(self) -> dict[str, Any]:
        """Refuse what is no new passkey."""
        try:
            return dict(super().clean())
        except _NOT_A_PASSKEY:
            raise ValidationError(_("The passkey was not recognised.")) from None


class PasswordForm(AdminPasswordChangeForm):
    """One's own new password; the old one cannot be guessed here either."""

    def clean_old_password(self) -> str:
        """Refuse a wrong password, and count it."""
        refuse_locked_out(self.user)
        try:
            return super().clean_old_password()
        except ValidationError:
            count_failure(self.user)
            raise


def _ask_for_code(form: Any) -> None:
    code = form.fields["code"]
    code.max_length = 32
    code.widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
