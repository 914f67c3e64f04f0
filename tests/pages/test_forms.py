"""What the form of a permit takes, in which form it keeps it, and how it refuses the rest."""

from decimal import Decimal

import pytest
from django.utils import timezone

from permits.models import Permit, Zone
from tests.engine.office import enter, now, push
from tests.pages.desk import ADD, TYPED, Desks
from tests.pages.states import State
from tests.sandbox_server import Sandbox

AMOUNT_RANGE = "An amount lies between 0.01 and 999999.99."


class TestAnAmount:
    @pytest.mark.parametrize("typed", ["5", "5.0", "5.00", " 5 ", "05"])
    def test_is_kept_with_two_places(self, desks: Desks, typed: str) -> None:
        desks.clerk.enter(amount=typed)
        permit = Permit.objects.get()
        assert permit.amount == Decimal("5.00")
        assert desks.clerk.see(permit).form("#permit_form")["amount"] == "5.00"

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("5.001", "An amount has two decimal places at the most, such as 14.50."),
            ("0", AMOUNT_RANGE),
            ("1000000", AMOUNT_RANGE),
            ("999999.995", AMOUNT_RANGE),
            ("-1", "Enter an amount in digits, such as 14.50."),
            ("1e3", "Enter an amount in digits, such as 14.50."),
            ("14,50", "Enter an amount in digits, such as 14.50."),
            ("$5", "Enter an amount in digits, such as 14.50."),
        ],
    )
    def test_is_refused_with_a_sentence(self, desks: Desks, typed: str, said: str) -> None:
        page = desks.clerk.enter(amount=typed)
        assert page.problems == {"amount": said}
        assert page.form("#permit_form")["amount"] == typed
        assert not Permit.objects.exists()


class TestAPlate:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            (" abc 123 ", "ABC 123"),
            ("abc\N{NO-BREAK SPACE}123", "ABC 123"),
            ("abc\N{EN DASH}123", "ABC-123"),
            ("ÉTÉ 1", "ÉTÉ 1"),
            ("É" * 25, "É" * 25),
            ("\N{SMILING FACE WITH OPEN MOUTH}" * 25, "\N{SMILING FACE WITH OPEN MOUTH}" * 25),
        ],
    )
    def test_is_kept_in_its_one_form(self, desks: Desks, typed: str, kept: str) -> None:
        desks.clerk.enter(plate=typed)
        assert Permit.objects.get().plate == kept

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("", "Enter the licence plate."),
            (" - ", "Enter the licence plate."),
            ("A" * 26, "A plate has 25 characters at the most; this has 26. Shorten it."),
            ("AB\x07C", "invisible character U+0007"),
            ("AB\x00C", "invisible character U+0000"),
            ("AB\u202eC", "invisible character U+202E"),
        ],
    )
    def test_is_refused_with_a_sentence(self, desks: Desks, typed: str, said: str) -> None:
        page = desks.clerk.enter(plate=typed)
        assert said in page.problems["plate"]
        assert not Permit.objects.exists()


class TestATicketNumber:
    def test_of_fifty_characters_is_kept(self, desks: Desks) -> None:
        desks.clerk.enter(ticket_number="T" * 50)
        assert Permit.objects.get().ticket_number == "T" * 50

    @pytest.mark.parametrize("typed", ["T" * 51, "T\x7f1"])
    def test_that_the_controller_cannot_take_is_refused(self, desks: Desks, typed: str) -> None:
        assert "A ticket number" in desks.clerk.enter(ticket_number=typed).problems["ticket_number"]


class TestTheTimes:
    @pytest.mark.parametrize("end", ["2026-11-23T04:00:00", "2026-11-23T03:59:59"])
    def test_an_end_that_is_not_after_the_start_is_refused(self, desks: Desks, end: str) -> None:
        page = desks.clerk.enter(end_time=end)
        assert page.problems == {"end_time": "The end must lie after the start."}

    def test_a_time_that_the_clocks_skip_is_refused(self, desks: Desks) -> None:
        page = desks.clerk.enter(start_time="2026-03-08T02:30")
        assert "2026-03-08 02:30 does not exist: the clocks skip it" in page.problems["start_time"]

    def test_a_time_that_happens_twice_is_refused(self, desks: Desks) -> None:
        page = desks.clerk.enter(end_time="2026-11-01T01:30")
        assert "2026-11-01 01:30 happens twice" in page.problems["end_time"]

    def test_they_are_kept_to_the_second(self, desks: Desks) -> None:
        desks.clerk.enter(start_time="2026-07-01T09:00:07", end_time="2026-07-01 9:30")
        permit = Permit.objects.get()
        assert f"{timezone.localtime(permit.start_time):%H:%M:%S}" == "09:00:07"
        assert f"{timezone.localtime(permit.end_time):%H:%M:%S}" == "09:30:00"

    @pytest.mark.parametrize("typed", ["tomorrow", "2026-02-30T09:00", "2026-07-01"])
    def test_what_names_no_moment_is_refused(self, desks: Desks, typed: str) -> None:
        page = desks.clerk.enter(start_time=typed)
        assert page.problems["start_time"] == (
            "Enter the day and the time, such as 2018-07-02 09:00."
        )


