"""Mail: who is told what needs a person."""

from permitportal import readers
from permitportal.environment import read, want

_mail_server = read(
    "EMAIL_URL",
    readers.mail,
    "consolemail://",
    "Use smtp+tls://USER:PASSWORD@HOST:PORT, smtp+ssl://…, or smtp://HOST:PORT inside one network.",
)
EMAIL_BACKEND = _mail_server["EMAIL_BACKEND"]
EMAIL_FILE_PATH = _mail_server.get("EMAIL_FILE_PATH") or None
EMAIL_HOST = _mail_server.get("EMAIL_HOST") or "localhost"
EMAIL_USE_TLS = _mail_server.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail_server.get("EMAIL_USE_SSL", False)
EMAIL_PORT = _mail_server.get("EMAIL_PORT") or (
    587 if EMAIL_USE_TLS else 465 if EMAIL_USE_SSL else 25
)
EMAIL_HOST_USER = _mail_server.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail_server.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_TIMEOUT = 10  # seconds for each step of the talk with the mail server
DEFAULT_FROM_EMAIL = read(
    "DEFAULT_FROM_EMAIL",
    readers.mailbox,
    "permitportal@localhost",
    "Give the address that alerts come from, such as portal@example.org.",
)
ALERT_RECIPIENTS = read(
    "ALERT_RECIPIENTS",
    readers.mailboxes,
    "",
    "List the addresses that are told what needs a person, separated by commas.",
)
PORTAL_URL = read(
    "PORTAL_URL",
    readers.address,
    "http://127.0.0.1:8000",
    "Give the address under which the staff open the portal, such as https://permits.example.org.",
)
if ALERT_RECIPIENTS:
    want(
        "EMAIL_URL",
        "PORTAL_URL",
        because="ALERT_RECIPIENTS names somebody",
        cure="Set it, or leave ALERT_RECIPIENTS out to have no mail sent.",
    )
