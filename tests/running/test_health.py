"""What a load balancer asks: whether a process lives, and whether the portal can do its work."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from permits.models import Worker as WorkerRecord
from tests.portal import Portal, Worker
from tests.processes import wait_until

LIVE, READY = "/health/live/", "/health/ready/"
WELL = {"database": "ok", "migrations": "ok", "queue": "ok", "worker": "ok"}


def parts(client: Client, status: int) -> dict[str, str]:
    """What is said of each part, under this status."""
    answer: Any = client.get(READY)
    assert answer.status_code == status
    assert "no-store" in answer.headers["Cache-Control"]
    told: dict[str, str] = answer.json()
    return told


class TestOnARunningPortal:
    def test_it_is_ready_while_a_worker_is_at_work(self, portal: Portal, worker: Worker) -> None:
        wait_until(lambda: requests.get(portal.url + READY, timeout=10).ok)
        assert requests.get(portal.url + READY, timeout=10).json() == WELL
        assert worker.stop() == 0
        answer = requests.get(portal.url + READY, timeout=10)
        assert answer.status_code == 503
        assert answer.json() == {**WELL, "worker": "none was seen lately"}

    def test_a_killed_worker_is_missed_after_a_while(self, portal: Portal, worker: Worker) -> None:
        wait_until(WorkerRecord.objects.exists)
        worker.kill()
        assert parts(Client(), 200) == WELL
        with time_machine.travel(timezone.now() + WorkerRecord.MISSED_AFTER * 2):
            assert parts(Client(), 503)["worker"] == "none was seen lately"

    def test_it_lives_without_any_of_them(self, portal: Portal) -> None:
        answer = requests.get(portal.url + LIVE, timeout=10)
        assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.usefixtures("database")
class TestEachPart:
    @pytest.fixture(autouse=True)
    def _a_worker(self, database: str) -> None:
        WorkerRecord.objects.see("here:1", connections=8)

    def test_all_are_well(self) -> None:
        assert parts(Client(), 200) == WELL

    def test_a_migration_that_is_not_applied_is_told(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(id) FROM django_migrations WHERE app = 'permits'")
            (last,) = cursor.fetchone()
            cursor.execute("UPDATE django_migrations SET app = 'other' WHERE id = %s", [last])
            try:
                assert "manage.py migrate" in parts(Client(), 503)["migrations"]
            finally:
                cursor.execute("UPDATE django_migrations SET app = 'permits' WHERE id = %s", [last])

    def test_a_database_that_is_away_is_told_and_nothing_else(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        connection.close()
        nowhere = "/nowhere/at/all" if connection.vendor == "sqlite" else "no_such_database"
        with monkeypatch.context() as patch:
            patch.setitem(connection.settings_dict, "NAME", nowhere)
            told = parts(Client(), 503)
            connection.close()
        assert told["database"] == told["worker"] == "cannot be reached"

    def test_it_lives_without_a_database(self, monkeypatch: pytest.MonkeyPatch) -> None:
        connection.close()
        with monkeypatch.context() as patch:
            patch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
            assert Client().get(LIVE).status_code == 200
            connection.close()

    def test_nothing_can_be_posted(self) -> None:
        assert Client().post(READY).status_code == 405


@pytest.mark.usefixtures("database")
def test_a_worker_that_is_long_gone_is_forgotten() -> None:
    WorkerRecord.objects.see("here:1", connections=8)
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        WorkerRecord.objects.see("here:2", connections=8)
        assert [str(each) for each in WorkerRecord.objects.all()] == ["here:2"]