class TestAZone:
    @pytest.mark.parametrize("typed", ["Lot 4", "lot 4", " LOT 4 "])
    def test_is_found_by_its_name_in_any_case(self, desks: Desks, typed: str) -> None:
        desks.clerk.enter(zone=typed)
        assert Permit.objects.get().zone == Zone.objects.get(name="Lot 4")

    def test_that_is_written_exactly_so_comes_first(self, desks: Desks) -> None:
        Zone.objects.create(name="LOT 4")
        desks.clerk.enter(zone="LOT 4")
        assert Permit.objects.get().zone == Zone.objects.get(name="LOT 4")

    def test_may_be_left_out(self, desks: Desks) -> None:
        desks.clerk.enter(zone="")
        assert Permit.objects.get().zone is None

    def test_that_is_not_known_is_refused_with_the_nearest(self, desks: Desks) -> None:
        page = desks.clerk.enter(zone="Lto 4")
        assert page.problems["zone"] == "There is no zone “Lto 4”. Did you mean “Lot 4”?"
        assert page.form("#permit_form")["zone"] == "Lto 4"
        assert not Permit.objects.exists()

    def test_can_be_added_by_those_who_may(self, desks: Desks) -> None:
        page = desks.supervisor.enter(zone="Annexe <b>")
        link = page.root.one("#id_zone_error").one("a")
        assert link.text == "Add the zone “Annexe <b>”"
        form = desks.supervisor.open(link.attributes["href"]).form()
        assert form["name"] == "Annexe <b>"
        desks.supervisor.send("/permits/zone/add/", form, "_save")
        assert Zone.objects.filter(name="Annexe <b>").exists()


class TestTheAddForm:
    def test_sent_twice_enters_one_permit(self, desks: Desks, sandbox: Sandbox) -> None:
        form = desks.clerk.open(ADD).form("#permit_form").filled(**TYPED)
        desks.clerk.send(ADD, form, "_push")
        page = desks.clerk.send(ADD, form, "_push")
        assert "it was not entered twice" in page.message
        permit = Permit.objects.get()
        assert page.path == permit.get_absolute_url()
        assert len(sandbox.requests("push")) == 1

    def test_opened_anew_enters_another_once_the_first_was_shown(self, desks: Desks) -> None:
        desks.clerk.enter()
        page = desks.clerk.enter()
        assert Permit.objects.count() == 1
        desks.clerk.press(page, "Save anyway")
        assert Permit.objects.count() == 2

    def test_remembers_the_zone_and_the_currency(self, desks: Desks) -> None:
        desks.clerk.enter(currency="USD")
        form = desks.clerk.open(ADD).form("#permit_form")
        assert (form["zone"], form["currency"], form["plate"]) == ("Lot 4", "USD", "")
        assert desks.supervisor.open(ADD).form("#permit_form")["zone"] == ""

    def test_starts_like_another_permit_but_for_its_plate_and_ticket(self, desks: Desks) -> None:
        permit = enter()
        form = desks.clerk.open(f"{ADD}?like={permit.pk}").form("#permit_form")
        assert (form["zone"], form["amount"], form["currency"]) == ("Lot 4", "12.50", "CAD")
        assert (form["plate"], form["ticket_number"]) == ("", "")

    def test_keeps_everything_typed_when_one_field_is_refused(self, desks: Desks) -> None:
        page = desks.clerk.enter(amount="free")
        form = page.form("#permit_form")
        assert {name: form[name] for name in TYPED} == TYPED | {"amount": "free"}


class TestAfterThePush:
    @pytest.mark.parametrize(
        ("field", "typed"),
        [("start_time", "2026-11-23T03:00"), ("ticket_number", "T-9"), ("zone", "Lot 5")],
    )
    def test_what_the_controller_cannot_change_is_refused(
        self, desks: Desks, field: str, typed: str
    ) -> None:
        Zone.objects.create(name="Lot 5")
        permit = push()
        page = desks.clerk.edit(permit, push=True, **{field: typed})
        assert page.problems == {
            field: "The controller cannot change this after a push. Put the old value back, "
            "or use Replace."
        }
        assert now(permit).version == 1

    @pytest.mark.parametrize("field", ["amount", "currency"])
    def test_what_the_controller_cannot_clear_is_refused(self, desks: Desks, field: str) -> None:
        permit = push()
        page = desks.clerk.edit(permit, push=False, **{field: ""})
        assert page.problems == {
            field: "The controller cannot clear this once it is set. Enter a value, or use Replace."
        }
        assert now(permit).amount == Decimal("12.50")

    def test_the_fields_say_so_and_lead_to_replace(self, desks: Desks) -> None:
        permit = push()
        page = desks.clerk.see(permit)
        for name in ("start_time", "ticket_number", "zone"):
            help_text = page.root.one(f"#id_{name}_helptext")
            assert help_text.text == (
                "The controller cannot change this. With another value, Replace is offered."
            )
        assert "Replace" in page.panel

    def test_replacing_pushes_the_new_one_and_deletes_the_old(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        old = push()
        path = f"/permits/permit/{old.pk}/replace/"
        page = desks.clerk.press(desks.clerk.open(path), "Push the new", ticket_number="T-101")
        new = Permit.objects.get(replaces=old)
        assert page.path == new.get_absolute_url()
        assert (now(old).state, new.state) == (State.DELETED, State.SYNCED)
        assert [call["operation"] for call in sandbox.requests()] == ["push", "push", "delete"]
        assert f"Replaces Permit {old.pk}" in page.panel
        assert f"Replaced by Permit {new.pk}" in desks.clerk.see(old).panel


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("what", ["auth/user", "auth/group", "permits/zone"])
def test_the_window_is_called_what_the_page_is(
    desks: Desks, known: dict[str, str], what: str, language: str
) -> None:
    desks.root.client.cookies["language"] = language
    pk = known[what.partition("/")[2]]
    for address in ("add", f"{pk}/change", f"{pk}/delete"):
        page = desks.root.open(f"/{what}/{address}/")
        assert page.root.one("title").text == f"{page.root.one('h1').text} · permitportal"
