"""The same work done by others: what a script would do, with no bookkeeping at all.

    python -m tools.bench.peers {loop|pool} URL PERMITS CONNECTIONS

It prints the seconds that the pushes took, and the processor time that they cost.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import requests

_THREADS: Final = threading.local()


def _body(number: int) -> dict[str, str]:
    return {
        "apiToken": "sandbox-token",
        "plate": f"PEER {number}",
        "StartDateUtc": "2030-01-01T08:00:00",
        "EndDateUtc": "2030-01-01T18:00:00",
        "amount": "12.50",
        "currency": "CAD",
    }


def _one_by_one(url: str, number: int) -> None:
    requests.post(url, json=_body(number), timeout=10).raise_for_status()


def _by_session(url: str, number: int) -> None:
    if not hasattr(_THREADS, "session"):
        _THREADS.session = requests.Session()
    _THREADS.session.post(url, json=_body(number), timeout=10).raise_for_status()


def main(how: str, url: str, permits: int, connections: int) -> None:
    """Push so many permits, and print what that took."""
    address = f"{url}/api/OC-TOMA/v1/permits/push"
    began, cost = time.monotonic(), time.process_time()
    if how == "loop":
        for number in range(permits):
            _one_by_one(address, number)
    else:
        with ThreadPoolExecutor(connections) as pool:
            list(pool.map(lambda number: _by_session(address, number), range(permits)))
    print(json.dumps({"took": time.monotonic() - began, "cpu": time.process_time() - cost}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
