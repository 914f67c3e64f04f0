"""What people see of their own signing in: how they do it, where they are, what came too late."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from permits import activity
from permits.models import Activity
from permits.signin import required, sessions

Type = Authenticator.Type


@login_required
def show(request: HttpRequest) -> HttpResponse:
    """Show how the user proves who they are, and where they are signed in."""
    factors = list(Authenticator.objects.filter(user_id=request.user.pk).order_by("created_at"))
    by_type = {kind: [each for each in factors if each.type == kind] for kind in Type}
    codes = by_type[Type.RECOVERY_CODES]
    listed = UserSession.objects.purge_and_list(request.user)
    context = {
        **site.each_context(request),
        "title": _("Your sign-in"),
        "app": next(iter(by_type[Type.TOTP]), None),
        "passkeys": by_type[Type.WEBAUTHN],
        "codes_left": len(codes[0].wrap().get_unused_codes()) if codes else None,
        "has_factor": bool(by_type[Type.TOTP] or by_type[Type.WEBAUTHN]),
        "is_required": required.is_required(request.user),
        "sessions": sorted(listed, key=lambda session: session.created_at, reverse=True),
        "here": request.session.session_key,
    }
    return TemplateResponse(request, "signin/account.html", context)


@require_POST
@login_required
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """End the user's other sessions."""
    count = sessions.sign_out(request.user, but=request.session.session_key)
    name = request.user.get_username()
    Activity.note(
        kind=Activity.Kind.SIGNED_OUT_ALL,
        actor=name,
        what=name,
        details={"sessions": count},
        address=activity.client_address(request),
    )
    messages.success(
        request,
        ngettext(
            "%(count)d other session was ended.", "%(count)d other sessions were ended.", count
        )
        % {"count": count},
    )
    return redirect("mfa_index")


@login_required
def resend(request: HttpRequest) -> HttpResponse:
    """Offer what was sent after the session had ended, and send it when the user says so."""
    if request.method == "POST":
        kept = sessions.take_kept(request)
        if kept is None:
            messages.info(request, _("There is nothing left to send."))
            return redirect("admin:index")
        if "discard" in request.POST:
            return redirect(kept["path"])
        return redirect(kept["path"], preserve_request=True)  # the browser sends the form there
    kept = sessions.see_kept(request)
    if kept is None:
        return redirect("admin:index")
    shown = [(name, value) for name, value in kept["fields"] if value and name[0] != "_"]
    context = {
        **site.each_context(request),
        "title": _("Not sent yet"),
        "kept": kept,
        "shown": [(name.replace("_", " "), value) for name, value in shown],
    }
    return TemplateResponse(request, "signin/resend.html", context)
