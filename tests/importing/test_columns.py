"""Columns are known by every name that a field goes by."""

import pytest

from permits.importing.columns import Columns
from permits.importing.unreadable import Unreadable
from permits.models import Permit, Zone
from tests.importing.files import ROW, as_csv, check, row, write

FIELDS = ("plate", "zone", "ticket_number", "start_time", "end_time", "amount", "currency")


@pytest.mark.parametrize(
    "names",
    [
        FIELDS,
        ("Plate", "Zone", "Ticket number", "Start", "End", "Amount", "Currency"),
        ("plate", "zone", "permitNo", "startTime", "endTime", "amount", "currency"),
        (
            "LicencePlate",
            "ParkingZoneName",
            "TicketNumber",
            "StartDateUtc",
            "EndDateUtc",
            "Amount",
            "CurrencyID",
        ),
        (
            "licence plate",
            "PARKING_ZONE_NAME",
            "permit no",
            "START TIME",
            "end_time ",
            "AMOUNT",
            "currency id",
        ),
    ],
    ids=["model", "label", "controller", "controller's old", "any case"],
)
def test_it_knows_every_name(names: tuple[str, ...]) -> None:
    assert Columns.of(names).fields == {field: at for at, field in enumerate(FIELDS)}


def test_columns_come_in_any_order_among_others(lot: Zone) -> None:
    header = ("End", "Colour", "Amount", "Plate", "Start", "Zone")
    cells = ("2026-04-03 17:00", "red", "5", "ABC 123", "2026-04-03 09:00", "lot 1")
    run = check(as_csv(cells, header=header))
    assert Columns.of(header).ignored == ["Colour"]
    write(run)
    permit = Permit.objects.get()
    assert (permit.plate, str(permit.amount), permit.zone) == ("ABC 123", "5.00", lot)


def test_a_column_named_as_holding_utc_is_read_as_utc(db: None) -> None:
    header = ("plate", "StartDateUtc", "EndDateUtc")
    write(check(as_csv(("A", "2026-04-03 09:00", "2026-04-03 17:00"), header=header)))
    assert Permit.objects.get().start_time.isoformat() == "2026-04-03T09:00:00+00:00"


def test_a_missing_column_is_named_with_its_names() -> None:
    with pytest.raises(
        Unreadable, match=r"lacks the end \(a column named End, end_time, EndDateUtc\)"
    ):
        Columns.of(("plate", "start"))


def test_a_doubled_column_is_refused() -> None:
    with pytest.raises(Unreadable, match="“plate” and “Licence Plate” both hold the plate"):
        Columns.of(("plate", "start", "end", "Licence Plate"))


def test_a_row_with_fewer_values_has_empty_ones(db: None) -> None:
    run = check(b"plate,start,end,zone\nA,2026-04-03 09:00,2026-04-03 10:00\n")
    assert run.good == 1


def test_a_row_with_more_values_is_bad(lot: Zone) -> None:
    run = check(as_csv((*ROW, "more"), (*row(plate="B"), "", "")))
    assert (run.good, run.bad) == (1, 1)
