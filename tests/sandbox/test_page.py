"""The sandbox's page for people."""

import re
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest

from permits.sandbox import page
from permits.sandbox.faults import Name
from tests.sandbox.calls import ask, http, permit, push
from tests.sandbox_server import Sandbox

MARKUP = "<script>alert(1)</script>\"'&"


def get(sandbox: Sandbox, path: str = "/") -> tuple[int, dict[str, str], str]:
    host = f"127.0.0.1:{sandbox.port}"
    status, headers, body = ask(sandbox, http(b"", path=path, method="GET", host=host))
    return status, headers, body.decode()


def submit(sandbox: Sandbox, path: str, **fields: str) -> tuple[int, dict[str, str], str]:
    """Send a form as a browser does."""
    host = f"127.0.0.1:{sandbox.port}"
    status, headers, body = ask(
        sandbox,
        http(
            urlencode(fields).encode(),
            path=path,
            host=host,
            content_type="application/x-www-form-urlencoded",
            Origin=f"http://{host}",
        ),
    )
    return status, headers, body.decode()


class Elements(HTMLParser):
    """The start tags of a page, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]


class TestWhatItShows:
    def test_it_says_that_it_is_a_sandbox(self, sandbox: Sandbox) -> None:
        _, headers, text = get(sandbox)
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert "SANDBOX" in text
        assert "not the vendor" in text

    def test_an_empty_one_says_what_to_do(self, sandbox: Sandbox) -> None:
        text = get(sandbox)[2]
        assert "No permit has been pushed yet" in text
        assert "<table" not in text

    def test_it_shows_a_record_with_its_state(self, sandbox: Sandbox) -> None:
        reference = push(sandbox, zone="nowhere")
        text = get(sandbox)[2]
        for expected in (reference, "ABC 123", "12.50 CAD", "Disconnected", "09:00", "Live"):
            assert expected in text
        sandbox.call("delete", {"referenceid": reference})
        assert "Deleted" in get(sandbox)[2]

    def test_it_shows_a_request_with_its_fault(self, sandbox: Sandbox) -> None:
        sandbox.fault("no_reference")
        sandbox.call("push", permit())
        ask(sandbox, http(path="/elsewhere"))
        text = get(sandbox)[2]
        assert "no reference</span>" in text
        assert "POST /elsewhere" in text

    def test_it_shows_the_newest_and_says_how_many_there_are(self, sandbox: Sandbox) -> None:
        foreign = {"start": "2026-11-23T09:00:00", "end": "2026-11-23T11:00:00"}
        records = [{"plate": f"<{number}>", **foreign} for number in range(page.NEWEST + 1)]
        sandbox.control("POST", "/sandbox/records", records)
        text = get(sandbox)[2]
        assert "The newest 200 of 201 records" in text
        assert "&lt;200&gt;" in text
        assert "&lt;0&gt;" not in text

    def test_everything_that_was_sent_is_escaped(self, sandbox: Sandbox) -> None:
        zone = MARKUP * 3
        sandbox.zones(add=zone)
        push(sandbox, plate=MARKUP[:25], zone=zone, permitNo=MARKUP)
        ask(sandbox, http(path="/<script>alert(1)</script>"))
        ask(sandbox, http(b'{"<script>": "<script>", "x": "\\ud800"}'))
        for name in ("markup_reference", "echo_token"):
            sandbox.fault(name)
            sandbox.call("push", permit(plate=MARKUP[:25]))
        sandbox.fault("status", body=MARKUP)
        ask(sandbox, http())
        status, _, text = get(sandbox)
        assert status == 200
        assert "<script" not in text
        assert text.count("&lt;script&gt;") > 8
        assert Elements(text).of("script") == []

    def test_a_refused_form_escapes_what_it_repeats(self, sandbox: Sandbox) -> None:
        status, _, text = submit(sandbox, "/sandbox/faults", fault=MARKUP)
        assert status == 400
        assert "<script" not in text
        assert "&lt;script&gt;" in text


class TestHowItIsBuilt:
    @pytest.fixture
    def text(self, sandbox: Sandbox) -> str:
        push(sandbox)
        sandbox.fault("reset", times=3)
        return get(sandbox)[2]

    def test_it_has_no_script_and_no_inline_style(self, text: str) -> None:
        elements = Elements(text)
        assert elements.of("script", "style") == []
        attributes = {name for _, attributes in elements.found for name in attributes}
        assert not {name for name in attributes if name == "style" or name.startswith("on")}

    def test_its_policy_allows_none(self, sandbox: Sandbox) -> None:
        _, headers, _ = get(sandbox)
        assert "default-src 'none'; style-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"

    def test_its_style_and_icon_are_there(self, sandbox: Sandbox, text: str) -> None:
        for link in Elements(text).of("link"):
            status, headers, _ = get(sandbox, link["href"] or "")
            assert status == 200
            assert headers["content-type"] in ("text/css; charset=utf-8", "image/svg+xml")

    def test_every_field_has_a_label(self, text: str) -> None:
        elements = Elements(text)
        labelled = {label["for"] for label in elements.of("label")}
        assert labelled == {field["id"] for field in elements.of("input", "select")}

    def test_every_table_has_a_caption_and_every_cell_a_label(self, text: str) -> None:
        elements = Elements(text)
        assert len(elements.of("table")) == len(elements.of("caption")) == 2
        assert all(head["scope"] == "col" for head in elements.of("th"))
        assert all(cell["data-label"] for cell in elements.of("td"))

    def test_it_offers_every_fault(self, text: str) -> None:
        offered = [option["value"] for option in Elements(text).of("option")]
        assert set(Name) <= set(offered)

    def test_headings_go_down_one_level_at_a_time(self, text: str) -> None:
        assert re.findall(r"<h(\d)", text) == ["1", "2", "2", "2", "2"]


class TestForms:
    def test_the_delay_can_be_set(self, sandbox: Sandbox) -> None:
        status, headers, _ = submit(sandbox, "/sandbox/settings", delay="0.25")
        assert (status, headers["location"]) == (303, "/")
        assert sandbox.control("GET", "/sandbox/settings")["delay"] == 0.25

    @pytest.mark.parametrize("delay", ["", "soon", "-1", "1e9", "nan"])
    def test_a_delay_that_makes_no_sense_is_refused_in_words(
        self, sandbox: Sandbox, delay: str
    ) -> None:
        status, _, text = submit(sandbox, "/sandbox/settings", delay=delay)
        assert status == 400
        assert "delay must be a number" in text
        assert sandbox.control("GET", "/sandbox/settings")["delay"] == 0

    def test_a_fault_can_be_queued_with_its_blanks_left_to_it(self, sandbox: Sandbox) -> None:
        submit(
            sandbox,
            "/sandbox/faults",
            fault="status",
            operation="",
            times="2",
            applied="",
            delay="",
            status="",
        )
        (fault,) = sandbox.control("GET", "/sandbox/faults")["faults"]
        assert (fault["times"], fault["status"], fault["applied"]) == (2, 503, False)

    def test_a_fault_can_be_queued_with_everything_said(self, sandbox: Sandbox) -> None:
        submit(
            sandbox,
            "/sandbox/faults",
            fault="status",
            operation="push",
            times="2",
            applied="yes",
            delay="0.5",
            status="429",
        )
        (fault,) = sandbox.control("GET", "/sandbox/faults")["faults"]
        assert (fault["operation"], fault["applied"], fault["delay"], fault["status"]) == (
            "push",
            True,
            0.5,
            429,
        )

    def test_waiting_faults_can_be_forgotten(self, sandbox: Sandbox) -> None:
        sandbox.fault("reset")
        submit(sandbox, "/sandbox/faults", clear="yes")
        assert sandbox.control("GET", "/sandbox/faults") == {"faults": []}
