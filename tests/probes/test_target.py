"""Addresses taken apart, and which networks a redirect may lead into."""

from __future__ import annotations

import pytest

from airops_tui.probes.target import led_to, may_lead, network, target_of


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority"),
    [
        ("http://h", "h", 80, "/", "h"),
        ("http://H:80/a", "h", 80, "/a", "h"),
        ("https://h/a/b?c=d#e", "h", 443, "/a/b?c=d", "h"),
        ("http://h:8000/", "h", 8000, "/", "h:8000"),
        ("http://[::1]:8000/x", "::1", 8000, "/x", "[::1]:8000"),
        ("http://[fe80::1%25eth0]/", "fe80::1%eth0", 80, "/", "[fe80::1]"),
        ("http://ann:pw@h/", "h", 80, "/", "h"),
        ("http://h/한글?질문=답", "h", 80, "/%ED%95%9C%EA%B8%80?%EC%A7%88%EB%AC%B8=%EB%8B%B5", "h"),
        ("http://h/a%20b c", "h", 80, "/a%20b%20c", "h"),
        ("http://bücher.example/", "xn--bcher-kva.example", 80, "/", "xn--bcher-kva.example"),
    ],
)
def test_an_address_taken_apart(url: str, host: str, port: int, path: str, authority: str) -> None:
    target = target_of(url)
    assert (target.host, target.port, target.path, target.authority) == (host, port, path, authority)


def test_shown_it_has_neither_user_nor_query() -> None:
    assert str(target_of("https://ann:pw@h:8443/a?key=1")) == "https://h:8443/a"


@pytest.mark.parametrize(
    ("base", "location", "url"),
    [
        ("http://h:81/a/b", "c", "http://h:81/a/c"),
        ("http://h:81/a/b", "/c?d", "http://h:81/c"),
        ("https://h/a", "//other/c", "https://other/c"),
        ("https://h/a", "http://other:8080", "http://other:8080/"),
        ("http://[::1]/a", "/b", "http://[::1]/b"),
    ],
)
def test_where_a_redirect_leads(base: str, location: str, url: str) -> None:
    assert str(led_to(target_of(base), location)) == url


@pytest.mark.parametrize(
    ("ip", "kind"),
    [
        ("93.184.216.34", "public"),
        ("2606:4700::1111", "public"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("192.168.0.1", "private"),
        ("100.64.0.1", "private"),
        ("fd12::1", "private"),
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("0.0.0.0", "loopback"),
        ("::", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("169.254.1.1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("169.254.169.254", "metadata"),
        ("::ffff:a9fe:a9fe", "metadata"),
        ("64:ff9b::a9fe:a9fe", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("100.100.100.200", "metadata"),
        ("224.0.0.1", "special"),
        ("255.255.255.255", "special"),
        ("ff02::1", "special"),
    ],
)
def test_the_network_of_an_address(ip: str, kind: str) -> None:
    assert network(ip) == kind


@pytest.mark.parametrize(
    ("home", "there", "allowed"),
    [
        ("93.184.216.34", "1.1.1.1", True),
        ("93.184.216.34", "127.0.0.1", False),
        ("93.184.216.34", "10.0.0.1", False),
        ("93.184.216.34", "169.254.169.254", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "::1", True),
        ("127.0.0.1", "93.184.216.34", True),
        ("127.0.0.1", "10.0.0.1", False),
        ("10.0.0.1", "192.168.1.1", True),
        ("10.0.0.1", "127.0.0.1", False),
        ("169.254.1.1", "169.254.169.254", False),
        ("169.254.169.254", "169.254.169.254", False),
    ],
)
def test_a_redirect_leads_outside_or_stays_in_the_same_kind_of_inside(home: str, there: str, allowed: bool) -> None:
    assert may_lead(home, there) is allowed
