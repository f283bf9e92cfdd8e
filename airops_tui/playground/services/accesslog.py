"""Access logs as real servers write them: uvicorn's default (no time in it!), nginx's "combined", and JSON lines."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

KEEP_BYTES = 16 * 1024 * 1024
"""Size at which a log is set aside as NAME.1, replacing the one before: a playground left running fills no disk."""

STDOUT = 1


@dataclass(frozen=True, slots=True)
class Access:
    """One answered request. `client` is the person, `peer_port` 0 where the address came from a forwarding header."""

    at: datetime
    client: str
    peer_port: int
    method: str
    target: str
    status: int
    size: int
    seconds: float
    referer: str
    agent: str


def as_uvicorn(access: Access) -> str:
    """uvicorn's default access line. Behind a proxy it shows the forwarded address with port 0."""
    words = HTTPStatus(access.status).phrase
    target = quote(access.target, safe="/?=&%:,+*@!$'();~-._")
    return f'INFO:     {access.client}:{access.peer_port} - "{access.method} {target} HTTP/1.1" {access.status} {words}'


def as_combined(access: Access) -> str:
    """nginx's predefined format `combined`, with its escaping of quotes and control characters."""
    return (
        f'{access.client} - - [{access.at:%d/%b/%Y:%H:%M:%S %z}] "{access.method} {_escaped(access.target)} HTTP/1.1" '
        f'{access.status} {access.size} "{_escaped(access.referer) or "-"}" "{_escaped(access.agent) or "-"}"'
    )


def as_json(access: Access) -> str:
    """JSON lines with the names that nginx's variables have."""
    return json.dumps(
        {
            "time": access.at.isoformat(timespec="milliseconds"),
            "remote_addr": access.client,
            "request_method": access.method,
            "request_uri": access.target,
            "status": access.status,
            "body_bytes_sent": access.size,
            "request_time": round(access.seconds, 3),
            "http_referer": access.referer,
            "http_user_agent": access.agent,
        }
    )


FORMATS: dict[str, Callable[[Access], str]] = {"uvicorn": as_uvicorn, "combined": as_combined, "json": as_json}


class AccessLog:
    """Appends to a file, or to the process's output when there is none."""

    def __init__(self, file: Path | None, log_format: str) -> None:
        self._file = file
        self._format = FORMATS[log_format]
        self._writing = threading.Lock()
        self._out = STDOUT if file is None else _open(file)

    def write(self, access: Access) -> None:
        """Write one line."""
        line = (self._format(access) + "\n").encode("utf-8", "backslashreplace")
        with self._writing:
            if self._file is not None and os.fstat(self._out).st_size > KEEP_BYTES:
                self._set_aside(self._file)
            os.write(self._out, line)

    def _set_aside(self, file: Path) -> None:
        file.replace(file.with_name(file.name + ".1"))
        os.close(self._out)
        self._out = _open(file)


def _open(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _escaped(text: str) -> str:
    return "".join(c if " " <= c < "\x7f" and c not in '"\\' else f"\\x{ord(c):02X}" for c in text)
