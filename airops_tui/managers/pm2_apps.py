"""What `pm2 jlist` says: from its output to apps.

Pure. The list carries the whole environment of every app, every password in it, twice. Only the fields named here are
ever decoded, and what is quoted of a broken answer ends before the first object. Fields: pm2 5 to 7, lib/God.js.
"""

from __future__ import annotations

import re

import msgspec

from airops_tui.managers.base import count_restarts, decoded, describe_exit, starts_again, unknown
from airops_tui.model import LogOrigin, UnitState, UnitStatus
from airops_tui.text import clean

Scalar = int | float | str | bool | None

_LIST = re.compile(rb"\[\s*(?=\{)")
_MOST_STARTS = 20
_STATES = {
    "online": UnitState.RUNNING,
    "launching": UnitState.STARTING,
    "one-launch-status": UnitState.STARTING,
    "stopping": UnitState.STOPPING,
    "stopped": UnitState.STOPPED,
    "errored": UnitState.FAILED,
    "waiting restart": UnitState.FAILED,
}


class _Monit(msgspec.Struct, frozen=True):
    memory: Scalar = None
    cpu: Scalar = None


class _Env(msgspec.Struct, frozen=True):
    """`pm2_env` without the environment. Unknown fields are skipped without being decoded."""

    status: Scalar = None
    restart_time: Scalar = None
    exit_code: Scalar = None
    stop_exit_codes: list[Scalar] | Scalar = None
    autorestart: Scalar = None
    pm_uptime: Scalar = None
    pm_cwd: Scalar = None
    pm_out_log_path: Scalar = None
    pm_err_log_path: Scalar = None
    pmx_module: Scalar = None


class _Entry(msgspec.Struct, frozen=True):
    """An app: whatever else is a list of objects in the output has no name and no `pm2_env`."""

    name: str
    pm2_env: _Env
    pid: Scalar = None
    pm_id: Scalar = None
    monit: _Monit | None = None


class App(msgspec.Struct, frozen=True):
    """One process in pm2's list. `raw_name` is what pm2 knows it by, `name` what can be shown."""

    raw_name: str
    number: int
    status: UnitStatus
    directory: str | None = None
    logs: tuple[LogOrigin, ...] = ()
    module: bool = False

    @property
    def name(self) -> str:
        return clean(self.raw_name, limit=100)


def parse_apps(out: bytes, err: bytes = b"") -> list[App] | UnitStatus:
    """The apps in the output of `pm2 jlist`, whatever banners stand around the list; or why there are none."""
    for start in list(_LIST.finditer(out))[:_MOST_STARTS]:
        for end in (out.find(b"\n", start.start()), out.rfind(b"]") + 1, len(out)):
            entries = decoded(out[start.start() : end], list[_Entry])
            if entries:
                return [_app(entry) for entry in entries]
    if any(line.strip() == b"[]" for line in out.splitlines()):
        return []
    said = clean((out.partition(b"{")[0].strip() or err.strip())[:200])
    return unknown(f"pm2 gave no usable answer{': ' + said if said else ''}")


def _app(entry: _Entry) -> App:
    env = entry.pm2_env
    files = {"out": env.pm_out_log_path, "err": env.pm_err_log_path}
    return App(
        raw_name=entry.name,
        number=_whole(entry.pm_id) or 0,
        status=_status(entry, env),
        directory=clean(env.pm_cwd) if isinstance(env.pm_cwd, str) else None,
        logs=tuple(
            LogOrigin("file", clean(path), stream)
            for stream, path in files.items()
            if isinstance(path, str) and path not in ("", "/dev/null", "NULL")
        ),
        module=env.pmx_module is True,
    )


def _status(entry: _Entry, env: _Env) -> UnitStatus:
    told, restarts, code = str(env.status), _whole(env.restart_time), _whole(env.exit_code)
    state, words = _judge(told, restarts, code, env)
    runs = state in (UnitState.RUNNING, UnitState.STARTING, UnitState.STOPPING)
    monit = entry.monit or _Monit()
    began = _whole(env.pm_uptime)
    return UnitStatus(
        state,
        clean(words, limit=300),
        pid=_whole(entry.pid) or None if runs else None,  # pm2 keeps the pid of the dead while it waits
        started_at=began / 1000 if began and state is UnitState.RUNNING else None,
        restarts=restarts,
        exit_code=None if runs else code,
        memory_bytes=_whole(monit.memory) if state is UnitState.RUNNING else None,
        cpu_percent=_real(monit.cpu) if state is UnitState.RUNNING else None,
    )


def _judge(told: str, restarts: int | None, code: int | None, env: _Env) -> tuple[UnitState, str]:
    state = _STATES.get(told, UnitState.UNKNOWN)
    ended = describe_exit(code) if code is not None else "ended"
    if told == "errored":
        return state, f"pm2 gave up after {count_restarts(restarts or 0)}: {ended}"
    if told == "waiting restart":
        return state, starts_again(ended, "pm2", restarts)
    meant = env.stop_exit_codes if isinstance(env.stop_exit_codes, list) else [env.stop_exit_codes]
    if told == "stopped" and env.autorestart is False and code and code < 128 and code not in meant:
        return UnitState.FAILED, f"{ended}, and pm2 was told not to restart it"
    return state, told if state is not UnitState.UNKNOWN else f"pm2 gave no known status: {told}"


def _whole(value: object) -> int | None:
    number = _real(value)
    return int(number) if number is not None else None


def _real(value: object) -> float | None:
    """A number as such; pm2 has written some of them as strings, and NaN as null."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 2**53 else None
