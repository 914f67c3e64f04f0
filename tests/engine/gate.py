"""A controller that answers when told to, so that a test can act while a call is under way."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from permits import sync
from permits.models import Permit
from tests.raw_server import SUCCESS, Conversation, http


class Gate:
    """Answers every call with success under the same reference, or with what `answer` is set to."""

    def __init__(self) -> None:
        self.answer = http(SUCCESS)
        self.requests: list[bytes] = []
        self._arrived = threading.Semaphore(0)
        self._open = threading.Event()
        self._open.set()

    def act(self, conversation: Conversation) -> None:
        """What the raw server does."""
        while conversation.is_wanted:
            self.requests.append(conversation.read_request())
            self._arrived.release()
            self._open.wait(20)
            conversation.say(self.answer)

    @contextmanager
    def held(self, make_call: Callable[[], object]) -> Iterator[None]:
        """Begin the call in another thread; it is answered, and has ended, when the block has."""
        failures: list[BaseException] = []

        def run() -> None:
            try:
                make_call()
            except BaseException as error:  # noqa: BLE001 - raised again below
                failures.append(error)
            finally:
                connection.close()

        while self._arrived.acquire(blocking=False):
            pass
        self._open.clear()
        thread = threading.Thread(target=run)
        thread.start()
        try:
            assert self._arrived.acquire(timeout=20), "The call has not arrived."
            yield
        finally:
            self._open.set()
            thread.join(timeout=20)
        assert not thread.is_alive(), "The call did not end."
        if failures:
            raise failures[0]

    @contextmanager
    def sending(self, permit: Permit) -> Iterator[None]:
        """Send the permit's difference; the block runs while the call is under way."""
        with self.held(lambda: sync.send(permit.pk)):
            permit.refresh_from_db()
            assert permit.state == Permit.State.SENDING
            yield
        permit.refresh_from_db()
