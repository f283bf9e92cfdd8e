"""One HTTP request and its reply on a connection that is open already; h11 speaks the protocol.

Everything that comes is bounded before it is looked at: bytes before the body, bytes of the body, pieces it comes in.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping

import h11

from airops_tui import __version__
from airops_tui.errors import AiropsError
from airops_tui.model import Failure
from airops_tui.probes.dial import Miss
from airops_tui.probes.expect import BODY_LIMIT, Reply
from airops_tui.probes.target import Target
from airops_tui.text import safe

USER_AGENT = f"airops/{__version__}"
"""How a look introduces itself: lines of an access log with it are no visitors."""

HEADER_LIMIT = 64 * 1024
"""Bytes that may come before the body."""

_CHUNK = 16 * 1024
_WIRE_LIMIT = 4 * BODY_LIMIT
_PIECES = 1024  # a body in one-byte chunks is cheap to send and dear to read


class Wire:
    """A connection, perhaps through TLS, for one request. Raises what the network raises; `close()` always."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_LIMIT)
        self._began = b""

    @classmethod
    async def on(cls, connected: socket.socket, tls: ssl.SSLContext | None, name: str) -> Wire:
        """Take over a connected socket; with `tls`, shake hands with whoever has a certificate for `name`.

        Raises ssl.SSLError and OSError. The socket is closed if it does, and if it is cancelled.
        """
        try:
            reader, writer = await asyncio.open_connection(
                sock=connected, ssl=tls, server_hostname=name if tls else None, limit=BODY_LIMIT
            )
        except BaseException:
            connected.close()
            raise
        return cls(reader, writer)

    @property
    def peer(self) -> ssl.SSLObject | None:
        """The other side's end of TLS, or None."""
        secured: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        return secured

    def close(self) -> None:
        """Close at once; a polite goodbye would wait for the other side."""
        self._writer.transport.abort()

    def send(self, target: Target, headers: Mapping[str, str]) -> None:
        """Ask for the target. `headers` come on top of our own and replace them. Raises AiropsError."""
        fields = {
            "host": target.authority,
            "user-agent": USER_AGENT,
            "accept": "*/*",
            "accept-encoding": "identity",
            **{name.lower(): value for name, value in headers.items()},
            "connection": "close",
        }
        try:
            request = h11.Request(method="GET", target=target.path, headers=list(fields.items()))
            asked = self._protocol.send(request) or b""
        except (h11.LocalProtocolError, UnicodeError) as error:
            raise AiropsError(f"{target} cannot be asked: its headers hold what HTTP does not allow") from error
        self._writer.write(asked)
        self._protocol.send(h11.EndOfMessage())

    async def head(self) -> Reply:
        """Status and headers. Raises Miss (protocol)."""
        came = 0
        while True:
            event = self._next()
            if event is h11.NEED_DATA:
                came += await self._receive()
                if came > HEADER_LIMIT + _CHUNK:  # a stream of preliminary replies, each of them small
                    raise Miss(Failure.PROTOCOL, "not HTTP: more than 64 KiB of headers")
            elif isinstance(event, h11.Response):
                return Reply(event.status_code, tuple(event.headers))
            elif isinstance(event, h11.ConnectionClosed):
                raise Miss(Failure.PROTOCOL, "closed the connection without an answer")

    async def body(self) -> tuple[bytes, bool]:
        """The first BODY_LIMIT bytes of the body, and whether there is more. Raises Miss (protocol)."""
        body = bytearray()
        came = pieces = 0
        while came <= _WIRE_LIMIT and pieces <= _PIECES and len(body) <= BODY_LIMIT:
            event = self._next()
            if event is h11.NEED_DATA:
                came += await self._receive()
            elif isinstance(event, h11.Data):
                body += event.data
                pieces += 1
            else:
                return bytes(body), False
        return bytes(body[:BODY_LIMIT]), True

    async def _receive(self) -> int:
        try:
            chunk = await self._reader.read(_CHUNK)
        except OSError as error:
            raise self._cut() from error
        if chunk and not self._began:
            self._began = chunk[:40]
            if chunk[:5] != b"HTTP/"[: len(chunk)]:  # h11 would wait for the end of headers that never come
                raise self._nonsense()
        self._protocol.receive_data(chunk)
        return len(chunk)

    def _next(self) -> object:
        try:
            return self._protocol.next_event()
        except h11.RemoteProtocolError as error:
            if self._protocol.trailing_data[1]:  # the other side has closed
                raise self._cut() from error
            if error.error_status_hint == 431:
                raise Miss(Failure.PROTOCOL, "not HTTP: more than 64 KiB of headers") from error
            raise self._nonsense() from error

    def _cut(self) -> Miss:
        if not self._began:
            return Miss(Failure.PROTOCOL, "closed the connection without an answer")
        return Miss(Failure.PROTOCOL, "the answer was cut off in the middle")

    def _nonsense(self) -> Miss:
        if self._began.startswith(b"\x15\x03"):  # a TLS alert
            return Miss(Failure.PROTOCOL, "not HTTP: the port speaks TLS; https:// perhaps")
        return Miss(Failure.PROTOCOL, f'not HTTP: the answer begins "{safe(self._began, limit=40)}"')
