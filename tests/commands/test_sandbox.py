"""`manage.py sandbox`: a controller that takes this portal's client code and token."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from permits.controller import Controller, ControllerError, Request
from tests import environment
from tests.client.conftest import request

VARIABLES = {"OPSCOM_CLIENT_CODE": "OC-MINE", "OPSCOM_API_TOKEN": "token-of-mine"}


@contextmanager
def running(*options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The command, with its address."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "sandbox", "--port=0", *options],
        cwd=environment.ROOT,
        env={**os.environ, **VARIABLES},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = re.search(r"http://\S+", process.stdout.readline())
        assert address is not None
        yield address[0].rstrip("/"), process
    finally:
        process.kill()
        process.communicate(timeout=30)


def push(url: str, token: str) -> str:
    """Push a permit; its reference, or the controller's code for why not."""
    controller = Controller(
        url=url,
        client_code="OC-MINE",
        token=token,
        connect_timeout=5,
        read_timeout=5,
        deadline=5,
        connections=1,
    )
    try:
        return controller.apply(request("push")).reference_id
    except ControllerError as error:
        return str(error.code)


def test_it_takes_the_configured_client_and_token_and_keeps_its_ledger(tmp_path: Path) -> None:
    ledger = f"--ledger={tmp_path / 'ledger'}"
    with running(ledger) as (url, process):
        reference = push(url, "token-of-mine")
        assert len(reference) == 36
        assert push(url, "another-token") == "9002"
        process.terminate()
        assert process.wait(timeout=30) == 0
    with running(ledger) as (url, _):
        assert still_holds(url, reference)


def still_holds(url: str, reference: str) -> bool:
    """Whether the record can be deleted."""
    controller = Controller(
        url=url,
        client_code="OC-MINE",
        token="token-of-mine",
        connect_timeout=5,
        read_timeout=5,
        deadline=5,
        connections=1,
    )
    return controller.apply(Request.delete(reference)).reference_id == reference
