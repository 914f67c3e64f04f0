"""The queue of background work."""

from permitportal import readers
from permitportal.environment import read, text
from permitportal.settings.project import DATABASES

_QUEUE_BESIDE_DATABASE = (
    "sqlite:///queue.sqlite3"
    if "sqlite" in DATABASES["default"]["ENGINE"]
    else text("DATABASE_URL")
)
# The class of Huey's queue and its arguments; `permits.tasks` builds it.
QUEUE = read(
    "QUEUE_URL",
    readers.queue,
    _QUEUE_BESIDE_DATABASE,
    "Use sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME, or leave it out.",
)
