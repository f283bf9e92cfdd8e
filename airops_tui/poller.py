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

from msgspec.structs import replace

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

Outfit = tuple[Sequence[Source], Assemble]
"""What to look at, and how to join what was seen."""
Listener = Callable[[Snapshot], None]


class Poller:
    """Looks at its sources for as long as it runs. All public methods may be called from any thread."""

    def __init__(self, outfit: Callable[[], Outfit], *, period: float = 5.0, first: Snapshot | None = None) -> None:
        """`outfit` is called in the poller's thread, so that what it imports does not hold up the first paint.

        `first` is what can be shown before any look: the names.
        """
        self._outfit = outfit
        self.first = first
        self._base = self._period = period
        self._seen: dict[str, Seen] = {}
        self._listeners: list[Listener] = []
        self._paused = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._due: dict[str, asyncio.Event] = {}
        self._news: asyncio.Event | None = None
        self._stop = threading.Event()
        self._last: Snapshot | None = first

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
        """Begin to look."""
        self._thread = threading.Thread(target=self._run, daemon=True, name="airops-poller")
        self._thread.start()

    def stop(self) -> None:
        """End all looks and wait for the loop, not for what hangs."""
        self._stop.set()
        self._tell(self._cancel)
        if self._thread is not None:
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
        try:
            sources, assemble = self._outfit()
        except Exception as error:  # noqa: BLE001 - a bug of ours, told where it is seen
            self._tell_all(self._flawed(error))
            return
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self._main(sources, assemble))

    async def _main(self, sources: Sequence[Source], assemble: Assemble) -> None:
        self._news = asyncio.Event()
        self._due = {source.name: asyncio.Event() for source in sources}
        self._loop = asyncio.get_running_loop()
        if self._stop.is_set():
            return
        await asyncio.gather(
            self._publish(assemble, self._news, min(1.0, max(_GAP, 0.002 * len(sources)))),
            *(self._follow(source, min(index * _STAGGER, source.every)) for index, source in enumerate(sources)),
        )

    def _cancel(self) -> None:
        for task in asyncio.all_tasks():
            task.cancel()

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

    async def _publish(self, assemble: Assemble, news: asyncio.Event, gap: float) -> None:
        while True:
            news.clear()
            self._tell_all(self._picture(assemble))
            # the very first picture is empty: what follows it must not wait
            await asyncio.sleep(gap if self._seen else _FIRST_GAP)
            try:
                async with asyncio.timeout(self._period):
                    await news.wait()
            except TimeoutError:
                continue  # no news is news: what is shown has grown older, and may be stale now

    def _tell_all(self, snapshot: Snapshot) -> None:
        self._last = snapshot
        for listener in self._listeners:
            listener(snapshot)

    def _picture(self, assemble: Assemble) -> Snapshot:
        try:
            return assemble(dict(self._seen), Now.read(), self._period)
        except Exception as error:  # noqa: BLE001 - a bug of ours must not silence the console
            return self._flawed(error)

    def _flawed(self, error: Exception) -> Snapshot:
        """The last snapshot with a word about what failed, so that nothing is hidden."""
        now = Now.read()
        last = self._last or Snapshot(title="airops", host="", at=now.at, mono=now.mono)
        problem = Problem(f"the picture is not renewed: {describe(error)}", "airops", "a bug: please report it")
        return replace(last, problems=(*(kept for kept in last.problems if kept != problem), problem)[-20:])
