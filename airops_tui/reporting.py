"""Reports from a site: look at everything once, or again and again, and print what was seen."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence
from typing import TextIO

from msgspec.structs import replace

from airops_tui.model import Snapshot
from airops_tui.site import Site
from airops_tui.sources.base import Now, Seen, Source, read_all, see
from airops_tui.verdicts import exit_code, overall


def report(site: Site, kind: str, out: TextIO, *, every: float | None = None) -> int:
    """Print a report of `kind` text, json or prometheus; with `every` again each so many seconds, until interrupted.

    Returns the exit code of the last one.
    """
    return asyncio.run(_report(site, kind, out, every))


async def _report(site: Site, kind: str, out: TextIO, every: float | None) -> int:
    seen: dict[str, Seen] = {}
    while True:
        began = time.monotonic()
        snapshot = await look(site, seen)
        out.write(render(snapshot, kind, out))
        out.flush()
        if every is None:
            return int(exit_code(overall(snapshot.services)))
        gc.enable()
        await asyncio.sleep(max(0.0, began + every - time.monotonic()))
        if kind == "text":
            out.write("\n")


async def look(site: Site, seen: dict[str, Seen]) -> Snapshot:
    """One look at everything; what is in trouble is then asked for its last words. `seen` carries over to the next."""
    began = time.monotonic()
    await _add(seen, site.sources)
    snapshot = site.picture(seen, Now.read(), site.settings.refresh)
    if site.picture.unwell():
        await _add(seen, (site.words,))
        snapshot = site.picture(seen, Now.read(), site.settings.refresh)
    return replace(snapshot, took_ms=(time.monotonic() - began) * 1000)


async def _add(seen: dict[str, Seen], sources: Sequence[Source]) -> None:
    for reading in await read_all(sources):
        seen[reading.source] = see(seen.get(reading.source), reading)


def render(snapshot: Snapshot, kind: str, out: TextIO) -> str:
    """The report as text. JSON is indented for a person at a terminal, one line for a program."""
    if kind == "json":
        from airops_tui.report import json

        return json.render(snapshot, indent=2 if out.isatty() else 0).decode()
    if kind == "prometheus":
        from airops_tui.report import prometheus

        return prometheus.render(snapshot)
    from airops_tui.report import text

    return text.render(snapshot, ascii_only=not _is_utf8(out))


def _is_utf8(out: TextIO) -> bool:
    return (out.encoding or "").lower().replace("-", "") == "utf8"
