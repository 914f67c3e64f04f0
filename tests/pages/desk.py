"""A person at a desk: opens pages, fills in forms, presses buttons; in the test's process."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.models import User
from django.test import Client

from permits.models import Permit
from tests.pages.reading import Form, Page

PERMITS: Final = "/permits/permit/"
ADD: Final = "/permits/permit/add/"
HISTORY: Final = "/permits/syncattempt/"
RUNS: Final = "/permits/batch/"
# As `tests.engine.office` enters it, in the staff's own time: Toronto.
TYPED: Final = {
    "plate": "ABC 123",
    "start_time": "2026-11-23T04:00:00",
    "end_time": "2026-11-23T06:00:00",
    "zone": "Lot 4",
    "ticket_number": "T-100",
    "amount": "12.50",
    "currency": "CAD",
}
Fields = dict[str, list[str]]


class Desk:
    """One person's browser, without any script; nobody's before someone has signed in."""

    def __init__(self, user: User | None = None) -> None:
        self.user = user
        self.client = Client()
        if user is not None:
            self.client.force_login(user)

    def open(self, path: str) -> Page:
        """Open a page, following redirects."""
        return self._shown(self.client.get(path, follow=True), path)

    def post(self, path: str, fields: Fields | dict[str, str] | None = None) -> Page:
        """Send a form, and see what follows."""
        return self._shown(self.client.post(path, fields or {}, follow=True), path)

    def send(self, path: str, form: Form, button: str) -> Page:
        """Send a form as it is filled in by its button of that name."""
        return self.post(form.action or path, {**form.fields, button: ["1"]})

    def press(self, page: Page, label: str, **typed: str | list[str]) -> Page:
        """Press a button, having typed into its form."""
        action, fields = page.press(label)
        more = {name: [v] if isinstance(v, str) else v for name, v in typed.items()}
        return self.post(action, {**fields, **more})

    def see(self, permit: Permit) -> Page:
        """Open a permit's page."""
        return self.open(permit.get_absolute_url())

    def enter(self, *, push: bool = False, **changes: str) -> Page:
        """Enter a permit, and have it pushed where asked."""
        form = self.open(ADD).form("#permit_form").filled(**(TYPED | changes))
        return self.send(ADD, form, "_push" if push else "_save")

    def edit(self, permit: Permit, *, push: bool = False, **changes: str) -> Page:
        """Open a permit's form, change something and save it."""
        path = permit.get_absolute_url()
        form = self.open(path).form("#permit_form").filled(**changes)
        return self.send(path, form, "_push" if push else "_save")

    def _shown(self, answer: Any, path: str) -> Page:
        content: bytes = answer.getvalue()
        last = urlsplit([path, *(address for address, _ in answer.redirect_chain)][-1])
        shown = urlunsplit(("", "", last.path, last.query, ""))
        is_picture = answer.headers.get("Content-Type") == "image/png"
        html = "" if is_picture else content.decode()
        return Page(html, status=answer.status_code, path=shown)


@dataclass(frozen=True)
class Desks:
    """A desk for each kind of person."""

    clerk: Desk
    supervisor: Desk
    auditor: Desk
    root: Desk
    stranger: Desk
    """Signed in, in no group."""
    nobody: Desk
    """Not signed in."""
