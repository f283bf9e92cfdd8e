"""What launchctl prints and a property list says: from text to a job, its status and a sentence.

Pure. `launchctl print` shows the environment of a job: only the lines named here are kept. Keys of property lists are
those of launchd.plist(5).
"""

from __future__ import annotations

import plistlib
import re
import struct
from collections.abc import Mapping
from typing import Any
from xml.parsers.expat import ExpatError

import msgspec

from airops_tui.hosts.base import Answer
from airops_tui.managers.base import complaint, could_not_ask, describe_exit, describe_signal, starts_again, unknown
from airops_tui.model import LogOrigin, UnitState, UnitStatus
from airops_tui.text import clean

THROTTLE = 10
"""Seconds that launchd lets pass between two starts when a job does not say otherwise (ThrottleInterval)."""

_KEPT = {
    *("path", "state", "job state", "pid", "runs", "minimum runtime", "stdout path", "stderr path"),
    *("last exit code", "last exit reason", "last terminating signal"),
}
_LINE = re.compile(r"\t([a-z][a-z ]*) = (.*)")
_TARGET = re.compile(
    r"(?:(system|(?:gui|user|login)/\d{1,10})/)?([^/\s\x00-\x1f\x7f][^/\x00-\x1f\x7f]{0,250})", re.ASCII
)
_IDLE = ("not running", "waiting", "exited")
_SCHEDULED = ("spawn scheduled", "throttled", "spawn failed")


class Job(msgspec.Struct, frozen=True):
    """A loaded job, as `launchctl print` shows it: the lines that are kept, by their name."""

    lines: Mapping[str, str]

    @property
    def path(self) -> str:
        """Its property list; `(submitted by …)` where there is none."""
        return self.lines.get("path", "")

    @property
    def logs(self) -> tuple[LogOrigin, ...]:
        return _logs(self.lines.get("stdout path"), self.lines.get("stderr path"))


class Plist(msgspec.Struct, frozen=True):
    """What matters here of a property list."""

    label: str
    keep_alive: bool = False
    run_at_load: bool = False
    directory: str | None = None
    logs: tuple[LogOrigin, ...] = ()


def split_target(unit: str) -> tuple[str, str] | None:
    """The domain, if one is given, and the label of "label", "system/label" or "gui/501/label"; None for neither."""
    found = _TARGET.fullmatch(unit)
    return (found[1] or "", found[2]) if found else None


def parse_print(answer: Answer) -> Job | UnitStatus:
    """The job in an answer to `launchctl print`, or the status that says why there is none.

    Lines of the job itself are indented once; those of its environment, sockets and coalitions twice and more.
    """
    if trouble := could_not_ask("launchctl", answer):
        return trouble
    if answer.status != 0:
        return unknown(f"launchctl: {complaint(answer)}")
    pairs = (_LINE.fullmatch(line) for line in answer.out.decode("utf-8", "replace").split("\n"))
    lines = {pair[1]: pair[2] for pair in pairs if pair and pair[1] in _KEPT}
    return Job(lines) if "state" in lines else unknown("launchctl gave no state of the job")


def parse_plist(content: bytes) -> Plist | None:
    """A property list, XML or binary; None if it is none or has no label."""
    try:
        told: Any = plistlib.loads(content)
    except (
        ExpatError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        OverflowError,
        RecursionError,
        struct.error,
    ):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("Label"), str) or not told["Label"]:
        return None
    directory = told.get("WorkingDirectory")
    return Plist(
        label=told["Label"],
        keep_alive=bool(told.get("KeepAlive")),
        run_at_load=told.get("RunAtLoad") is True,
        directory=clean(directory) if isinstance(directory, str) else None,
        logs=_logs(told.get("StandardOutPath"), told.get("StandardErrorPath")),
    )


