"""The steps of a run.

How its permits are marked: the plate begins with TEST and no vehicle has it, the ticket number says
what it is, and each is valid for two minutes of a day long past. Should one be left behind by
whatever accident, it can never let a car stand: it ran out years before it was pushed. A time in
the far future would become valid one day. No zone is named, so no zone's counts are touched.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from permits.controller import Path, Request

# The second of January at noon UTC exists once in every zone of the world.
START: Final = datetime(2020, 1, 2, 12, tzinfo=UTC)
END: Final = START + timedelta(minutes=1)
LATER: Final = START + timedelta(minutes=2)
TICKET: Final = "TEST - NOT A PERMIT"
NOWHERE: Final = "00000000-0000-0000-0000-000000000000"
WRONG_TOKEN: Final = "this-is-not-the-token"  # noqa: S105

Fields = Mapping[str, str]  # as they go on the wire
Spoil = Callable[[dict[str, str]], dict[str, str]]


@dataclass(frozen=True)
class Good:
    """A step that must succeed: `stats`, `push`, `update` or `delete`."""

    name: Path
    label: Promise


@dataclass(frozen=True)
class Bad:
    """A call that must be refused."""

    name: str
    label: Promise
    path: Path
    codes: frozenset[int]  # the vendor's codes that fit; another refusal passes with a note
    spoil: Spoil = field(default=dict)  # from a good push's body to the one that is sent
    is_broken: bool = False  # sent without the last brace

    def request(self, good: dict[str, str]) -> Request:
        """Return the call, from the body of a good push."""
        return Request(self.path, self.spoil(dict(good)))

    def content(self, good: dict[str, str]) -> bytes | None:
        """Return what is sent in place of JSON; the token is not in it."""
        return json.dumps(self.spoil(dict(good))).encode()[:-1] if self.is_broken else None


def _without(*names: str) -> Spoil:
    return lambda body: {name: text for name, text in body.items() if name not in names}


def _with(*names: str, text: str) -> Spoil:
    return lambda body: {name: text if name in names else old for name, old in body.items()}


def _body(**body: str) -> Spoil:
    return lambda _good: body


def _bad(name: str, label: Promise, path: Path, *codes: int, spoil: Spoil) -> Bad:
    return Bad(name, label, path, frozenset(codes), spoil)


# Times go under either name, as `OPSCOM_TIME_ZONE` says.
_START: Final = ("startTime", "StartDateUtc")
_END: Final = ("endTime", "EndDateUtc")

STEPS: Final[tuple[Good | Bad, ...]] = (
    Good("stats", _("Ask for the counts")),
    _bad("no_token", _("Ask without a token"), "stats", 9001, spoil=_body(apiToken="")),
    _bad(
        "wrong_token",
        _("Ask with a wrong token"),
        "stats",
        *(9001, 9002),
        spoil=_body(apiToken=WRONG_TOKEN),
    ),
    Good("push", _("Push a permit")),
    _bad("no_plate", _("Push without a plate"), "push", 9006, 9031, spoil=_without("plate")),
    _bad("no_start", _("Push without a start"), "push", 9007, 9031, spoil=_without(*_START)),
    _bad("no_end", _("Push without an end"), "push", 9004, 9031, spoil=_without(*_END)),
    _bad(
        "bad_end",
        _("Push with an end that is no time"),
        "push",
        *(9005, 9033),
        spoil=_with(*_END, text="2020-13-45T99:99:99"),
    ),
    _bad(
        "long_plate",
        _("Push with a plate of 26 characters"),
        "push",
        9030,
        spoil=_with("plate", text="TEST".ljust(26, "X")),
    ),
    _bad(
        "bad_amount",
        _("Push with an amount of one decimal place"),
        "push",
        *(9032, 9033),
        spoil=lambda body: body | {"amount": "12.5", "currency": "CAD"},
    ),
    _bad(
        "bad_currency",
        _("Push with an unknown currency"),
        "push",
        9033,
        spoil=lambda body: body | {"amount": "1.00", "currency": "XXX"},
    ),
    Bad("broken", _("Push broken JSON"), "push", frozenset({9003}), is_broken=True),
    _bad(
        "update_unknown",
        _("Update a record that is not there"),
        "update",
        9009,
        spoil=lambda body: {"reference_id": NOWHERE, "plate": body["plate"]},
    ),
    _bad(
        "delete_unknown",
        _("Delete a record that is not there"),
        "delete",
        9009,
        spoil=_body(reference_id=NOWHERE),
    ),
    _bad("no_reference", _("Delete without a reference ID"), "delete", 9008, spoil=_body()),
    Good("update", _("Update the permit: a later end")),
    Good("delete", _("Delete the permit")),
    # Its reference ID is put in once it is known.
    _bad("delete_again", _("Delete it once more: it is gone"), "delete", 9009, spoil=_body()),
)
LEFT: Final = "nothing_left"
LABELS: Final[dict[str, Promise]] = {step.name: step.label for step in STEPS} | {
    LEFT: _("Nothing is left on the controller")
}
