"""Write down what is to be told, and send what is written: at least once, and never in a hurry.

A mail server that is away holds nothing up: this is the work of one task of the worker, which runs
outside every transaction, and a message that could not be sent is tried again, later each time.
"""

import logging
import smtplib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.core.mail.message import sanitize_address
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation

from permits.alerts import rules, words
from permits.alerts.concerns import Concern, standing
from permits.models import Alert, Seal
from permits.stored import said

log = logging.getLogger(__name__)

REMEMBERED: Final = 50  # messages back that the rules look at
RETRY_FIRST: Final = timedelta(minutes=1)
RETRY_LONGEST: Final = timedelta(hours=1)
# A try that was begun is not begun again by another before this; a crash is made up for then.
LEASE: Final = timedelta(minutes=5)
ERROR_KEPT: Final = 500  # characters

_Refused = dict[str, tuple[int, bytes]]  # by address: the server's code and words


def write_due(now: datetime | None = None) -> Alert | None:
    """Write a message if one is due by the rules, and return it.

    Where two processes come to the same conclusion, one message is written.
    """
    if not settings.ALERT_RECIPIENTS:
        return None
    now = now or timezone.now()
    last = _last_number()
    messages = list(Alert.objects.telling()[:REMEMBERED])
    told = [_told(message) for message in messages]
    with translation.override(settings.LANGUAGE_CODE):
        concerns = standing(now)
    if not rules.is_due(now, concerns, told):
        return None
    over = rules.over(concerns, told)
    digest_after = rules.digest_after(told, now)
    with translation.override(settings.LANGUAGE_CODE):
        subject = words.subject(concerns.values(), over)
        body = words.body(concerns.values(), over, now=now, digest_after=digest_after)
    return _write(
        kind=Alert.Kind.TROUBLE if concerns else Alert.Kind.CLEAR,
        subject=subject,
        body=body,
        told=_as_told(concerns, over),
        after=last,
        now=now,
    )


def write_test(actor: str) -> Alert | None:
    """Write a test mail, and return it; None where nobody is to get any, or another came first."""
    if not settings.ALERT_RECIPIENTS:
        return None
    now = timezone.now()
    with translation.override(settings.LANGUAGE_CODE):  # whoever asked: it is for all recipients
        subject, body = words.test_subject(), words.test_body(actor, now=now)
    return _write(
        kind=Alert.Kind.TEST,
        subject=subject,
        body=body,
        told={},
        after=_last_number(),
        now=now,
    )


def write_seal() -> Alert | None:
    """Write the last seal into a mail, once, so that it is kept where nobody here can change it.

    A seal is over the one before it: where several were made meanwhile, the last stands for all.
    """
    if not settings.ALERT_RECIPIENTS:
        return None
    last, now = _last_number(), timezone.now()
    sealed = Seal.objects.filter(is_open=False)
    seal = sealed.first()
    mailed = Alert.objects.filter(kind=Alert.Kind.SEAL).order_by("-number").first()
    if seal is None or (mailed is not None and mailed.told["seal"] >= seal.pk):
        return None
    before = sealed.filter(pk__lt=seal.pk).first()
    with translation.override(settings.LANGUAGE_CODE):
        subject, body = words.seal_subject(seal), words.seal_body(seal, before)
    return _write(
        kind=Alert.Kind.SEAL,
        subject=subject,
        body=body,
        told={"seal": seal.pk},
        after=last,
        now=now,
    )


def send_due() -> list[Alert]:
    """Send what is due until something fails, and return what was tried, as it then stands."""
    if connection.in_atomic_block:
        raise RuntimeError("Mail must not be sent inside a transaction.")
    tried: list[Alert] = []
    while (alert := _claim()) is not None:
        _send(alert)
        tried.append(alert)
        if alert.sent_at is None:
            break
    return tried


def _last_number() -> int:
    return Alert.objects.order_by("-number").values_list("number", flat=True).first() or 0


