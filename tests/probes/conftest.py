"""What most looks need: a way to connect, names that resolve as told, certificates made on the spot."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from airops_tui.probes.dial import Dialer


@pytest.fixture
def dialer() -> Dialer:
    return Dialer()


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever an endpoint does, it must not fill our log."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Names as the test wants them: name -> numeric addresses, an error to raise, or a function to call first."""
    told: dict[str, Any] = {}
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        if options.get("flags", 0) & socket.AI_NUMERICHOST or host not in told:
            return real(host, port, *args, **options)
        answer = told[host]() if callable(told[host]) else told[host]
        if isinstance(answer, Exception):
            raise answer
        return [entry for ip in answer for entry in real(ip, port, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return told


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA, tmp_path: Path) -> Dialer:
    """A dialer that trusts the authority of the tests."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    return Dialer(str(tmp_path / "authority.pem"))


@pytest.fixture
def certified(authority: trustme.CA) -> Callable[..., ssl.SSLContext]:
    """Server contexts: `certified("localhost", days=-3)` is for that name and ended three days ago."""

    def make(*names: str, days: float = 90) -> ssl.SSLContext:
        now = datetime.now(UTC)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(
            *names, not_before=now - timedelta(days=365), not_after=now + timedelta(days=days)
        ).configure_cert(context)
        return context

    return make
