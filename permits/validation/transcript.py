"""A run as text, to send to the vendor. The token is in none of it."""

import json
from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext as _

from permits import moments
from permits.models import SyncAttempt, Validation, ValidationStep
from permits.validation import plan

_TOKEN = "[token]"  # noqa: S105 - what stands in its place


def text(validation: Validation) -> str:
    """Return the whole run: what was sent, what came back, and whether that is as it should be."""
    return "\n".join(_lines(validation)) + "\n"


def request_text(step: ValidationStep) -> str:
    """Return the body as it was sent, with a word in place of the token."""
    if step.sent_as:
        return step.sent_as
    body = {} if step.attempt is None else step.attempt.request
    return json.dumps({"apiToken": _TOKEN, **body}, indent=2, ensure_ascii=False)


def request_line(step: ValidationStep) -> str:
    """Return the method and the address."""
    validation, attempt = step.validation, step.attempt
    operation = "" if attempt is None else attempt.operation
    path = f"/api/{validation.client_code}/v1/permits/{operation}"
    return f"POST {validation.address}{path}"  # English: the wire


def label(step: ValidationStep) -> str:
    """Return what the step is."""
    return str(plan.LABELS.get(step.name, step.name))


def steps(validation: Validation) -> list[ValidationStep]:
    """Return the steps with their calls, in order."""
    return list(validation.steps.select_related("attempt", "validation", "permit"))


def _lines(validation: Validation) -> Iterator[str]:
    yield _("Validation of permitportal against the OPS-COM Controller")
    yield ""
    yield _("Address: %(address)s") % {"address": validation.address}
    yield _("Client code: %(code)s") % {"code": validation.client_code}
    yield _("Times are in: %(zone)s") % {"zone": validation.time_zone}
    if validation.begun_at:
        yield _("Begun: %(moment)s") % {"moment": moments.in_full(validation.begun_at)}
    if validation.ended_at:
        yield _("Ended: %(moment)s") % {"moment": moments.in_full(validation.ended_at)}
    for number, step in enumerate(steps(validation), start=1):
        yield ""
        yield f"{number}. {label(step)}: {step.get_standing_display()}"
        if step.note:
            yield f"   {step.note}"
        if step.attempt is not None:
            yield from _call(step, step.attempt)


def _call(step: ValidationStep, attempt: SyncAttempt) -> Iterator[str]:
    yield f"   {moments.in_full(attempt.started_at)}"
    yield f"   > {request_line(step)}"
    yield from (f"   > {line}" for line in request_text(step).splitlines())
    answered = f"HTTP {attempt.http_status}" if attempt.http_status else _("no answer")
    took = "" if attempt.duration is None else f" ({moments.length(attempt.duration)})"
    yield f"   < {answered}{took}"
    yield from (f"   < {line}" for line in _without_token(attempt.response).splitlines())
    if attempt.error_message and not attempt.http_status:
        yield f"   {attempt.error_message}"


def _without_token(response: str) -> str:
    """Take the token out once more: the one that is configured now is in no page, come what may."""
    return response.replace(settings.OPSCOM_API_TOKEN, _TOKEN)
