"""The control interface under `/sandbox/`, and who may use it."""

import ipaddress
import re
from collections.abc import Callable
from importlib import resources
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

from permits.sandbox import page, reading, rules
from permits.sandbox.controller import Controller
from permits.sandbox.faults import read_fault
from permits.sandbox.ledger import State
from permits.sandbox.misbehaviour import json_answer
from permits.sandbox.reading import Unacceptable
from permits.sandbox.rules import Operation, Refusal
from permits.sandbox.wire import Answer, Request

_RECORD = "/sandbox/records/"
_FORM = "application/x-www-form-urlencoded"
_DETAILS = ("plate", "start", "end", "amount", "currency", "ticket_number", "zone")
_SAFE = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'",
    ),
)


class Control:
    """Answers the page and everything under `/sandbox/`."""

    def __init__(self, controller: Controller, host: str, port: int) -> None:
        self._controller = controller
        self._host = host
        self._port = port
        self._handlers: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "/"): self._show_page,
            ("GET", "/sandbox/style.css"): self._show_style,
            ("GET", "/sandbox/icon.svg"): self._show_icon,
            ("GET", "/sandbox/faults"): self._list_faults,
            ("POST", "/sandbox/faults"): self._add_faults,
            ("DELETE", "/sandbox/faults"): self._clear_faults,
            ("GET", "/sandbox/settings"): self._show_settings,
            ("POST", "/sandbox/settings"): self._change_settings,
            ("POST", "/sandbox/records"): self._add_records,
            ("GET", "/sandbox/zones"): self._list_zones,
            ("POST", "/sandbox/zones"): self._change_zones,
            ("GET", "/sandbox/ledger"): self._show_ledger,
            ("DELETE", "/sandbox/ledger"): self._reset,
        }

    def answer(self, request: Request) -> Answer:
        """The answer to a request of the page or the control interface."""
        if not self._is_ours(request):
            return json_answer({"error": "This Host or Origin is not the sandbox's own."}, 403)
        method = "GET" if request.method == "HEAD" else request.method
        try:
            answer = self._route(method, request)
        except Unacceptable as error:
            if request.media_type == _FORM:
                answer = _html(page.refusal(str(error)), 400)
            else:
                answer = json_answer({"error": str(error)}, 400)
        return Answer(answer.status, (*answer.headers, *_SAFE), answer.body)

    def _is_ours(self, request: Request) -> bool:
        """Whether no other site's page can be behind this (DNS rebinding, forged forms)."""
        origin = request.header("origin")
        if origin and urlsplit(origin).netloc != request.header("host"):
            return False
        return _is_local(request.header("host"), self._host, self._port)

    def _route(self, method: str, request: Request) -> Answer:
        if method == "DELETE" and request.path.startswith(_RECORD):
            return self._lose_record(unquote(request.path.removeprefix(_RECORD)))
        handler = self._handlers.get((method, request.path))
        if handler is None:
            return json_answer({"error": f"There is no {method} {request.path} here."}, 404)
        return handler(request)

    def _show_page(self, _: Request) -> Answer:
        return _html(page.render(self._controller))

    def _show_style(self, _: Request) -> Answer:
        return _static("style.css", "text/css; charset=utf-8")

    def _show_icon(self, _: Request) -> Answer:
        return _static("icon.svg", "image/svg+xml")

    def _list_faults(self, _: Request) -> Answer:
        return json_answer({"faults": [fault.as_json() for fault in self._controller.faults]})

    def _add_faults(self, request: Request) -> Answer:
        if request.media_type == _FORM:
            form = _form(request)
            if form.pop("clear", ""):
                self._controller.faults.clear()
            else:
                self._controller.faults.add([read_fault(_fault_of_form(form))])
            return _back_to_page()
        self._controller.faults.add([read_fault(item) for item in reading.items(_json(request))])
        return self._list_faults(request)

    def _clear_faults(self, request: Request) -> Answer:
        self._controller.faults.clear()
        return self._list_faults(request)

    def _show_settings(self, _: Request) -> Answer:
        return json_answer(self._controller.settings.as_json())

    def _change_settings(self, request: Request) -> Answer:
        settings = self._controller.settings
        if request.media_type == _FORM:
            delay = _number(_form(request).get("delay", ""), "delay")
            self._controller.change_settings(settings.changed({"delay": delay}))
            return _back_to_page()
        self._controller.change_settings(settings.changed(_json(request)))
        return self._show_settings(request)

    def _add_records(self, request: Request) -> Answer:
        records = [_details(item) for item in reading.items(_json(request))]
        made = [{"reference": str(uuid4()), "details": details} for details in records]
        self._controller.ledger.commit({"kind": "added", "records": made})
        return json_answer({"references": [record["reference"] for record in made]}, 201)

    def _lose_record(self, reference: str) -> Answer:
        ledger = self._controller.ledger
        record = ledger.records.get(reference)
        if record is None or record.state is not State.LIVE:
            return json_answer({"error": "There is no live record of this reference."}, 404)
        ledger.commit({"kind": "lost", "reference": reference})
        return json_answer(record.as_json())

    def _list_zones(self, _: Request) -> Answer:
        return json_answer({"zones": self._controller.ledger.zones})

    def _change_zones(self, request: Request) -> Answer:
        ledger = self._controller.ledger
        given = reading.mapping(_json(request), "zones", ("add", "rename", "to", "remove"))
        names = {key: reading.text(name, key) for key, name in given.items()}
        match names:
            case {"add": zone, **rest} if not rest:
                self._must_be_new(zone)
                ledger.commit({"kind": "zone_added", "zone": zone})
            case {"rename": zone, "to": to, **rest} if not rest:
                self._must_exist(zone)
                self._must_be_new(to)
                ledger.commit({"kind": "zone_renamed", "zone": zone, "to": to})
            case {"remove": zone, **rest} if not rest:
                self._must_exist(zone)
                ledger.commit({"kind": "zone_removed", "zone": zone})
            case _:
                raise Unacceptable("Give one of: add; rename and to; remove.")
        return self._list_zones(request)

    def _must_exist(self, zone: str) -> None:
        if zone not in self._controller.ledger.zones:
            raise Unacceptable(f"There is no zone {zone!r}.")

    def _must_be_new(self, zone: str) -> None:
        if not zone.strip() or len(zone) > 200 or zone in self._controller.ledger.zones:
            raise Unacceptable(f"{zone!r} is empty, too long, or a zone already.")

    def _show_ledger(self, request: Request) -> Answer:
        since = parse_qs(request.query).get("since", ["0"])[-1]
        if not re.fullmatch("[0-9]{1,18}", since):
            raise Unacceptable("since must be the number of an event.")
        ledger = self._controller.ledger
        records = [record.as_json() for record in ledger.records_since(int(since))]
        shown = json_answer({"last": ledger.number, "zones": ledger.zones, "records": records})
        requests = b",".join(ledger.requests_since(int(since)))
        return Answer(200, shown.headers, shown.body[:-1] + b', "requests": [' + requests + b"]}")

    def _reset(self, _: Request) -> Answer:
        self._controller.reset()
        return json_answer({"last": self._controller.ledger.number})


