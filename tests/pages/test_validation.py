"""The validation run on its pages: agreed to, asked for once, and told step by step."""

from datetime import timedelta

from django.utils import timezone

from permits import validation
from permits.models import Link, Permit, Validation
from permits.validation import plan
from tests.pages.desk import Desks
from tests.pages.reading import Page
from tests.sandbox_server import TOKEN, Sandbox

ASK = "/validation/"


def begin(desks: Desks) -> Page:
    """Agree and press the button, as a supervisor does."""
    return desks.supervisor.press(desks.supervisor.open(ASK), "Begin", agreed="on")


def made(desks: Desks) -> Validation:
    """A run that was asked for on the page, and that a worker has made since."""
    begin(desks)
    run = validation.run(Validation.objects.get().pk)
    assert run is not None
    return run


def test_it_says_what_it_will_do_and_begins_nothing_by_itself(
    desks: Desks, sandbox: Sandbox
) -> None:
    page = desks.supervisor.open(ASK)
    assert [item.text for item in page.root.one("ol.plan").all("li")] == [
        str(label) for label in plan.LABELS.values()
    ]
    assert plan.TICKET in page.text
    assert not Validation.objects.exists()
    assert sandbox.requests() == []


def test_without_agreement_nothing_is_begun(desks: Desks) -> None:
    assert "tick the box if you agree" in desks.supervisor.post(ASK).message
    assert not Validation.objects.exists()


def test_whoever_agrees_comes_to_the_transcript_and_the_worker_begins_it(desks: Desks) -> None:
    page = begin(desks)
    run = Validation.objects.get()
    assert (page.path, run.actor) == (run.get_absolute_url(), "supervisor")
    assert "It has not begun." in page.text
    assert validation.waiting() == [run.pk]


def test_a_second_is_refused_while_one_is_under_way(desks: Desks) -> None:
    begin(desks)
    assert begin(desks).message == "A run is under way already."
    assert Validation.objects.count() == 1


def test_none_is_begun_while_calls_are_paused(desks: Desks) -> None:
    Link.objects.update_or_create(
        pk=Link.ONLY, defaults={"pause": Link.Pause.UNREACHABLE, "paused_at": timezone.now()}
    )
    assert "Calls to the controller are paused." in begin(desks).message
    assert not Validation.objects.exists()


def test_an_auditor_reads_the_transcript_and_begins_none(desks: Desks, sandbox: Sandbox) -> None:
    run = made(desks)
    page = desks.auditor.open(run.get_absolute_url())
    assert [step.attributes["data-standing"] for step in page.root.all("li.finding")] == [
        "good" for _ in plan.LABELS
    ]
    assert page.text.count("HTTP 200") + page.text.count("HTTP 4") == len(sandbox.requests())
    assert TOKEN not in page.html
    assert desks.auditor.post(ASK, {"agreed": "on"}).status == 403
    assert sandbox.records("live") == []


def test_a_run_that_fails_half_way_says_where_and_what_it_left(
    desks: Desks, sandbox: Sandbox
) -> None:
    sandbox.fault("close", operation="push", applied=True)
    run = made(desks)
    page = desks.supervisor.open(run.get_absolute_url())
    steps = {step.one("h3").text: step for step in page.root.all("li.finding")}
    assert steps["Push a permit"].attributes["data-standing"] == "failed"
    assert steps["Delete the permit"].attributes["data-standing"] == "not_tried"
    (record,) = sandbox.records("live")
    left = steps["Nothing is left on the controller"]
    assert f"{record['plate']} (Unknown outcome)" in left.text
    permit = Permit.objects.get(plate=record["plate"])
    links = {link.attributes["href"] for link in page.root.all("a")}
    assert permit.get_absolute_url() in links
    text = desks.supervisor.open(f"{run.get_absolute_url()}text/")
    assert f"{record['plate']} (Unknown outcome)" in text.html


def test_a_run_that_was_cut_off_is_under_way_until_it_is_found(desks: Desks) -> None:
    begin(desks)
    ago = timezone.now() - timedelta(minutes=5)
    Validation.objects.update(begun_at=ago, lease_until=ago)
    run = Validation.objects.get()
    run.steps.create(name="stats")
    page = desks.supervisor.open(run.get_absolute_url())
    assert "Under way" in page.root.one("li.finding").text
    assert validation.tend() == 1
    page = desks.supervisor.open(run.get_absolute_url())
    assert "The run was cut off here." in page.text
    assert "Failed" in page.root.one("div.head").text
