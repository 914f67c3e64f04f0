"""Bulk runs, from the ticked rows to the list of what did not go through."""

import csv
import io
from datetime import timedelta

import pytest
from django.conf import settings

from permits import sync
from permits.models import Batch, Link, Permit, SyncAttempt
from tests.engine.office import END, enter, now, push
from tests.pages.desk import PERMITS, RUNS, Desk, Desks
from tests.pages.reading import Page
from tests.pages.states import State, in_state, one_of_each
from tests.sandbox_server import Sandbox

Kind = Batch.Kind


def ticked(*permits: Permit) -> dict[str, list[str]]:
    return {"_selected_action": ["0", *(str(permit.pk) for permit in permits)]}


def ask(desk: Desk, kind: str, *permits: Permit, query: str = "", **fields: str) -> Page:
    """Choose a bulk action for the ticked permits; without any, for all that match."""
    chosen = ticked(*permits) if permits else {"_selected_action": ["0"], "select_across": ["1"]}
    more = {name: [value] for name, value in fields.items()}
    return desk.post(f"{PERMITS}{query}", {"action": [f"{kind}_selected"], **chosen, **more})


def run(desk: Desk, kind: str, *permits: Permit, **typed: str) -> Batch:
    """Ask for a bulk run, confirm it, and let the work be done."""
    page = ask(desk, kind, *permits)
    (button,) = [b for b in page.buttons if b.startswith(kind.capitalize())]
    desk.press(page, button, **typed)
    work()
    return Batch.objects.latest("pk")


def work() -> None:
    """Do what a worker does until there is nothing to do."""
    sync.drain(go_on=lambda: True)


def tally(page: Page) -> list[str]:
    return [item.text for item in page.root.one("ul.tally").all("li")]


