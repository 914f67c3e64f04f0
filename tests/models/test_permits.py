"""What a permit says of itself: its wish, the difference, the call that is due."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings

from permits import limits
from permits.models import Operation, Permit, Zone
from tests.engine.office import END, LATER, ON_WIRE, START, edit, enter
from tests.limits.languages import visible_text

State = Permit.State
REFERENCE = "1a9b5375-cb75-4c71-9939-eeae550b09ac"


def there(**changes: Any) -> Permit:
    """A permit that the controller holds as it was entered, with some fields changed since."""
    permit = Permit(
        plate="ABC 123",
        start_time=START,
        end_time=END,
        amount=Decimal("12.50"),
        currency="CAD",
        ticket_number="T-100",
        zone=Zone(name="Lot 4"),
        reference_id=REFERENCE,
        acknowledged=dict(ON_WIRE),
        state=State.SYNCED,
    )
    for name, value in changes.items():
        setattr(permit, name, value)
    return permit


class TestDifferences:
    def test_there_is_none_where_all_is_acknowledged(self) -> None:
        assert there().differences() == []

    @pytest.mark.parametrize(
        ("change", "field", "wanted", "can_be_sent"),
        [
            ({"plate": "XYZ 9"}, "plate", "XYZ 9", True),
            ({"end_time": LATER}, "end_time", "2026-11-23T12:00:00", True),
            ({"amount": Decimal(13)}, "amount", "13.00", True),
            ({"currency": "USD"}, "currency", "USD", True),
            ({"start_time": START - timedelta(hours=1)}, "start_time", "2026-11-23T08:00:00",
             False),
            ({"ticket_number": "T-9"}, "ticket_number", "T-9", False),
            ({"zone": Zone(name="Lot 1")}, "zone", "Lot 1", False),
            ({"amount": None}, "amount", "", False),
            ({"currency": ""}, "currency", "", False),
            ({"ticket_number": ""}, "ticket_number", "", False),
            ({"zone": None}, "zone", "", False),
        ],
    )  # fmt: skip
    def test_each_field_that_differs_is_one(
        self, change: dict[str, Any], field: str, wanted: str, can_be_sent: bool
    ) -> None:
        (difference,) = there(**change).differences()
        assert (difference.field, difference.wanted) == (field, wanted)
        assert difference.acknowledged == ON_WIRE[field]
        assert difference.can_be_sent == can_be_sent

    def test_what_is_not_known_differs_from_any_wish(self) -> None:
        permit = there(acknowledged={**ON_WIRE, "amount": None})
        (difference,) = permit.differences()
        assert (difference.wanted, difference.acknowledged) == ("12.50", None)

    def test_writing_an_amount_otherwise_makes_none(self) -> None:
        assert there(amount=Decimal("12.5")).differences() == []


class TestTheCallThatIsDue:
    @pytest.mark.parametrize(
        ("changes", "due", "rest"),
        [
            ({"reference_id": "", "acknowledged": {}}, Operation.PUSH, State.DRAFT),
            ({"reference_id": "", "acknowledged": {}, "withdrawn_at": START}, None, State.DELETED),
            ({}, None, State.SYNCED),
            ({"plate": "XYZ 9"}, Operation.UPDATE, State.CHANGED),
            ({"ticket_number": "T-9"}, None, State.CHANGED),
            ({"ticket_number": "T-9", "plate": "X"}, Operation.UPDATE, State.CHANGED),
            ({"amount": None}, None, State.CHANGED),
            ({"withdrawn_at": START}, Operation.DELETE, State.QUEUED),
            ({"withdrawn_at": START, "plate": "X"}, Operation.DELETE, State.QUEUED),
            ({"state": State.DELETED, "withdrawn_at": START}, None, State.QUEUED),
        ],
    )
    def test_it_is_computed_from_the_difference(
        self, changes: dict[str, Any], due: Operation | None, rest: State
    ) -> None:
        permit = there(**changes)
        assert permit.operation_due() == due
        assert permit.resting_state() == rest


@pytest.mark.usefixtures("database")
class TestValidation:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"start_time": START - timedelta(hours=1)}, "cannot change this after a push"),
            ({"ticket_number": "T-9"}, "cannot change this after a push"),
            ({"ticket_number": ""}, "cannot clear this once it is set"),
            ({"amount": None}, "cannot clear this once it is set"),
            ({"currency": ""}, "cannot clear this once it is set"),
            ({"zone": None}, "cannot clear this once it is set"),
        ],
    )
    def test_what_the_controller_cannot_change_is_refused_on_the_field(
        self, change: dict[str, Any], message: str
    ) -> None:
        permit = enter()
        Permit.objects.update(
            state=State.SYNCED, reference_id=REFERENCE, acknowledged=dict(ON_WIRE)
        )
        permit.refresh_from_db()
        with pytest.raises(ValidationError) as caught:
            edit(permit, **change)
        (field,) = change
        (said,) = caught.value.message_dict[field]
        assert message in said
        assert said.endswith("use Replace.")

    def test_a_time_that_exists_twice_is_refused_on_the_field(self, settings: Any) -> None:
        settings.OPSCOM_TIME_ZONE = ZoneInfo("America/Toronto")
        with pytest.raises(ValidationError) as caught:
            enter(start_time=START.replace(day=1, hour=5), end_time=END)
        assert "happens twice" in caught.value.message_dict["start_time"][0]

    def test_all_that_is_wrong_is_said_at_once(self) -> None:
        with pytest.raises(ValidationError) as caught:
            enter(plate="", ticket_number="T" * 51, amount=Decimal("0.001"), end_time=START)
        assert set(caught.value.message_dict) >= {"plate", "ticket_number", "amount", "end_time"}

    def test_values_are_kept_in_their_one_form(self) -> None:
        permit = enter(plate=" ab\u2013c  1 ", ticket_number=" 7 ", currency="CAD")
        permit.refresh_from_db()
        assert (permit.plate, permit.ticket_number) == ("AB-C 1", "7")

    def test_a_zone_that_permits_use_keeps_its_name(self) -> None:
        zone = enter().zone
        assert zone is not None
        zone.name = "Lot 5"
        with pytest.raises(ValidationError, match="Permits use the zone Lot 4"):
            zone.full_clean()


@pytest.mark.usefixtures("database")
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=visible_text(25).filter(lambda text: limits.plate_key(text) != ""))
def test_the_database_computes_the_same_key_of_a_plate(typed: str) -> None:
    try:
        plate = limits.plate(typed)
    except limits.LimitError:
        return
    permit = Permit.objects.create(plate=plate, start_time=START, end_time=END)
    assert list(Permit.objects.of_plate(typed).filter(pk=permit.pk)) == [permit]
    permit.delete()


@pytest.mark.usefixtures("database")
class TestQuestions:
    def test_valid_but_not_there_are_those_that_a_ticket_may_follow(self) -> None:
        draft, gone, held = enter(), enter(), enter()
        Permit.objects.filter(pk=gone.pk).update(state=State.MISSING, reference_id="b")
        Permit.objects.filter(pk=held.pk).update(state=State.SYNCED, reference_id="c")
        enter(start_time=END, end_time=LATER)
        found = set(Permit.objects.valid_but_not_there(START))
        assert found == {draft, gone}
        assert not Permit.objects.valid_but_not_there(END).filter(pk=draft.pk).exists()

    def test_withdrawn_but_there_park_for_free(self) -> None:
        kept, free, done = enter(), enter(), enter()
        Permit.objects.filter(pk=kept.pk).update(state=State.SYNCED, reference_id="a")
        Permit.objects.filter(pk=free.pk).update(
            state=State.QUEUED, reference_id="b", withdrawn_at=START
        )
        Permit.objects.filter(pk=done.pk).update(
            state=State.DELETED, reference_id="c", withdrawn_at=START
        )
        assert list(Permit.objects.withdrawn_but_there()) == [free]
        assert set(Permit.objects.held_by_controller()) == {kept, free}

    @pytest.mark.parametrize("asked", ["éc123", "É C-1 2 3", "e\u0301c\u2013123"])
    def test_a_vehicle_is_found_however_its_plate_is_written(self, asked: str) -> None:
        permit = enter(plate="ÉC 123")
        enter(plate="ÉC 124")
        assert list(Permit.objects.of_plate(asked)) == [permit]
