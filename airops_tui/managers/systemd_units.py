"""What the properties of a unit mean: from `systemctl show` to a status, a sentence, log files and "worth showing".

Pure: text in, facts out. The values are those of systemd 245 to 257; the properties are described in
org.freedesktop.systemd1(5), the exit codes from 200 in systemd.exec(5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from airops_tui.managers.base import describe_exit, describe_signal, starts_again
from airops_tui.model import LogOrigin, UnitState, UnitStatus
from airops_tui.text import clean

Unit = Mapping[str, str]

LOOK = (
    "Id,Names,LoadState,LoadError,ActiveState,SubState,Result,MainPID,NRestarts,Restart,StartLimitBurst,ExecMainCode,"
    "ExecMainStatus,ExecMainStartTimestamp,ActiveEnterTimestamp,MemoryCurrent,StatusText,NeedDaemonReload"
)
"""What a look asks for. Never the environment: it holds secrets."""

SEARCH = f"{LOOK},Description,FragmentPath,UnitFileState,Type,WorkingDirectory,StandardOutput,StandardError"

NO_NUMBER = 2**64 - 1
"""How older versions print a counter that is not kept; newer ones say `[not set]` or `[no data]`."""

_TIME = re.compile(r"\w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC", re.ASCII)
_CANNOT = {
    200: "its WorkingDirectory cannot be entered",
    203: "its program cannot be executed",
    209: "its StandardOutput cannot be opened",
    216: "its group does not exist",
    217: "its user does not exist",
    226: "its namespace cannot be set up",
}
_BECAUSE = {
    "timeout": "it took too long to start or stop",
    "watchdog": "its watchdog got no sign of life",
    "protocol": "it ended without saying that it was ready",
    "resources": "systemd had no resources for it",
    "exec-condition": "its ExecCondition refused",
}
# Part of nearly every installation, and no operator's business as long as they do not fail.
_BASE = """
    systemd-* dbus* user@* user-runtime-dir@* *getty* autovt@* polkit* rsyslog syslog* networkd-dispatcher
    NetworkManager* wpa_supplicant* ModemManager multipathd udisks2 upower accounts-daemon rtkit-daemon colord
    switcheroo-control power-profiles-daemon unattended-upgrades packagekit snapd snapd.* apt-* dpkg-* fwupd* irqbalance
    qemu-guest-agent open-vm-tools vgauth cloud-* apparmor lvm2-* mdmonitor blk-availability smartmontools avahi-daemon
    bluetooth cups* kerneloops whoopsie apport* plymouth* gdm* lightdm sddm chrony* ntp ntpd ntpsec atd cron crond
    anacron haveged rngd rng-tools* acpid thermald sysstat auditd firewalld ufw tuned sssd* rpcbind rpc-*
    nfs-* gssproxy amazon-ssm-agent google-* walinuxagent hv-* setvtrgb keyboard-setup console-setup finalrd ldconfig
    e2scrub* rc-local kmod* emergency rescue dm-event fstrim logrotate man-db
"""
_FILES = ("file", "append", "truncate")
_OPERATORS = ("/etc/systemd/", "/usr/local/lib/systemd/", "/run/systemd/transient/")
_VENDORS = ("/lib/", "/usr/lib/", "/run/systemd/generator")


def parse_show(text: bytes) -> list[dict[str, str]]:
    """The units in the output of `systemctl show`: blocks of NAME=VALUE lines in any order, blank lines between."""
    units: list[dict[str, str]] = []
    for block in re.split(r"\n{2,}", text.decode("utf-8", "replace")):
        pairs = (line.partition("=") for line in block.split("\n"))
        unit = {name: value for name, equals, value in pairs if equals}
        if unit:
            units.append(unit)
    return units


def number(text: str) -> int | None:
    """A counter; None for `[not set]`, `[no data]`, `infinity`, 2^64-1 and whatever else is no count."""
    if not re.fullmatch(r"[0-9]{1,20}", text):
        return None
    value = int(text)
    return value if value < NO_NUMBER else None


def moment(text: str) -> float | None:
    """Epoch seconds of a timestamp printed with TZ=UTC; None when there is none."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def status_of(unit: Unit, user: bool = False) -> UnitStatus:
    """The status of one unit from its properties."""
    state, words = _judge(unit, "systemctl --user" if user else "systemctl")
    pid = number(unit.get("MainPID", "")) or None
    alive = state in (UnitState.RUNNING, UnitState.STARTING, UnitState.STOPPING)
    begun = "ExecMainStartTimestamp" if pid else "ActiveEnterTimestamp"
    return UnitStatus(
        state,
        clean(words, limit=300),
        pid=pid if alive else None,
        started_at=moment(unit.get(begun, "")) if state is UnitState.RUNNING or (alive and pid) else None,
        restarts=number(unit.get("NRestarts", "")),
        exit_code=_exit_code(unit),
        memory_bytes=number(unit.get("MemoryCurrent", "")) if alive else None,
    )


