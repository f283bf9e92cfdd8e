"""An app behind a real nginx, as visitors and the probe see it: forwarded, gone, hanging, reloaded."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airops_tui.config.settings import HealthRule
from airops_tui.model import Failure, Health
from airops_tui.probes.dial import Dialer
from airops_tui.probes.http import look

from .lab.app import App
from .lab.component import wait_for
from .lab.nginx import Nginx

pytestmark = pytest.mark.real


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    application = App(tmp_path)
    application.start()
    yield application
    application.stop()


@pytest.fixture
def server(app: App, nginx: Callable[[int], Nginx]) -> Nginx:
    return nginx(app.port)


def probe(server: Nginx, **rule: object) -> Health:
    """One look at the app through nginx, as a visitor whose address a proxy further out has noted."""
    headers: dict[str, object] = {"X-Forwarded-For": "203.0.113.9"}
    settings = {"url": f"http://127.0.0.1:{server.port}/health", "timeout": 5.0, "headers": headers, **rule}
    return asyncio.run(look(HealthRule(**settings), Dialer()))  # type: ignore[arg-type]


def test_an_app_behind_nginx_is_well_and_knows_who_asks(server: Nginx) -> None:
    health = probe(server, body=re.escape("asked for by 203.0.113.9, 127.0.0.1"))
    assert health.ok, health
    assert health.status == 200
    assert wait_for("the access log", server.access_log)[-1].startswith('127.0.0.1 "203.0.113.9" [')


def test_an_app_that_is_gone_is_502_while_nginx_answers(app: App, server: Nginx) -> None:
    app.stop()
    health = probe(server)
    assert not health.ok
    assert health.status == 502
    assert health.failure is Failure.STATUS
    app.start()
    wait_for("nginx to find it again", lambda: probe(server).ok)


def test_an_app_that_hangs_behind_nginx_is_a_hang_at_our_own_deadline(app: App, server: Nginx) -> None:
    app.hang()
    health = probe(server, timeout=0.5)
    assert health.failure is Failure.HANG
    assert health.status is None


def test_nginx_itself_gone_is_refused(server: Nginx) -> None:
    server.stop()
    assert probe(server).failure is Failure.REFUSED


def test_no_look_fails_while_nginx_reloads(server: Nginx) -> None:
    looks = []
    for _ in range(10):
        server.reload()
        looks += [probe(server) for _ in range(5)]
    assert all(health.ok for health in looks), [health for health in looks if not health.ok]
