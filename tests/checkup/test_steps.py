"""Each step of a check: what it sees, which one fails, and the cure that is named."""

import json
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import time_machine
from pytest_django import Settings

from permits import checkup
from permits.checkup import Standing, Step, network
from permits.models import Link, Source, SyncAttempt
from tests.endings import CERTIFICATE
from tests.engine.test_secrets import all_rows
from tests.processes import free_port
from tests.raw_server import RawServer, answer, close_unread, http, stay_silent
from tests.sandbox_server import TOKEN, Sandbox

pytestmark = pytest.mark.usefixtures("database")
UNTIL = datetime(2126, 1, 1, tzinfo=UTC)
STATS = b'{"data": [{"type": "temp", "zone": "Lot 4", "total": "1"}]}'


def look() -> dict[str, Step]:
    """Check, and return the steps by their names."""
    return {step.name: step for step in checkup.check(actor="root", source=Source.CHECK)}


def standings() -> dict[str, str]:
    """Check, and return how each step went."""
    return {name: step.standing.value for name, step in look().items()}


def test_all_is_well_with_the_sandbox(sandbox: Sandbox) -> None:
    steps = look()
    assert {name: step.standing for name, step in steps.items()} == {
        "configuration": Standing.WARNING,  # it is no real controller
        "name": Standing.GOOD,
        "connection": Standing.GOOD,
        "tls": Standing.GOOD,
        "http": Standing.GOOD,
        "stats": Standing.GOOD,
        "clock": Standing.GOOD,
    }
    assert not checkup.has_failed(list(steps.values()))
    zones = sandbox.control("GET", "/sandbox/zones")["zones"]
    assert f"permits in {len(zones)} zones." in steps["stats"].found
    assert "Plain HTTP" in steps["tls"].found


def test_the_call_stands_in_the_history_under_its_own_source(sandbox: Sandbox) -> None:
    look()
    attempt = SyncAttempt.objects.get()
    assert (attempt.operation, attempt.source, attempt.actor) == ("stats", Source.CHECK, "root")


def test_no_more_of_the_token_is_told_than_four_characters(
    sandbox: Sandbox, settings: Settings
) -> None:
    told = str(look())
    assert f"…{TOKEN[-3:]}," in told  # a quarter of it is less
    assert TOKEN not in told
    settings.OPSCOM_API_TOKEN = "0123456789" * 4 + "abcdef"
    told = str(look()) + all_rows()
    assert "…cdef" in told
    assert "bcdef" not in told


def test_a_name_that_nobody_knows(settings: Settings) -> None:
    settings.OPSCOM_URL = "https://no-such-host.invalid"
    steps = look()
    assert steps["name"].standing == Standing.FAILED
    assert "no-such-host.invalid has no address" in steps["name"].found
    assert "OPSCOM_URL" in steps["name"].cure
    after = [step.standing for name, step in steps.items() if name not in ("configuration", "name")]
    assert set(after) == {Standing.NOT_TRIED}
    assert not SyncAttempt.objects.exists()


def test_a_name_server_that_says_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    with RawServer(stay_silent) as server:
        # Stands in for the system's resolver, which cannot be made slow from outside.
        def ask(*_: object, **__: object) -> list[object]:
            server.stopping.wait(20)
            return []

        monkeypatch.setattr("socket.getaddrinfo", ask)
        settings.OPSCOM_CONNECT_TIMEOUT = 0.2
        with pytest.raises(TimeoutError):
            network.resolve("controller.example.org", 443, patience=0.2)


def test_a_port_where_nobody_listens(settings: Settings) -> None:
    port = free_port()
    settings.OPSCOM_URL = f"http://127.0.0.1:{port}"
    steps = look()
    assert steps["name"].standing == Standing.GOOD
    assert steps["connection"].standing == Standing.FAILED
    assert f"Port {port} takes no connection: Connection refused" in steps["connection"].found
    assert "firewall" in steps["connection"].cure
    assert steps["stats"].standing == Standing.NOT_TRIED


