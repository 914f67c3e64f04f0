"""One way to import a file, in a process of its own.

    python -m tools.bench.imports {ours|bare|tuned|defaults|checked} FILE

The environment says into which portal; the seconds, the processor time and the memory that it took
are printed as JSON on the last line.
"""

import csv
import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import django

AT_ONCE: Final = 5_000


def ours(path: Path) -> None:
    """Check the file, confirm, write."""
    from permits import importing
    from permits.models import ImportRun

    with path.open("rb") as file:
        parts = iter(lambda: file.read(1 << 16), b"")
        run = importing.receive(parts, file_name=path.name, user=None)
    importing.carry_on(run.pk, go_on=lambda: True)
    importing.confirm(ImportRun.objects.get(pk=run.pk), only_if_all_good=True, push=False)
    importing.carry_on(run.pk, go_on=lambda: True)


def bare(path: Path) -> None:
    """Write the same rows, with nothing checked and no history."""
    from django.utils import timezone

    from permits.models import Permit, Zone

    zones = {zone.name: zone for zone in Zone.objects.all()}
    local = timezone.get_current_timezone()
    with path.open(encoding="utf-8", newline="") as file:
        permits = [
            Permit(
                plate=row["plate"],
                zone=zones[row["zone"]],
                ticket_number=row["ticket_number"],
                start_time=datetime.fromisoformat(row["start_time"]).replace(tzinfo=local),
                end_time=datetime.fromisoformat(row["end_time"]).replace(tzinfo=local),
                amount=row["amount"],
                currency=row["currency"],
            )
            for row in csv.DictReader(file)
        ]
    Permit.objects.bulk_create(permits, batch_size=AT_ONCE)


def defaults(path: Path) -> None:
    """Import by django-import-export as it comes, which checks no rule of the model."""
    _by_peer(path, {})


def checked(path: Path) -> None:
    """Import by django-import-export with the model's rules checked."""
    _by_peer(path, {"clean_model_instances": True})


def tuned(path: Path) -> None:
    """Import by django-import-export with all that makes it faster."""
    _by_peer(
        path,
        {
            "use_bulk": True,
            "batch_size": AT_ONCE,
            "force_init_instance": True,
            "skip_diff": True,
            "skip_html_diff": True,
            "report_skipped": False,
            "use_transactions": True,
            "clean_model_instances": False,
            "store_row_values": False,
            "store_instance": False,
        },
    )


def _by_peer(path: Path, options: dict[str, Any]) -> None:
    import tablib
    from import_export import fields, resources, widgets

    from permits.models import Permit, Zone

    zones = {zone.name: zone for zone in Zone.objects.all()}

    class ZoneWidget(widgets.ForeignKeyWidget):  # type: ignore[misc]
        """Finds a zone without a query."""

        def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
            return zones[value] if value else None

    names = ("plate", "zone", "ticket_number", "start_time", "end_time", "amount", "currency")
    meta = type("Meta", (), {"model": Permit, "fields": names, "import_id_fields": (), **options})
    if not options.get("force_init_instance"):
        meta.import_id_fields = ("ticket_number",)  # type: ignore[attr-defined]
    resource_class = type(
        "PermitResource",
        (resources.ModelResource,),
        {
            "Meta": meta,
            "zone": fields.Field("zone", "zone", widget=ZoneWidget(Zone, "name")),
        },
    )
    data = tablib.Dataset().load(path.read_text(), format="csv")
    # The page's dry run is left out: the peer is at its best.
    result = resource_class().import_data(data, dry_run=False, raise_errors=True)
    if result.has_errors() or result.has_validation_errors():
        raise RuntimeError("The peer has refused rows.")


def measure(way: Callable[[Path], None], path: Path) -> dict[str, float]:
    """What the way took, once Django is ready."""
    from permits.models import Permit, Zone

    for number in range(1, 11):
        Zone.objects.create(name=f"Lot {number}")
    with path.open("rb") as file:
        rows = sum(1 for _ in file) - 1
    before = _peak()
    began, spent = time.monotonic(), time.process_time()
    way(path)
    found = {
        "took": time.monotonic() - began,
        "processor": time.process_time() - spent,
        "memory": _peak() - before,
    }
    if Permit.objects.count() != rows:
        raise RuntimeError(f"{Permit.objects.count()} permits of {rows} were written.")
    return found


def _peak() -> float:
    """The most memory that the process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


_WAYS: Final = {way.__name__: way for way in (ours, bare, tuned, defaults, checked)}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(measure(_WAYS[sys.argv[1]], Path(sys.argv[2]))))
