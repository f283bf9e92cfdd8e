"""HTTP over a unix socket, for daemons that have no better door: dockerd, supervisord.

The standard library's client speaks the protocol; what is added is a deadline for the whole exchange (its own timeout
is per read) and a limit on the answer.
"""

from __future__ import annotations

import http.client
import socket
import time
from pathlib import Path

from airops_tui.hosts.base import Answer, Call, Trouble


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def call(request: Call) -> Answer:
    """Send one request and read its answer within `request.timeout` seconds; at most `limit` bytes of body are kept."""
    began = time.monotonic()
    connection = _UnixConnection(str(Path(request.socket).expanduser()), request.timeout)
    try:
        connection.connect()
        connection.request(request.method, request.path, request.body or None, dict(request.headers))
        response = connection.getresponse()
        body, truncated = _body(connection, response, began + request.timeout, request.limit)
    except TimeoutError:
        return Answer(trouble=Trouble.TIMEOUT, detail=f"{request.socket}: {request.timeout:g} s")
    except ConnectionRefusedError:
        return Answer(trouble=Trouble.REFUSED, detail=request.socket)
    except (http.client.HTTPException, ConnectionError) as error:
        return Answer(trouble=Trouble.BROKEN, detail=f"{request.socket}: {type(error).__name__}")
    finally:
        connection.close()
    took = (time.monotonic() - began) * 1000
    return Answer(response.status, body, took_ms=took, truncated=truncated)


def _body(
    connection: http.client.HTTPConnection, response: http.client.HTTPResponse, deadline: float, limit: int
) -> tuple[bytes, bool]:
    body = bytearray()
    while len(body) < limit:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if connection.sock is not None:
            connection.sock.settimeout(left)
        # read1 returns what one recv brought; read() would wait for all of a dripping body past the deadline
        chunk = response.read1(min(65536, limit - len(body)))
        if not chunk:
            return bytes(body), False
        body += chunk
    return bytes(body), True
