"""What stands in the files that lists are exported to."""

import json
from operator import attrgetter, methodcaller

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from permits.admin import panel
from permits.exporting import Column
from permits.moments import to_the_millisecond

# Named as an import names them, so that an exported file can be changed and imported again.
PERMIT_COLUMNS = (
    Column("plate", _("Plate"), attrgetter("plate")),
    Column("zone", _("Zone"), lambda permit: permit.zone and permit.zone.name),
    Column("ticket_number", _("Ticket number"), attrgetter("ticket_number")),
    Column("start_time", _("Start"), attrgetter("start_time")),
    Column("end_time", _("End"), attrgetter("end_time")),
    Column("amount", _("Amount"), attrgetter("amount")),
    Column("currency", _("Currency"), attrgetter("currency")),
    Column("state", _("State"), methodcaller("get_state_display")),
    Column("reference_id", _("Reference ID"), attrgetter("reference_id")),
    Column("entered_at", _("Entered"), attrgetter("entered_at")),
    Column("entered_by", _("Entered by"), attrgetter("entered_by")),
    Column("withdrawn_at", _("Withdrawn"), attrgetter("withdrawn_at")),
    Column("id", _("Permit"), attrgetter("pk")),
)


def _to_the_millisecond(name: str, head: Promise) -> Column:
    moment = attrgetter(name)
    return Column(name, head, lambda row: to_the_millisecond(moment(row)), data=moment)


ATTEMPT_COLUMNS = (
    Column("attempt", _("Attempt"), attrgetter("pk")),
    _to_the_millisecond("started_at", _("Started")),
    _to_the_millisecond("finished_at", _("Ended")),
    Column("duration_ms", _("Milliseconds"), attrgetter("duration_ms")),
    Column("operation", _("Operation"), methodcaller("get_operation_display")),
    Column("outcome", _("Outcome"), methodcaller("get_outcome_display")),
    Column("plate", _("Plate"), lambda call: panel.text_of(call, "plate")),
    Column("zone", _("Zone"), lambda call: call.zone and call.zone.name),
    Column("ticket_number", _("Ticket number"), lambda call: panel.text_of(call, "ticket_number")),
    Column("reference_id", _("Reference ID"), panel.reference_of),
    Column("permit", _("Permit"), attrgetter("permit_id")),
    Column("actor", _("Asked by"), attrgetter("actor")),
    Column("source", _("Asked through"), methodcaller("get_source_display")),
    Column("trace", _("In the logs"), attrgetter("trace")),
    Column("batch", _("Bulk run"), attrgetter("batch_id")),
    Column("controller", _("Controller"), attrgetter("controller")),
    Column("http_status", _("HTTP status"), attrgetter("http_status")),
    Column("error_code", _("Error code"), attrgetter("error_code")),
    Column("error_message", _("Message"), attrgetter("error_message")),
    Column(
        "request",
        _("Request"),
        lambda call: json.dumps(call.request, ensure_ascii=False),
        data=attrgetter("request"),
    ),
    Column("response", _("Answer"), attrgetter("response")),
    Column("response_length", _("Bytes that came"), attrgetter("response_length")),
)
