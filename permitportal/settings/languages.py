"""The languages of the pages, and that of the site: of mail and files of the background."""

from permitportal import readers
from permitportal.environment import BASE_DIR, read
from permitportal.settings.security import SESSION_COOKIE_SECURE

LANGUAGES = [("en", "English"), ("fr", "Français")]
LANGUAGE_CODE = read(
    "LANGUAGE_CODE",
    readers.one_of(*(code for code, _name in LANGUAGES)),
    "en",
    "Set it to en or fr.",
)
LOCALE_PATHS = [BASE_DIR / "locale"]
# What somebody chose by the switch on every page outlives their session.
LANGUAGE_COOKIE_NAME = "__Host-language" if SESSION_COOKIE_SECURE else "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600  # seconds
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SESSION_COOKIE_SECURE
