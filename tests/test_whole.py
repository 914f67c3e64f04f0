"""Everything together: a real web server, a real worker, a real controller of sorts."""

from datetime import UTC, datetime, timedelta

from permits.models import Permit, Zone
from tests.portal import Portal, Worker
from tests.processes import wait_until
from tests.sandbox_server import Sandbox

START = datetime(2026, 7, 1, 13, 0, tzinfo=UTC)


def queue(plate: str) -> Permit:
    """Put a permit into the state that anybody may put it into."""
    return Permit.objects.create(
        plate=plate,
        zone=Zone.objects.get_or_create(name="Lot 1")[0],
        start_time=START,
        end_time=START + timedelta(hours=2),
        state=Permit.State.QUEUED,
    )


def test_a_worker_that_is_asked_to_end_ends_well(portal: Portal, worker: Worker) -> None:
    wait_until(worker.words)
    assert worker.stop() == 0


def test_what_was_queued_without_a_worker_is_pushed_once_by_the_next(
    portal: Portal, worker: Worker, sandbox: Sandbox
) -> None:
    worker.kill()
    permit = queue("ABC 123")
    worker.start()
    wait_until(lambda: Permit.objects.filter(pk=permit.pk, state=Permit.State.SYNCED).exists())
    permit.refresh_from_db()
    (record,) = sandbox.records()
    assert permit.reference_id == record["reference"]


def test_a_web_server_that_was_killed_comes_back(portal: Portal) -> None:
    portal.kill()
    portal.start()
    answer = portal.session(portal.staff.clerk).get(f"{portal.url}/", timeout=10)
    assert answer.status_code == 200
    assert "clerk" in answer.text
