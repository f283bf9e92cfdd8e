"""Addresses of web pages taken apart, and where a redirect may lead. Pure.

A checker stands where attackers would like to stand: inside. So an answer may not send it into another network than the
one it was configured for, least of all to the address where clouds hand out credentials.
"""

from __future__ import annotations

import base64
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec

from airops_tui.text import safe

_PORTS = {"http": 80, "https": 443}
_SAFE = "/%:@!$&'()*+,;=~"  # RFC 3986, pchar; an escape that is there already stays as it is
_TRANSLATED = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address meant
_CREDENTIALS = frozenset(
    map(ip_address, ("169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254"))
)
_SHARED = IPv4Network("100.64.0.0/10")


class Target(msgspec.Struct, frozen=True):
    """What to ask whom. `host` is what to resolve, `authority` the Host header, `path` includes the query.

    `authorization` is the header for a user and password that stood in the address, or empty.
    """

    scheme: str
    host: str
    port: int
    path: str
    authority: str
    authorization: str = ""

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.scheme == "https"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what headers with credentials are meant for."""
        return self.scheme, self.host, self.port

    def __str__(self) -> str:
        """Safe to show: neither user nor query."""
        return f"{self.scheme}://{safe(self.authority, limit=120)}{safe(self.path.partition('?')[0], limit=120)}"


def target_of(url: str) -> Target:
    """Take an address apart. Raises ValueError, its message safe to show, if it is not one to GET over HTTP."""
    try:
        parts = urlsplit(url)
        host, port = unquote(parts.hostname or ""), parts.port
        shown = host if host.isascii() else host.encode("idna").decode()
    except ValueError as error:  # UnicodeError is one
        raise ValueError("not a usable address") from error
    if parts.scheme not in _PORTS or not host:
        raise ValueError("not an http:// or https:// address")
    authority = f"[{shown.partition('%')[0]}]" if ":" in shown else shown
    query = f"?{quote(parts.query, safe=_SAFE + '?')}" if parts.query else ""
    return Target(
        scheme=parts.scheme,
        host=shown,
        port=port or _PORTS[parts.scheme],
        path=quote(parts.path or "/", safe=_SAFE) + query,
        authority=f"{authority}:{port}" if port not in (None, _PORTS[parts.scheme]) else authority,
        authorization=_basic(parts.username, parts.password),
    )


def led_to(target: Target, location: str) -> Target:
    """Where a redirect leads from a target. Raises ValueError, its message safe to show."""
    return target_of(urljoin(f"{target.scheme}://{target.authority}{target.path}", location.strip()))


def may_lead(home: str, ip: str) -> bool:
    """Whether what was configured as the address `home` may send us to `ip`: outside, or the same kind of inside."""
    there = network(ip)
    return there == "public" or (there == network(home) and there not in ("metadata", "special"))


def network(ip: str) -> str:
    """What kind of network a numeric address is in: public, private, loopback, link-local, metadata or special."""
    address = _meant(ip_address(ip.partition("%")[0]))
    if address in _CREDENTIALS:
        return "metadata"
    if address.is_loopback or address.is_unspecified:  # 0.0.0.0 connects to this machine
        return "loopback"
    if address.is_link_local:
        return "link-local"
    if address.is_multicast or address.is_reserved:
        return "special"
    shared = isinstance(address, IPv4Address) and address in _SHARED
    return "private" if address.is_private or shared else "public"


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _basic(user: str | None, password: str | None) -> str:
    if not user and not password:
        return ""
    pair = f"{unquote(user or '')}:{unquote(password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
