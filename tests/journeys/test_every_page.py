"""Every page, in both languages and themes, at every width: accessible, fitting its window, quiet.

That the console stays empty under the strict policy, the `page` fixture sees to.
"""

import itertools
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, expect

from permits import proof, sync, validation
from permits.admin.needs import NEEDS
from permits.models import Alert, Batch, Link, Permit, Zone
from permits.signin.sessions import SEEN
from tests.browser import Console
from tests.database import unguarded
from tests.engine.office import enter, push, withdraw
from tests.journeys.inspector import Inspector
from tests.pages.states import STATES, in_state, one_of_each
from tests.portal import Portal
from tests.sandbox_server import Sandbox
from tests.signin.codes import code
from tests.spoken import Words
from tests.staff import PASSWORD

SignIn = Callable[[Page, User], Page]


def test_an_empty_portal(portal: Portal, signed_in: SignIn, inspector: Inspector) -> None:
    inspector.look_at("/login/")
    signed_in(inspector.page, portal.staff.root)
    lists = [f"/permits/{kind}/" for kind in ("permit", "batch", "zone", "syncattempt")]
    inspector.look_at("/", *lists, "/permits/permit/add/", "/permits/zone/add/", "/controller/")


def test_a_permit_in_each_state(
    portal: Portal, sandbox: Sandbox, signed_in: SignIn, inspector: Inspector
) -> None:
    permits = one_of_each(sandbox)
    signed_in(inspector.page, portal.staff.supervisor)
    inspector.look_at("/", "/permits/permit/", "/permits/permit/?state=synced&q=1")
    inspector.look_at(*(f"/permits/permit/?needs={need.name}" for need in NEEDS))
    inspector.look_at(*(permits[state].get_absolute_url() for state in STATES))


def test_the_pages_that_ask(
    portal: Portal, sandbox: Sandbox, signed_in: SignIn, inspector: Inspector
) -> None:
    permits = one_of_each(sandbox)
    withdrawn = push(enter(plate="WITHDRAWN"))
    withdraw(withdrawn, "No longer wanted.")
    signed_in(inspector.page, portal.staff.supervisor)
    for state, question in {
        "draft": "delete",
        "synced": "delete",
        "changed": "replace",
        "queued": "delete",
        "in_doubt": "resolve",
        "missing": "push-anew",
    }.items():
        inspector.look_at(f"/permits/permit/{permits[state].pk}/{question}/")
    inspector.look_at(
        *(f"/permits/permit/{permits['synced'].pk}/{step}/" for step in ("extend", "change-plate")),
        f"/permits/permit/{withdrawn.pk}/keep/",
        withdrawn.get_absolute_url(),
        f"/permits/permit/add/?like={withdrawn.pk}",
    )
    inspector.press("Save and push")
    assert inspector.page.locator("ul.errors").count()


def test_the_history_zones_and_the_controller(
    portal: Portal, sandbox: Sandbox, signed_in: SignIn, inspector: Inspector
) -> None:
    permits = one_of_each(sandbox)
    Link.objects.filter(pk=Link.ONLY).update(
        pause=Link.Pause.UNREACHABLE, paused_at=timezone.now(), detail="No route to the host."
    )
    signed_in(inspector.page, portal.staff.supervisor)
    calls = [permits[s].attempts.latest("pk") for s in ("synced", "rejected", "in_doubt")]
    zone = Zone.objects.get()
    inspector.look_at(
        "/",  # with the banner
        "/permits/syncattempt/",
        "/permits/syncattempt/?outcome=rejected&code=9005",
        *(call.get_absolute_url() for call in calls),
        "/permits/zone/",
        f"/permits/zone/{zone.pk}/change/",
        f"/permits/zone/{zone.pk}/delete/",
        "/controller/",
    )
    inspector.page.set_viewport_size({"width": 1280, "height": 800})
    heights = "fields => [...new Set(fields.map(field => field.offsetHeight))]"
    fields = inspector.page.locator(".filters > .filter > :is(input, select)")
    for language, of in itertools.product(("en", "fr"), ("permit", "syncattempt")):
        Words(language).choose(inspector.page, portal.url)
        inspector.page.goto(f"/permits/{of}/")
        assert fields.evaluate_all(heights) == [40]
        labels = inspector.page.locator(".filters label")
        assert set(labels.evaluate_all(heights)) <= {20, 0}, "A label wraps."


