"""What every page is told."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from permits.models import Link


def portal(request: HttpRequest) -> dict[str, Any]:
    """Tell every page how the link to the controller stands.

    It is looked up only where a page asks: a visitor who is not signed in is told nothing.
    """
    return {"link": SimpleLazyObject(Link.current)}
