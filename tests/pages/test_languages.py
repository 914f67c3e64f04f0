"""Every page in French: nothing in it is as it is in English, but for what people and wires say."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from http import HTTPStatus
from typing import Final

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone, translation
from pytest_django import Settings

from permits import alerts, sync, validation
from permits.admin import guides
from permits.models import (
    Activity,
    Batch,
    Check,
    ImportRun,
    Link,
    Permit,
    SyncAttempt,
    Zone,
)
from permits.models.attempt import called_controller
from tests.engine.office import enter
from tests.environment import ROOT
from tests.pages.addresses import MAY_OPEN, all_addresses
from tests.pages.desk import ADD, PERMITS, TYPED, Desk, Desks
from tests.pages.reading import Element, Page
from tests.pages.states import in_state, one_of_each
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.either

READ_OUT: Final = ("title", "aria-label", "placeholder", "alt", "data-label", "data-ticked")
SILENT: Final = {"script", "style", "code", "pre", "datalist"}
SIGNS: Final = re.compile(
    r"[\W\d_]*(?:(?:permitportal|ms|s|min|h|UTC|E[DS]T|CAD|USD|POST|HTTP|apiToken|temp|standard)"
    r"[\W\d_]*)*"
)
"""What is the same in every language: signs, units, the wire, and what the controller says."""


def same_in_both() -> set[str]:
    """The texts whose translation is the English one, such as `Zone`."""
    with (ROOT / "locale/fr/LC_MESSAGES/django.po").open("rb") as file:
        return {str(m.id) for m in read_po(file) if m.id and m.id == m.string}


def words(element: Element) -> Iterator[str]:
    """Every text that an element shows or has read out, piece by piece."""
    for name in READ_OUT:
        if name in element.attributes:
            yield " ".join(element.attributes[name].split())
    for child in element.children:
        if isinstance(child, str):
            yield " ".join(child.split())
        elif child.tag not in SILENT:
            yield from words(child)


def names() -> list[str]:
    """What people and settings named, the longest first, and documents in English alone."""
    in_french = [guides.text(name, "fr") for name in guides.GUIDES]
    return sorted(
        {
            *Permit.history.values_list("plate", flat=True),
            *SyncAttempt.objects.filter(request__has_key="plate").values_list(
                "request__plate", flat=True
            ),
            *Permit.objects.exclude(ticket_number="").values_list("ticket_number", flat=True),
            *Zone.objects.values_list("name", flat=True),
            *User.objects.values_list("username", flat=True),
            *Group.objects.values_list("name", flat=True),
            *(name for _code, name in settings.LANGUAGES),
            *(status.phrase for status in HTTPStatus),
            *ImportRun.objects.values_list("file_name", flat=True),
            *(called_controller(), settings.OPSCOM_URL, settings.OPSCOM_CLIENT_CODE),
            settings.TIME_ZONE,
            *(guide.title for guide in in_french if guide.language == "en"),
        },
        key=lambda name: -len(name),
    )


def untranslated(english: Page, french: Page, known: set[str]) -> set[str]:
    """What both pages say in the same words."""
    same = set(words(english.root)) & set(words(french.root)) - known
    named = re.compile("|".join(map(re.escape, [*names(), *sorted(known, key=len, reverse=True)])))
    return {text for text in same if not SIGNS.fullmatch(named.sub("", text))}


def open_in(desk: Desk, path: str, language: str) -> Page:
    desk.client.cookies["language"] = language
    return desk.open(path)


def test_an_empty_list_speaks_of_its_rows_in_no_gender(desks: Desks) -> None:
    Zone.objects.all().delete()
    for path, rows in {"zone": "zones", "batch": "traitements groupés"}.items():
        page = open_in(desks.root, f"/permits/{path}/", "fr")
        assert f"La liste des {rows} est encore vide" in page.text
        assert bool(page.root.all("form.filters")) == (path == "zone")


def test_no_page_has_a_text_that_is_not_translated(
    desks: Desks, known: dict[str, str], sandbox: Sandbox
) -> None:
    permits = one_of_each(sandbox)
    calls = SyncAttempt.objects.exclude(outcome=SyncAttempt.Outcome.SUCCEEDED)
    assert validation.run(int(known["validation"])) is not None
    paths = {
        *(address.path(known) for address in all_addresses() if "root" in MAY_OPEN[address.name]),
        *(permit.get_absolute_url() for permit in permits.values()),
        *(call.get_absolute_url() for call in calls),
        f"{PERMITS}?needs=unknown",
        f"{PERMITS}?needs=rejected&state=synced&amount_from=x&q=0",
        "/nowhere/",
    }
    known_as_same, found = same_in_both(), {}
    for path in sorted(paths):
        english, french = (open_in(desks.root, path, language) for language in ("en", "fr"))
        is_page = "<!DOCTYPE html>" in english.html
        if is_page and (left := untranslated(english, french, known_as_same)):
            found[path] = left
    assert found == {}


BAD_FILES: Final = (
    "plate,start,end,zone,amount,currency,ticket number\n"
    ",2026-02-30 10:00,2026-11-25,Lot 4.,14 CAD,EUR,\u202ex\n"
    "ABC 123,03/04/2026 10:00,2026-13-01 10:00,lot 4,1.234,CAD,\n"
    "ABC 123,2026-11-25 10:00,2026-11-25 11:00,Lot 4,1,CAD,\n"
    "ABC 123,2026-11-25 10:00,2026-11-25 11:00,Lot 4,1,CAD,\n"
    "ABC 123,2026-11-25 10:00,2026-11-25 09:00,Lot 4,1,CAD,,more\n",
    "nothing,of,use\n1,2,3\n",
    "plate;plate;start;end\n1;2;3;4\n",
    "%PDF-1",
)


def test_nor_has_what_was_written_down_before(desks: Desks, sandbox: Sandbox) -> None:
    one_of_each(sandbox)
    enter(plate="ABC 123")
    sync.start_batch(Batch.Kind.PUSH, Permit.objects.all(), actor="clerk")
    sandbox.fault("error", code=9006, message="No plate.")
    sync.drain(go_on=lambda: True)
    for content in BAD_FILES:
        file = SimpleUploadedFile("permits.csv", content.encode())
        desks.root.client.post(f"{PERMITS}import/", {"file": file})
    Link.objects.filter(pk=Link.ONLY).update(
        pause=Link.Pause.UNREACHABLE,
        paused_at=timezone.now(),
        detail="The controller could not be reached: no answer came in time.",
    )
    known_as_same, found = same_in_both(), {}
    paths = [run.get_absolute_url() for run in ImportRun.objects.all()]
    paths += [run.get_absolute_url() for run in Batch.objects.all()]
    for path in ("/", *paths):
        english, french = (open_in(desks.root, path, language) for language in ("en", "fr"))
        if left := untranslated(english, french, known_as_same):
            found[path] = left
    assert found == {}
    lacking = open_in(desks.root, ImportRun.objects.order_by("pk")[1].get_absolute_url(), "fr")
    assert "le champ plaque (une colonne nommée Plate" in lacking.text
    assert "et le champ fin (une colonne nommée End" in lacking.text


def switch(desk: Desk, page: Page, label: str) -> Page:
    """Press the button of the other language; a browser says on which page that was."""
    button = page.root.one("button.language")
    assert button.text == label
    fields = {button.attributes["name"]: button.attributes["value"]}
    came_from = f"http://testserver{page.path}"
    answer = desk.client.post("/language/", fields, headers={"referer": came_from})
    return desk.open(answer.headers["Location"].removeprefix("http://testserver"))


class TestWhoIsSpokenToInWhich:
    def test_the_browsers_wish_decides_where_nobody_has_chosen(self, desks: Desks) -> None:
        for wish, title in {"fr-CA,en;q=0.5": "Se connecter", "de": "Sign in"}.items():
            answer = desks.nobody.client.get("/login/", headers={"accept-language": wish})
            assert answer.context["title"] == title

    def test_the_switch_stays_on_the_page_and_outlives_the_session(self, desks: Desks) -> None:
        english = desks.nobody.open("/login/?next=/zones/")
        french = switch(desks.nobody, english, "Français")
        assert french.path == "/login/?next=/zones/"
        assert "Mot de passe" in french.text
        assert french.root.one("html").attributes["lang"] == "fr"
        desks.nobody.client.session.flush()
        assert "Mot de passe" in desks.nobody.open("/login/").text
        assert "Password" in switch(desks.nobody, french, "English").text

    def test_no_other_site_is_led_to(self, desks: Desks) -> None:
        for fields in ({"next": "https://example.org/"}, {"next": "//example.org/"}, {}):
            answer = desks.clerk.client.post(
                "/language/",
                {"language": "fr", **fields},
                headers={"referer": "https://a.example/"},
            )
            assert answer.headers["Location"] == "/"

    def test_errors_are_said_in_it_too(self, desks: Desks) -> None:
        page = open_in(desks.clerk, "/nowhere/", "fr")
        assert page.status == 404
        assert "a pas de telle page" in page.text


def test_amounts_and_times_are_written_and_read_as_the_language_does(
    desks: Desks, sandbox: Sandbox
) -> None:
    form = open_in(desks.clerk, ADD, "fr").form("#permit_form")
    page = desks.clerk.send(ADD, form.filled(**TYPED | {"amount": "1234,50"}), "_save")
    permit = Permit.objects.get()
    assert permit.amount == Decimal("1234.50")
    assert page.message.startswith("ABC 123 : enregistré.")
    assert page.form("#permit_form").fields["amount"] == ["1234,50"]
    facts = open_in(desks.clerk, f"{permit.get_absolute_url()}delete/", "fr").text
    assert "1 234,50 CAD" in facts
    listed = open_in(desks.clerk, PERMITS, "fr").rows()[0]
    assert re.search(r"23 nov\.( 2026)? à 04:00 . 06:00", listed["Validité"])


def test_what_is_typed_wrong_is_said_in_it(desks: Desks) -> None:
    form = open_in(desks.clerk, ADD, "fr").form("#permit_form")
    page = desks.clerk.send(ADD, form.filled(**TYPED | {"amount": "12,345", "zone": "L"}), "_save")
    assert page.problems["amount"].startswith("Un montant a deux décimales au plus")
    assert page.problems["zone"].endswith("Choisissez-en une de la liste.")


def test_what_is_kept_is_english_and_shown_in_french(desks: Desks, sandbox: Sandbox) -> None:
    sandbox.fault("status", status=503)
    page = open_in(desks.clerk, ADD, "fr")
    page = desks.clerk.send(ADD, page.form("#permit_form").filled(**TYPED), "_push")
    assert "Le contrôleur est occupé (HTTP 503)." in page.message
    attempt = SyncAttempt.objects.get()
    assert attempt.error_message == "The controller is busy (HTTP 503)."
    assert "Le contrôleur est occupé (HTTP 503)." in page.panel
    open_in(desks.supervisor, "/controller/check/", "fr")
    checked = desks.supervisor.post("/controller/check/")
    assert "Ceci est le bac à sable." in checked.text
    steps = Check.objects.get().steps
    assert steps[0]["cure"] == "This is the sandbox. Set OPSCOM_URL to reach a real controller."


def test_a_list_exported_in_french_is_kept_in_english_and_imports_again(
    desks: Desks, sandbox: Sandbox
) -> None:
    enter()
    open_in(desks.clerk, PERMITS, "fr")
    exported = desks.clerk.client.get(f"{PERMITS}export/csv/?state=draft").getvalue()
    head, row, *ending = exported.decode("utf-8-sig").splitlines()
    assert head.startswith("Plaque,Zone,Numéro de billet,Début,Fin,Montant,Devise,État")
    assert "Non envoyé" in row
    assert [line.split(",")[0] for line in ending] == [
        *("# Lignes", "# État", "# Exporté", "# Exporté par")
    ]
    note = Activity.objects.get(kind=Activity.Kind.EXPORTED)
    assert (note.what, note.details["filter"]) == ("permits", {"State": "Not pushed"})
    Permit.objects.all().delete()
    file = SimpleUploadedFile("permis.csv", exported)
    for language, sentence in {"fr": "1 bonne ligne", "en": "1 good row"}.items():
        desks.clerk.client.cookies["language"] = language
        answer = desks.clerk.client.post(f"{PERMITS}import/", {"file": file}, follow=True)
        assert sentence in Page(answer.content.decode(), status=200, path="").text
        file.seek(0)
    desks.auditor.client.cookies["language"] = "fr"
    lines = desks.auditor.client.get("/permits/syncattempt/export/jsonl/?outcome=rejected")
    (ending,) = map(json.loads, lines.getvalue().splitlines())
    assert ending["export"]["filter"] == {"Outcome": "Refused"}


def test_an_exported_list_of_activity_names_what_the_page_names(desks: Desks) -> None:
    client = desks.root.client
    client.cookies["language"] = "fr"
    b"".join(client.get("/permits/syncattempt/export/csv/"))
    said = b"".join(client.get("/permits/activity/export/csv/")).decode()
    assert "root,Exporté,historique de synchronisation," in said


def test_mail_is_in_the_language_of_the_site(
    desks: Desks, settings: Settings, sandbox: Sandbox
) -> None:
    settings.ALERT_RECIPIENTS = ["desk@example.org"]
    settings.LANGUAGE_CODE = "fr"
    in_state("in_doubt", sandbox)
    with translation.override("en"):  # whatever is at work
        alert = alerts.write_due()
        test = alerts.write_test("clerk")
    assert alert is not None
    assert alert.subject == "[permitportal] 1 résultat inconnu"
    assert "1 envoi a été fait, et personne ne sait" in alert.body
    assert re.search(r"[a-z]+ \d+ [a-zéû]+ \d{4}", alert.body)
    assert test is not None
    assert test.subject == "[permitportal] courriel d\N{RIGHT SINGLE QUOTATION MARK}essai"
