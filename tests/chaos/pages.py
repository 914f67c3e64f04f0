"""People at their browsers, each signed in, each doing one thing after the other."""

import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import requests
from django.conf import settings
from django.utils import timezone

from permits.models import Permit, SyncAttempt
from tests.chaos.diary import Diary
from tests.chaos.forms import fields_of
from tests.chaos.truth import Truth
from tests.chaos.wishes import Wishes, typed

State = Permit.State

CSRF: Final = "c" * 32
PATIENCE: Final = 40.0  # seconds that a page may take
SETTLED: Final = timedelta(seconds=4)  # how long a person waits before looking on the controller
_OVERLAPPING: Final = re.compile(r'name="seen" value="(\d+)"')
ASKED: Final = {*Permit.STAFF_FIELDS, "version", "opened"}

Fields = Mapping[str, str | list[str]]


class Person:
    """One member of staff. A page that cannot be reached is tried again, as a person would."""

    def __init__(
        self, url: str, cookie: tuple[str, str], name: str, diary: Diary, truth: Truth, seed: int
    ) -> None:
        self.url, self.name, self.diary, self.truth = url, name, diary, truth
        self.dice = random.Random(f"{seed} {name}")
        self.wishes = Wishes(f"C{seed}-{name}", self.dice)
        self._cookie = cookie

    def new_session(self) -> requests.Session:
        """A browser's window, signed in."""
        session = requests.Session()
        session.trust_env = False
        session.cookies.set(*self._cookie)
        session.cookies.set("csrftoken", CSRF)
        session.headers.update({"X-CSRFToken": CSRF, "Referer": f"{self.url}/"})
        return session

    # --- HTTP -------------------------------------------------------------------------------------

    def get(self, path: str) -> str | None:
        """A page's text, or nothing where it could not be had."""
        answer = self._ask(lambda: self._session.get(f"{self.url}{path}", timeout=PATIENCE), path)
        return answer.text if answer is not None and answer.ok else None

    def post(self, path: str, fields: Fields, *, times: int = 6) -> requests.Response | None:
        """Send a form, again and again until it is answered: the server may just be gone."""
        for _ in range(times):
            answer = self._ask(
                lambda: self._session.post(
                    f"{self.url}{path}", data=fields, timeout=PATIENCE, allow_redirects=False
                ),
                path,
            )
            if answer is not None:
                return answer
            time.sleep(self.dice.uniform(0.3, 1.2))
        return None

    @property
    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(_window, self.name, None)
        if session is None:
            session = self.new_session()
            setattr(_window, self.name, session)
        return session

    def _ask(self, make: Callable[[], requests.Response], path: str) -> requests.Response | None:
        try:
            answer = make()
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return None
        except requests.Timeout:
            self.diary.note("wrong", what=f"{path} was not answered in {PATIENCE:g} s")
            return None
        self.diary.note("page", status=answer.status_code)
        if answer.status_code >= 500 or answer.status_code in (400, 403, 405):
            self.diary.note(
                "wrong", what=f"{path} was answered {answer.status_code}", page=answer.text[:300]
            )
        if "/login/" in answer.headers.get("Location", ""):
            self.diary.note("wrong", what=f"{path} sent {self.name} to sign in again")
        return answer

    # --- Entering and editing ---------------------------------------------------------------------

    def enter(self) -> None:
        """Enter a new permit, sometimes with a double click, and mostly have it pushed."""
        if self.dice.random() < 0.2:
            self.get("/permits/permit/add/")
        fields = typed(self.wishes.permit())
        pushed = self.dice.random() < 0.7
        form = {
            **fields,
            "version": "1",
            "opened": datetime.now(UTC).isoformat(),
            "_push" if pushed else "_save": "1",
        }
        if self.dice.random() < 0.2:
            second = threading.Thread(target=self._save, args=[form, fields, pushed])
            second.start()
            self._save(form, fields, pushed)
            second.join()
        else:
            self._save(form, fields, pushed)

    def _save(self, form: Fields, fields: Mapping[str, str], pushed: bool) -> None:
        answer = self.post("/permits/permit/add/", form)
        if answer is not None and (seen := _OVERLAPPING.findall(answer.text)):
            # The plate has a permit for that time: it was shown, and is meant.
            answer = self.post("/permits/permit/add/", {**form, "seen": seen})
        self._note_saved(answer, fields["ticket_number"], pushed)

    def edit(self) -> None:
        """Change something of a permit, and sometimes have the change sent at once."""
        permit = self.some(self.dice.choice([State.SYNCED, State.SENDING, State.CHANGED, None]))
        if permit is None:
            return
        path = f"/permits/permit/{permit.pk}/change/"
        form = self._form(path)
        if "plate" not in form:
            return  # it cannot be edited just now
        for name, value in self._changes(permit).items():
            form[name] = value
        pushed = self.dice.random() < 0.6
        form["_push" if pushed else "_save"] = "1"
        if not pushed:
            self.diary.note("left", ticket=permit.ticket_number)
        answer = self.post(path, form)
        # A permit without a difference is not sent, so an edit is no promise of a call.
        self._note_saved(answer, permit.ticket_number, pushed=False)

    def _changes(self, permit: Permit) -> dict[str, str]:
        """One to three fields, of those that the controller can change or, rarely, of all."""
        changes = {
            "plate": self.wishes.plate(),
            "end_time": typed({"end": permit.end_time + self.wishes.length()})["end"],
            "amount": self.wishes.amount() or "7.50",
            "currency": self.wishes.currency() or "CAD",
        }
        if not permit.reference_id and self.dice.random() < 0.3:
            changes["zone"] = self.wishes.zone()
        names = self.dice.sample(sorted(changes), k=self.dice.randrange(1, 4))
        return {name: changes[name] for name in names}

    def _note_saved(self, answer: requests.Response | None, ticket: str, pushed: bool) -> None:
        if answer is None:
            return  # nobody knows; what the portal holds decides
        if answer.status_code == 302:
            self.diary.note("saved", ticket=ticket)
            if pushed:
                self.diary.note("asked", ticket=ticket)
        else:
            self.diary.note("refused", ticket=ticket, why=_errors(answer.text))

    def _form(self, path: str) -> dict[str, str]:
        page = self.get(path)
        found = fields_of(page) if page else {}
        return {name: value for name, value in found.items() if name in ASKED}

    # --- One permit -------------------------------------------------------------------------------

    def push(self) -> None:
        """Press Push on a draft, a refused permit, or whichever."""
        if permit := self.some(self.dice.choice([State.DRAFT, State.REJECTED, State.QUEUED, None])):
            self.post(f"/permits/permit/{permit.pk}/push/", {"next": "/permits/permit/"})

    def update(self) -> None:
        """Press Update, now and then twice at once."""
        if permit := self.some(self.dice.choice([State.CHANGED, State.CHANGED, None])):
            path = f"/permits/permit/{permit.pk}/update/"
            second = threading.Thread(target=self.post, args=[path, {}])
            second.start()
            self.post(path, {})
            second.join()

    def delete(self) -> None:
        """Withdraw a permit."""
        if permit := self.some(self.dice.choice([State.SYNCED, State.SENDING, None])):
            self.post(f"/permits/permit/{permit.pk}/delete/", {"post": "yes", "reason": ""})

    def keep(self) -> None:
        """Take back a withdrawal that has not come through yet."""
        withdrawn = Permit.objects.exclude(withdrawn_at=None).exclude(state=State.DELETED)
        if permit := withdrawn.first():
            self.post(f"/permits/permit/{permit.pk}/keep/", {"reason": "It is needed after all."})

    def replace(self) -> None:
        """Have another permit take the place of one on the controller."""
        permit = self.some(self.dice.choice([State.SYNCED, State.CHANGED]))
        if permit is None:
            return
        path = f"/permits/permit/{permit.pk}/replace/"
        form = self._form(path)
        fields = typed(self.wishes.permit())
        answer = self.post(path, {**form, **fields}, times=1)
        if answer is not None and answer.status_code == 200:
            self.diary.note("refused", ticket=permit.ticket_number, why=_errors(answer.text))

    # --- Many permits -----------------------------------------------------------------------------

    def bulk(self) -> None:
        """Tick a few neighbours in the list, and push, update or delete them."""
        if (permit := self.some(None)) is None:
            return
        ticked = Permit.objects.filter(pk__lte=permit.pk).order_by("-pk")[:5]
        action = self.dice.choices(["push", "update", "delete"], weights=[4, 4, 1])[0]
        fields: dict[str, str | list[str]] = {
            "action": f"{action}_selected",
            "_selected_action": [str(each.pk) for each in ticked],
            "select_across": "0",
            "confirm": "yes",
        }
        self.post("/permits/permit/", fields)

    # --- What a supervisor does -------------------------------------------------------------------

    def resolve(self) -> None:
        """Look on the controller for a permit in doubt, and say what was found."""
        permit = self.some(State.IN_DOUBT)
        if permit is None:
            return
        settled = timezone.now() - SETTLED
        last = permit.attempts.filter(operation="push").first()
        if last is None or last.finished_at is None or last.finished_at > settled:
            return
        found = self.truth.references(permit.ticket_number)
        answer = (
            {"verdict": "there", "reference_id": found[0], "reason": "I see it there."}
            if found
            else {"verdict": "not_there", "reason": "I looked, and there is none."}
        )
        self.post(f"/permits/permit/{permit.pk}/resolve/", answer, times=1)

    def push_anew(self) -> None:
        """Push a permit again that the controller has lost."""
        if permit := self.some(State.MISSING):
            path = f"/permits/permit/{permit.pk}/push-anew/"
            self.post(path, {"reason": "It must be there."}, times=1)

    def resume(self) -> None:
        """Have calls made again that were paused."""
        self.post("/controller/resume/", {})

    def lose(self) -> None:
        """Have the controller lose a record, as somebody who works there."""
        if permit := self.some(self.dice.choice([State.SYNCED, State.CHANGED])):
            path = f"/sandbox/records/{permit.reference_id}"
            with suppress(requests.RequestException):
                requests.delete(f"{settings.OPSCOM_URL}{path}", timeout=5)

    def look(self) -> None:
        """Look at the pages that show what was done."""
        paths = ["/", "/permits/permit/", "/permits/permit/?state=in_doubt", "/controller/"]
        if permit := self.some(None):
            paths.append(f"/permits/permit/{permit.pk}/change/")
        self.get(self.dice.choice(paths))

    def audit(self) -> None:
        """Look at the calls that were made."""
        paths = ["/permits/syncattempt/"]
        if attempt := SyncAttempt.objects.first():
            paths.append(f"/permits/syncattempt/{attempt.pk}/change/")
        self.get(self.dice.choice(paths))

    def some(self, state: str | None) -> Permit | None:
        """Some permit in this state, or in any; often one that others are at as well."""
        permits = Permit.objects.order_by("-pk")
        if state:
            permits = permits.filter(state=state)
        if self.dice.random() < 0.4:
            newest = list(permits[:8])
            return self.dice.choice(newest) if newest else None
        last = Permit.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        return permits.filter(pk__lte=self.dice.randint(0, last)).first()


_window = threading.local()


def _errors(page: str) -> str:
    """The words of a form that came back, as far as they say why."""
    start = page.find("error")
    return page[max(0, start - 100) : start + 600]