def test_checking_validating_and_what_is_told(
    portal: Portal, sandbox: Sandbox, signed_in: SignIn, inspector: Inspector
) -> None:
    run = validation.run(validation.ask(actor="supervisor").pk)
    assert run is not None
    Permit.objects.filter(pk=enter().pk).update(state=Permit.State.QUEUED, due_at=None)
    Alert.objects.create(
        number=1,
        kind=Alert.Kind.TROUBLE,
        subject="1 stuck in the queue",
        body="As of now:",
        recipients="desk@example.org",
        error="Connection refused",
        tries=2,
    )
    page = signed_in(inspector.page, portal.staff.supervisor)
    inspector.look_at("/alerts/", "/validation/", run.get_absolute_url(), "/controller/check/")
    inspector.press("Check now")
    assert page.get_by_role("heading", name="What was seen").is_visible()


def test_the_proof(
    portal: Portal, sandbox: Sandbox, signed_in: SignIn, inspector: Inspector
) -> None:
    page = signed_in(inspector.page, portal.staff.auditor)
    inspector.look_at("/proof/")
    push()
    proof.make_seal("auditor")
    seal = proof.make_seal("")
    proof.verify("auditor")
    inspector.look_at("/proof/", f"/proof/seals/{seal.pk}/")
    page.emulate_media(media="print")
    assert page.get_by_text(seal.printed()).is_visible()
    assert page.locator(".top").is_hidden()
    page.emulate_media(media="screen")
    inspector.look_at("/permits/activity/", "/proof/")
    page.get_by_role("button", name="Verify now").click()
    page.get_by_text("is being verified").wait_for()
    with unguarded():
        Zone.history.update(actor="nobody")
    proof.verify("")
    inspector.look_at("/proof/")
    assert page.get_by_text("Not whole", exact=True).is_visible()


def test_the_drift_board_a_zone_and_the_evidence(
    portal: Portal, sandbox: Sandbox, signed_in: SignIn, inspector: Inspector
) -> None:
    page = signed_in(inspector.page, portal.staff.supervisor)
    inspector.look_at("/controller/drift/")
    push()
    for number in range(3):
        sandbox.add_record(
            plate=f"X {number}",
            start="2096-01-01T00:00:00",
            end="2096-01-02T00:00:00",
            zone="Lot 4",
        )
        page.goto("/controller/drift/")
        page.get_by_role("button", name="Count now").click()
    doubt = in_state("in_doubt", sandbox)
    inspector.look_at(
        "/",
        "/controller/drift/",
        "/controller/drift/zone/?name=Lot%204",
        f"/permits/permit/{doubt.pk}/resolve/",
    )


def test_the_confirmation_of_each_kind_of_bulk_run(
    portal: Portal, sandbox: Sandbox, signed_in: SignIn, inspector: Inspector
) -> None:
    one_of_each(sandbox)
    page = signed_in(inspector.page, portal.staff.supervisor)
    for kind in Batch.Kind.values:
        page.goto("/permits/permit/")
        page.get_by_label("all that match").check()
        with page.expect_navigation():
            page.get_by_role("button", name=f"{kind.capitalize()} …").click()
        assert page.get_by_role("heading", name="permit").is_visible()
        inspector.inspect()


def test_a_run_that_moves_and_one_that_has_failures(
    portal: Portal, sandbox: Sandbox, signed_in: SignIn, inspector: Inspector
) -> None:
    for number in range(4):
        enter(plate=f"P {number}")
    sandbox.fault("error", code=9005, message="The end time is invalid.")
    sandbox.fault("close")
    run = sync.start_batch(Batch.Kind.PUSH, Permit.objects.all(), actor="clerk")
    signed_in(inspector.page, portal.staff.supervisor)
    inspector.look_at(run.get_absolute_url())
    sync.drain(go_on=lambda: True)
    inspector.look_at(run.get_absolute_url(), "/permits/batch/")


