"""Running a program and coming back in time, whatever the program does.

A child gets a session of its own, no terminal, an environment of a few known variables and the C locale. At its
deadline the whole process group is killed; a grandchild that keeps the pipe open costs at most a second; output beyond
the limit is read and thrown away, so that the child does not block on it.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from airops_tui.hosts.base import Answer, Command, Trouble

DRAIN_SECONDS = 1.0
"""How long to wait for output after the program itself has ended: a grandchild may hold the pipe for ever."""

# fmt: off
_KNOWN = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
    "XDG_STATE_HOME", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK", "DOCKER_HOST", "DOCKER_CONFIG", "PM2_HOME",
    "NVM_DIR",
)
# fmt: on
_FALLBACK_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def child_environment(extra: Mapping[str, str], *, locale: str | None = "C") -> dict[str, str]:
    """The environment of a child: known variables only (no token of ours gets out), plus what the request adds."""
    environment = {name: os.environ[name] for name in _KNOWN if name in os.environ}
    environment.setdefault("PATH", _FALLBACK_PATH)
    if locale:
        environment["LC_ALL"] = locale
    return {**environment, **extra}


def accepts(path: str, timeout: float = 1.0) -> Trouble | None:
    """Whether somebody accepts connections on a unix socket: None, or the trouble."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(timeout)
        try:
            probe.connect(str(Path(path).expanduser()))
        except FileNotFoundError:
            return Trouble.ABSENT
        except PermissionError:
            return Trouble.DENIED
        except TimeoutError:
            return Trouble.TIMEOUT
        except OSError:
            return Trouble.REFUSED
    return None


def run(command: Command) -> Answer:
    """Run a program to its end or its deadline. Raises OSError when it cannot be started at all."""
    if command.needs_socket and (trouble := accepts(command.needs_socket)):
        # a socket that is not there means the same to a person as one nobody listens on: no daemon
        return Answer(trouble=Trouble.REFUSED if trouble is Trouble.ABSENT else trouble, detail=command.needs_socket)
    began = time.monotonic()
    with tempfile.TemporaryFile() as stdin:
        stdin.write(command.input)
        stdin.seek(0)
        child = subprocess.Popen(
            command.argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=Path(command.cwd).expanduser() if command.cwd else None,
            env=child_environment(command.env),
            start_new_session=True,
        )
    # not `with child`: leaving that block waits without a deadline
    try:
        out, err, truncated, ended = _collect(child, began + command.timeout, command.limit)
    finally:
        if child.poll() is None:
            _kill_group(child)
        _close(child)
    took = (time.monotonic() - began) * 1000
    if not ended:
        detail = f"{Path(command.argv[0]).name}: {command.timeout:g} s"
        return Answer(out=out, err=err, trouble=Trouble.TIMEOUT, detail=detail, took_ms=took)
    return Answer(child.returncode, out, err, took_ms=took, truncated=truncated)


def _collect(child: subprocess.Popen[bytes], deadline: float, limit: int) -> tuple[bytes, bytes, bool, bool]:
    """Read both pipes until they close, or a second after the child's end, or the deadline: out, err, cut?, ended?"""
    chunks: dict[int, bytearray] = {}
    truncated = False
    with selectors.DefaultSelector() as selector:
        for pipe in _pipes(child):
            chunks[pipe.fileno()] = bytearray()
            selector.register(pipe, selectors.EVENT_READ)
        gone: float | None = None
        while selector.get_map():
            now = time.monotonic()
            if gone is None and child.poll() is not None:
                gone = now
            until = deadline if gone is None else min(deadline, gone + DRAIN_SECONDS)
            if now >= until:
                break
            # woken by output; the short bound is only for a child whose grandchild keeps the pipe open
            for key, _ in selector.select(min(until - now, 0.2)):
                data = os.read(key.fd, 65536)
                kept = chunks[key.fd]
                if not data:
                    selector.unregister(key.fileobj)
                elif len(kept) < limit:
                    kept += data[: limit - len(kept)]
                    truncated = truncated or len(kept) == limit
                else:
                    truncated = True
    out, err = (bytes(chunks[pipe.fileno()]) for pipe in _pipes(child))
    return out, err, truncated, _ended(child, deadline)


def _ended(child: subprocess.Popen[bytes], deadline: float) -> bool:
    try:
        child.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _pipes(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert child.stdout is not None and child.stderr is not None
    return child.stdout, child.stderr


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    """SIGKILL the group of a child not yet waited for, and collect it; a child in D state is left after a second."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait(DRAIN_SECONDS)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        return


def _close(child: subprocess.Popen[bytes]) -> None:
    for pipe in _pipes(child):
        pipe.close()
