"""A file of any length is imported in the memory of a short one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import environment
from tests.importing.files import write_many

SCRIPT = """
import json, resource, sys, django
django.setup()
from django.core.management import call_command
from permits import importing
from permits.models import ImportRun, Permit, Zone

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def load(path):
    with open(path, "rb") as file:
        run = importing.receive(iter(lambda: file.read(1 << 16), b""), file_name="f", user=None)
    importing.carry_on(run.pk, go_on=lambda: True)
    importing.confirm(ImportRun.objects.get(pk=run.pk), only_if_all_good=True, push=False)
    importing.carry_on(run.pk, go_on=lambda: True)

call_command("migrate", verbosity=0)
Zone.objects.create(name="Lot 1")
load(sys.argv[1])
first = peak()
load(sys.argv[2])
print(json.dumps({"first": first, "then": peak(), "permits": Permit.objects.count()}))
"""


@pytest.mark.skipif(
    environment.ON_POSTGRES, reason="the memory of the portal's process is the same"
)
def test_a_hundred_thousand_rows_take_no_more_memory_than_ten_thousand(tmp_path: Path) -> None:
    short, long = tmp_path / "short.csv", tmp_path / "long.csv"
    write_many(short, 10_000)
    write_many(long, 100_000)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(short), str(long)],
        cwd=environment.ROOT,
        env={**environment.untouched(), **environment.VARIABLES}
        | {"DATABASE_URL": f"sqlite:///{tmp_path}/db", "QUEUE_URL": f"sqlite:///{tmp_path}/queue"}
        | {"DJANGO_SETTINGS_MODULE": "permitportal.settings", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["permits"] == 100_000  # the first ten thousand are there already
    assert found["then"] - found["first"] < 12  # MB
