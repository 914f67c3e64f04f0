"""What the text of a variable means: each reader raises ValueError where it means nothing."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ

from permitportal.environment import BASE_DIR


def switch(text: str) -> bool:
    """Read yes or no; no text is no."""
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False, "": False}
    if text.lower() not in words:
        raise ValueError("It is neither true nor false.")
    return words[text.lower()]


def reading(text: str) -> bool | None:
    """Read yes, no, or None for `tell`."""
    words = {"yes": True, "no": False, "tell": None}
    if text.lower() not in words:
        raise ValueError("It is none of yes, no and tell.")
    return words[text.lower()]


def words(text: str) -> list[str]:
    """Read what commas separate."""
    return [word.strip() for word in text.split(",") if word.strip()]


def keys(text: str) -> list[bytes]:
    """Read keys that commas separate, the newest first."""
    if any(len(key) < 32 for key in words(text)):
        raise ValueError("A key in it is shorter than 32 characters.")
    return [key.encode() for key in words(text)]


def metrics_token(text: str) -> str:
    """Read a text that can stand in a header; none is none."""
    if text and not re.fullmatch(r"[!-~]{16,}", text):
        raise ValueError("It is shorter than 16 characters, or has others than plain ones.")
    return text


def origins(text: str) -> list[str]:
    """Read origins that commas separate, each a scheme and a host."""
    for origin in words(text):
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
            raise ValueError(f"{origin!r} is not an origin.")
    return words(text)


def zone(text: str) -> ZoneInfo:
    """Read the name of a time zone."""
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise ValueError("No such time zone is known.") from None


def seconds(text: str) -> float:
    """Read a length of time, of at most ten minutes."""
    value = float(text)
    if not 0 < value <= 600:
        raise ValueError("It must be more than 0 and at most 600 seconds.")
    return value


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of a whole number in these limits."""

    def cast(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError(f"It must be a whole number from {least} to {most}.")
        return value

    return cast


def span(unit: str, most: int) -> Callable[[str], timedelta]:
    """Return a reader of a length of time, given as a whole number of `minutes` or `hours`."""

    def cast(text: str) -> timedelta:
        value = int(text)
        if not 1 <= value <= most:
            raise ValueError(f"It must be a whole number of {unit} from 1 to {most}.")
        return timedelta(**{unit: value})

    return cast


def proxies(text: str) -> list[IPv4Network | IPv6Network]:
    """Read addresses and networks that commas separate."""
    return [ip_network(word) for word in words(text)]


LEVELS = ("debug", "info", "warning", "error")


def listed(words: Sequence[str]) -> str:
    """Say the words as a sentence lists them."""
    return f"{', '.join(words[:-1])} and {words[-1]}"


def one_of(*words: str) -> Callable[[str], str]:
    """Return a reader of one of these words, in any case."""

    def cast(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"It is none of {listed(words)}.")
        return text.lower()

    return cast


def rate(text: str) -> float:
    """Read a number of calls a second; 0 sets no limit."""
    value = float(text)
    if not 0 <= value <= 10_000:
        raise ValueError("It must lie between 0 and 10000 calls a second.")
    return value


def host_url(text: str) -> str:
    """Read a scheme and a host, the scheme being https unless the host is this machine."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("It is not a scheme and a host.")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ValueError("It holds more than a scheme and a host.")
    loopback = parts.hostname in ("localhost", "::1") or parts.hostname.startswith("127.")
    if parts.scheme == "http" and not loopback:
        raise ValueError("The API token would cross the network in the clear.")
    parts.port  # noqa: B018 - raises ValueError on a port that is no number
    return f"{parts.scheme}://{parts.netloc}"


def address(text: str) -> str:
    """Read the address of a page, without a slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("It is not an address that begins with http:// or https://.")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("It holds more than a scheme, a host and a path.")
    return text.rstrip("/")


def mailboxes(text: str) -> list[str]:
    """Read mail addresses that commas separate."""
    for word in words(text):
        if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", word):
            raise ValueError(f"{word!r} is no mail address.")
    return words(text)


def mailbox(text: str) -> str:
    """Read one mail address."""
    if len(mailboxes(text)) != 1:
        raise ValueError("It is not one mail address.")
    return text


def mail(url: str) -> dict[str, Any]:
    """Read the address of a mail server as Django's settings of one."""
    schemes = ("smtp", "smtp+tls", "smtp+ssl", "consolemail", "filemail")
    if url.partition(":")[0] not in schemes:
        raise ValueError(f"It begins with none of {', '.join(schemes)}.")
    return _parts(environ.Env.email_url_config, url)


def database(url: str) -> dict[str, Any]:
    """Read the address of a database as Django's entry for one."""
    config = _parts(environ.Env.db_url_config, url)
    engine = config.get("ENGINE", "")
    if engine == "django.db.backends.sqlite3":
        if config["NAME"] != ":memory:":
            config["NAME"] = str(BASE_DIR / config["NAME"])
        config["ENGINE"] = "permitportal.sqlite"
        # Without these four, four concurrent writers lost more than half of their transactions.
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
        }
    elif engine == "django.db.backends.postgresql":
        config |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
        # What the engine asks again and again is planned once; Django's own cursors prepare none.
        config["OPTIONS"] = {"prepare_threshold": 5, **config.get("OPTIONS", {})}
    else:
        raise ValueError("Only SQLite and PostgreSQL are supported.")
    return config


def queue(url: str) -> dict[str, Any]:
    """Read the address of a database as the class and the arguments of Huey's queue."""
    if url.startswith("sqlite:///"):
        path = str(BASE_DIR / url.removeprefix("sqlite:///"))
        return {"huey_class": "huey.SqliteHuey", "filename": path}
    if url.startswith(("postgres://", "postgresql://")):
        _parts(environ.Env.db_url_config, url)
        return {"huey_class": "huey.PostgresHuey", "dsn": url}
    raise ValueError("Only SQLite and PostgreSQL are supported.")


def _parts(take_apart: Callable[[str], Any], url: str) -> dict[str, Any]:
    """Return the parts of an address. Python's own refusal repeats one: a password, cut in two."""
    try:
        return dict(take_apart(url))
    except ValueError:
        raise ValueError(
            "It is no address. In a password write / as %2F, ? as %3F, # as %23 and [ as %5B."
        ) from None