def _write(
    *,
    kind: "Alert.Kind",
    subject: str,
    body: str,
    told: dict[str, Any],
    after: int,
    now: datetime,
) -> Alert | None:
    """Write a message down, unless another was written since the number `after` was the last."""
    try:
        with transaction.atomic():
            return Alert.objects.create(
                number=after + 1,
                kind=kind,
                subject=subject,
                body=body,
                told=told,
                recipients=",".join(settings.ALERT_RECIPIENTS),
                created_at=now,
                due_at=now,
            )
    except IntegrityError:
        return None  # another process wrote it just now


def _told(message: Alert) -> rules.Told:
    return rules.Told(
        at=message.created_at,
        counts={name: told["count"] for name, told in message.told.items()},
        marks={name: told["mark"] for name, told in message.told.items()},
    )


def _as_told(concerns: Mapping[str, Concern], over: list[str]) -> dict[str, Any]:
    told = {name: {"count": each.count, "mark": each.mark} for name, each in concerns.items()}
    return told | {name: {"count": 0, "mark": 0} for name in over}


def _claim() -> Alert | None:
    """Take the oldest message that is due, for as long as the lease."""
    while True:
        now = timezone.now()
        alert = Alert.objects.due(now).first()
        if alert is None:
            return None
        mine = Alert.objects.filter(pk=alert.pk, due_at=alert.due_at, tries=alert.tries)
        if mine.update(due_at=now + LEASE, tries=alert.tries + 1):
            alert.tries += 1
            return alert


def _send(alert: Alert) -> None:
    """Hand one message to the mail server, and write down what came of it."""
    mail = EmailMessage(
        alert.subject,
        alert.body,
        to=alert.recipients.split(","),
        headers={"Message-ID": alert.message_id, "Auto-Submitted": "auto-generated"},
    )
    server = get_connection()
    try:
        refused = _hand_over(server, mail)
    except (OSError, smtplib.SMTPException) as error:
        wait = min(RETRY_FIRST * 2 ** min(alert.tries - 1, 10), RETRY_LONGEST)
        alert.error = _why(error)
        alert.due_at = timezone.now() + wait
        log.warning("Alert %s could not be sent: %s", alert.number, alert.error)
    else:
        # Somebody was told: the rest is not tried again, and gets the next message as all do.
        alert.error, alert.sent_at, alert.due_at = _words(refused), timezone.now(), None
    finally:
        with suppress(OSError):  # Django leaves it open where signing in failed
            server.close()
    alert.save(update_fields=["error", "sent_at", "due_at"])


def _hand_over(server: Any, mail: EmailMessage) -> _Refused:
    """Hand a mail to the server, and return those whom it refuses while it takes it for others.

    Django's backend keeps that to itself.
    """
    if not isinstance(server, SmtpBackend):
        server.send_messages([mail])
        return {}
    server.open()
    encoding = mail.encoding or settings.DEFAULT_CHARSET
    sender, *recipients = (
        sanitize_address(address, encoding) for address in (mail.from_email, *mail.recipients())
    )
    text: bytes = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
    refused: _Refused = server.connection.sendmail(  # type: ignore[union-attr]
        sender, recipients, text
    )
    return refused


def _words(refused: _Refused) -> str:
    return "; ".join(
        said("%(address)s is refused: %(code)d %(words)s")
        % {"address": address, "code": code, "words": _clean(words.decode(errors="replace"))}
        for address, (code, words) in refused.items()
    )[:ERROR_KEPT]


def _why(error: Exception) -> str:
    return _clean(str(error) or type(error).__name__)[:ERROR_KEPT]


def _clean(text: str) -> str:
    """Return what a server said, without the password should it have repeated it."""
    if settings.EMAIL_HOST_PASSWORD:
        text = text.replace(settings.EMAIL_HOST_PASSWORD, "[password]")
    return text.replace("\x00", "")