def _is_local(host_header: str, host: str, port: int) -> bool:
    name, colon, given_port = host_header.rpartition(":")
    if not colon or not given_port.isdigit():
        name, given_port = host_header, "80"
    if given_port != str(port):
        return False
    name = name.strip("[]").lower()
    if name in ("localhost", host.lower()):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _json(request: Request) -> object:
    if request.media_type != "application/json":
        raise Unacceptable("The content type must be application/json.")
    return reading.read_json(request.body)


def _form(request: Request) -> dict[str, str]:
    try:
        fields = parse_qs(request.body.decode("ascii"), errors="strict", max_num_fields=20)
    except ValueError as error:
        raise Unacceptable("The form cannot be read.") from error
    return {name: values[-1].strip() for name, values in fields.items()}


def _fault_of_form(form: dict[str, str]) -> dict[str, object]:
    """The fault that a form asks for; what was left blank is left to the fault's defaults."""
    given: dict[str, object] = dict(form)
    for name in set(form) & {"times", "status", "code", "delay"}:
        given[name] = _number(form[name], name)
    if "applied" in form:
        given["applied"] = form["applied"] == "yes"
    return given


def _number(value: str, name: str) -> float:
    try:
        return int(value) if re.fullmatch("[0-9]{1,9}", value) else float(value)
    except ValueError as error:
        raise Unacceptable(f"{name} must be a number.") from error


def _details(value: object) -> dict[str, str]:
    given = reading.mapping(value, "a record", _DETAILS)
    fields = {name: reading.text(item, name) for name, item in given.items()}
    try:
        return rules.check_fields(Operation.PUSH, fields)
    except Refusal as refusal:
        raise Unacceptable(f"{refusal.message} ({refusal.code:d})") from refusal


def _html(text: str, status: int = 200) -> Answer:
    headers = (("Content-Type", "text/html; charset=utf-8"),)
    return Answer(status, headers, text.encode("utf-8", "backslashreplace"))


def _static(name: str, kind: str) -> Answer:
    content = resources.files(__package__).joinpath(name).read_bytes()
    return Answer(200, (("Content-Type", kind),), content)


def _back_to_page() -> Answer:
    return Answer(303, (("Location", "/"),))
