"""Who may open which page, and that opening one changes nothing."""

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client

from permits.models import Permit
from tests.database import unguarded
from tests.pages.addresses import EVERYBODY, MAY_OPEN, Address, all_addresses, everything
from tests.pages.desk import TYPED, Desk, Desks
from tests.sandbox_server import Sandbox

ADDRESSES = all_addresses()
NEW_PASSWORD = "a-password-nobody-uses-4711"
# What could change something somewhere, for whoever is let to.
GREEDY: dict[str, str] = {
    **TYPED,
    **dict.fromkeys(("confirm", "post"), "yes"),
    "action": "delete_selected",
    "select_across": "1",
    "_selected_action": "0",
    "_push": "1",
    "reason": "I say so.",
    "verdict": "there",
    "reference_id": "0000",
    "name": "Lot 99",
    "username": "intruder",
    "is_staff": "on",
    "is_superuser": "on",
    "groups": "1",
    **dict.fromkeys(("password1", "password2", "new_password1", "new_password2"), NEW_PASSWORD),
    "outcome": "succeeded",
    "operation": "push",
    "request": "{}",
    "error_message": "",
}


def people(desks: Desks) -> dict[str, Desk]:
    return vars(desks)


def is_open(desk: Desk, path: str) -> bool:
    """Whether following the link ends on the page; a refusal must be one of the agreed ones."""
    answer = desk.client.get(path, follow=True)
    if answer.request["PATH_INFO"] == "/login/" and path != "/login/":
        assert desk.user is None
        return False
    assert answer.status_code in (200, 403, 404, 405), f"{path}: {answer.status_code}"
    return answer.status_code == 200


def test_every_address_says_who_may_open_it() -> None:
    assert {address.name for address in ADDRESSES} == set(MAY_OPEN)


def test_a_page_opens_for_those_who_may(desks: Desks, known: dict[str, str]) -> None:
    def openers(address: Address) -> set[str]:
        path = address.path(known)
        return {name for name, desk in people(desks).items() if is_open(desk, path)}

    assert {address.name: openers(address) for address in ADDRESSES} == MAY_OPEN


def test_opening_a_page_changes_nothing(
    desks: Desks, known: dict[str, str], sandbox: Sandbox
) -> None:
    before, calls = everything(), len(sandbox.requests())
    for address in ADDRESSES:
        for desk in people(desks).values():
            desk.client.get(address.path(known), GREEDY)
        assert everything() == before, address.name
    assert len(sandbox.requests()) == calls


@pytest.mark.parametrize("who", ["nobody", "stranger", "auditor"])
def test_whatever_they_send_those_who_only_look_change_nothing(
    desks: Desks, known: dict[str, str], sandbox: Sandbox, who: str
) -> None:
    before, calls = everything(), len(sandbox.requests())
    for address in ADDRESSES:
        if address.name in ("login", "logout"):
            continue
        path = address.path(known)
        answer = people(desks)[who].client.post(path, GREEDY)
        assert answer.status_code < 500, path
        assert everything() == before, path
    assert len(sandbox.requests()) == calls


def test_the_comparison_sees_the_whole_database(desks: Desks, known: dict[str, str]) -> None:
    tables = set(everything())
    ours = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert {table for table in ours - tables if not table.startswith("axes_")} == {
        *("django_session", "usersessions_usersession", "permits_activity")
    }
    before = everything()
    with unguarded():
        Permit.history.filter(id=int(known["permit"])).update(actor="somebody else")
    assert everything() != before


def test_a_form_without_its_token_is_refused(
    desks: Desks, known: dict[str, str], sandbox: Sandbox
) -> None:
    client = Client(enforce_csrf_checks=True)
    assert desks.root.user is not None
    client.force_login(desks.root.user)
    before, calls = everything(), len(sandbox.requests())
    for address in ADDRESSES:
        if address.name in ("jsi18n", "view_on_site"):  # they take no form
            continue
        answer = client.post(address.path(known), GREEDY)
        assert answer.status_code in (403, 404, 405), address.name
    assert everything() == before
    assert len(sandbox.requests()) == calls


@pytest.mark.parametrize("action", ["change", "delete", "history", ""])
def test_not_even_an_administrator_changes_the_history(
    desks: Desks, known: dict[str, str], action: str
) -> None:
    before = everything()
    page = f"{known['syncattempt']}/{action}/" if action else ""
    for data in (GREEDY, GREEDY | {"_selected_action": known["syncattempt"]}):
        desks.root.client.post(f"/permits/syncattempt/{page}", data)
        desks.root.client.put(f"/permits/syncattempt/{page}", data)
        desks.root.client.delete(f"/permits/syncattempt/{page}")
    assert everything() == before


def test_not_even_an_administrator_adds_to_the_history(desks: Desks, known: dict[str, str]) -> None:
    before = everything()
    assert desks.root.client.post("/permits/syncattempt/add/", GREEDY).status_code == 403
    assert everything() == before


def test_a_closed_account_sees_nothing(desks: Desks) -> None:
    User.objects.filter(username="clerk").update(is_active=False)
    assert not is_open(Desk(), "/permits/permit/")
    answer = desks.clerk.client.get("/permits/permit/")
    assert answer.headers["Location"].startswith("/login/")


def test_the_roles_of_the_table_are_the_desks(desks: Desks) -> None:
    assert set(people(desks)) == EVERYBODY
