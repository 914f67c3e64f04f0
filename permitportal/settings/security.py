"""What browsers and proxies are told and believed."""

from csp.constants import NONE, SELF

from permitportal import readers
from permitportal.environment import read
from permitportal.settings.project import CSRF_TRUSTED_ORIGINS

# What these say of who is at the other end is believed; from anybody else it is thrown away.
TRUSTED_PROXIES = read(
    "TRUSTED_PROXIES",
    readers.proxies,
    "",
    "List the addresses or networks of your proxies, separated by commas, such as 127.0.0.1.",
)

# The portal is behind HTTPS where an https origin is trusted; cookies are then for HTTPS alone, and
# bear a name that no other host of the domain can set.
_HTTPS = any(origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "__Host-sessionid" if _HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if _HTTPS else "csrftoken"
CSRF_FAILURE_VIEW = "permits.errors.forged"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS
# Without a trusted proxy nothing says that a client uses HTTPS: it would be sent round for ever.
SECURE_SSL_REDIRECT = _HTTPS and bool(TRUSTED_PROXIES)
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]  # asked from beside the web server
# Whether browsers come with the domain on their list is for its owner to say, once and for long.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # of a trusted proxy alone
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DEFAULT_EXCEPTION_REPORTER = "permits.errors.Reporter"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20  # bytes of a form without its files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 1
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
