"""Servers that fail in every way an endpoint can, on loopback: raw sockets, so that they may break any rule.

`async with serving(behaviour) as server:` serves each connection with `behaviour(reader, writer)` and ends with
everything closed. `server` counts connections and keeps the requests.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """A running server: its port, and what reached it."""

    port: int
    scheme: str = "http"
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/health", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def serving(
    *behaviours: Behaviour, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", listens: bool = True
) -> AsyncIterator[Server]:
    """Serve connections by the behaviours in turn, all later ones by the last; unless it `listens`, at once."""
    under_way: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behave = behaviours[min(server.connections, len(behaviours) - 1)]
        server.connections += 1
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        try:
            if listens:
                server.requests.append(await reader.readuntil(b"\r\n\r\n"))
            await behave(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client hung up, which is what it should do to most of these; or the test is over
        finally:
            writer.transport.abort()
            under_way.discard(task)

    listening = await asyncio.start_server(accept, host, 0, ssl=tls, backlog=512)
    server = Server(listening.sockets[0].getsockname()[1], "https" if tls else "http")
    try:
        yield server
    finally:
        listening.close()
        for task in list(under_way):
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def reply(body: bytes = b"ok", status: str = "200 OK", headers: dict[str, str] | None = None) -> bytes:
    """A whole, proper HTTP reply."""
    fields = {"Content-Length": str(len(body)), "Connection": "close", **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def saying(data: bytes) -> Behaviour:
    """Send these bytes and hang up."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.write_eof() if writer.can_write_eof() else None
        await reader.read()

    return behave


def answering(body: bytes = b"ok", status: str = "200 OK", headers: dict[str, str] | None = None) -> Behaviour:
    """Answer properly."""
    return saying(reply(body, status, headers))


def redirecting(location: str) -> Behaviour:
    """Answer with a redirect."""
    return answering(b"", "302 Found", {"Location": location})


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept, read the question, never say a word, until the client has gone."""
    await reader.read()


async def hanging_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept, read the question, close."""


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Cut the connection with a reset."""
    connected = writer.get_extra_info("socket")
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def dripping(gap: float = 0.02) -> Behaviour:
    """A body that comes byte by byte: no single read takes long, all of them together take for ever."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(gap)

    return behave


def endless(chunk: bytes = b"x" * 8192, headers: bytes = b"") -> Behaviour:
    """A chunked body without end."""
    frame = b"%x\r\n%s\r\n" % (len(chunk), chunk)

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + headers + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(frame * max(1, 4096 // len(frame)))
            await writer.drain()

    return behave


async def preliminary_forever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Early hints without end, never an answer."""
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 50)
        await writer.drain()


def bomb(size: int = 64 * 1024 * 1024) -> Behaviour:
    """A small gzip body that inflates to `size` bytes."""
    packed = gzip.compress(b"\0" * size, compresslevel=9)
    return answering(packed, headers={"Content-Encoding": "gzip"})


async def one_answer_then_silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Keep the connection alive after one answer, and never read from it again."""
    writer.write(reply(headers={"Connection": "keep-alive"}))
    await writer.drain()
    await asyncio.sleep(3600)


@contextmanager
def listening_without_accepting() -> Iterator[int]:
    """A process that hangs: the system accepts connections for it, nobody reads them."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield listening.getsockname()[1]


def closed_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


GARBAGE: dict[str, bytes] = {
    "not HTTP at all": b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
    "a status line without a number": b"HTTP/1.1 abc OK\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 99 What\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "NUL in a header": b"HTTP/1.1 200 OK\r\nX-A: a\x00b\r\n\r\n",
    "a header without a colon": b"HTTP/1.1 200 OK\r\nthis is no header\r\n\r\n",
    "a header without a name": b"HTTP/1.1 200 OK\r\n: empty\r\n\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nok",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "a length that is no number": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nok",
    "a body shorter than its length": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nok",
    "a chunk size that is none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nok\r\n0\r\n\r\n",
    "a chunk cut short": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nok",
    "an unknown transfer coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: magic\r\n\r\nok",
    "ten thousand headers": b"HTTP/1.1 200 OK\r\n" + b"X-Header: value\r\n" * 10_000 + b"\r\n",
    "one header of a megabyte": b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "headers that stop": b"HTTP/1.1 200 OK\r\nContent-Le",
    "a TLS alert": b"\x15\x03\x01\x00\x02\x02\x46",
    "HTTP/2 frames": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80",
    "escape sequences": b"\x1b]0;owned\x07\x1b[2J\x9b5n\r\n\r\n",
    "nothing but line ends": b"\r\n\r\n\r\n",
    "binary": bytes(range(256)) * 8,
}
"""Answers that are none."""
