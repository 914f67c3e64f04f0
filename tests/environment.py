"""The environment the tests see: every variable is set here, and no developer's .env is.

`TEST_DATABASE=postgres` runs them on a PostgreSQL started for the occasion instead of SQLite.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
WORKER: Final = os.environ.get("PYTEST_XDIST_WORKER", "alone")
"""Which of the processes that share the tests between them this one is."""
ON_POSTGRES: Final = os.environ.get("TEST_DATABASE", "sqlite") == "postgres"
SCRATCH: Final = Path(tempfile.mkdtemp(prefix="permitportal-"))
"""A folder for this process's databases and logs; it goes at the end."""

NOWHERE: Final = "http://127.0.0.1:9"
"""Where nobody listens: a test that wants a controller asks for the `sandbox`."""


def database_url(name: str) -> str:
    """The address of a new, empty database of this process's own; two cannot have one name."""
    if not ON_POSTGRES:
        return f"sqlite:///{SCRATCH / name}.sqlite3"
    from tests import postgres

    return postgres.create(f"{name}_{WORKER}")


VARIABLES: Final = {
    "SECRET_KEY": "only-the-tests-know-this-key-and-it-guards-nothing",
    "HISTORY_KEY": "only-the-tests-sign-their-history-with-this-key",
    "HISTORY_DAYS": "2555",
    "DEBUG": "false",
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "CSRF_TRUSTED_ORIGINS": "",
    "TRUSTED_PROXIES": "",
    "LOCKOUT_TRIES": "5",
    "LOCKOUT_MINUTES": "15",
    "SESSION_IDLE_MINUTES": "60",
    "SESSION_AGE_HOURS": "12",
    "MFA_REQUIRED_GROUPS": "",
    "TIME_ZONE": "America/Toronto",
    "LANGUAGE_CODE": "en",
    "DATABASE_URL": database_url("main"),
    "QUEUE_URL": database_url("queue"),
    "OPSCOM_URL": "",
    "OPSCOM_CLIENT_CODE": "OC-TOMA",
    "OPSCOM_API_TOKEN": "sandbox-token",
    "OPSCOM_TIME_ZONE": "UTC",
    "OPSCOM_CONNECT_TIMEOUT": "2",
    "OPSCOM_READ_TIMEOUT": "3",
    "OPSCOM_DEADLINE": "5",
    "OPSCOM_CONNECTIONS": "8",
    "OPSCOM_RATE_LIMIT": "0",
    "OPSCOM_RETRY_TRIES": "12",
    "OPSCOM_COUNT_EVERY": "0",  # a test that wants the schedule sets it
    "OPSCOM_TOTALS_EXPIRED": "tell",
    "OPSCOM_TOTALS_OTHERS": "tell",
    "DRIFT_AFTER": "3600",
    "LOG_LEVEL": "",
    "LOG_FORMAT": "",
    "METRICS_TOKEN": "",
    "EMAIL_URL": "",
    "DEFAULT_FROM_EMAIL": "portal@example.org",
    "ALERT_RECIPIENTS": "",
    "PORTAL_URL": "",
    "SANDBOX_URL": NOWHERE,
}
"""Every variable that the settings read, as the tests want it."""


def prepare() -> None:
    """Lay out the environment and make Django ready. Nothing of ours may be imported before."""
    atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
    os.environ.update(
        VARIABLES,
        DJANGO_SETTINGS_MODULE="permitportal.settings",
        DJANGO_ALLOW_ASYNC_UNSAFE="true",  # Playwright runs a loop in the thread of the tests
    )
    import django
    from django.conf import settings

    if not ON_POSTGRES:
        # A file, where Django would take memory: threads and other processes then see it too.
        settings.DATABASES["default"]["TEST"] = {"NAME": str(SCRATCH / "test.sqlite3")}
    # A password is hashed once here instead of a million times; the programs that tests start hash
    # it as they do in use, and this process reads what they wrote.
    settings.PASSWORD_HASHERS = [
        f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("MD5", "PBKDF2")
    ]
    # Pages are rendered without `collectstatic`; the `portal` fixture runs the real thing, in a
    # folder that no other process may look through while files come and go there.
    settings.STATIC_ROOT = str(SCRATCH / "static")
    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    django.setup()


def untouched() -> dict[str, str]:
    """The environment without what was laid out here: what a fresh shell would have."""
    ours = {*VARIABLES, "DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE"}
    makes = {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS"}  # of `make test` itself
    return {name: value for name, value in os.environ.items() if name not in ours | makes}
