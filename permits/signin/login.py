"""The sign-in page: a password, and then whatever else the user has set up."""

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST


class SignInView(LoginView):
    """Django's sign-in page for staff, followed by allauth's second step."""

    form_class = AdminAuthenticationForm
    template_name = "admin/login.html"

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Go on to the second step, or to the page."""
        user: Any = form.get_user()
        # A password that was just given need not be given again to set up a second factor.
        record_authentication(
            self.request, user, "password", username=user.get_username(), reauthenticated=True
        )
        login = Login(user=user, redirect_url=self.get_success_url())
        answer: HttpResponse = perform_login(self.request, login)
        return answer


def show_for_allauth(request: HttpRequest) -> HttpResponseRedirect:
    """Lead to the sign-in page, which allauth knows by another name."""
    wanted = request.GET.get("next")
    query = f"?{urlencode({'next': wanted})}" if wanted else ""
    return HttpResponseRedirect(reverse("admin:login") + query)


@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """Begin anew, in place of the second step."""
    clear_login(request)
    return redirect("admin:login")
