"""The words of a message. No plate, no token and nothing that the controller said is in them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from permits import moments
from permits.alerts.concerns import Concern, settled
from permits.models import Seal

_SUBJECT_LENGTH: Final = 200
_MARK: Final = "[permitportal]"


def subject(concerns: Iterable[Concern], over: Iterable[str]) -> str:
    """Return a line that says what is open, or that nothing is."""
    titles = [concern.title for concern in concerns] or [_("all clear")]
    if "paused" in over:
        titles.insert(0, _("calls resumed"))
    return f"{_MARK} {', '.join(titles)}"[:_SUBJECT_LENGTH]


def body(
    concerns: Iterable[Concern], over: Iterable[str], *, now: datetime, digest_after: timedelta
) -> str:
    """Return what is open, each with the page that settles it, and what is over."""
    blocks = [_("As of %(moment)s:") % {"moment": moments.in_full(now)}]
    blocks += [f"{concern.text}\n{_link(concern.path)}" for concern in concerns]
    blocks += [settled(name) for name in over]
    if not concerns:
        blocks.append(_("Nothing needs a person any more."))
    blocks.append(
        _("More of the same is told after %(time)s at the earliest; something else at once.")
        % {"time": moments.length(digest_after)}
    )
    return "\n\n".join([*blocks, _foot()])


def test_subject() -> str:
    """Return the subject of a test mail."""
    words = _("test mail")
    return f"{_MARK} {words}"


def test_body(actor: str, *, now: datetime) -> str:
    """Return what a test mail says."""
    asked = _("%(actor)s asked for this test mail at %(moment)s. Alerts arrive as it did.") % {
        "actor": actor or _("The command line"),
        "moment": moments.in_full(now),
    }
    return f"{asked}\n\n{_foot()}"


def seal_subject(seal: Seal) -> str:
    """Return the subject of the mail that carries a seal."""
    told = _("seal %(number)s of the history") % {"number": seal.pk}
    return f"{_MARK} {told}"


def seal_body(seal: Seal, before: Seal | None) -> str:
    """Return a seal in a form that can be kept, printed and compared by eye."""
    made = f"{seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC"
    number = {"number": seal.pk}
    blocks = [
        _("Seal %(number)s of the history, made %(made)s:") % {**number, "made": made},
        seal.printed(),
        ngettext(
            "%(count)d chain had moved since the seal before.",
            "%(count)d chains had moved since the seal before.",
            seal.heads,
        )
        % {"count": seal.heads},
    ]
    if before is not None:
        told = _("The seal before was %(number)s:") % {"number": before.pk}
        blocks.append(f"{told}\n{before.printed()}")
    blocks.append(
        _(
            "Keep this message apart from the portal. Whoever changes what happened before, even "
            "with the key and the database in hand, cannot bring this digest about again."
        )
    )
    compare = _("Compare it with the seal of that number:")
    blocks.append(f"{compare}\n{_link(reverse('admin:seal', args=[seal.pk]))}")
    return "\n\n".join([*blocks, _foot()])


def _foot() -> str:
    told = _("What was sent so far:")
    return f"-- \n{told} {_link(reverse('admin:alerts'))}\n"


def _link(path: str) -> str:
    return f"{settings.PORTAL_URL}{path}"
