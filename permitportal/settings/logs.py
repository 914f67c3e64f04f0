"""What the portal says of its work: log lines of text or JSON, and numbers to Prometheus."""

from typing import Any

import structlog

from permitportal import readers
from permitportal.environment import read

LOG_LEVEL = read(
    "LOG_LEVEL",
    readers.one_of(*readers.LEVELS),
    "info",
    f"Set it to one of {readers.listed(readers.LEVELS)}.",
)
LOG_FORMAT = read("LOG_FORMAT", readers.one_of("text", "json"), "text", "Set it to text or json.")
# Whoever bears it reads /metrics; without one there is no such page.
METRICS_TOKEN = read(
    "METRICS_TOKEN",
    readers.metrics_token,
    "",
    "Give at least 16 letters, digits, dashes and the like, or none to have no metrics.",
)


def _in_one_line(_logger: Any, _method: str, said: dict[str, Any]) -> dict[str, Any]:
    """Tell without the stack of a request that cannot be right: strangers may make many."""
    if said["logger"].startswith("django.security."):
        said.pop("exc_info", None)
    return said


_SAID_WITH_EACH_LINE: list[Any] = [
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SAID_WITH_EACH_LINE,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": [
                *_SAID_WITH_EACH_LINE,
                structlog.stdlib.PositionalArgumentsFormatter(),
                _in_one_line,
            ],
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
                if LOG_FORMAT == "json"
                else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL.upper()},
    "loggers": {
        "axes": {"level": "WARNING"},  # it tells every sign-in, and so does the activity
        "django.security.csrf": {"level": "ERROR"},  # `errors.forged` says why, without addresses
        "huey": {"level": "WARNING"},
        "urllib3": {"level": "ERROR"},  # what was wrong with an answer stands in its attempt
    },
}
