"""What the components share: how a tool is found or missed, run with a deadline, waited for, and kept between runs.

Whatever is fetched or built (a Debian root, npm's packages, the compose plugin) is kept in one cache folder, so that a
second run starts at once. Every process started here carries `MARK` in its environment, by which it is found again.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psutil

REPOSITORY = Path(__file__).resolve().parents[3]
CACHE = Path(os.environ.get("AIROPS_REAL_CACHE") or REPOSITORY / ".real")
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
MARK = "AIROPS_REAL_RUN"
RUN = str(os.getpid())
PREFIX = f"air-{RUN}-"
PR_SET_PDEATHSIG = 1

T = TypeVar("T")
Completed = subprocess.CompletedProcess[str]


class Missing(Exception):
    """A component that cannot be had on this machine; the message is the reason, as shown to whoever runs the tests."""


def tool(name: str, package: str) -> str:
    """The path of a program, or Missing naming the Debian package that has it."""
    path = shutil.which(name, path=SEARCH_PATH)
    if path is None:
        raise Missing(f"no {name} on this machine (package {package})")
    return path


def need_root(purpose: str) -> None:
    """Missing unless we are root: namespaces, mounts and cgroups need it."""
    if os.geteuid() != 0:
        raise Missing(f"{purpose} needs root")


def plain_environment(home: Path, path: str = SEARCH_PATH, **more: str) -> dict[str, str]:
    """An environment that holds nothing of the operator's own: a component must not find their daemons."""
    return {"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", MARK: RUN, **more}


def run(
    *argv: str | Path,
    timeout: float = 30,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    check: bool = True,
) -> Completed:
    """Run a program to its end; with `check` a failure is an AssertionError that shows what it said."""
    done = subprocess.run(
        [str(part) for part in argv],
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        env={**os.environ, MARK: RUN} if env is None else dict(env),
        cwd=cwd,
    )
    if check:
        assert done.returncode == 0, f"{argv}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done


def fetch(*argv: str | Path, timeout: float, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
    """Run a program that gets something from outside; Missing with its last words if it cannot."""
    try:
        done = run(*argv, timeout=timeout, env=env, cwd=cwd, check=False)
    except subprocess.TimeoutExpired as late:
        raise Missing(f"{argv[0]} took more than {timeout:.0f} s") from late
    if done.returncode != 0:
        words = " ".join((done.stderr or done.stdout).split())[-300:]
        raise Missing(f"{Path(str(argv[0])).name} failed: {words}")


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def launch(argv: Sequence[str | Path], log: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a daemon in a session of its own, its output appended to `log`; it ends should the test run be killed."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(env),
            start_new_session=True,
            preexec_fn=_end_with_parent if os.uname().sysname == "Linux" else None,
        )


def end(process: subprocess.Popen[bytes], grace: float = 15) -> None:
    """End a daemon of ours: SIGTERM, and SIGKILL when that did not help."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait(5)


@contextmanager
def suspended(pid: int) -> Iterator[None]:
    """A process that lives, keeps its sockets and does nothing: what hanging looks like from outside."""
    process = psutil.Process(pid)
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def last_words(log: Path) -> str:
    """The end of a log file on one line, for a reason that fits in the summary."""
    return " ".join(log.read_text(errors="replace").split())[-300:]


def wait_for(what: str, look: Callable[[], T | None], timeout: float = 20, every: float = 0.05) -> T:
    """The first true thing that `look` returns; AssertionError naming `what` and the last look when time is up."""
    deadline = time.monotonic() + timeout
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}; last seen: {seen!r}"
        time.sleep(every)


def processes_marked(run_id: str = RUN) -> list[psutil.Process]:
    """The processes that carry the mark of this run, apart from this one; zombies are no processes any more."""
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _mark(process) == run_id]


def wait_for_equal(look: Callable[[], T], expected: T, timeout: float = 30) -> None:
    """Wait until `look` returns what is expected; the AssertionError shows what it returned instead."""
    seen: list[T] = []

    def equal() -> bool:
        seen[:] = [look()]
        return seen[0] == expected

    with suppress(AssertionError):
        wait_for("", equal, timeout)
    assert seen[0] == expected, f"not within {timeout} s: {seen[0]!r} instead of {expected!r}"


def _mark(process: psutil.Process) -> str | None:
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else process.environ().get(MARK)
    except psutil.Error:
        return None


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """A folder of the cache, made by `make(folder)` the first time. Half-made ones are never seen under their name."""
    kept = CACHE / name
    if kept.exists():
        return kept
    CACHE.mkdir(parents=True, exist_ok=True)
    growing = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=CACHE))
    try:
        make(growing)
        growing.chmod(0o755)
        growing.rename(kept)
    finally:
        shutil.rmtree(growing, ignore_errors=True)
    return kept


@contextmanager
def short_folder() -> Iterator[Path]:
    """A temporary folder with a path short enough for unix sockets (their limit is 107 bytes), removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
