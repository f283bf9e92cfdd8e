"""Who looks when: one asyncio loop in one daemon thread, every source on its own beat, one Snapshot out.

A source that hangs delays nobody; while its look is under way it is not looked at again. Snapshots are handed to
listeners in the poller's thread, at most a few a second however many sources report.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from airops_tui.model import Problem, Snapshot
from airops_tui.sources.base import Now, Seen, Sightings, Source, read_once, see
from airops_tui.text import describe

SHORTEST_PERIOD = 1.0
_GAP = 0.25
_FIRST_GAP = 0.05
_STAGGER = 0.004
"""Seconds between the first looks of two sources: a thousand of them start over four seconds, four at once."""


Assemble = Callable[[Sightings, Now, float], Snapshot]
"""What everything seen looks like at a moment, with looks every so many seconds."""
Listener = Callable[[Snapshot], None]


class Poller:
    """Looks at its sources for as long as it runs. All public methods may be called from any thread."""

    def __init__(self, sources: Sequence[Source], assemble: Assemble, *, period: float = 5.0) -> None:
        self._sources = tuple(sources)
        self._assemble = assemble
        self._base = self._period = period
        self._seen: dict[str, Seen] = {}
        self._listeners: list[Listener] = []
        self._paused = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._due: dict[str, asyncio.Event] = {}
        self._news: asyncio.Event | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._last: Snapshot | None = None

    @property
    def period(self) -> float:
        """Seconds between two looks at a source of the common beat."""
        return self._period

    @property
    def paused(self) -> bool:
        """Whether looks are suspended; what is shown then only grows older."""
        return self._paused

    def listen(self, listener: Listener) -> None:
        """Call `listener` with each new snapshot, in the poller's thread."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin to look. The first snapshot, still without any fact, reaches the listeners at once."""
        self._thread = threading.Thread(target=self._run, daemon=True, name="airops-poller")
        self._thread.start()
        self._ready.wait(5)

    def stop(self) -> None:
        """End all looks and wait for the loop, not for what hangs."""
        if self._thread is None or self._stop is None:
            return
        self._tell(self._stop.set)
        self._thread.join(2)
        self._thread = None

    def refresh(self, name: str | None = None) -> None:
        """Look now, at one source or at all, even while paused."""
        events = [self._due[name]] if name in self._due else list(self._due.values())
        for event in events:
            self._tell(event.set)

    def pause(self) -> None:
        """Suspend the looks."""
        self._paused = True

    def resume(self) -> None:
        """Look again, at once."""
        self._paused = False
        self.refresh()

    def set_period(self, seconds: float) -> None:
        """Change the common beat; sources with another beat of their own change in proportion."""
        faster = seconds < self._period
        self._period = max(SHORTEST_PERIOD, seconds)
        if faster and not self._paused:
            self.refresh()

    def _tell(self, act: Callable[[], object]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop, self._news = asyncio.Event(), asyncio.Event()
        self._due = {source.name: asyncio.Event() for source in self._sources}
        self._ready.set()
        tasks = [
            asyncio.create_task(self._follow(source, min(index * _STAGGER, source.every)))
            for index, source in enumerate(self._sources)
        ]
        tasks.append(asyncio.create_task(self._publish(self._news)))
        await self._stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, source: Source, delay: float) -> None:
        due = self._due[source.name]
        await asyncio.sleep(delay)
        forced = True
        while True:
            began = time.monotonic()
            if forced or not self._paused:
                reading = await read_once(source)
                self._seen[source.name] = see(self._seen.get(source.name), reading)
                if self._news is not None:
                    self._news.set()
            forced = await self._until_due(due, began + source.every * self._period / self._base)

    async def _until_due(self, due: asyncio.Event, moment: float) -> bool:
        """Wait for the beat or for a call to refresh, also one made during the last look; True if it was a call."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, moment - time.monotonic())):
                await due.wait()
        called = due.is_set()
        due.clear()
        return called

    async def _publish(self, news: asyncio.Event) -> None:
        gap = min(1.0, max(_GAP, 0.002 * len(self._sources)))
        while True:
            news.clear()
            self._last = self._picture()
            for listener in self._listeners:
                listener(self._last)
            # the very first picture is empty: what follows it must not wait
            await asyncio.sleep(gap if self._seen else _FIRST_GAP)
            try:
                async with asyncio.timeout(self._period):
                    await news.wait()
            except TimeoutError:
                continue  # no news is news: what is shown has grown older, and may be stale now

    def _picture(self) -> Snapshot:
        """The snapshot of now; should drawing it fail, the last one with a word about that."""
        now = Now.read()
        try:
            return self._assemble(dict(self._seen), now, self._period)
        except Exception as error:
            if self._last is None:
                raise
            problem = Problem(f"the picture is not renewed: {describe(error)}", "airops", "a bug: please report it")
            return replace(self._last, problems=(*self._last.problems[:20], problem))