def test_accounts(portal: Portal, signed_in: SignIn, inspector: Inspector) -> None:
    page = signed_in(inspector.page, portal.staff.root)
    clerk = portal.staff.clerk
    inspector.look_at(
        "/auth/user/",
        "/auth/user/add/",
        f"/auth/user/{clerk.pk}/change/",
        f"/auth/user/{clerk.pk}/password/",
        f"/auth/user/{clerk.pk}/delete/",
        "/auth/group/",
        "/auth/group/add/",
        "/password_change/",
        "/password_change/done/",
    )
    page.set_viewport_size({"width": 1280, "height": 800})
    page.locator("details.menu summary").click()
    inspector.press("Log out")
    page.goto("/login/")
    page.get_by_label("Username").fill("clerk")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".errornote:not([hidden])").wait_for()
    inspector.inspect()


def test_ones_own_sign_in(portal: Portal, inspector: Inspector, sandbox: Sandbox) -> None:
    page = inspector.page
    inspector.look_at("/login/")
    page.get_by_label("Username").fill("clerk")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    inspector.look_at("/account/", "/account/passkeys/add/", "/account/app/add/")
    page.get_by_text("It cannot be scanned").click()
    secret = page.locator("main details code").inner_text()
    page.get_by_label("code").fill(code(secret))
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    inspector.inspect()
    inspector.look_at("/account/", "/account/codes/", "/account/codes/new/", "/account/app/remove/")
    page.context.clear_cookies()
    page.goto("/account/")
    page.get_by_label("Username").fill("clerk")
    page.get_by_label("Password").fill(PASSWORD)
    inspector.press("Sign in")
    page.get_by_label("code").fill("000000")
    inspector.press("Sign in")
    expect(page.locator("ul.errors")).to_be_visible()
    page.get_by_label("code").fill(code(secret, ahead=1))
    page.get_by_role("button", name="Sign in").click()


def test_being_asked_again_and_coming_back(
    portal: Portal, signed_in: SignIn, inspector: Inspector
) -> None:
    page = signed_in(inspector.page, portal.staff.clerk)
    inspector.look_at("/account/confirm/?next=/account/")
    page.goto("/permits/permit/add/")
    session = SessionStore(Session.objects.get().session_key)
    session[SEEN] -= settings.SESSION_IDLE.total_seconds()
    session.save()
    page.get_by_label("Plate", exact=True).fill("ABC 123")
    inspector.press("Save and push")
    page.get_by_label("Username").fill("clerk")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Not sent yet")).to_be_visible()
    inspector.inspect()
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_label("Plate", exact=True)).to_have_value("ABC 123")


def test_being_locked_out(
    portal: Portal, signed_in: SignIn, inspector: Inspector, console: Console
) -> None:
    page = inspector.page
    for _ in range(settings.AXES_FAILURE_LIMIT):
        page.goto("/login/")
        page.get_by_label("Username").fill("clerk")
        page.get_by_label("Password").fill("wrong")
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Too many tries")).to_be_visible()
    inspector.inspect()
    console.expect("429")
    signed_in(page, portal.staff.supervisor)
    inspector.look_at("/lockouts/")
    inspector.press("Let in clerk")


def test_the_guides(portal: Portal, signed_in: SignIn, inspector: Inspector) -> None:
    page = signed_in(inspector.page, portal.staff.root)
    inspector.look_at("/help/", "/help/clerk/", "/help/reconciling/", "/help/operating/")
    page.goto("/")
    page.get_by_role("link", name="Help").click()
    page.get_by_role("link", name="The clerk's guide").click()
    page.get_by_role("navigation", name="On this page").get_by_text("Many at once").click()
    expect(page.get_by_role("heading", name="Many at once")).to_be_in_viewport()


def test_refusals(
    portal: Portal, signed_in: SignIn, inspector: Inspector, console: Console
) -> None:
    page = signed_in(inspector.page, portal.staff.auditor)
    for path, status in {"/nowhere/": 404, "/permits/permit/add/": 403}.items():
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == status
        inspector.inspect()
    console.expect("Failed to load resource")
