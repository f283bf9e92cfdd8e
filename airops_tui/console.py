"""The console over a site: what it is fed with, put together behind the first paint, and the clipboard it may use."""

from __future__ import annotations

import gc
import socket
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from airops_tui.config.settings import Settings
from airops_tui.model import Service, Snapshot, State
from airops_tui.poller import Outfit, Poller

if TYPE_CHECKING:
    from airops_tui.ui.feed import Extra


def open_console(settings: Settings | None, *, read_only: bool = False, commands: Sequence[Extra] = ()) -> int:
    """Open the console over settings, or over what is discovered when there are none; returns the exit code."""
    from airops_tui.ui.app import run_console

    gc.freeze()
    gc.enable()
    # A key passes through three threads; by default each may wait 5 ms for the one that looks at a thousand endpoints.
    sys.setswitchinterval(0.001)

    def outfit() -> Outfit:
        from airops_tui.site import build, discover_site

        return (build(settings, read_only=read_only) if settings else discover_site()).outfit()

    poller = Poller(outfit, period=settings.refresh if settings else 5.0, first=blank(settings, read_only=read_only))
    return run_console(poller, commands, copy=_copy)


def blank(settings: Settings | None, *, read_only: bool = False) -> Snapshot:
    """What can be shown before any look: the names of the services, nothing about them."""
    now, mono = time.time(), time.monotonic()
    host = socket.gethostname().partition(".")[0]
    if settings is None:
        return Snapshot(title="airops", host=host, at=now, mono=mono, discovered=True, read_only=read_only)
    services = tuple(
        Service(service.name, service.title or service.name, State.UNKNOWN, "not looked at yet", service.host)
        for service in settings.services
    )
    return Snapshot(
        title=settings.title,
        host=host,
        at=now,
        mono=mono,
        timezone=settings.timezone or "",
        refresh=settings.refresh,
        environment=settings.environment,
        read_only=read_only or settings.read_only,
        services=services,
    )


def _copy(text: str) -> str | None:
    from airops_tui.hosts.clipboard import copy

    return copy(text)
