"""What is said of who is at the other end is believed from named proxies alone."""

from ipaddress import ip_network

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from permits.activity import client_address
from permits.signin.proxies import ProxyMiddleware


@pytest.fixture
def settings(settings: Settings) -> Settings:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/24"), ip_network("fd00::1")]
    return settings


def seen(peer: str, **headers: str) -> HttpRequest:
    """The request as the portal sees it, from this peer with these headers."""
    request = RequestFactory().get("/")
    request.META |= {"REMOTE_ADDR": peer, **headers}
    ProxyMiddleware(lambda _: HttpResponse())(request)
    return request


@pytest.mark.parametrize(
    ("peer", "chain", "client"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),  # a client that makes one up
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # the first is the client's word
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),  # two proxies, one after another
        ("10.0.0.1", "10.0.0.3", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "'; DROP TABLE users --", "10.0.0.1"),
        ("fd00::1", "2001:db8::1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::ffff:203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("", "198.51.100.1", ""),  # a socket of this machine
    ],
)
def test_the_client_is_the_last_that_no_proxy_of_ours_is(
    settings: Settings, peer: str, chain: str, client: str
) -> None:
    assert client_address(seen(peer, HTTP_X_FORWARDED_FOR=chain)) == client


@pytest.mark.parametrize(
    ("peer", "said", "secure"),
    [
        ("10.0.0.1", "https", True),
        ("10.0.0.1", "http", False),
        ("10.0.0.1", "", False),
        ("10.0.0.1", "https, http", False),  # the last proxy's word
        ("203.0.113.5", "https", False),
    ],
)
def test_a_named_proxy_says_whether_the_client_uses_https(
    settings: Settings, peer: str, said: str, secure: bool
) -> None:
    assert seen(peer, HTTP_X_FORWARDED_PROTO=said).is_secure() is secure


@pytest.mark.parametrize("peer", ["10.0.0.1", "203.0.113.5"])
def test_nobody_names_another_host(settings: Settings, peer: str) -> None:
    request = seen(peer, HTTP_X_FORWARDED_HOST="evil.example", HTTP_HOST="localhost")
    assert request.get_host() == "localhost"
    assert not [name for name in request.META if "FORWARDED_HOST" in name or "REAL_IP" in name]
