"""One look at an HTTP endpoint: asked once, on a connection of its own, within one deadline for everything.

Not httpx: it costs 100 ms to import and a millisecond a request, keeps connections, and resolves names, follows
redirects and inflates bodies by itself, where a look has to decide each step. It stands on h11, and so does this.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from msgspec.structs import replace

from airops_tui.config.settings import HealthRule
from airops_tui.errors import AiropsError
from airops_tui.model import Failure, Health
from airops_tui.probes import certificate
from airops_tui.probes.dial import Address, Dialer, Miss, within
from airops_tui.probes.exchange import Wire
from airops_tui.probes.expect import Reply, judge
from airops_tui.probes.target import Target, led_to, may_lead, network, target_of
from airops_tui.text import Secret
from airops_tui.threads import in_thread

MAX_REDIRECTS = 3

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LAST_DAY = 1.0  # seconds spent on learning when an expired certificate expired


async def look(rule: HealthRule, dialer: Dialer) -> Health:
    """Look once, within `rule.timeout` seconds in all, and judge what came back.

    Raises AiropsError only for trouble of ours (no socket to be had, headers that cannot be sent): everything that the
    endpoint does or fails to do is a Health.
    """
    async with dialer.place():
        began = time.monotonic()
        try:
            reply = await _fetch(rule, _Look(rule, dialer, began + rule.timeout))
        except Miss as miss:
            return Health(ok=False, error=miss.words, failure=miss.failure)
        latency = (time.monotonic() - began) * 1000
    if rule.body is None:
        return judge(rule, reply, latency)
    return await in_thread(lambda: judge(rule, reply, latency))


async def _fetch(rule: HealthRule, looking: _Look) -> Reply:
    """The reply to judge, behind all redirects if the rule follows them."""
    try:
        target = target_of(rule.url)
    except ValueError as error:
        raise AiropsError(str(error), "it is the url of a health rule") from error
    headers = _headers(rule, target)
    reply, home = await looking.ask(target, headers)
    trail = [target]
    while rule.redirects and reply.status in _REDIRECTS and (location := reply.header(b"location")):
        trail.append(_next(trail, location))
        reply, _ = await looking.ask(trail[-1], headers if trail[-1].origin == target.origin else {}, home)
    return replace(reply, facts=(f"redirected to {trail[-1]}", *reply.facts)) if len(trail) > 1 else reply


def _next(trail: Sequence[Target], location: str) -> Target:
    """The next stop after `trail`. Raises Miss (redirect)."""
    try:
        target = led_to(trail[-1], location)
    except ValueError as error:
        raise Miss(Failure.REDIRECT, f"redirect refused: it leads to what is {error}") from error
    if target in trail:
        raise Miss(Failure.REDIRECT, f"redirect refused: it leads in a circle, back to {target}")
    if len(trail) > MAX_REDIRECTS:
        raise Miss(Failure.REDIRECT, f"redirect refused: more than {MAX_REDIRECTS}, the next to {target}")
    return target


def _headers(rule: HealthRule, target: Target) -> dict[str, str]:
    """The headers of the rule, and what a user and password in the address mean."""
    own = {name: value.reveal() if isinstance(value, Secret) else value for name, value in rule.headers.items()}
    return {"authorization": target.authorization, **own} if target.authorization else own


class _Look:
    """What the questions of one look have in common: how to connect, the deadline, and the words for missing it."""

    def __init__(self, rule: HealthRule, dialer: Dialer, deadline: float) -> None:
        self._tries = max(1, rule.retries)
        self._reads_redirects = not rule.redirects
        self._dialer = dialer
        self._deadline = deadline
        self._late = f"no answer in {rule.timeout:g} s"

    async def ask(self, target: Target, headers: Mapping[str, str], home: str | None = None) -> tuple[Reply, str]:
        """Ask one target; its reply, and the numeric address it came from. Raises Miss.

        `home`: the address that redirected to it; then the target must not lie in another network.
        """
        wire, ip = await self._open(target, home)
        try:
            ends = certificate.end_of(wire.peer)
            wire.send(target, headers)
            async with self._until(Failure.HANG, "accepted the connection, then silence"):
                reply = await wire.head()
            if reply.status in _REDIRECTS and not self._reads_redirects:
                return reply, ip
            async with self._until(Failure.HANG, "the answer began, then did not end"):
                body, truncated = await wire.body()
            return replace(reply, body=body, truncated=truncated, facts=certificate.remark(ends, time.time())), ip
        finally:
            wire.close()

    async def _open(self, target: Target, home: str | None) -> tuple[Wire, str]:
        async with self._until(Failure.DNS, f"{target.host} could not be resolved"):
            addresses = await self._dialer.resolve(target.host, target.port)
        if home is not None:
            addresses = _permitted(target, addresses, home)
        async with self._until(Failure.UNREACHABLE, "not even a connection"):
            connected, address = await self._dialer.connect(addresses, self._tries)
        tls = self._dialer.tls if target.secure else None
        try:
            async with self._until(Failure.HANG, "accepted the connection, then silence instead of TLS"):
                return await Wire.on(connected, tls, target.host), address.ip
        except ssl.SSLError as error:
            ended = await self._end_of_expired(target, address) if certificate.expired(error) else None
            raise Miss(Failure.TLS, certificate.why_untrusted(error, target.host, ended)) from error
        except OSError as error:
            raise Miss(Failure.TLS, "tls: the connection was cut during the handshake") from error

    async def _end_of_expired(self, target: Target, address: Address) -> float | None:
        """When the certificate of a target expired, if that can be learned quickly."""
        try:
            async with asyncio.timeout_at(min(self._deadline, time.monotonic() + _LAST_DAY)):
                connected, _ = await self._dialer.connect([address], 1)
                wire = await Wire.on(connected, self._dialer.tls_at_any_date, target.host)
        except (OSError, Miss, AiropsError):
            return None
        try:
            return certificate.end_of(wire.peer)
        finally:
            wire.close()

    def _until(self, failure: Failure, words: str) -> AbstractAsyncContextManager[None]:
        return within(self._deadline, failure, f"{self._late}: {words}")


def _permitted(target: Target, addresses: Sequence[Address], home: str) -> tuple[Address, ...]:
    """Those of the addresses that an answer from `home` may send us to. Raises Miss (redirect) if none is left."""
    permitted = tuple(address for address in addresses if may_lead(home, address.ip))
    if not permitted:
        where = network(addresses[0].ip)
        raise Miss(Failure.REDIRECT, f"redirect refused: {target} is a {where} address, {home} is {network(home)}")
    return permitted
