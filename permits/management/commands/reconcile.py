"""`manage.py reconcile`: fetch the controller's counts and compare them with our own records."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from permits import reconcile
from permits.controller import ControllerError
from permits.models import Source


class Command(BaseCommand):
    """Pulls, compares, and prints how each zone stands."""

    help = (
        "Fetch the controller's counts per zone and compare them with what it should hold. Ends "
        "with 1 where the controller gave none, and with 2 where a zone is out of step in a way "
        "that no unknown outcome explains."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the counts and how each zone stands; fail where a zone is out of step."""
        result = reconcile.pull(actor="", source=Source.SHELL)
        if isinstance(result, ControllerError):
            raise CommandError(str(result))
        for total in result.totals:
            self.stdout.write(f"{total.zone}, {total.type}: {total.total}")
        board = reconcile.board()
        for standing in board.standings:
            self.stdout.write(_line(standing))
        told = board.reading
        self.stdout.write(_("Ended permits are counted: %(told)s") % {"told": _say(told.expired)})
        self.stdout.write(_("Others' records are counted: %(told)s") % {"told": _say(told.others)})
        if board.out_of_step:
            raise CommandError(
                ngettext(
                    "Drift that nothing explains in %(count)d of %(zones)d zones.",
                    "Drift that nothing explains in %(count)d of %(zones)d zones.",
                    board.out_of_step,
                )
                % {"count": board.out_of_step, "zones": len(board.standings)},
                returncode=2,
            )


def _line(standing: reconcile.Standing) -> str:
    ours = str(standing.low)
    if standing.low != standing.high:
        ours = _("%(low)d to %(high)d") % {"low": standing.low, "high": standing.high}
    return _("%(zone)s: ours %(ours)s, theirs %(theirs)s. %(why)s") % {
        "zone": standing.zone or _("(no zone)"),
        "ours": ours,
        "theirs": _("not named") if standing.total is None else standing.total,
        "why": standing.why,
    }


def _say(told: reconcile.Told) -> str:
    word = {True: _("yes"), False: _("no"), None: _("cannot tell yet")}[told.holds]
    return f"{word}. {told.grounds}"
