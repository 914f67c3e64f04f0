"""The controller: where it is, how it is spoken to, and what its counts mean."""

from permitportal import readers
from permitportal.environment import read, text, want
from permits import limits

SANDBOX_URL = read(
    "SANDBOX_URL", readers.host_url, "http://127.0.0.1:8001", "Name where the sandbox listens."
)
# Without a controller the portal talks to the sandbox, and says so on every page.
OPSCOM_IS_SANDBOX = not text("OPSCOM_URL")
OPSCOM_URL = read(
    "OPSCOM_URL",
    readers.host_url,
    SANDBOX_URL,
    "Name the scheme and host alone, such as https://controller.operationscommander.io.",
)
OPSCOM_CLIENT_CODE = read(
    "OPSCOM_CLIENT_CODE",
    limits.client_code,
    "OC-TOMA",
    "Use the client code that the vendor gave you, such as OC-TOMA.",
)
OPSCOM_API_TOKEN = read(
    "OPSCOM_API_TOKEN",
    limits.token,
    "sandbox-token",
    "Use the token that the vendor issued.",
)
OPSCOM_TIME_ZONE = read(
    "OPSCOM_TIME_ZONE",
    readers.zone,
    "UTC",
    "Name the zone that the controller's times are in, such as UTC or America/Toronto.",
)
OPSCOM_CONNECT_TIMEOUT = read(
    "OPSCOM_CONNECT_TIMEOUT", readers.seconds, "5", "Give a number of seconds, such as 5."
)
OPSCOM_READ_TIMEOUT = read(
    "OPSCOM_READ_TIMEOUT", readers.seconds, "10", "Give a number of seconds, such as 10."
)
OPSCOM_DEADLINE = read(
    "OPSCOM_DEADLINE", readers.seconds, "20", "Give a number of seconds, such as 20."
)
OPSCOM_CONNECTIONS = read(
    "OPSCOM_CONNECTIONS",
    readers.whole(1, 64),
    "8",
    "Give the calls at once per process, such as 8.",
)
OPSCOM_RATE_LIMIT = read(
    "OPSCOM_RATE_LIMIT", readers.rate, "0", "Give the calls a second, such as 20; 0 sets no limit."
)
OPSCOM_RETRY_TRIES = read(
    "OPSCOM_RETRY_TRIES",
    readers.whole(1, 1000),
    "12",
    "Give the number of tries after which a person is asked, such as 12.",
)
OPSCOM_COUNT_EVERY = read(
    "OPSCOM_COUNT_EVERY",
    readers.whole(0, 86_400),
    "900",
    "Give the seconds between two requests for the counts, such as 900; 0 asks for none.",
)
# What the controller's totals include; None where that is told from the data.
OPSCOM_TOTALS_EXPIRED = read(
    "OPSCOM_TOTALS_EXPIRED", readers.reading, "tell", "Use yes, no, or tell (from the data)."
)
OPSCOM_TOTALS_OTHERS = read(
    "OPSCOM_TOTALS_OTHERS", readers.reading, "tell", "Use yes, no, or tell (from the data)."
)
DRIFT_AFTER = read(
    "DRIFT_AFTER",
    readers.whole(0, 2_592_000),
    "3600",
    "Give the seconds that a zone may be out of step before it is flagged, such as 3600.",
)
if not OPSCOM_IS_SANDBOX:
    want(
        "OPSCOM_CLIENT_CODE",
        "OPSCOM_API_TOKEN",
        because="OPSCOM_URL names a controller",
        cure="Set it, or leave OPSCOM_URL out to use the sandbox.",
    )
