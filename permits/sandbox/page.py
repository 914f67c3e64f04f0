"""The sandbox's page for people: what it holds, what it was asked, and two forms."""

import json
from collections.abc import Iterable
from datetime import datetime
from html import escape
from itertools import islice
from typing import Any

from permits.sandbox.controller import Controller
from permits.sandbox.faults import Fault, Name
from permits.sandbox.ledger import Record, State
from permits.sandbox.rules import Operation
from permits.sandbox.settings import Settings

NEWEST = 200
"""How many records and requests the page shows."""

_FAULT_GROUPS = {
    "No answer": (Name.RESET, Name.CLOSE, Name.SILENCE),
    "A slow answer": (Name.SLOW, Name.DRIP, Name.DRIP_HEADERS),
    "Another answer": (
        Name.STATUS,
        Name.REDIRECT,
        Name.HTML,
        Name.ERROR,
        Name.ECHO_TOKEN,
        Name.ANSWER,
    ),
    "A broken answer": (
        Name.CUT_OFF,
        Name.LIST,
        Name.NULL,
        Name.EMPTY,
        Name.INVALID_UTF8,
        Name.HUGE,
    ),
    "A wrong reference": (
        Name.NO_REFERENCE,
        Name.OTHER_REFERENCE,
        Name.MARKUP_REFERENCE,
        Name.LONG_REFERENCE,
    ),
    "A connection that dies later": (Name.STALE,),
}
_STATE_PILLS = {
    State.LIVE: ("success", "✓", "Live"),
    State.DELETED: ("neutral", "&ndash;", "Deleted"),
    State.LOST: ("danger", "!", "Lost"),
}


def render(controller: Controller) -> str:
    """The whole page."""
    ledger = controller.ledger
    records = list(islice(reversed(ledger.records.values()), NEWEST))
    requests = [json.loads(line) for line in reversed(ledger.requests_since()[-NEWEST:])]
    live = sum(record.state is State.LIVE for record in ledger.records.values())
    astray = sum(record.disconnected for record in ledger.records.values())
    return _document(
        "Sandbox controller",
        f"""
<dl class="figures">
{_figure("Live records", live)}
{_figure("Records in all", len(ledger.records))}
{_figure("Disconnected", astray)}
{_figure("Requests", ledger.request_count)}
{_figure("Faults waiting", len(controller.faults))}
</dl>
<div class="panels">
{_behaviour(controller.settings)}
{_faults(controller.faults)}
</div>
{_records(records, len(ledger.records))}
{_requests(requests, ledger.request_count)}
""",
    )


def refusal(message: str) -> str:
    """A page that says why a form was refused."""
    return _document(
        "That cannot be set",
        f'<p class="note danger">{_text(message)}</p><p><a href="/">Back to the sandbox</a></p>',
    )


def _document(title: str, content: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} &ndash; SANDBOX</title>
<link rel="icon" href="/sandbox/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/sandbox/style.css">
</head>
<body>
<header>
<p class="banner"><strong>SANDBOX</strong> This is not the vendor&rsquo;s controller. Nothing here
is enforced in any lot, and no real token belongs here.</p>
</header>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""


def _figure(name: str, number: int) -> str:
    return f"<div><dt>{name}</dt><dd>{number:,}</dd></div>"


def _behaviour(settings: Settings) -> str:
    chance = settings.random_faults
    worn = settings.close_after_requests
    return f"""<section aria-labelledby="behaviour">
<h2 id="behaviour">How it behaves</h2>
<dl class="facts">
<div><dt>Refusals come with status</dt><dd>{settings.error_status}</dd></div>
<div><dt>A repeated push</dt><dd>{
        "makes a second record" if settings.duplicates == "accept" else "is refused with 9022"
    }</dd></div>
<div><dt>Totals count ended permits</dt><dd>{"yes" if settings.counts_expired else "no"}</dd></div>
<div><dt>Faults at random</dt><dd>{f"{chance.rate:.1%} of calls" if chance else "none"}</dd></div>
<div><dt>Requests a connection</dt><dd>{worn or "any number"}</dd></div>
</dl>
<form method="post" action="/sandbox/settings">
<p class="field"><label for="delay">Delay of every answer, in seconds</label>
<input id="delay" name="delay" type="number" min="0" max="3600" step="any" required
 value="{settings.delay:g}"></p>
<p><button>Set the delay</button></p>
</form>
</section>"""


def _faults(faults: Iterable[Fault]) -> str:
    items = "".join(f"<li>{_fault_in_words(fault)}</li>" for fault in faults)
    waiting = f'<ol class="waiting">{items}</ol>{_CLEAR}' if items else "<p>None is waiting.</p>"
    choices = "".join(
        f'<optgroup label="{group}">{"".join(_option(name) for name in names)}</optgroup>'
        for group, names in _FAULT_GROUPS.items()
    )
    operations = "".join(_option(operation) for operation in Operation)
    return f"""<section aria-labelledby="faults">
<h2 id="faults">Faults for the next calls</h2>
{waiting}
<form method="post" action="/sandbox/faults" class="grid">
<p class="field"><label for="fault">Fault</label>
<select id="fault" name="fault">{choices}</select></p>
<p class="field"><label for="operation">Operation</label>
<select id="operation" name="operation"><option value="">any</option>{operations}</select></p>
<p class="field"><label for="times">Calls</label>
<input id="times" name="times" type="number" min="1" max="1000000" value="1" required></p>
<p class="field"><label for="applied">The call takes effect</label>
<select id="applied" name="applied"><option value="">as is usual for the fault</option>
<option value="yes">yes</option><option value="no">no</option></select></p>
<p class="field"><label for="fault-delay">After a wait, in seconds</label>
<input id="fault-delay" name="delay" type="number" min="0" max="3600" step="any"></p>
<p class="field"><label for="status">HTTP status, where it has one</label>
<input id="status" name="status" type="number" min="200" max="999"></p>
<p class="submit"><button class="primary">Queue the fault</button></p>
</form>
</section>"""


