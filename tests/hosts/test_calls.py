"""HTTP over a unix socket: daemons that answer, lie dead, hang, drip, or talk nonsense."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from airops_tui.hosts.base import Answer, Call, Trouble, ask
from airops_tui.hosts.local import LocalHost


@contextmanager
def daemon(path: Path, speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """A daemon for one connection behind a unix socket."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                try:
                    speak(connection)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield str(path)


def call(path: str, **how: object) -> Answer:
    return ask(LocalHost(), Call(socket=path, path="/info", writes=False, **how))  # type: ignore[arg-type]


def test_an_answer_with_its_status(tmp_path: Path):
    reply = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"
    with daemon(tmp_path / "d.sock", lambda c: c.sendall(reply)) as path:
        answer = call(path)
    assert (answer.status, answer.out, answer.trouble) == (404, b"none", None)


def test_a_chunked_answer_is_joined(tmp_path: Path):
    reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"
    with daemon(tmp_path / "d.sock", lambda c: c.sendall(reply)) as path:
        assert call(path).out == b"abcdef"


def test_no_socket_and_nobody_behind_it_are_told_apart(tmp_path: Path):
    assert call(str(tmp_path / "none.sock")).trouble is Trouble.ABSENT
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "stale.sock"))
    assert call(str(tmp_path / "stale.sock")).trouble is Trouble.REFUSED


def test_a_silent_daemon_costs_the_deadline(tmp_path: Path):
    with daemon(tmp_path / "d.sock", lambda c: time.sleep(5)) as path:
        began = time.monotonic()
        assert call(path, timeout=0.3).trouble is Trouble.TIMEOUT
        assert time.monotonic() - began < 3


def test_a_dripping_daemon_is_cut_at_the_deadline_of_the_whole(tmp_path: Path):
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.1)

    with daemon(tmp_path / "d.sock", drip) as path:
        began = time.monotonic()
        assert call(path, timeout=0.5).trouble is Trouble.TIMEOUT
        assert time.monotonic() - began < 4


def test_nonsense_is_a_named_trouble(tmp_path: Path):
    with daemon(tmp_path / "d.sock", lambda c: c.sendall(b"\x00\x01 hello\r\n\r\n")) as path:
        assert call(path).trouble is Trouble.BROKEN


def test_an_endless_answer_is_cut_at_the_limit(tmp_path: Path):
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with daemon(tmp_path / "d.sock", flood) as path:
        answer = call(path, limit=1000)
    assert (len(answer.out), answer.truncated) == (1000, True)