def _judge(unit: Unit, systemctl: str) -> tuple[UnitState, str]:
    name, active, load = unit.get("Id", ""), unit.get("ActiveState", ""), unit.get("LoadState", "")
    if active in ("active", "reloading"):
        return UnitState.RUNNING, _running(unit, active, load, systemctl)
    if load == "not-found":
        return UnitState.ABSENT, f"systemd knows no unit {name}"
    if load == "masked":
        return UnitState.STOPPED, f"masked: `{systemctl} unmask {name}` before it can start"
    if load in ("error", "bad-setting"):
        reason = unit.get("LoadError", "").partition('"')[2].rstrip('"')
        return UnitState.FAILED, f"its unit file is wrong: {reason or load}; `systemd-analyze verify {name}` says where"
    if active == "activating":
        return _activating(unit)
    if active == "deactivating":
        return UnitState.STOPPING, f"stopping ({unit.get('SubState', '')})"
    if active == "failed":
        return UnitState.FAILED, _failed(unit, systemctl)
    if active == "inactive":
        return UnitState.STOPPED, "stopped"
    return UnitState.UNKNOWN, f"systemctl gave no state of {name}" if name else "systemctl gave no usable answer"


def _running(unit: Unit, active: str, load: str, systemctl: str) -> str:
    words = "reloading" if active == "reloading" else "running"
    if active == "active" and unit.get("SubState") not in ("running", None):
        words = f"active ({unit['SubState']})"
    if unit.get("StatusText"):
        words += f": {unit['StatusText']}"
    if load == "not-found":
        return f"{words}; its unit file is gone"
    if unit.get("NeedDaemonReload") == "yes":
        return f"{words}; its unit file has changed since: `{systemctl} daemon-reload`"
    return words


def _activating(unit: Unit) -> tuple[UnitState, str]:
    if not unit.get("SubState", "").startswith("auto-restart"):
        return UnitState.STARTING, f"starting ({unit.get('SubState', '')})"
    words = starts_again(_ended(unit), "systemd", number(unit.get("NRestarts", "")))
    return UnitState.STARTING if unit.get("Result") == "success" else UnitState.FAILED, words


def _failed(unit: Unit, systemctl: str) -> str:
    ended = _ended(unit)
    if unit.get("Result") == "start-limit-hit" or _gave_up(unit):
        mend = f"`{systemctl} reset-failed {unit.get('Id', '')}` after mending"
        reason = "" if ended == "start-limit-hit" else f" ({ended})"
        return f"blocked by systemd: start-limit-hit{reason}, {mend}"
    return ended


def _gave_up(unit: Unit) -> bool:
    """systemd keeps the last exit as the Result when the limit stops an automatic restart: so it has to be inferred.

    143 is left out: a service that dies of the SIGTERM of `systemctl stop` counts as failed as well.
    """
    burst, restarts = number(unit.get("StartLimitBurst", "")), number(unit.get("NRestarts", ""))
    restarts_itself = unit.get("Restart") in ("always", "on-failure", "on-abnormal", "on-abort", "on-watchdog")
    return bool(restarts_itself and burst and restarts and restarts >= burst and _exit_code(unit) != 143)