_CLEAR = """<form method="post" action="/sandbox/faults">
<p><button name="clear" value="yes">Forget all waiting faults</button></p></form>"""


def _option(name: str) -> str:
    return f'<option value="{name}">{name.replace("_", " ")}</option>'


def _fault_in_words(fault: Fault) -> str:
    calls = "call" if fault.times == 1 else "calls"
    effect = "after taking effect" if fault.applied else "without effect"
    which = "" if fault.operation is None else f"{fault.operation} "
    return f"<b>{fault.name.replace('_', ' ')}</b>, {fault.times} {which}{calls}, {effect}"


def _records(records: list[Record], total: int) -> str:
    if not records:
        return _empty("records", "Records", "No permit has been pushed yet. Push one to see it.")
    rows = "".join(
        _row(
            ("Plate", f"<code>{_text(record.details.plate)}</code>"),
            ("Zone", _zone(record)),
            ("Valid", _validity(record)),
            ("Amount", _amount(record)),
            ("Ticket", _text(record.details.ticket_number)),
            ("Reference", f"<code>{_text(record.reference)}</code>"),
            ("State", _pill(*_STATE_PILLS[record.state])),
        )
        for record in records
    )
    heads = ("Plate", "Zone", "Valid", "Amount", "Ticket", "Reference", "State")
    return _table("records", "Records", heads, rows, len(records), total)


def _zone(record: Record) -> str:
    zone = _text(record.details.zone)
    mark = f" {_pill('warning', '⚠', 'Disconnected')}" if record.disconnected else ""
    return zone + mark + (f" {_pill('neutral', '↗', 'Foreign')}" if record.foreign else "")


def _validity(record: Record) -> str:
    start, end = record.details.start, record.details.end
    shown_end = end[11:16] if end[:10] == start[:10] else f"{end[:10]} {end[11:16]}"
    return (
        f'<time datetime="{start}">{start[:10]} {start[11:16]}</time> to '
        f'<time datetime="{end}">{shown_end}</time>'
    )


def _amount(record: Record) -> str:
    words = (record.details.amount, record.details.currency)
    return _text(" ".join(word for word in words if word))


def _requests(requests: list[dict[str, Any]], total: int) -> str:
    if not requests:
        return _empty("requests", "Requests", "Nobody has called yet. Point the portal here.")
    rows = "".join(
        _row(
            ("Number", str(request["number"])),
            ("Time", _moment(request["time"])),
            ("Call", _called(request)),
            ("Sent", f"<code>{_text(_sent(request))}</code>"),
            ("Token", _text(request["token"])),
            ("Effect", "yes" if request["applied"] else "no"),
            ("Answer", f"{request['status'] or 'none'} <code>{_text(_short(request))}</code>"),
            ("Fault", _fault_pill(request["fault"])),
        )
        for request in requests
    )
    heads = ("Number", "Time", "Call", "Sent", "Token", "Effect", "Answer", "Fault")
    return _table("requests", "Requests", heads, rows, len(requests), total)


def _called(request: dict[str, Any]) -> str:
    if request["operation"]:
        return f'<span class="whole">{_text(request["operation"])}</span>'
    return f"<code>{_text(request['method'] + ' ' + request['path'])}</code>"


def _sent(request: dict[str, Any]) -> str:
    fields = request["fields"] or {}
    return " ".join(f"{name}={value}" for name, value in fields.items())[:300]


def _short(request: dict[str, Any]) -> str:
    return (request["answer"] or "")[:200]


def _fault_pill(fault: str | None) -> str:
    return _text(None) if fault is None else _pill("danger", "⚡", fault.replace("_", " "))


def _moment(time: str) -> str:
    shown = datetime.fromisoformat(time).strftime("%H:%M:%S")
    return f'<time datetime="{time}" title="{time}">{shown} UTC</time>'


def _table(name: str, title: str, heads: tuple[str, ...], rows: str, shown: int, total: int) -> str:
    cells = "".join(f'<th scope="col">{head}</th>' for head in heads)
    count = f"The newest {shown:,} of {total:,}" if shown < total else f"All {total:,}"
    return f"""<section aria-labelledby="{name}">
<h2 id="{name}">{title}</h2>
<table>
<caption>{count} {title.lower()}, newest first</caption>
<thead><tr>{cells}</tr></thead>
<tbody>{rows}</tbody>
</table>
</section>"""


def _empty(name: str, title: str, advice: str) -> str:
    return (
        f'<section aria-labelledby="{name}"><h2 id="{name}">{title}</h2><p>{advice}</p></section>'
    )


def _row(*cells: tuple[str, str]) -> str:
    shown = "".join(
        f'<td data-label="{label}"><div>{content}</div></td>' for label, content in cells
    )
    return f"<tr>{shown}</tr>"


def _pill(tone: str, icon: str, word: str) -> str:
    return f'<span class="pill {tone}"><span aria-hidden="true">{icon}</span> {_text(word)}</span>'


def _text(value: str | None) -> str:
    return escape(value) if value else '<span class="none">&ndash;</span>'