def parse_list(text: bytes) -> dict[str, int]:
    """The pids of running jobs by label, from `launchctl list`: PID, Status, Label, between tabs."""
    rows = (line.split("\t") for line in text.decode("utf-8", "replace").split("\n"))
    return {row[2]: int(row[0]) for row in rows if len(row) == 3 and re.fullmatch(r"[0-9]{1,10}", row[0])}


def is_disabled(text: bytes, label: str) -> bool:
    """Whether `launchctl print-disabled` says so: `"LABEL" => disabled`, before macOS 13 `=> true`."""
    return bool(re.search(rf'"{re.escape(label)}" => (disabled|true)$', text.decode("utf-8", "replace"), re.MULTILINE))


def status_of(job: Job) -> UnitStatus:
    """The status of a loaded job."""
    state, words = _judge(job)
    alive = state in (UnitState.RUNNING, UnitState.STARTING, UnitState.STOPPING)
    runs = _number(job.lines.get("runs", ""))
    return UnitStatus(
        state,
        clean(words, limit=300),
        pid=_number(job.lines.get("pid", "")) or None if alive else None,
        restarts=max(0, runs - 1) if runs is not None else None,
        exit_code=None if alive else _exit_code(job),
    )


def _judge(job: Job) -> tuple[UnitState, str]:
    state, code = job.lines["state"], _exit_code(job)
    if state == "running":
        return UnitState.RUNNING, "running"
    if state in ("xpcproxy", "spawning"):
        return UnitState.STARTING, "starting"
    if state.startswith("SIG") or state == "exiting":
        return UnitState.STOPPING, f"stopping ({state})"
    if state in _SCHEDULED or job.lines.get("job state") in _SCHEDULED:
        return _scheduled(job, code)
    if state not in _IDLE:
        return UnitState.UNKNOWN, f"launchd gave no known state: {state}"
    if _never_ran(job):
        return UnitState.STOPPED, "loaded, not started yet"
    if code in (0, 130, 143):
        return UnitState.STOPPED, f"not running, {_ended(job, code)}"
    return UnitState.FAILED, _ended(job, code)


def _scheduled(job: Job, code: int | None) -> tuple[UnitState, str]:
    """launchd waits before it starts a job again that ended within its minimum run time: no reason to kick it."""
    wait = _number(job.lines.get("minimum runtime", "")) or THROTTLE
    if _never_ran(job) or code == 0:
        return UnitState.STARTING, f"launchd starts it within {wait} s"
    runs = _number(job.lines.get("runs", "")) or 1
    return UnitState.FAILED, f"{starts_again(_ended(job, code), 'launchd', runs - 1)}, {wait} s after its last start"


def _never_ran(job: Job) -> bool:
    told = job.lines
    return told.get("last exit code") in (None, "(never exited)") and not (
        told.get("last exit reason") or told.get("last terminating signal")
    )


def _ended(job: Job, code: int | None) -> str:
    if reason := job.lines.get("last exit reason"):
        return f"killed by macOS: {reason}"
    if job.lines.get("last terminating signal") and code is not None:
        return f"killed by {describe_signal(code - 128)}"
    if job.lines.get("last exit code", "").startswith("78: EX_CONFIG"):
        return "exited with 78 (EX_CONFIG: launchd could not run its program, enter its folder or open its logs)"
    return describe_exit(code) if code is not None else "ended"


def _exit_code(job: Job) -> int | None:
    """`last terminating signal = Killed: 9` stands in the place of `last exit code = 1`."""
    if signal := re.search(r"(\d{1,3})$", job.lines.get("last terminating signal", ""), re.ASCII):
        return 128 + int(signal[1])
    code = re.match(r"(\d{1,10})\b", job.lines.get("last exit code", ""), re.ASCII)
    return int(code[1]) if code else None


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,10}", text) else None


def _logs(out: object, err: object) -> tuple[LogOrigin, ...]:
    paths = {"out": out, "err": err} if err != out else {"both": out}
    return tuple(
        LogOrigin("file", clean(path), stream)
        for stream, path in paths.items()
        if isinstance(path, str) and path.startswith("/") and not path.startswith("/dev/")
    )