class TestEncryption:
    def server(self) -> RawServer:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(CERTIFICATE)
        return RawServer(close_unread, tls=tls)

    def test_a_certificate_that_nobody_vouches_for(self, settings: Settings) -> None:
        with self.server() as server:
            settings.OPSCOM_URL = server.url
            steps = look()
        assert steps["tls"].standing == Standing.FAILED
        assert "self-signed" in steps["tls"].found
        assert steps["stats"].standing == Standing.NOT_TRIED
        assert not server.requests

    def test_something_that_speaks_no_tls(self, settings: Settings) -> None:
        with RawServer(answer(http())) as server:
            settings.OPSCOM_URL = server.url.replace("http:", "https:")
            settings.OPSCOM_CONNECT_TIMEOUT = 0.5
            assert look()["tls"].standing == Standing.FAILED

    @pytest.mark.parametrize(
        ("left", "standing"),
        [(timedelta(days=21, hours=1), Standing.GOOD), (timedelta(days=20), Standing.WARNING)],
    )
    def test_one_that_is_to_run_out_is_warned_of(
        self,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        left: timedelta,
        standing: Standing,
    ) -> None:
        monkeypatch.setattr(network, "where", lambda: CERTIFICATE)  # who is trusted
        with self.server() as server:
            settings.OPSCOM_URL = server.url
            until = network.certificate(
                network.connect(network.resolve("127.0.0.1", server.port, patience=2), patience=2)[
                    1
                ],
                "127.0.0.1",
            ).until
            with time_machine.travel(until - left, tick=False):
                step = look()["tls"]
        assert step.standing == standing
        assert f"{left.days} days are left" in step.found
        assert ("renew" in step.cure) == (standing == Standing.WARNING)


class TestAnswers:
    @pytest.mark.parametrize(
        ("code", "meaning", "cure"),
        [
            (9000, "the client code is missing", "OPSCOM_CLIENT_CODE"),
            (9001, "the API token is missing", "OPSCOM_API_TOKEN"),
            (9002, "lacks the permission", "permit-create"),
        ],
    )
    def test_a_refused_configuration_is_explained(
        self, sandbox: Sandbox, code: int, meaning: str, cure: str
    ) -> None:
        sandbox.fault("error", code=code, message="No.")
        step = look()["stats"]
        assert step.standing == Standing.FAILED
        assert meaning in step.found
        assert cure in step.cure

    def test_another_kind_of_server(self, settings: Settings) -> None:
        with RawServer(close_unread, answer(http(b"<p>Hello</p>"))) as server:
            settings.OPSCOM_URL = server.url
            steps = look()
        assert steps["http"].standing == Standing.GOOD
        assert steps["stats"].standing == Standing.FAILED
        assert "proxy" in steps["stats"].cure

    def test_one_that_says_nothing(self, settings: Settings) -> None:
        settings.OPSCOM_READ_TIMEOUT = settings.OPSCOM_DEADLINE = 0.3
        with RawServer(stay_silent) as server:
            settings.OPSCOM_URL = server.url
            steps = look()
        assert steps["http"].standing == Standing.FAILED
        assert steps["stats"].standing == steps["clock"].standing == Standing.NOT_TRIED

    def test_one_that_is_busy(self, sandbox: Sandbox) -> None:
        sandbox.fault("status", status=503)
        steps = look()
        assert steps["http"].standing == Standing.FAILED
        assert "later" in steps["http"].cure

    def test_a_paused_queue_goes_on_when_the_check_is_answered(self, sandbox: Sandbox) -> None:
        Link.objects.update_or_create(
            pk=Link.ONLY,
            defaults={"pause": Link.Pause.UNREACHABLE, "paused_at": datetime.now(UTC)},
        )
        look()
        assert not Link.current().is_paused


class TestClock:
    @pytest.mark.parametrize(
        ("ahead", "words"),
        [(timedelta(minutes=5), "ahead"), (timedelta(minutes=-5), "behind")],
    )
    def test_one_that_is_wrong_is_warned_of(
        self, settings: Settings, ahead: timedelta, words: str
    ) -> None:
        date = format_datetime(datetime.now(UTC) + ahead, usegmt=True)
        with RawServer(close_unread, answer(http(STATS, f"Date: {date}"))) as server:
            settings.OPSCOM_URL = server.url
            step = look()["clock"]
        assert step.standing == Standing.WARNING
        assert words in step.found

    @pytest.mark.parametrize("date", ["", "Date: yesterday", "Date: " + "9" * 400])
    def test_one_that_is_not_told_is_not_judged(self, settings: Settings, date: str) -> None:
        with RawServer(close_unread, answer(http(STATS, *filter(None, [date])))) as server:
            settings.OPSCOM_URL = server.url
            step = look()["clock"]
        assert step.standing == Standing.GOOD
        assert "does not say" in step.found


def test_what_a_server_says_is_shown_as_text(settings: Settings) -> None:
    words = json.dumps({"ErrorCode": 12345, "ErrorMessage": f"<b>{TOKEN}</b>"}).encode()
    with RawServer(close_unread, answer(http(words))) as server:
        settings.OPSCOM_URL = server.url
        step = look()["stats"]
    assert step.standing == Standing.FAILED
    assert TOKEN not in step.found
