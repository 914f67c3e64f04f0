"""What Django needs: hosts, applications, the database, static files."""

from permitportal import readers
from permitportal.environment import BASE_DIR, read

DEBUG = read("DEBUG", readers.switch, "false", "Set it to true or false.")
ALLOWED_HOSTS = read(
    "ALLOWED_HOSTS",
    readers.words,
    "localhost,127.0.0.1,[::1]",
    "List the host names the portal answers to, separated by commas.",
)
CSRF_TRUSTED_ORIGINS = read(
    "CSRF_TRUSTED_ORIGINS",
    readers.origins,
    "",
    "List the portal's addresses with their scheme, separated by commas, such as "
    "https://permits.example.org.",
)
TIME_ZONE = read(
    "TIME_ZONE", readers.zone, "UTC", "Name the zone the staff live in, such as America/Toronto."
).key

INSTALLED_APPS = [
    "permits.apps.PermitsConfig",
    "permits.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "simple_history",
    "csp",
    "axes",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]
MIDDLEWARE = [
    "permits.middleware.RequestLogMiddleware",
    "permits.headers.HeaderMiddleware",
    "csp.middleware.CSPMiddleware",
    "permits.signin.proxies.ProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "permits.errors.ErrorPageMiddleware",
    "permits.headers.BodyLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "permits.signin.sessions.SessionLimitMiddleware",
    "permits.signin.required.SecondFactorMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",  # what `check --deploy` looks for
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "permitportal.urls"
WSGI_APPLICATION = "permitportal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "permits.views.portal",
            ],
        },
    }
]
DATABASES = {
    "default": read(
        "DATABASE_URL",
        readers.database,
        "sqlite:///portal.sqlite3",
        "Use sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME.",
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
CACHES = {  # one for all processes: a code that one of them has taken is refused by the others
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
    }
}
USE_TZ = True
DOCS = BASE_DIR / "docs"  # what the help pages show
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
