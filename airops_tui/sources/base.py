"""What a source is, and how one read of it becomes a Reading whatever happens.

Sources are coroutines on the poller's one loop. A source that has to block (a command, a process table) does so in a
daemon thread of its own, so that a look that hangs can neither delay another source nor keep the program from ending.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from airops_tui.model import Reading
from airops_tui.text import describe


class Now(msgspec.Struct, frozen=True):
    """One moment on both clocks: epoch seconds and monotonic seconds."""

    at: float
    mono: float

    @classmethod
    def read(cls) -> Now:
        """The present."""
        return cls(time.time(), time.monotonic())


class Seen(msgspec.Struct, frozen=True):
    """What is known of one source: its latest reading, and the latest that had data."""

    latest: Reading
    good: Reading | None


Sightings = Mapping[str, Seen]


def see(before: Seen | None, reading: Reading) -> Seen:
    """Add a reading: a failed look never wipes out what was known, it only lets it grow old."""
    good = reading if reading.error is None else (before.good if before else None)
    return Seen(reading, good)


class Source(Protocol):
    """Something to look at."""

    @property
    def name(self) -> str:
        """Unique among the sources of a site: "health:proto4", "units:local:systemd"."""
        ...

    @property
    def every(self) -> float:
        """Seconds between two looks."""
        ...

    @property
    def deadline(self) -> float:
        """Seconds after which a look has failed."""
        ...

    async def read(self) -> Any:
        """One look. May raise: read_once() turns that into a Reading with an error."""
        ...


async def read_once(source: Source) -> Reading:
    """Read a source within its deadline. Errors and a missed deadline are readings too."""
    began = time.monotonic()
    data: Any = None
    error: str | None = None
    try:
        async with asyncio.timeout(source.deadline):
            data = await source.read()
    except TimeoutError:
        error = f"no answer within {source.deadline:g} s"
    except Exception as raised:  # noqa: BLE001 - a source may fail in any way; that is its reading
        error = describe(raised)
    ended = time.monotonic()
    return Reading(source.name, mono=ended, at=time.time(), took_ms=(ended - began) * 1000, data=data, error=error)


async def read_all(sources: Sequence[Source]) -> list[Reading]:
    """One look at every one of them, all at once."""
    return list(await asyncio.gather(*(read_once(source) for source in sources)))
