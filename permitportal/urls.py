"""The portal's addresses: the admin is the interface, at the root."""

from django.contrib import admin
from django.urls import include, path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from permits import health
from permits.metrics import metrics

urlpatterns = [
    path("account/", include("permits.signin.addresses")),
    path("health/live/", health.live, name="live"),
    path("health/ready/", health.ready, name="ready"),
    path("metrics", metrics, name="metrics"),
    path("language/", require_POST(set_language), name="set_language"),
    path("", admin.site.urls),
]

handler400 = "permits.errors.bad_request"
handler403 = "permits.errors.not_allowed"
handler404 = "permits.errors.not_found"
handler500 = "permits.errors.failed"
