"""Listening sockets: what is found, who holds it, and how little is read to know that."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airops_tui.hosts import portable, system
from airops_tui.model import Listener

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
if sys.platform == "linux":
    from airops_tui.hosts.sockets import Socket, SocketTable, parse_sockets

RECORDED = Path(__file__).parent / "recorded"
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
LINE = "   {}: {} 00000000:0000 {} 00000000:00000000 00:00000000 00000000  1000        0 {} 1 0 100 0 0 10 0"


@pytest.fixture(params=["system", "portable"])
def read(request: pytest.FixtureRequest) -> Callable[[], list[Listener]]:
    return system.listeners if request.param == "system" else portable.SocketTable().read


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        opened.listen()
        yield opened


def test_a_socket_of_ours_is_found_with_its_holder_until_it_closes(read, listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    assert Listener("127.0.0.1", port, os.getpid()) in read()
    listening.close()
    assert port not in {found.port for found in read()}


def test_ipv6_addresses_are_written_as_people_write_them(read) -> None:
    try:
        opened = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with opened:
        assert Listener("::1", opened.getsockname()[1], os.getpid()) in read()


def test_connections_are_not_taken_for_listeners(read, listening: socket.socket) -> None:
    with socket.create_connection(listening.getsockname()) as client:
        assert client.getsockname()[1] not in {found.port for found in read()}


@linux
def test_of_several_that_share_a_socket_the_eldest_is_named_and_then_its_heir(listening: socket.socket) -> None:
    """The middle process inherits our socket and hands it to a child; then it ends before its child does."""
    port = listening.getsockname()[1]
    middle = (
        "import subprocess, sys; nothing = subprocess.DEVNULL;"
        "child = subprocess.Popen(['sleep', '60'], close_fds=False, stdin=nothing, stdout=nothing);"
        "print(child.pid, flush=True); sys.stdin.read()"
    )
    listening.set_inheritable(True)
    with subprocess.Popen(
        [sys.executable, "-c", middle], pass_fds=[listening.fileno()], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        try:
            assert _holder(SocketTable(), port) == os.getpid()
            listening.close()
            table = SocketTable()
            assert _holder(table, port) == parent.pid
            parent.communicate()
            assert _holder(table, port) == child
        finally:
            os.kill(child, 9)


def _holder(table: SocketTable, port: int) -> int | None:
    return next(found.pid for found in table.read() if found.port == port)


@linux
def test_the_kernels_list_is_read_in_the_byte_order_of_the_machine() -> None:
    native = int.to_bytes(0x7F000001, 4, "big")
    word = (native[::-1] if sys.byteorder == "little" else native).hex().upper()
    lines = [HEAD, LINE.format(0, f"{word}:1F40", "0A", 4711)]
    assert list(parse_sockets(lines)) == [Socket("127.0.0.1", 8000, 4711)]


@linux
def test_the_connections_behind_the_listeners_are_not_read() -> None:
    def lines() -> Iterator[str]:
        yield HEAD
        yield LINE.format(0, "00000000:0050", "0A", 1)
        yield LINE.format(1, "00000000:0050", "01", 2)
        raise AssertionError("read too far")

    assert [found.inode for found in parse_sockets(lines())] == [1]


@linux
def test_file_tables_are_searched_only_when_there_is_something_new(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches = []
    real = SocketTable._search
    monkeypatch.setattr(SocketTable, "_search", lambda self, inodes: searches.append(1) or real(self, inodes))
    inode = os.fstat(listening.fileno()).st_ino
    mine = Socket("127.0.0.1", listening.getsockname()[1], inode)
    seen = [mine]
    monkeypatch.setattr(SocketTable, "_listed", lambda self, name: list(seen) if name == "tcp" else [])
    table = SocketTable()
    for _ in range(5):
        assert table.read() == [Listener(mine.address, mine.port, os.getpid())]
    assert len(searches) == 1
    seen.append(Socket("127.0.0.1", 9, 999_999_999))  # nobody's, as sockets of other users are to us
    for _ in range(5):
        assert table.read()[1].pid is None
    assert len(searches) == 2


@linux
def test_a_machine_without_ipv6_has_no_second_list(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(HEAD + "\n" + LINE.format(0, "00000000:0050", "0A", 1) + "\n")
    assert [found.port for found in SocketTable(str(tmp_path)).read()] == [80]


def test_netstat_of_macos_names_every_holder_in_a_column() -> None:
    found = list(portable.parse_netstat((RECORDED / "netstat_macos_13.txt").read_text()))
    assert found == [
        Listener("127.0.0.1", 8000, 4121),
        Listener("::", 3283, 528),
        Listener("::1", 631, 26008),
        Listener("0.0.0.0", 88, 116),
        Listener("fe80::1%lo0", 8021, None),
    ]


def test_netstat_of_newer_macos_names_holders_by_name_and_pid() -> None:
    found = list(portable.parse_netstat((RECORDED / "netstat_macos_14.txt").read_text()))
    assert found == [
        Listener("127.0.0.1", 4242, 2415),
        Listener("::", 7000, 56664),
        Listener("0.0.0.0", 9000, 77),
    ]


def test_nonsense_instead_of_netstat_output_is_no_listener() -> None:
    assert list(portable.parse_netstat("usage: netstat\n\x1b[2Jtcp4 LISTEN \ntcp4 0 0 x LISTEN y\n")) == []


def test_without_permission_for_everybodys_sockets_our_own_are_still_seen(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(kind: str) -> None:
        raise portable.psutil.AccessDenied

    monkeypatch.setattr(portable.psutil, "net_connections", denied)
    assert Listener("127.0.0.1", listening.getsockname()[1], os.getpid()) in portable.SocketTable().read()