def _ended(unit: Unit) -> str:
    result, code = unit.get("Result", ""), _exit_code(unit)
    if result == "oom-kill":
        return "killed for lack of memory (oom-kill)"
    if result == "exit-code" and code in _CANNOT:
        return f"{_CANNOT[code]} (exit {code})"
    if result in ("signal", "core-dump") and code:
        more = ", core dumped" if result == "core-dump" else " (by hand, or for lack of memory)" if code == 137 else ""
        return f"killed by {describe_signal(code - 128)}{more}"
    if result in _BECAUSE:
        return f"{_BECAUSE[result]} ({result})"
    if code is not None and result in ("exit-code", "success"):
        return describe_exit(code)
    return result or "failed"


def _exit_code(unit: Unit) -> int | None:
    """What the main process ended with; its Code is a CLD_* of sigaction(2): 1 exited, 2 killed, 3 dumped core."""
    how, status = unit.get("ExecMainCode"), number(unit.get("ExecMainStatus", ""))
    if status is None or how not in ("1", "2", "3"):
        return None
    return status if how == "1" else 128 + status


def log_origins(name: str, unit: Unit, journal: str) -> tuple[LogOrigin, ...]:
    """Where a unit's output goes, by StandardOutput= and StandardError= (systemd.exec(5)).

    `journal` is the kind of origin to name where it goes to the journal.
    """
    out = unit.get("StandardOutput") or "journal"
    err = unit.get("StandardError") or "inherit"
    streams = {"both": out} if err in ("inherit", out) else {"out": out, "err": err}
    origins = []
    for stream, target in streams.items():
        how, _, path = target.partition(":")
        if how in _FILES and path.startswith("/"):
            origins.append(LogOrigin("file", path, stream))
        elif how.startswith(("journal", "syslog", "kmsg")):
            origins.append(LogOrigin(journal, name, stream))
    return tuple(origins)


def writes_files(unit: Unit) -> bool:
    """Whether a unit's output goes to a file: `show` says so much, but not to which one."""
    return bool({unit.get("StandardOutput"), unit.get("StandardError")} & {*_FILES})


def declared_output(text: bytes, name: str) -> dict[str, str]:
    """StandardOutput= and StandardError= as the unit's files have them, from `systemctl cat`: the last one counts.

    The specifiers that stand for the unit's own name are filled in; a path with any other is left out.
    """
    found = re.findall(
        r"^[ \t]*(StandardOutput|StandardError)[ \t]*=[ \t]*(\S.*)$", text.decode("utf-8", "replace"), re.M
    )
    prefix, _, instance = name.rpartition(".")[0].partition("@")
    known = {"%n": name, "%N": name.rpartition(".")[0], "%p": prefix, "%i": instance, "%%": "%"}
    declared = {key: re.sub(r"%[nNpi%]", lambda match: known[match[0]], value.rstrip()) for key, value in found}
    return {key: value for key, value in declared.items() if not re.search(r"%[a-zA-Z]", value)}


def worth_showing(unit: Unit, user: bool = False) -> bool:
    """Whether an operator wants to see this service on a machine without a config.

    Whatever failed; what runs or is enabled out of the operator's own unit files; and what runs of the distribution's
    packages (nginx, postgresql, …) unless it is part of every installation.
    """
    name, active, path = unit.get("Id", ""), unit.get("ActiveState"), unit.get("FragmentPath", "")
    if not name.endswith(".service") or unit.get("LoadState") == "masked":
        return False
    if active == "failed" or status_of(unit).state is UnitState.FAILED:
        return True
    lives = active in ("active", "reloading", "activating", "deactivating") and unit.get("SubState") != "exited"
    if user:
        return not path.startswith(_VENDORS) and (lives or unit.get("UnitFileState") == "enabled") and bool(path)
    if path.startswith(_OPERATORS):
        job = unit.get("Type") == "oneshot"
        return lives or (unit.get("UnitFileState") == "enabled" and not job)
    return lives and unit.get("Type") != "oneshot" and not _is_base(name)


def _is_base(name: str) -> bool:
    return any(fnmatchcase(name, f"{pattern}.service") for pattern in _BASE.split())
