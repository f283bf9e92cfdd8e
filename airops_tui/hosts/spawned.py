"""Processes that airops itself starts and later recognises: for services without a service manager.

A process is remembered by its pid, the mark of its start and the id of the boot, in a small file. A pid that was given
to another process since is therefore never taken for ours, shown as ours, or signalled. Processes started by a shell
script with `nohup … & echo $! > .pids/NAME.pid` are recognised too: such a file says less, so a process that is younger
than its pid file is not believed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import msgspec
import psutil
from msgspec.structs import asdict, replace

from airops_tui.hosts.base import Answer, Inspect, Spawn, Terminate, Trouble
from airops_tui.hosts.commands import child_environment
from airops_tui.hosts.files import make_private, write_json

PID_FILE_SLACK = 2.0
"""Seconds a process may look younger than the pid file written right after its start: file times are coarse."""
_POLL = 0.02
_LAST_THREADS = 0.2

_children: dict[int, subprocess.Popen[bytes]] = {}
"""What this very process started: only its parent learns the exit code of a process."""


class Record(msgspec.Struct, frozen=True):
    """What is remembered of a process. `mark` is when it started, in the units of `start_mark()`."""

    pid: int
    mark: str
    boot: str
    started_at: float
    starts: int = 1
    stopped: bool = False
    exit_code: int | None = None


@cache
def boot_id() -> str:
    """An id that changes with each boot of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"


def start_mark(pid: int) -> str | None:
    """When a living process started, exactly enough to tell it from a later one with its pid; None if there is none.

    Linux: clock ticks since boot, the 22nd field of /proc/PID/stat, which no clock change touches. Elsewhere the
    creation time. A zombie has ended: None.
    """
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _creation_time(pid)
    return None if after_name[0] in "ZX" else after_name[19]


def _creation_time(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.3f}"
    except psutil.Error:
        return None


def spawn(request: Spawn) -> Answer:
    """Start the process and remember it. Raises OSError when the program, its folder or a log cannot be opened."""
    path = Path(request.record).expanduser()
    before = _load(path)
    if before is not None and _lives(before):
        return Answer(1, trouble=Trouble.DENIED, detail=f"already running, pid {before.pid}")
    with _log(request.out) as out, _log(request.err) as err:
        child = subprocess.Popen(
            request.argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=Path(request.cwd).expanduser() if request.cwd else None,
            env=_service_environment(request),
            start_new_session=True,
        )
    _children[child.pid] = child
    record = Record(
        pid=child.pid,
        mark=start_mark(child.pid) or "",
        boot=boot_id(),
        started_at=time.time(),
        starts=(before.starts if before else 0) + 1,
    )
    write_json(path, asdict(record))
    return _answer("running", record, f"started, pid {child.pid}")


def _service_environment(request: Spawn) -> dict[str, str]:
    from_file: dict[str, str] = {}
    if request.env_file:
        from dotenv import dotenv_values

        path = Path(request.cwd or ".").expanduser() / Path(request.env_file).expanduser()
        from_file = {name: value for name, value in dotenv_values(path).items() if value is not None}
    return child_environment({**from_file, **request.env}, locale=None)


@contextlib.contextmanager
def _log(path: str) -> Iterator[int]:
    file = Path(path).expanduser()
    make_private(file.parent)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def inspect(request: Inspect) -> Answer:
    """What has become of the remembered process."""
    path = Path(request.record).expanduser()
    record = _load(path)
    by_file = _from_pid_files(request.pid_files)
    if record is not None and (_lives(record) or by_file is None):
        return _told(path, record)
    if by_file is not None:
        return _answer("running", by_file, f"pid {by_file.pid}, from its pid file")
    for pid_file in request.pid_files:
        if Path(pid_file).expanduser().exists():
            return _answer("failed", None, f"the process of {pid_file} is gone")
    return _answer("absent", None, "never started by airops")


def _told(path: Path, record: Record) -> Answer:
    if _lives(record):
        return _answer("running", record, f"pid {record.pid}")
    if record.exit_code is None and (code := _exit_code(record)) is not None:
        record = replace(record, exit_code=code)
        with contextlib.suppress(OSError):  # a full or read-only disk must not hide what we know already
            write_json(path, asdict(record))
    if record.stopped:
        return _answer("stopped", record, "stopped on purpose")
    if record.boot != boot_id():
        return _answer("failed", record, "not started since the machine booted")
    return _answer("failed", record, _ending(record.exit_code))


def _ending(exit_code: int | None) -> str:
    if exit_code is None:
        return "ended, exit code not known"
    if exit_code < 0:
        return f"killed by {signal.Signals(-exit_code).name}"
    return f"ended with exit code {exit_code}"


