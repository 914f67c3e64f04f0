"""A call is written with its link, and the end of its chain moves on with both or not at all."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from permits.controller import Acknowledgement, Answer
from permits.models import Chain, Decision, Permit, Source, SyncAttempt
from permits.models.chain import Head, Overtaken
from permits.sync.claims import Claim, claim
from permits.sync.outcomes import close, record
from permits.sync.rows import lock
from permits.sync.statements import add
from tests import environment
from tests.engine.office import LATER, edit, history, queued_for
from tests.processes import wait_until
from tests.proof.conftest import problems

REFERENCE = "1a9b5375-cb75-4c71-9939-eeae550b09ac"
DONE = Acknowledgement(Answer(200, "{}", 2), REFERENCE, REFERENCE)


def end_of(permit: Permit) -> Head:
    with transaction.atomic():
        head: Head = lock(permit.pk).head
        return head


def under_way(permit: Permit) -> Claim:
    claimed = claim(permit.pk)
    assert claimed is not None
    return claimed


class TestAnEndThatHasMovedOn:
    def test_no_call_begins_there(self) -> None:
        permit = queued_for("push")
        stale = end_of(permit)
        edit(permit, end_time=LATER)
        at = datetime(2026, 11, 23, 8, tzinfo=UTC)
        call = SyncAttempt(
            permit=permit, operation="push", source=Source.FORM, started_at=at, lease_until=at
        )
        with pytest.raises(Overtaken), transaction.atomic():
            add(call, call.follow(stale))
        assert history(permit) == []
        assert problems() == []

    def test_no_call_ends_there(self) -> None:
        permit = queued_for("push")
        claimed = under_way(permit)
        stale = end_of(permit)
        edit(permit, end_time=LATER)
        with pytest.raises(Overtaken), transaction.atomic():
            close(claimed.attempt, DONE, timezone.now(), stale)
        assert history(permit) == [("push", "sending")]
        assert problems() == []

    def test_a_call_that_waited_for_another_link_ends_after_that(self) -> None:
        if not environment.ON_POSTGRES:
            pytest.skip("SQLite's transactions take turns from their beginning.")
        permit = queued_for("push")
        claimed = under_way(permit)

        def end() -> None:
            record(permit.pk, claimed.attempt, claimed.request, DONE)
            connection.close()

        ending = threading.Thread(target=end)
        with transaction.atomic():
            Decision.objects.create(permit=permit, verdict="late", reason="It is written first.")
            ending.start()
            wait_until(_somebody_waits_for_a_lock)
        ending.join(timeout=20)
        assert history(permit) == [("push", "succeeded")]
        decision, call = Decision.objects.get(), SyncAttempt.objects.get()
        assert call.link == (decision.link or 0) + 1
        assert problems() == []


def _somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


def test_a_call_that_was_closed_already_leaves_the_chain_where_it_is() -> None:
    permit = queued_for("push")
    claimed = under_way(permit)
    with transaction.atomic():
        assert close(claimed.attempt, DONE, timezone.now(), lock(permit.pk).head)
    end = Chain.objects.get(pk=permit.pk).length
    with transaction.atomic():
        assert not close(claimed.attempt, DONE, timezone.now(), lock(permit.pk).head)
    assert Chain.objects.get(pk=permit.pk).length == end
    assert problems() == []


def test_postgresql_is_not_asked_once_more_to_move_an_end() -> None:
    permit = queued_for("push")
    with CaptureQueriesContext(connection) as asked:
        claimed = under_way(permit)
        record(permit.pk, claimed.attempt, claimed.request, DONE)
    of_ends = [each for each in asked if each["sql"].startswith("UPDATE permits_chain")]
    assert len(of_ends) == (0 if environment.ON_POSTGRES else 2)
    assert problems() == []
