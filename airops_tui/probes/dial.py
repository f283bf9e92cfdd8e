"""Connections to what is looked at: names resolved off the loop, one fresh connection for each look, none left open.

A connection that was kept alive can answer for a service that has long stopped accepting new ones, so nothing is
pooled. Whoever connects has the addresses in hand first: what was checked is what is connected to.
"""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cached_property

import msgspec

from airops_tui.errors import HostError
from airops_tui.model import Failure
from airops_tui.probes.certificate import trusted_context
from airops_tui.threads import in_thread

HEAD_START = 0.25
"""Seconds that an address may take before the next one of the same name is tried beside it (RFC 8305, section 5)."""

PATIENCE = 0.2
"""Seconds in all between the quick tries at a refused connection: a service that restarts may miss one of them."""

QUEUE_SECONDS = 1.0
"""How long a look waits for its turn when too many are under way; the time is not counted against its target."""

_RESOLVERS = 16
_SPARE_FILES = 128
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})  # not in musl, BSD
_OUR_TROUBLE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Miss(Exception):
    """A look that failed: which kind of failure, and one sentence for a person, already safe to show."""

    def __init__(self, failure: Failure, words: str) -> None:
        super().__init__(words)
        self.failure = failure
        self.words = words


class Address(msgspec.Struct, frozen=True):
    """Where to connect: an address family and the socket address that belongs to it; `ip` is its first part."""

    family: socket.AddressFamily
    place: tuple[str, int] | tuple[str, int, int, int]

    @property
    def ip(self) -> str:
        """The numeric address, an IPv6 one perhaps with its zone."""
        return self.place[0]


@asynccontextmanager
async def within(deadline: float, failure: Failure, words: str) -> AsyncIterator[None]:
    """One stage of a look: whatever is not done at `deadline` (monotonic seconds) ends as that Miss."""
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        raise Miss(failure, words) from error


Connected = tuple[socket.socket, Address]
"""An open socket and what it is connected to."""


class Dialer:
    """Resolves and connects for any number of looks on one loop. Holds no connection itself.

    At most as many sockets are open at once as this process may have; a look that gets none raises HostError, because
    that is trouble of ours and says nothing about the target.
    """

    def __init__(self, authorities: str | None = None) -> None:
        """`authorities`: PEM file of certificate authorities to trust instead of the system's."""
        self._authorities = authorities
        self._lookups: dict[tuple[str, int], asyncio.Task[tuple[Address, ...]]] = {}
        self._resolvers = asyncio.Semaphore(_RESOLVERS)
        self._sockets = asyncio.Semaphore(_allowed_sockets())

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """How certificates are checked. Built when first needed: reading the trusted ones takes 10 to 30 ms."""
        return trusted_context(self._authorities)

    @cached_property
    def tls_at_any_date(self) -> ssl.SSLContext:
        """The same, forgiving the date and nothing else: for learning when a certificate expired."""
        return trusted_context(self._authorities, mind_dates=False)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Room for one look among those that are under way. Raises HostError if there is none for a while."""
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await self._sockets.acquire()
        except TimeoutError as error:
            raise HostError("too many looks at once for the open files allowed", "raise `ulimit -n`") from error
        try:
            yield
        finally:
            self._sockets.release()

    async def resolve(self, host: str, port: int) -> tuple[Address, ...]:
        """The addresses of a name, in the order in which to try them. Raises Miss (dns).

        Looks that want the same name at the same time share one thread, so a resolver that stalls costs one thread a
        name and never more than a few in all. Nothing is remembered: a name that stops resolving is noticed.
        """
        try:
            return _addresses(host, port, socket.AI_NUMERICHOST)
        except (OSError, UnicodeError):
            if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
                return _addresses("::1", port, socket.AI_NUMERICHOST) + _addresses("127.0.0.1", port)
        key = (host, port)
        lookup = self._lookups.get(key)
        if lookup is None:
            lookup = self._lookups[key] = asyncio.create_task(self._ask(host, port))
            lookup.add_done_callback(lambda done: self._asked(key, done))
        return await asyncio.shield(lookup)

    async def _ask(self, host: str, port: int) -> tuple[Address, ...]:
        async with self._resolvers:
            try:
                return await in_thread(lambda: _addresses(host, port))
            except (OSError, UnicodeError) as error:
                raise Miss(Failure.DNS, _why_unresolved(host, error)) from error

    def _asked(self, key: tuple[str, int], lookup: asyncio.Task[tuple[Address, ...]]) -> None:
        del self._lookups[key]
        if not lookup.cancelled():
            lookup.exception()  # read here too, in case that nobody waits for it any more

    async def connect(self, addresses: Sequence[Address], tries: int) -> Connected:
        """A connection to the first address that accepts. Raises Miss (refused, unreachable), HostError.

        A refusal is tried `tries` times within PATIENCE before it counts.
        """
        for _ in range(tries - 1):
            try:
                return await _race(addresses)
            except Miss as miss:
                if miss.failure is not Failure.REFUSED:
                    raise
                await asyncio.sleep(PATIENCE / (tries - 1))
        return await _race(addresses)


def _allowed_sockets() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 4096 if soft == resource.RLIM_INFINITY else max(32, soft - _SPARE_FILES)


def _addresses(host: str, port: int, flags: int = 0) -> tuple[Address, ...]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return tuple(Address(family, place) for family, _, _, _, place in found)  # type: ignore[arg-type]


def _why_unresolved(host: str, error: Exception) -> str:
    if isinstance(error, socket.gaierror) and error.errno in _NO_SUCH_NAME:
        return f"dns: the name {host} does not exist"
    if isinstance(error, UnicodeError):
        return "dns: not a name that can be resolved"
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return f"dns: no name server answered for {host}"
    return f"dns: {host} could not be resolved"


async def _race(addresses: Sequence[Address]) -> Connected:
    """Connect to the addresses in turn, each with a head start over the next; the first connection wins."""
    if len(addresses) == 1:
        return await _open(addresses[0])
    waiting = list(addresses)
    running: set[asyncio.Task[Connected]] = set()
    misses: list[Miss] = []
    winner: Connected | None = None
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(_open(waiting.pop(0))))
            done, _ = await asyncio.wait(
                running, timeout=HEAD_START if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                error = task.exception()
                if error is None:
                    winner = task.result()
                    return winner
                running.discard(task)
                if not isinstance(error, Miss):
                    raise error
                misses.append(error)
    finally:
        for task in running:
            if not task.cancel() and task.exception() is None and task.result() is not winner:
                task.result()[0].close()
    raise next((miss for miss in misses if miss.failure is Failure.REFUSED), misses[-1])


async def _open(address: Address) -> Connected:
    opened: socket.socket | None = None
    try:
        opened = socket.socket(address.family, socket.SOCK_STREAM)
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, address.place)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        if opened is not None:
            opened.close()
        raise _why_unconnected(error) from error
    except BaseException:
        if opened is not None:
            opened.close()
        raise
    return opened, address


def _why_unconnected(error: OSError) -> Miss | HostError:
    if error.errno in _OUR_TROUBLE:
        return HostError(f"no socket to look with: {os.strerror(error.errno or 0)}", "raise `ulimit -n`")
    if error.errno in (errno.ECONNREFUSED, errno.ECONNRESET):
        return Miss(Failure.REFUSED, "refused")
    if error.errno == errno.ETIMEDOUT:
        return Miss(Failure.UNREACHABLE, "unreachable: nothing answered the connection attempt")
    return Miss(Failure.UNREACHABLE, f"unreachable: {os.strerror(error.errno or 0).lower()}")
