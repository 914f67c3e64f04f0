"""How gunicorn serves the portal, as `--config python:permitportal.gunicorn` tells it to.

A page may wait for the controller, so requests are threads, and no request is cut off while its
call to the controller may still be answered.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permitportal.settings")  # noqa: TID251

from django.conf import settings

_ON_SQLITE = settings.DATABASES["default"]["ENGINE"] == "permitportal.sqlite"

bind = ["127.0.0.1:8000"]
worker_class = "gthread"
workers = 1 if _ON_SQLITE else 2  # SQLite takes one writer at a time
threads = 16
control_socket_disable = True  # two portals of one user would share the socket
secure_scheme_headers: dict[str, str] = {}  # `TRUSTED_PROXIES` says whom to believe
timeout = int(settings.OPSCOM_DEADLINE) + 30
graceful_timeout = int(settings.OPSCOM_DEADLINE) + 5
