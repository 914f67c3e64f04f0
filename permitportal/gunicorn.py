"""How gunicorn serves the portal, as `--config python:permitportal.gunicorn` tells it to.

A page may wait for the controller, so requests are threads, and no request is cut off while its
call to the controller may still be answered.

The settings are asked for in a process of their own. Gunicorn's first process so holds none of the
portal's code, and after HUP the new processes load all of it, and the `.env`, afresh.
"""

import json
import subprocess
import sys

_ASK = """
import json, os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permitportal.settings")
from django.conf import settings
engine = settings.DATABASES["default"]["ENGINE"]
print(json.dumps([engine, int(settings.OPSCOM_DEADLINE)]))
"""
_told = subprocess.run([sys.executable, "-c", _ASK], stdout=subprocess.PIPE, check=True)
_engine, _deadline = json.loads(_told.stdout)

bind = ["127.0.0.1:8000"]
worker_class = "gthread"
workers = 1 if _engine == "permitportal.sqlite" else 2  # SQLite takes one writer at a time
threads = 16
# None is used twice. Else one could be closed here, being idle or in an upgrade, just as a proxy
# sends on it; and a post that may have arrived is not to be sent again, so that is a failed page.
keepalive = 0
control_socket_disable = True  # two portals of one user would share the socket
# `TRUSTED_PROXIES` says whom to believe; gunicorn by itself believes whoever is on this machine.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
timeout = _deadline + 30
graceful_timeout = _deadline + 5
