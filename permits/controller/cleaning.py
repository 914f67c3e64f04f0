"""What the controller says, fit to be kept and shown: without the token."""

import json
import re
from typing import Any

from permits.transport import Received


def parse(received: Received, token: str) -> dict[str, Any]:
    """Return the answer's object without the token; empty where there is no whole object."""
    if received.failure:
        return {}
    try:
        body = _hide_in(json.loads(received.body.decode()), token)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def clean(text: str, token: str) -> str:
    """Take out the token, and what no database stores: NUL and lone surrogates."""
    return _hide(text.replace("\x00", "\ufffd").encode(errors="replace").decode(), token)


def _hide_in(value: Any, token: str) -> Any:
    match value:
        case str():
            return _hide(value, token)
        case list():
            return [_hide_in(each, token) for each in value]
        case dict():
            return {_hide(name, token): _hide_in(each, token) for name, each in value.items()}
        case _:
            return value


def _hide(text: str, token: str) -> str:
    return re.sub(re.escape(token), "[token]", text, flags=re.IGNORECASE)
