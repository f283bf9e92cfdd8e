"""Running programs: what comes back, and that it comes back in time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from airops_tui.errors import RefusedError
from airops_tui.hosts.base import Answer, Command, Trouble, ask
from airops_tui.hosts.local import LocalHost


def run(*argv: str, **how: object) -> Answer:
    return ask(LocalHost(), Command(argv=argv, writes=False, **how))  # type: ignore[arg-type]


def python(code: str, **how: object) -> Answer:
    return run(sys.executable, "-c", code, **how)


def test_output_errors_and_exit_code_come_back():
    answer = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (answer.status, answer.out, answer.err, answer.trouble) == (3, b"out\n", b"err\n", None)


def test_a_program_that_is_not_there_is_a_named_trouble():
    answer = run("no-such-program-here")
    assert answer.trouble is Trouble.ABSENT
    assert "no-such-program-here" in answer.detail


def test_a_program_that_may_not_be_run_is_a_named_trouble(tmp_path: Path):
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o600)
    assert run(str(script)).trouble is Trouble.DENIED


def test_at_the_deadline_the_whole_group_is_gone():
    code = "import subprocess,sys,time; c=subprocess.Popen(['sleep','300']); print(c.pid, flush=True); time.sleep(300)"
    answer = python(code, timeout=1.0)
    assert answer.trouble is Trouble.TIMEOUT
    assert "1 s" in answer.detail
    assert not _alive(int(answer.out))


def test_a_grandchild_that_keeps_the_pipe_costs_a_second_not_the_deadline():
    began = time.monotonic()
    answer = python("import subprocess; subprocess.Popen(['sleep','20']); print('done')", timeout=15.0)
    assert answer.out == b"done\n" and answer.status == 0
    assert time.monotonic() - began < 8


def test_output_beyond_the_limit_is_thrown_away_and_does_not_block_the_program():
    answer = python("import sys; sys.stdout.write('x' * 5_000_000)", limit=1000)
    assert (len(answer.out), answer.truncated, answer.status) == (1000, True, 0)


def test_input_larger_than_a_pipe_arrives_whole():
    answer = python("import sys; print(len(sys.stdin.read()))", input=b"x" * 1_000_000)
    assert answer.out == b"1000000\n"


def test_a_child_sees_the_c_locale_and_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AIROPS_CANARY", "canary-5d1f")
    answer = python("import os; print(dict(os.environ))")
    assert b"'LC_ALL': 'C'" in answer.out
    assert b"canary-5d1f" not in answer.out


def test_a_child_has_no_terminal_and_a_session_of_its_own():
    answer = python("import os; print(os.getsid(0) == os.getpid()); print(os.isatty(0))")
    assert answer.out == b"True\nFalse\n"


def test_a_tool_that_would_start_a_daemon_is_not_run_without_its_socket(tmp_path: Path):
    ran = tmp_path / "ran"
    answer = run("touch", str(ran), needs_socket=str(tmp_path / "rpc.sock"))
    assert answer.trouble is Trouble.REFUSED
    assert not ran.exists()


def test_a_stale_socket_counts_as_no_daemon(tmp_path: Path):
    path = tmp_path / "rpc.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    assert run("true", needs_socket=str(path)).trouble is Trouble.REFUSED


def test_with_a_live_socket_the_tool_runs(tmp_path: Path):
    path = tmp_path / "rpc.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert run("echo", "ran", needs_socket=str(path)).out == b"ran\n"


def test_a_read_only_host_refuses_every_request_that_writes():
    host = LocalHost(read_only=True)
    with pytest.raises(RefusedError, match="read-only"):
        ask(host, Command(argv=("true",)))
    assert ask(host, Command(argv=("true",), writes=False)).status == 0


def test_no_file_descriptor_is_left_open():
    process = psutil.Process()
    before = process.num_fds()
    for _ in range(5):
        run("true")
        run("sleep", "5", timeout=0.05)
        run("no-such-program-here")
    assert process.num_fds() == before


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_helper_of_these_tests_can_tell_a_living_process():
    assert _alive(os.getpid())
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert not _alive(ended.pid)
