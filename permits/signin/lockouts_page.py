"""The page of those who are locked out, for whoever may let them in."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from permits import activity
from permits.models import Activity
from permits.models.lockout import Scope
from permits.signin import lockout


def show(request: HttpRequest) -> HttpResponse:
    """List who must wait, and until when."""
    _require(request)
    context = {
        **admin.site.each_context(request),
        "title": _("Locked out"),
        "lockouts": lockout.everybody(now=timezone.now()),
    }
    return TemplateResponse(request, "signin/lockouts.html", context)


@require_POST
def lift(request: HttpRequest) -> HttpResponse:
    """Let somebody try again at once."""
    _require(request)
    name, address = request.POST.get("username"), request.POST.get("address")
    scope = Scope(name or None, address or None)
    if scope == Scope() or not lockout.lift(scope):
        messages.info(request, _("Nobody is locked out like that any more."))
    else:
        Activity.note(
            kind=Activity.Kind.LOCKOUT_LIFTED,
            actor=request.user.get_username(),
            what=activity.known_name(scope.username),
            details={"address": scope.address} if scope.address else {},
            address=activity.client_address(request),
        )
        messages.success(request, _("The lock-out is lifted. They can sign in now."))
    return redirect("admin:lockouts")


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm("permits.lift_lockout"):
        raise PermissionDenied