class TestTheConfirmation:
    def test_counts_what_will_happen_and_what_is_passed_over_and_why(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        one_of_each(sandbox)
        page = ask(desks.clerk, "push")
        assert "Push 2 permits?" in page.text
        assert set(tally(page)) == {
            "2 pushed to the controller",
            "1 passed over: queued already",
            "1 passed over: being sent just now",
            "1 passed over: as the staff want it on the controller already",
            "1 passed over: on the controller already; an update is what it needs",
            "1 passed over: missing on the controller; push it anew from its page",
            "1 passed over: unknown outcome; resolve it from its page",
            "1 passed over: deleted",
        }
        assert not Batch.objects.exists()

    @pytest.mark.parametrize(
        ("kind", "count"), [("update", 1), ("delete", 2), ("extend", 2), ("retry", 1)]
    )
    def test_counts_for_each_kind(
        self, desks: Desks, sandbox: Sandbox, kind: str, count: int
    ) -> None:
        one_of_each(sandbox)
        page = ask(desks.clerk, kind)
        assert tally(page)[0].startswith(f"{count} ")
        passed = sum(int(line.split()[0]) for line in tally(page)[1:])
        assert passed + count == len(State)

    def test_warns_of_permits_that_are_valid_now(self, desks: Desks) -> None:
        from django.utils import timezone

        hour = timedelta(hours=1)
        push(enter(start_time=timezone.now() - hour, end_time=timezone.now() + hour))
        page = ask(desks.clerk, "delete")
        assert "1 of them is valid at this moment" in page.text

    def test_of_nothing_asks_to_tick_first(self, desks: Desks) -> None:
        enter()
        page = desks.clerk.post(PERMITS, {"action": "push_selected", "_selected_action": "0"})
        assert page.message == "Tick the permits first, or choose all that match."

    def test_without_a_permit_that_can_be_taken_up_offers_no_button(self, desks: Desks) -> None:
        page = ask(desks.clerk, "push", push())
        assert page.buttons == ["Back"]

    def test_leaves_out_what_is_entered_after_it_has_counted(self, desks: Desks) -> None:
        enter(plate="COUNTED")
        page = ask(desks.clerk, "push")
        enter(plate="LATER")
        desks.clerk.press(page, "Push 1 permit")
        work()
        assert Permit.objects.get(plate="COUNTED").state == State.SYNCED
        assert Permit.objects.get(plate="LATER").state == State.DRAFT


class TestWhichPermits:
    def test_the_ticked_ones_alone(self, desks: Desks) -> None:
        first, second, third = (enter(plate=f"P {number}") for number in range(3))
        run(desks.clerk, "push", first, third)
        assert [now(each).state for each in (first, second, third)] == ["synced", "draft", "synced"]

    def test_all_that_match_the_filter_and_no_other(self, desks: Desks) -> None:
        for number in range(60):  # more than a page
            enter(plate=f"WANTED {number}")
        enter(plate="OTHER")
        page = ask(desks.clerk, "push", query="?q=WANTED&state=draft")
        desks.clerk.press(page, "Push 60 permits")
        work()
        assert Permit.objects.filter(state=State.SYNCED).count() == 60
        assert Permit.objects.get(plate="OTHER").state == State.DRAFT


class TestEachKind:
    def test_an_update_sends_the_changes(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = in_state(State.CHANGED, sandbox)
        run(desks.clerk, "update", permit)
        assert now(permit).state == State.SYNCED
        assert sandbox.requests("update")[0]["fields"]["plate"] == permit.plate

    def test_a_delete_withdraws_and_keeps_the_permit(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = push()
        run(desks.clerk, "delete", permit)
        assert now(permit).state == State.DELETED
        assert sandbox.records("live") == []

    def test_an_extension_moves_the_ends_and_says_who_did_it(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        permits = [push(enter(plate=f"P {number}")) for number in range(2)]
        batch = run(desks.clerk, "extend", *permits, number="3", unit="hours")
        for permit in permits:
            assert now(permit).end_time == END + timedelta(hours=3)
            assert permit.state == State.SYNCED
            assert permit.history.latest().actor == "clerk"
            page = desks.clerk.see(permit)
            assert "Edited by clerk" in page.text
        assert "Extends by 3 h" in desks.clerk.open(batch.get_absolute_url()).text

    @pytest.mark.parametrize("number", ["0", "-1", "1000", "x", ""])
    def test_an_extension_by_nonsense_is_asked_again(self, desks: Desks, number: str) -> None:
        page = ask(desks.clerk, "extend", push())
        page = desks.clerk.press(page, "Extend", number=number)
        assert page.problems["number"]
        assert not Batch.objects.exists()

    def test_one_that_would_pass_the_last_year_is_passed_over_with_its_reason(
        self, desks: Desks
    ) -> None:
        permit = push(enter(end_time=END.replace(year=2099)))
        batch = run(desks.clerk, "extend", permit, number="99", unit="weeks")
        assert now(permit).end_time.year == 2099
        assert batch.items.get().result == "passed"
        assert "The year must lie between" in batch.items.get().note

    def test_a_retry_sends_what_was_refused(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = in_state(State.REJECTED, sandbox)
        run(desks.clerk, "retry", permit)
        assert now(permit).state == State.SYNCED


class TestTheRunsPage:
    def test_counts_what_came_of_it(self, desks: Desks, sandbox: Sandbox) -> None:
        batch = _run_with_failures(desks, sandbox)
        page = desks.clerk.open(batch.get_absolute_url())
        assert "4 of 4 permits settled" in page.text
        assert {"2 done", "1 rejected", "1 unknown outcome"} <= set(tally(page))
        assert "1 has an unknown outcome" in page.text

    def test_lists_what_did_not_go_through_and_why(self, desks: Desks, sandbox: Sandbox) -> None:
        batch = _run_with_failures(desks, sandbox)
        rows = desks.clerk.open(batch.get_absolute_url()).rows()
        assert [(row["Plate"], row["Came to"]) for row in rows] == [
            ("=1+1", "Rejected"),
            ("P 2", "Unknown outcome"),
        ]
        assert "the end time is invalid (9005)" in rows[0]["Reason"]
        assert "what became of it is not known" in rows[1]["Reason"]

    def test_gives_them_as_a_file_in_which_no_cell_is_a_formula(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        batch = _run_with_failures(desks, sandbox)
        answer = desks.clerk.client.get(f"{RUNS}{batch.pk}/troubled/")
        assert "attachment" in answer.headers["Content-Disposition"]
        content: bytes = answer.getvalue()
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        assert rows[0][:2] == ["permit", "plate"]
        assert [row[1] for row in rows[1:]] == ["'=1+1", "P 2"]
        assert not [c for row in rows for c in row if c.startswith(("=", "+", "-", "@", "\t"))]

    def test_offers_to_retry_the_refused_and_never_the_unknown(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        batch = _run_with_failures(desks, sandbox)
        page = desks.clerk.press(desks.clerk.open(batch.get_absolute_url()), "Retry the 1 that")
        work()
        again = Batch.objects.latest("pk")
        assert (again.retries, page.path) == (batch, again.get_absolute_url())
        assert [item.permit.plate for item in again.items.all()] == ["=1+1"]
        assert Permit.objects.get(plate="P 2").state == State.IN_DOUBT
        assert len(sandbox.requests("push")) == 5

    def test_of_no_run_is_not_found(self, desks: Desks) -> None:
        assert desks.clerk.open(f"{RUNS}77/change/").status == 404
        assert desks.clerk.open(f"{RUNS}77/troubled/").status == 404


def _run_with_failures(desks: Desks, sandbox: Sandbox) -> Batch:
    """A finished run of four: done, refused, unknown, done."""
    for plate in ("P 0", "=1+1", "P 2", "P 3"):
        enter(plate=plate)
    sandbox.fault("slow")
    sandbox.fault("error", code=9005, message="-2+3")
    sandbox.fault("close")
    return run(desks.clerk, "push")


class TestStopping:
    def test_sends_no_more_until_it_is_resumed(self, desks: Desks, sandbox: Sandbox) -> None:
        for number in range(3):
            enter(plate=f"P {number}")
        desks.clerk.press(ask(desks.clerk, "push"), "Push 3 permits")
        path = Batch.objects.get().get_absolute_url()
        page = desks.clerk.press(desks.clerk.open(path), "Stop")
        assert page.message == "Stopped. Permits that were queued already are still sent."
        work()
        assert not sandbox.requests()
        desks.clerk.press(desks.clerk.open(path), "Resume")
        work()
        assert len(sandbox.records("live")) == 3
        assert Batch.objects.get().state == Batch.State.FINISHED


class TestAWrongToken:
    @pytest.fixture
    def refused(self, desks: Desks, sandbox: Sandbox) -> Batch:
        """A run of a hundred that has met a controller with another token."""
        sandbox.settings(token="another-token")
        for number in range(100):
            enter(plate=f"P {number}")
        desks.clerk.press(ask(desks.clerk, "push"), "Push 100 permits")
        sync.drain_with_threads(go_on=lambda: True)
        return Batch.objects.get()

    def test_stops_the_run_at_the_first_refusal(self, refused: Batch, sandbox: Sandbox) -> None:
        assert 1 <= len(sandbox.requests("push")) <= settings.OPSCOM_CONNECTIONS
        assert not Permit.objects.filter(state=State.REJECTED).exists()
        assert Link.current().is_paused

    def test_is_told_on_every_page(self, desks: Desks, refused: Batch) -> None:
        for path in ("/", PERMITS, "/permits/zone/", refused.get_absolute_url(), "/controller/"):
            for desk in (desks.clerk, desks.auditor, desks.supervisor):
                banner = desk.open(path).root.one("aside.strip-danger").text
                assert "Calls to the controller are paused since" in banner
                assert "the controller refuses our configuration" in banner

    def test_lets_supervisors_alone_resume(self, desks: Desks, refused: Batch) -> None:
        def can_resume(desk: Desk) -> bool:
            return bool(desk.open("/").root.one("aside.strip-danger").all("button"))

        assert [
            can_resume(desk) for desk in (desks.clerk, desks.auditor, desks.supervisor, desks.root)
        ] == [False, False, True, True]

    def test_put_right_and_resumed_the_run_ends_well(
        self, desks: Desks, sandbox: Sandbox, refused: Batch
    ) -> None:
        sandbox.settings(token=sandbox.token)
        page = desks.supervisor.open("/")
        form = page.root.one("aside.strip-danger").one("form")
        desks.supervisor.post(form.attributes["action"], {"next": "/"})
        sync.drain_with_threads(go_on=lambda: True)
        refused.refresh_from_db()
        assert refused.state == Batch.State.FINISHED
        assert len(sandbox.records("live")) == 100
        assert SyncAttempt.objects.filter(outcome="succeeded", batch=refused).count() == 100
