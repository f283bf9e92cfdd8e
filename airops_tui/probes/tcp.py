"""One look at a TCP port: does anybody accept a connection there? For services that have a port and nothing to ask."""

from __future__ import annotations

import time

from airops_tui.model import Failure, Health
from airops_tui.probes.dial import Dialer, Miss, within


async def look(host: str, port: int, dialer: Dialer, *, timeout: float = 5.0, tries: int = 3) -> Health:
    """Connect once, within `timeout` seconds in all, and hang up. A full queue of connections counts as unreachable.

    Raises HostError for trouble of ours.
    """
    late = f"no answer in {timeout:g} s"
    async with dialer.place():
        began = time.monotonic()
        try:
            async with within(began + timeout, Failure.DNS, f"{late}: {host} could not be resolved"):
                addresses = await dialer.resolve(host, port)
            async with within(began + timeout, Failure.UNREACHABLE, f"{late}: not even a connection"):
                connected, _ = await dialer.connect(addresses, tries)
        except Miss as miss:
            return Health(ok=False, error=miss.words, failure=miss.failure)
        connected.close()
        return Health(ok=True, latency_ms=(time.monotonic() - began) * 1000)
