"""The steps of a check: each builds on the one before, and those after a failure are not tried."""

import socket
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone, translation

from permits import explain, moments, sync
from permits.checkup import network
from permits.controller import ConfigurationRefused, ControllerError, NotSent, Refused, Totals
from permits.models import Check, Source
from permits.models.attempt import called_controller
from permits.stored import said

CERTIFICATE_WARNING: Final = timedelta(days=21)
SKEW_WARNING: Final = timedelta(seconds=30)
TOKEN_SHOWN: Final = 4  # characters at most, and never more than a quarter


class Standing(Enum):
    """How a step went."""

    GOOD = "good"
    WARNING = "warning"
    FAILED = "failed"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True)
class Step:
    """One thing that was looked at."""

    name: str
    label: str
    standing: Standing
    found: str = ""  # what was seen, in sentences
    cure: str = ""  # what to do, where something is to be done


def has_failed(steps: list[Step]) -> bool:
    """Return whether anything but a warning came of it."""
    return any(step.standing == Standing.FAILED for step in steps)


def last_check() -> tuple[Check, list[Step]] | None:
    """Return the last check of the controller that is configured now, and its steps."""
    made = Check.objects.filter(controller=called_controller()).first()
    if made is None:
        return None
    steps = [Step(**step | {"standing": Standing(step["standing"])}) for step in made.steps]
    return made, steps


@translation.override("en")  # as it is kept
def check(*, actor: str, source: Source) -> list[Step]:
    """Go through all steps, keep what came of them, and return it. Not inside a transaction.

    It ends within three times `OPSCOM_CONNECT_TIMEOUT` and one `OPSCOM_DEADLINE`, and a wait for
    a free connection.
    """
    steps = [_configuration(), *_network()]
    if has_failed(steps):
        steps += [_untried(name) for name in ("http", "stats", "clock")]
    else:
        result = sync.pull_counts(actor=actor, source=source)
        steps += [_answer(result), _counts(result), _clock(result)]
    kept = [asdict(step) | {"standing": step.standing.value} for step in steps]
    Check.objects.update_or_create(
        controller=called_controller(),
        defaults={"checked_at": timezone.now(), "actor": actor, "steps": kept},
    )
    return steps


def _labels() -> dict[str, str]:
    return {
        "configuration": said("Configuration"),
        "name": said("Name resolved"),
        "connection": said("Connection"),
        "tls": said("Encryption"),
        "http": said("Answer"),
        "stats": said("Counts"),
        "clock": said("Clock"),
    }


def _step(name: str, standing: Standing, found: str, cure: str = "") -> Step:
    return Step(name, _labels()[name], standing, found, cure)


def _untried(name: str) -> Step:
    return _step(name, Standing.NOT_TRIED, said("Not tried, because a step before it failed."))


def token_hint() -> str:
    """Return the end of the token: enough to tell two apart, too little to guess the rest."""
    token = settings.OPSCOM_API_TOKEN
    return f"…{token[len(token) - min(TOKEN_SHOWN, len(token) // 4) :]}"


def _configuration() -> Step:
    told = said(
        "%(address)s, client code %(client)s, a token that ends in %(token)s, times in %(zone)s."
    ) % {
        "address": settings.OPSCOM_URL,
        "client": settings.OPSCOM_CLIENT_CODE,
        "token": token_hint(),
        "zone": settings.OPSCOM_TIME_ZONE.key,
    }
    if settings.OPSCOM_IS_SANDBOX:
        cure = said("This is the sandbox. Set OPSCOM_URL to reach a real controller.")
        return _step("configuration", Standing.WARNING, told, cure)
    return _step("configuration", Standing.GOOD, told)


def _network() -> list[Step]:
    """Look the name up, connect, and shake hands."""
    parts = urlsplit(settings.OPSCOM_URL)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    patience = settings.OPSCOM_CONNECT_TIMEOUT
    try:
        addresses = network.resolve(host, port, patience=patience)
    except OSError as error:
        cure = said("Check the host in OPSCOM_URL, and the name server of this machine.")
        found = said("%(host)s has no address: %(reason)s.") % {
            "host": host,
            "reason": network.reason(error),
        }
        return [
            _step("name", Standing.FAILED, found, cure),
            _untried("connection"),
            _untried("tls"),
        ]
    names = ", ".join(dict.fromkeys(str(address[0]) for _family, address in addresses))
    resolved = _step(
        "name",
        Standing.GOOD,
        said("%(host)s is %(addresses)s.") % {"host": host, "addresses": names},
    )
    try:
        (_family, address), sock = network.connect(addresses, patience=patience)
    except OSError as error:
        cure = said("Check the port in OPSCOM_URL, the firewall, and whether the controller runs.")
        found = said("Port %(port)d takes no connection: %(reason)s.") % {
            "port": port,
            "reason": network.reason(error),
        }
        return [resolved, _step("connection", Standing.FAILED, found, cure), _untried("tls")]
    with sock:
        connected = said("%(address)s, port %(port)d, takes connections.") % {
            "address": address[0],
            "port": port,
        }
        connection = _step("connection", Standing.GOOD, connected)
        return [resolved, connection, _tls(sock, host, is_plain=parts.scheme == "http")]


