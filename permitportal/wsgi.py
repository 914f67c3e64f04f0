"""The door for the web server: `gunicorn permitportal.wsgi`."""

import gc
import os

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

gc.disable()  # until `permits.apps` has loaded everything
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permitportal.settings")  # noqa: TID251
application = get_wsgi_application()
# A web server runs no system checks by itself; a portal with a bad setting must not open.
call_command("check")
