"""A stand-in for the vendor's OPS-COM Controller, to try and test the portal against.

It is its own process with its own rules, written from the vendor's pages alone; it imports nothing
of the portal and nothing outside the standard library. Whatever it holds is make-believe.

    python -m permits.sandbox [--port 8001] [--host 127.0.0.1] [--client-code OC-TOMA]
        [--token sandbox-token] [--ledger FILE] [--zones "Lot 1,Lot 2"]
        [--duplicates accept|refuse]

It prints one line with its address once it listens (port 0 picks a free one), and ends with code 0
on SIGINT and SIGTERM. With `--ledger` everything it acknowledged outlives even a SIGKILL.

The controller's API
    `POST /api/{client code}/v1/permits/{push|update|delete|stats}`, as the vendor describes it.
    Where the vendor is silent: names that are unknown, sent twice, or not taken by the operation
    are 9003; a missing start is 9031; an end before the start is 9005; another client's record is
    9009; the token is looked at once the body is a flat object of strings, and before its names.
    A zone nobody knows makes a disconnected record in silence, which no total counts. Stats report
    every zone twice: `temp` counts the permits of up to 24 hours, `standard` the longer ones.
    A call takes effect as it arrives, then waits for the delay, then is answered.

The page
    `GET /` shows what the sandbox holds and was asked, to people.

The control interface, in JSON; it answers only to a Host that names this machine
    `POST /sandbox/faults`
        One fault or a list of them, `{"fault": NAME, "operation": "push", "times": 1,
        "applied": true, "delay": 0, …}`. Each meets the next `times` calls of its operation (null
        for any), in order. `applied` says whether the call takes effect first; when it is left out
        it is true, but for the faults marked * it is false. `delay` is in seconds. A call that the
        rules refuse takes no effect either way. `GET` lists what is left, `DELETE` forgets it.
    `POST /sandbox/settings`
        Any of: `delay` (seconds), `error_status` (of refusals: 200, 400 or 422), `duplicates`
        (`accept`; `refuse` answers 9022 to a push that repeats a live record in every field),
        `token`, `counts_expired` (whether stats count permits that have ended, by UTC),
        `close_after_requests` (a number or null; the last answer says so), `random_faults` (null or
        `{"rate": 0.1, "seed": 7, "faults": […]}`, for calls that no queued fault meets). `GET`
        shows all but the token.
    `POST /sandbox/records`
        One record or a list, made by another client, by the ledger's names: `plate`, `start`,
        `end`, and optionally `amount`, `currency`, `ticket_number`, `zone`.
    `DELETE /sandbox/records/{reference}`
        Loses one: from then on it is not found.
    `POST /sandbox/zones`
        `{"add": NAME}`, `{"rename": NAME, "to": NAME}` (its records go along) or `{"remove": NAME}`
        (its records become disconnected). `GET` lists them.
    `GET /sandbox/ledger?since=0`
        `requests`: all that arrived outside `/sandbox/` and `/` and could be read as HTTP, strays
        included: `number`, `time`, `method`, `path`, `operation`, `client_code`, `headers` (as
        received), `fields` (as sent, without the token), `token` (`valid`, `wrong`, `missing`),
        `applied`, `status`, `answer` (its first 2048 characters), `fault`, `reference`.
        `records`: `reference`, `plate`, `start`, `end`, `amount`, `currency`, `ticket_number`,
        `zone`, `disconnected`, `foreign`, `state` (`live`, `deleted`, `lost`), `created_at`,
        `updated_at`, `deleted_at`, and in `made_by`, `changed_by` and `deleted_by` the numbers of
        the requests that did it. `last` is the newest number, to give as `since` next time;
        changes made over the control interface take numbers of the same row.
        `DELETE` resets the sandbox to how it was first started, journal included.

The faults, with their own parameters and what those are when left out
    No answer
        `reset`             the connection is reset (RST)
        `close`             the connection is closed (FIN)
        `silence`           nothing, until the client leaves or `hold` (600) seconds have passed
    A slow answer
        `slow`              the right answer; give it a `delay`
        `drip`              its body comes a byte every `interval` (1) seconds
        `drip_headers`      its head does
    Another answer
        `status`*           `status` (503), `headers` ({}), `body` (""), e.g. with a Retry-After
        `redirect`*         `status` (302), `location` ("/elsewhere")
        `html`*             a page that says maintenance, `status` (200)
        `error`*            a refusal: `code` (9033), `message`, `status` (200)
        `echo_token`*       a refusal whose message holds the whole request, token included
        `answer`*           literally `status` (200), `headers` ({}), `body` (text, or any JSON)
    A broken answer
        `cut_off`           half of the body that the Content-Length promises, then FIN
        `list`              the right answer inside a JSON list
        `null`              the JSON null
        `empty`             no body at all, `status` (200)
        `invalid_utf8`      JSON with bytes that are no UTF-8
        `huge`              the right answer padded to `size` (50 MB) bytes; `chunked` (false) hides
                            the length, `gzip` (false) the size
    An answer without the right reference
        `no_reference`, `other_reference` (another UUID), `markup_reference`, `long_reference`
        (5,000 letters)
    A connection that dies later
        `stale`             the right answer, then FIN after `interval` (0.05) seconds
"""

from permits.sandbox.command import main
from permits.sandbox.server import Options, serve

__all__ = ["Options", "main", "serve"]