def _exit_code(record: Record) -> int | None:
    """The exit code of a remembered process that lives no more; None if somebody else is its parent."""
    child = _children.get(record.pid)
    if child is None:
        return None
    try:
        # the main thread of a program with threads is a zombie a moment before the program can be waited for
        code = child.wait(_LAST_THREADS)
    except subprocess.TimeoutExpired:
        return None
    del _children[record.pid]
    return code


def terminate(request: Terminate) -> Answer:
    """End the remembered process and its group. Nothing is signalled that is not provably ours."""
    path = Path(request.record).expanduser()
    record = _load(path)
    if record is not None and _lives(record):
        write_json(path, asdict(replace(record, stopped=True)))
        return _end(path, record, request.grace, group=True)
    by_file = _from_pid_files(request.pid_files)
    if by_file is not None:
        write_json(path, asdict(replace(by_file, stopped=True)))
        return _end(path, by_file, request.grace, group=False)
    if record is None:
        return _answer("stopped", None, "was not running")
    _end_orphans(record, request.grace)
    return _stopped(path, record, "was not running")


def _end(path: Path, record: Record, grace: float, *, group: bool) -> Answer:
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 2.0)):
        if _send(record, number, group=group) and _gone_within(patience, lambda: not _lives(record)):
            if group:
                _end_orphans(record, 0.0)
            return _stopped(path, record, f"ended by {number.name}")
    if not _lives(record):
        return _stopped(path, record, "ended")
    return Answer(1, trouble=Trouble.TIMEOUT, detail=f"pid {record.pid} does not end, not even by SIGKILL")


def _stopped(path: Path, record: Record, words: str) -> Answer:
    code = record.exit_code if record.exit_code is not None else _exit_code(record)
    record = replace(record, stopped=True, exit_code=code)
    write_json(path, asdict(record))
    return _answer("stopped", record, words)


def _gone_within(seconds: float, gone: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not gone():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL)
    return True


def _end_orphans(record: Record, grace: float) -> None:
    """End what is left of the group of a process that has ended.

    A pid is not given away while a group is named after it: if no process has that pid, the group is still ours.
    """
    if record.boot != boot_id() or not record.mark or psutil.pid_exists(record.pid):
        return
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 1.0)):
        try:
            os.killpg(record.pid, number)
        except (ProcessLookupError, PermissionError):
            return
        if patience and _gone_within(patience, lambda: not _group_lives(record.pid)):
            return


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _send(record: Record, number: signal.Signals, *, group: bool) -> bool:
    """Signal the process; through a pidfd where there are some, so that the pid cannot change hands in between."""
    try:
        handle = os.pidfd_open(record.pid) if hasattr(os, "pidfd_open") else None
    except ProcessLookupError:
        return False
    try:
        if not _lives(record):
            return False
        if group:
            os.killpg(record.pid, number)
        elif handle is not None:
            signal.pidfd_send_signal(handle, number)
        else:
            os.kill(record.pid, number)
    except ProcessLookupError:
        return False
    finally:
        if handle is not None:
            os.close(handle)
    return True


def _lives(record: Record) -> bool:
    return record.boot == boot_id() and bool(record.mark) and start_mark(record.pid) == record.mark


def _load(path: Path) -> Record | None:
    try:
        return Record(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):  # damaged: what it said is lost, and a wrong guess could end a foreign process
        return None


def _from_pid_files(pid_files: tuple[str, ...]) -> Record | None:
    return next((record for name in pid_files if (record := _from_pid_file(Path(name).expanduser()))), None)


def _from_pid_file(path: Path) -> Record | None:
    """The living process a pid file speaks of; None when it is gone or younger than the file, hence another one."""
    try:
        told = path.lstat()
        if told.st_uid not in (os.geteuid(), 0) or not stat.S_ISREG(told.st_mode):
            return None  # somebody else's file, or a link, would have us end a process of their choice
        pid = int(path.read_text()[:32].strip())
        written = told.st_mtime
        started = psutil.Process(pid).create_time()
    except (OSError, ValueError, psutil.Error):
        return None
    mark = start_mark(pid)
    if mark is None or started > written + PID_FILE_SLACK:
        return None
    return Record(pid=pid, mark=mark, boot=boot_id(), started_at=started)


def _answer(state: str, record: Record | None, words: str) -> Answer:
    told = {
        "state": state,
        "pid": record.pid if record and state == "running" else None,
        "started_at": record.started_at if record and state == "running" else None,
        "exit_code": record.exit_code if record else None,
        "restarts": record.starts - 1 if record else None,
        "words": words,
    }
    return Answer(out=json.dumps(told).encode())
