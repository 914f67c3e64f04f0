"""Whose word is taken for who is at the other end: named proxies alone.

A proxy tells the client's address and scheme in headers that any client could write as well. They
are thrown away unless the connection comes from an address that `TRUSTED_PROXIES` names.
"""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Address = IPv4Address | IPv6Address

_SAID_BY_PROXIES: Final = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
)


class ProxyMiddleware:
    """Puts the client's own address in the request, and its scheme, as named proxies tell them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request once it says who sent it."""
        said = {name: str(request.META.pop(name, "")) for name in _SAID_BY_PROXIES}
        peer = _address(request.META.get("REMOTE_ADDR", ""))
        if _is_trusted(peer):
            peer = _client(said["HTTP_X_FORWARDED_FOR"], peer)
            scheme = said["HTTP_X_FORWARDED_PROTO"].rpartition(",")[2].strip()
            # `SECURE_PROXY_SSL_HEADER` reads it; what a stranger said has gone above.
            request.META["HTTP_X_FORWARDED_PROTO"] = scheme
        request.META["REMOTE_ADDR"] = str(peer) if peer else ""
        return self.get_response(request)


def _client(chain: str, peer: Address | None) -> Address | None:
    """Return the last address of the chain that no proxy of ours has.

    Each proxy adds, at the end, whom it was asked by; what stands before that is the client's word.
    """
    for word in reversed(chain.split(",")):
        address = _address(word.strip())
        if address is None:
            break
        peer = address
        if not _is_trusted(address):
            break
    return peer


def _is_trusted(address: Address | None) -> bool:
    return address is not None and any(address in net for net in settings.TRUSTED_PROXIES)


def _address(word: str) -> Address | None:
    try:
        address = ip_address(word)
    except ValueError:
        return None
    # A socket for both kinds shows IPv4 peers in IPv6's clothes.
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