def _tls(sock: socket.socket, host: str, *, is_plain: bool) -> Step:
    if is_plain:
        found = said(
            "Plain HTTP on this machine itself: nothing is encrypted, and nothing leaves it."
        )
        return _step("tls", Standing.GOOD, found)
    try:
        told = network.certificate(sock, host)
    except OSError as error:
        found = said("The certificate is not to be trusted: %(reason)s.") % {
            "reason": network.reason(error)
        }
        cure = said(
            "Nothing is sent to a host that cannot prove who it is. Check the host in OPSCOM_URL "
            "and the clock of this machine, and ask the vendor for a valid certificate."
        )
        return _step("tls", Standing.FAILED, found, cure)
    left = told.until - timezone.now()
    found = (
        said(
            "The certificate of %(subject)s, issued by %(issuer)s, is valid until %(until)s: "
            "%(days)d day is left."
        )
        if left.days == 1
        else said(
            "The certificate of %(subject)s, issued by %(issuer)s, is valid until %(until)s: "
            "%(days)d days are left."
        )
    ) % {
        "subject": told.subject,
        "issuer": told.issuer,
        "until": moments.in_full(told.until),
        "days": left.days,
    }
    if left < CERTIFICATE_WARNING:
        cure = said("Ask the vendor to renew it: once it has run out, no call is made any more.")
        return _step("tls", Standing.WARNING, found, cure)
    return _step("tls", Standing.GOOD, found)


def _answer(result: Totals | ControllerError) -> Step:
    status = result.answer.status
    if status is None:
        cure = said("Try again. If that fails too, ask the vendor whether the controller is well.")
        return _step("http", Standing.FAILED, str(result), cure)
    found = said("It answered with HTTP %(status)d.") % {"status": status}
    if result.answer.took is not None:
        took = moments.length(timedelta(seconds=result.answer.took))
        found = said("It answered with HTTP %(status)d after %(time)s.") % {
            "status": status,
            "time": took,
        }
    if isinstance(result, NotSent):
        cure = said("It asks us to come back later. Wait a few minutes and check again.")
        return _step("http", Standing.FAILED, found, cure)
    return _step("http", Standing.GOOD, found)


def _counts(result: Totals | ControllerError) -> Step:
    if result.answer.status is None or isinstance(result, NotSent):
        return _untried("stats")
    if isinstance(result, Totals):
        zones = {total.zone for total in result.totals}
        found = (
            said("It counts permits in %(count)d zone.")
            if len(zones) == 1
            else said("It counts permits in %(count)d zones.")
        ) % {"count": len(zones)}
        return _step("stats", Standing.GOOD, found)
    known = explain.REFUSALS.get(result.code or 0)
    if known and result.code:
        found = said("It refuses: %(meaning)s (%(code)d).") % {
            "meaning": known.meaning,
            "code": result.code,
        }
        return _step("stats", Standing.FAILED, found, known.cure)
    return _step("stats", Standing.FAILED, explain.sentence(str(result)), _cure(result))


def _cure(error: ControllerError) -> str:
    if isinstance(error, ConfigurationRefused):
        return said(
            "Check OPSCOM_URL, OPSCOM_CLIENT_CODE and OPSCOM_API_TOKEN: this host does not know "
            "the address, or does not let the token in."
        )
    if isinstance(error, Refused):
        return said("Show this call to the vendor: it stands in the sync history.")
    return said(
        "What answers there does not speak as a controller does. Check OPSCOM_URL, and whether a "
        "proxy answers in its place."
    )


def _clock(result: Totals | ControllerError) -> Step:
    if result.answer.status is None:
        return _untried("clock")
    if result.answer.date is None:
        return _step("clock", Standing.GOOD, said("It does not say what time it has."))
    skew = result.answer.date - timezone.now()
    if abs(skew) < SKEW_WARNING:
        return _step("clock", Standing.GOOD, said("It has the same time as this machine."))
    found = (
        said("Its clock is %(time)s ahead of this machine's.")
        if skew > timedelta(0)
        else said("Its clock is %(time)s behind this machine's.")
    ) % {"time": moments.length(abs(skew))}
    cure = said("Set the clock of this machine by a time server. If it is right, tell the vendor.")
    return _step("clock", Standing.WARNING, found, cure)
