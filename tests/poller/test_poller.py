"""Who looks when: every source on its own beat, nobody waits for anybody, nothing known is lost."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from airops_tui.model import Snapshot
from airops_tui.poller import Poller
from airops_tui.sources.base import Now, Sightings, read_once
from airops_tui.threads import in_thread


@dataclass
class Scripted:
    """A source that does what it is told; counts its looks."""

    name: str
    act: Callable[[], Any] = lambda: "data"
    every: float = 0.05
    deadline: float = 5.0
    looks: int = 0
    threads: set[int] = field(default_factory=set)

    async def read(self) -> Any:
        self.looks += 1
        self.threads.add(threading.get_ident())
        result = self.act()
        return await result if asyncio.iscoroutine(result) else result


class Heard:
    """A listener that can be waited on, and the assembly that puts all data into Snapshot.extra."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.news = threading.Condition()

    def __call__(self, snapshot: Snapshot) -> None:
        with self.news:
            self.snapshots.append(snapshot)
            self.news.notify_all()

    def until(self, condition: Callable[[Snapshot], bool], seconds: float = 10.0) -> Snapshot:
        with self.news:
            assert self.news.wait_for(lambda: any(map(condition, self.snapshots)), seconds)
            return next(snapshot for snapshot in self.snapshots if condition(snapshot))


def assemble(sightings: Sightings, now: Now, period: float) -> Snapshot:
    known = {name: (seen.good.data if seen.good else None, seen.latest.error) for name, seen in sightings.items()}
    return Snapshot(title="", host="", at=now.at, mono=now.mono, refresh=period, extra=known)


@contextmanager
def polling(*sources: Scripted, period: float = 5.0) -> Iterator[tuple[Poller, Heard]]:
    heard = Heard()
    poller = Poller(lambda: (sources, assemble), period=period)
    poller.listen(heard)
    poller.start()
    try:
        yield poller, heard
    finally:
        poller.stop()


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.005)
    return condition()


async def forever() -> None:
    await asyncio.Event().wait()


def test_the_first_snapshot_comes_before_any_look_is_done():
    with polling(Scripted("stuck", forever)) as (_, heard):
        assert heard.until(lambda snapshot: True).extra == {}


def test_a_source_that_hangs_delays_no_other():
    quick = Scripted("quick")
    with polling(Scripted("stuck", forever, deadline=60), quick) as (_, heard):
        assert until(lambda: quick.looks > 3)
        assert heard.until(lambda s: "quick" in s.extra).extra == {"quick": ("data", None)}


def test_a_source_that_blocks_its_thread_delays_no_other_and_not_the_end():
    release = threading.Event()
    quick = Scripted("quick")
    blocked = Scripted("blocked", lambda: in_thread(lambda: release.wait(30)), deadline=60)
    began = time.monotonic()
    with polling(blocked, quick):
        assert until(lambda: quick.looks > 3)
    assert time.monotonic() - began < 15
    release.set()


def test_while_a_look_is_under_way_there_is_no_second_one():
    slow = Scripted("slow", forever, every=0.01, deadline=60)
    quick = Scripted("quick")
    with polling(slow, quick):
        assert until(lambda: quick.looks > 5)
    assert slow.looks == 1


def test_a_missed_deadline_is_a_reading_and_keeps_what_was_known():
    answers = iter(["first"])

    def once() -> Any:
        return next(answers, None) or forever()

    with polling(Scripted("s", once, deadline=0.05)) as (_, heard):
        heard.until(lambda s: s.extra.get("s") == ("first", "no answer within 0.05 s"))


def test_an_exception_is_a_reading_too():
    def fail() -> Any:
        raise ValueError("bad luck")

    with polling(Scripted("s", fail)) as (_, heard):
        error = heard.until(lambda s: "s" in s.extra).extra["s"][1]
    assert "bad luck" in error


def test_paused_means_no_look_and_refresh_looks_all_the_same():
    source = Scripted("s")
    with polling(source) as (poller, _):
        assert until(lambda: source.looks > 0)
        poller.pause()
        settled = _settled(source)
        poller.refresh("s")
        assert until(lambda: source.looks == settled + 1)
        assert _settled(source) == settled + 1
        poller.resume()
        assert until(lambda: source.looks > settled + 3)


def _settled(source: Scripted) -> int:
    """The number of looks once it has not changed for several beats."""
    while True:
        before = source.looks
        time.sleep(source.every * 4)
        if source.looks == before:
            return before


def test_refresh_does_not_wait_for_the_beat():
    source = Scripted("s", every=3600)
    with polling(source) as (poller, _):
        assert until(lambda: source.looks == 1)
        poller.refresh()
        assert until(lambda: source.looks == 2)


def test_a_faster_period_counts_at_once():
    source = Scripted("s", every=3600)
    with polling(source, period=3600) as (poller, heard):
        assert until(lambda: source.looks == 1)
        poller.set_period(1)
        assert until(lambda: source.looks >= 2)
        heard.until(lambda s: s.refresh == 1)


def test_all_looks_share_one_thread():
    sources = [Scripted(str(number)) for number in range(20)]
    with polling(*sources):
        assert until(lambda: all(source.looks > 1 for source in sources))
    assert len(set.union(*(source.threads for source in sources))) == 1


def test_a_thousand_reports_a_second_become_a_few_snapshots():
    sources = [Scripted(str(number), every=0.01) for number in range(10)]
    with polling(*sources) as (_, heard):
        assert until(lambda: sum(source.looks for source in sources) > 200)
        assert len(heard.snapshots) < 20


def test_a_failing_picture_is_told_and_the_last_one_stays():
    def broken_later(sightings: Sightings, now: Now, period: float) -> Snapshot:
        if sightings:
            raise RuntimeError("cannot draw")
        return assemble(sightings, now, period)

    heard = Heard()
    poller = Poller(lambda: ([Scripted("s")], broken_later))
    poller.listen(heard)
    poller.start()
    try:
        problem = heard.until(lambda s: bool(s.problems)).problems[0]
    finally:
        poller.stop()
    assert "cannot draw" in problem.what


def test_a_site_that_cannot_be_put_together_is_told():
    def broken() -> Any:
        raise RuntimeError("no such manager")

    heard = Heard()
    poller = Poller(broken)
    poller.listen(heard)
    poller.start()
    assert "no such manager" in heard.until(lambda s: bool(s.problems)).problems[0].what
    poller.stop()


def test_stop_ends_the_thread():
    with polling(Scripted("s")):
        assert any(thread.name == "airops-poller" for thread in threading.enumerate())
    assert not any(thread.name == "airops-poller" for thread in threading.enumerate())


async def test_a_reading_knows_when_it_was_taken_and_how_long_it_took():
    reading = await read_once(Scripted("s", lambda: asyncio.sleep(0.02, "late")))
    assert reading.data == "late" and reading.took_ms >= 19
    assert abs(reading.at - time.time()) < 5 and abs(reading.mono - time.monotonic()) < 5
