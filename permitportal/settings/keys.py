"""The keys that sign, and how long what they signed is kept."""

from django.core.management.utils import get_random_secret_key

from permitportal import readers
from permitportal.environment import note, read, text

SECRET_KEY = text("SECRET_KEY")
if len(SECRET_KEY) < 32:
    note(
        "SECRET_KEY",
        "It is missing." if not SECRET_KEY else "It is shorter than 32 characters.",
        "Set it to a long random text that nobody else knows, such as the output of: "
        "python -c 'import secrets; print(secrets.token_urlsafe(50))'",
    )
    SECRET_KEY = get_random_secret_key()
HISTORY_KEYS = read(
    "HISTORY_KEY",
    readers.keys,
    "",
    "Set it to a long random text of its own, made as SECRET_KEY is. To change it, put the new key "
    "in front and keep the old ones behind it, separated by commas: they verify what they signed.",
)
if not text("HISTORY_KEY") or SECRET_KEY.encode() in HISTORY_KEYS:
    note(
        "HISTORY_KEY",
        "It is the SECRET_KEY." if HISTORY_KEYS else "It is missing.",
        "Set it to a long random text of its own, made as SECRET_KEY is, and keep a copy "
        "apart: without it nobody can verify the history.",
    )
HISTORY_KEYS = HISTORY_KEYS or [get_random_secret_key().encode()]
HISTORY_DAYS = read(
    "HISTORY_DAYS",
    readers.whole(30, 36_500),
    "2555",
    "Give the days for which closed history is kept at least, such as 2555 for seven years.",
)
