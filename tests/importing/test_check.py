"""The check finds everything that is wrong at once, and writes nothing."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permits import importing
from permits.importing.duplicates import GoodRow
from permits.importing.layout import Layout
from permits.importing.reading import RowReader
from permits.importing.rows import Row
from permits.models import ImportRun, Permit, Zone
from tests.importing.files import HEADER, as_csv, carry_on, check, row, sentences, write

State = ImportRun.State


def test_every_bad_row_is_told_at_once_with_all_that_is_wrong(lot: Zone) -> None:
    run = check(
        as_csv(
            row(),
            row(plate="", amount="$5"),
            row(start="2026-04-03 18:00", amount="$5"),
            row(zone="Lot 2", currency="EUR"),
            row(plate="X" * 26),
        )
    )
    assert sentences(run) == [
        "3 Plate: The plate is missing.",
        "3 Amount: Write the amount without its currency, such as 14.50; the currency has a column "
        "of its own.",
        "4 Amount: Write the amount without its currency, such as 14.50; the currency has a column "
        "of its own.",
        "4 End: The end must lie after the start.",
        "5 Zone: There is no zone “Lot 2”. Did you mean “Lot 1”?",
        "5 Currency: Write CAD or USD, or leave it empty.",
        "6 Plate: A plate has 25 characters at the most; this has 26. Shorten it.",
    ]
    assert (run.total, run.good, run.bad) == (5, 1, 4)


def test_the_check_enters_nothing(lot: Zone) -> None:
    check(as_csv(row(), row(plate="B", zone="New")))
    assert not Permit.objects.exists()
    assert Zone.objects.count() == 1


class TestZones:
    def test_a_name_is_known_in_any_case(self, lot: Zone) -> None:
        write(check(as_csv(row(zone=" LOT 1 "))))
        assert Permit.objects.get().zone == lot

    def test_names_that_differ_in_case_only_have_to_be_written_exactly(self, lot: Zone) -> None:
        Zone.objects.create(name="LOT 1")
        run = check(as_csv(row(), row(plate="B", zone="lot 1")))
        assert run.good == 1
        assert sentences(run) == [
            "3 Zone: The zones “LOT 1” and “Lot 1” differ in case only. Write one exactly so."
        ]

    def test_a_zone_that_the_controller_never_reported_is_marked(self, lot: Zone) -> None:
        Zone.objects.create(name="Old yard")
        run = check(as_csv(row(), row(plate="B", zone="Old yard")))
        [marked] = importing.Report.of(run).unreported_zones
        assert (marked.name, marked.rows) == ("Old yard", 1)

    def test_unknown_zones_are_counted_and_can_be_added(self, lot: Zone) -> None:
        run = check(as_csv(row(zone="Pier"), row(plate="B", zone="Pier"), row(zone="Lto 1")))
        unknown = importing.Report.of(run).unknown_zones
        assert [(each.name, each.rows) for each in unknown] == [("Lto 1", 1), ("Pier", 2)]
        importing.add_zones(run, ["Pier", "not in the file"], user=None)
        run = carry_on(run)
        assert (run.good, run.bad) == (2, 1)
        assert set(Zone.objects.values_list("name", flat=True)) == {"Lot 1", "Pier"}

    def test_a_zone_stays_while_a_file_waits_for_it(self, lot: Zone) -> None:
        from django.db.models import ProtectedError

        run = check(as_csv(row()))
        with pytest.raises(ProtectedError):
            lot.delete()
        importing.discard(run)
        lot.delete()


class TestDuplicates:
    def test_the_same_permit_twice_in_a_file_is_told_with_its_line(self, lot: Zone) -> None:
        run = check(as_csv(row(), row(plate="abc-123"), row(plate="OTHER"), row()))
        found = importing.Report.of(run).duplicates(0)
        assert [(each.line, each.first_line) for each in found] == [(3, 2), (5, 2)]
        assert (run.good, run.duplicates) == (2, 2)

    def test_a_permit_that_is_there_is_told_with_its_number(self, lot: Zone) -> None:
        write(check(as_csv(row())))
        run = check(as_csv(row(plate="ABC123", amount="1")))
        [found] = importing.Report.of(run).duplicates(0)
        assert found.permit == Permit.objects.get().pk
        assert run.good == 0

    def test_another_time_or_zone_is_another_permit(self, lot: Zone) -> None:
        write(check(as_csv(row())))
        run = check(
            as_csv(row(zone=""), row(start="2026-04-03 08:00"), row(end="2026-04-03 18:00"))
        )
        assert run.good == 3

    @pytest.mark.parametrize("state", ["deleted", "draft"])
    def test_a_withdrawn_permit_can_be_entered_anew(self, lot: Zone, state: str) -> None:
        write(check(as_csv(row())))
        Permit.objects.update(state=state, withdrawn_at=timezone.now())
        assert check(as_csv(row())).good == 1

    def test_the_same_file_again_adds_nothing(self, lot: Zone) -> None:
        data = as_csv(row(), row(plate="B"))
        write(check(data))
        again = check(data)
        assert (again.good, again.duplicates) == (0, 2)


class TestCutOff:
    def test_a_check_that_was_cut_off_begins_anew(self, lot: Zone) -> None:
        run = importing.receive([as_csv(row(), row(plate=""))], file_name="a.csv", user=None)
        with (
            mock.patch("permits.importing.checking._store_zones", side_effect=KeyboardInterrupt),
            pytest.raises(KeyboardInterrupt),
        ):
            importing.carry_on(run.pk, go_on=lambda: True)
        assert importing.unfinished() == []  # it is held until it has given no sign for a minute
        ImportRun.objects.update(held_until=timezone.now())
        assert importing.unfinished() == [run.pk]
        run = carry_on(run)
        assert run.state == State.READY
        assert len(sentences(run)) == 1

    def test_what_fails_again_and_again_waits_for_a_person(
        self, lot: Zone, caplog: pytest.LogCaptureFixture
    ) -> None:
        run = importing.receive([as_csv(row())], file_name="a.csv", user=None)
        with mock.patch("permits.importing.checking.survey", side_effect=MemoryError("full")):
            for _ in range(ImportRun.MOST_TRIES + 2):
                importing.carry_on(run.pk, go_on=lambda: True)
        now = ImportRun.objects.get()
        assert now.is_stuck
        assert now.trouble == "MemoryError: full"
        assert importing.unfinished() == []
        importing.try_again(run)
        assert carry_on(run).state == State.READY

    def test_two_workers_do_not_check_the_same_file(self, lot: Zone) -> None:
        run = importing.receive([as_csv(row())], file_name="a.csv", user=None)
        ImportRun.objects.update(held_until=timezone.now() + timedelta(minutes=1))
        assert importing.carry_on(run.pk, go_on=lambda: True) is None

    def test_one_that_is_asked_to_stop_leaves_it_to_the_next(self, lot: Zone) -> None:
        run = importing.receive([as_csv(row())], file_name="a.csv", user=None)
        importing.carry_on(run.pk, go_on=lambda: False)
        assert importing.unfinished() == [run.pk]
        assert carry_on(run).state == State.READY


class TestKeeping:
    def test_a_file_too_large_is_refused_and_not_kept(
        self, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("permits.importing.runs.MOST_BYTES", 1 << 20)
        parts = iter([b"x" * (1 << 19)] * 4)
        with pytest.raises(importing.Unreadable, match="larger than 1 MB"):
            importing.receive(parts, file_name="a.csv", user=None)
        assert not ImportRun.objects.exists()

    def test_a_file_never_confirmed_is_removed_after_a_day(self, lot: Zone) -> None:
        run = check(as_csv(row()))
        importing.tidy()
        assert ImportRun.objects.exists()
        ImportRun.objects.update(created_at=run.created_at - ImportRun.KEPT)
        importing.tidy()
        assert not ImportRun.objects.exists()

    def test_of_a_finished_import_the_record_stays(self, lot: Zone) -> None:
        run = write(check(as_csv(row(), row(plate=""))), only_if_all_good=False)
        assert set(run.blocks.values_list("kind", flat=True)) == {"bad"}
        ImportRun.objects.update(created_at=run.created_at - ImportRun.KEPT)
        importing.tidy()
        assert not run.blocks.exists()
        assert ImportRun.objects.get().written == 1


# --- The rules are the model's ----------------------------------------------------------------

MOMENTS = st.datetimes(datetime(1998, 1, 1), datetime(2101, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
TEXTS = st.text("ABCabc019 -_.,é\u200b\t", max_size=60)


def full_clean(values: dict[str, Any]) -> Permit | None:
    """What the model makes of the values, by its own validation."""
    permit = Permit(**values)
    try:
        permit.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError:
        return None
    return permit


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    plate=TEXTS,
    ticket_number=TEXTS,
    start=MOMENTS,
    end=MOMENTS,
    amount=st.text("0123456789.", max_size=9),
    currency=st.sampled_from(["", "CAD", "usd", "EUR"]),
)
def test_a_row_is_good_where_the_model_takes_it(db: None, **given: Any) -> None:
    header = ["Plate", "Ticket number", "Start", "End", "Amount", "Currency"]
    layout = Layout(
        format="csv",
        words="",
        header=header,
        in_utc=["end_time", "start_time"],
        delimiter=",",
        fields={
            name: position
            for position, name in enumerate(
                ("plate", "ticket_number", "start_time", "end_time", "amount", "currency")
            )
        },
    )
    start, end = given.pop("start"), given.pop("end")
    cells = [given["plate"], given["ticket_number"], start.isoformat(), end.isoformat()]
    read = RowReader(layout).read(Row(2, [*cells, given["amount"], given["currency"]]))
    expected = full_clean(
        {**given, "start_time": start.replace(tzinfo=UTC), "end_time": end.replace(tzinfo=UTC)}
        | {"amount": given["amount"] or None, "currency": given["currency"].upper()}
    )
    assert isinstance(read, GoodRow) == (expected is not None)
    if isinstance(read, GoodRow) and expected is not None:
        assert read.plate == expected.plate
        assert read.ticket_number == expected.ticket_number
        assert read.currency == expected.currency
        assert read.amount == (None if expected.amount is None else f"{expected.amount:.2f}")
        assert read.amount is None or Decimal(read.amount) == expected.amount


def test_the_header_of_the_tests_is_that_of_the_page() -> None:
    assert len(HEADER) == len(Permit.STAFF_FIELDS)
