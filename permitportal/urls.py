"""The portal's addresses: the admin is the interface, at the root."""

from django.contrib import admin
from django.urls import include, path

from permits import health
from permits.metrics import metrics

urlpatterns = [
    path("account/", include("permits.signin.addresses")),
    path("health/live/", health.live, name="live"),
    path("health/ready/", health.ready, name="ready"),
    path("metrics", metrics, name="metrics"),
    path("", admin.site.urls),
]

handler400 = "permits.errors.bad_request"
handler403 = "permits.errors.not_allowed"
handler404 = "permits.errors.not_found"
handler500 = "permits.errors.failed"
