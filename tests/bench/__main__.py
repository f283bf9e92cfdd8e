"""Prints the numbers: ours, the named peer's, their ratio, and the goal. Both sides of a ratio run in turn.

    python -m tests.bench [NAME...]      only these: paint, snapshot, idle, thousand
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.terminal import Terminal

HERE = Path(__file__).parent
PAIRS = 7
IDLE_SECONDS = 30.0
BUSY_SECONDS = 25.0
KEYS = 100


@dataclass(frozen=True)
class Figure:
    """One line of the result. `theirs` is None where the goal is a number of its own."""

    what: str
    ours: float
    unit: str
    goal: float
    peer: str = ""
    theirs: float | None = None
    ratio: float | None = None

    @property
    def measured(self) -> float:
        """What is held against the goal: the ratio where there is a peer."""
        return self.ours if self.ratio is None else self.ratio

    def __str__(self) -> str:
        peer = f"{self.peer} {self.theirs:.4g} {self.unit}" if self.theirs else ""
        kind = "×" if self.theirs else self.unit
        verdict = "reached" if self.measured <= self.goal else "MISSED"
        ours = f"{self.ours:.4g} {self.unit}"
        return f"{self.what:<42} {ours:>12}  {peer:<32} {self.measured:>7.3g} {kind:<4} ≤ {self.goal:g}  {verdict}"


@dataclass(frozen=True)
class Scene:
    """A config over services that answer, in a folder of its own."""

    folder: Path
    config: Path
    ports: tuple[int, ...]

    @property
    def env(self) -> dict[str, str]:
        """The environment of a fresh user at a good terminal."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "XDG_STATE_HOME": str(self.folder / "state"),
        }


@contextmanager
def scene(count: int, *, refresh: int = 5) -> Iterator[Scene]:
    """`count` services that answer /health on ports of their own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        argv = [sys.executable, str(HERE / "servers.py"), str(count)]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdin and server.stdout
            ports = tuple(map(int, server.stdout.readline().split()))
            config = folder / "airops.toml"
            config.write_text(_config(ports, refresh, folder))
            config.chmod(0o600)
            yield Scene(folder, config, ports)
            server.stdin.close()


def _config(ports: Sequence[int], refresh: int, folder: Path) -> str:
    tables = [f'title = "Bench"\nrefresh = {refresh}\n']
    for number, port in enumerate(ports):
        log = folder / f"service{number}.log"
        if number < 20:
            log.write_text('INFO:     127.0.0.1:5 - "GET / HTTP/1.1" 200 OK\n' * 2000)
        tables.append(
            f'[[services]]\nname = "service{number}"\nport = {port}\n'
            f'health = "http://127.0.0.1:{port}/health"\nlogs = ["{log}"]\n'
        )
    return "\n".join(tables)


def airops(scene: Scene, *argv: str) -> list[str]:
    """The command line of airops over the scene."""
    return [str(Path(sys.executable).with_name("airops")), "--config", str(scene.config), *argv]


def paint() -> list[Figure]:
    """From exec to the first service on the screen, against a Textual application that shows one word."""
    with scene(4) as four:
        ours, theirs = [], []
        for _ in range(PAIRS):
            theirs.append(_ready([sys.executable, str(HERE / "empty_app.py")], "ready", four))
            ours.append(_ready(airops(four), "service3", four))
    return [_paired("first useful paint", ours, theirs, 1.5, "empty Textual app")]


def _ready(argv: list[str], pattern: str, over: Scene) -> float:
    with Terminal(argv, env=over.env) as terminal:
        return (terminal.until(pattern) - terminal.started_at) * 1000


def snapshot() -> list[Figure]:
    """A report of four services against the shell script it replaces."""
    missing = [tool for tool in ("curl", "lsof", "netstat", "ps") if shutil.which(tool) is None]
    if missing:
        print(f"snapshot: SKIPPED, the script it is measured against needs {', '.join(missing)}")
        return []
    with scene(4) as four:
        script = ["sh", str(HERE / "status.sh"), str(four.folder)]
        script += [f"service{number}:{port}" for number, port in enumerate(four.ports)]
        ours, theirs = [], []
        for _ in range(PAIRS):
            theirs.append(_spent(script, four))
            ours.append(_spent(airops(four, "--snapshot"), four))
    return [_paired("--snapshot of 4 local services", ours, theirs, 0.5, "the shell script")]


def _spent(argv: list[str], over: Scene) -> float:
    began = time.perf_counter()
    subprocess.run(argv, env=over.env, check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000


def idle() -> list[Figure]:
    """What a console over twenty services costs while nobody types."""
    with scene(20) as twenty, Terminal(airops(twenty), env=twenty.env) as terminal:
        terminal.until("20 up")
        terminal.rest(10)
        cpu, written, began = terminal.cpu_seconds(), terminal.written, time.perf_counter()
        terminal.rest(IDLE_SECONDS)
        spent = time.perf_counter() - began
        return [
            Figure("idle console, 20 services: CPU", (terminal.cpu_seconds() - cpu) / spent * 100, "%", 1.5),
            Figure("idle console, 20 services: terminal", (terminal.written - written) / spent, "B/s", 500),
            Figure("idle console, 20 services: memory", terminal.memory_bytes() / 2**20, "MB", 80),
        ]


def thousand() -> list[Figure]:
    """A thousand endpoints every five seconds, and keys pressed meanwhile."""
    with scene(1000) as many, Terminal(airops(many), env=many.env) as terminal:
        terminal.until("1000 up", 60)
        terminal.rest(5)
        cpu, began = terminal.cpu_seconds(), time.perf_counter()
        terminal.rest(BUSY_SECONDS)
        percent = (terminal.cpu_seconds() - cpu) / (time.perf_counter() - began) * 100
        delays = [_key_to_paint(terminal, "j" if number % 40 < 20 else "k") for number in range(KEYS)]
        return [
            Figure("1,000 endpoints every 5 s: CPU", percent, "%", 35),
            Figure("1,000 endpoints: key to paint, p99", statistics.quantiles(delays, n=100)[98], "ms", 50),
            Figure("1,000 endpoints: memory", terminal.memory_bytes() / 2**20, "MB", 120),
        ]


def _key_to_paint(terminal: Terminal, key: str) -> float:
    terminal.rest(0.07)
    pressed = terminal.press(key)
    return (terminal.changes_after(pressed) - pressed) * 1000


def _paired(what: str, ours: list[float], theirs: list[float], goal: float, peer: str) -> Figure:
    """Medians, and the median of the ratios pair by pair, which holds when the machine's speed drifts."""
    ratio = statistics.median(one / other for one, other in zip(ours, theirs, strict=True))
    return Figure(what, statistics.median(ours), "ms", goal, peer, statistics.median(theirs), ratio)


BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "paint": paint,
    "snapshot": snapshot,
    "idle": idle,
    "thousand": thousand,
}


def main(names: Sequence[str]) -> int:
    """Run the benches of these names, or all; 1 if a goal was missed."""
    missed = False
    for name in names or BENCHES:
        for figure in BENCHES[name]():
            print(figure, flush=True)
            missed = missed or figure.measured > figure.goal
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
