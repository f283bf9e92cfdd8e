"""Listening sockets and who holds them, out of Linux' /proc, without reading the connections of a busy server.

The kernel's list names sockets by inode only; finding the process behind one means reading the file table of every
process. That is done when a socket is new, when a holder is gone, and once in a while, not on every look.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from airops_tui.hosts.proc import parse_stat, read_head
from airops_tui.model import Listener

_LISTEN = "0A"  # include/net/tcp_states.h: TCP_LISTEN
_REMEMBERED = 60.0  # seconds; a socket may be handed to another process meanwhile
_INIT = 1


class Socket(msgspec.Struct, frozen=True):
    """A listening socket as the kernel lists it: by inode, without an owner."""

    address: str
    port: int
    inode: int


def parse_sockets(lines: Iterable[str]) -> Iterator[Socket]:
    """Read the listening sockets of /proc/net/tcp or tcp6. They come before all others: the rest is not even read."""
    for line in lines:
        fields = line.split()
        if fields[0] == "sl":
            continue
        if fields[3] != _LISTEN:
            return
        address, _, port = fields[1].partition(":")
        yield Socket(_address(address), int(port, 16), int(fields[9]))


def _address(hexadecimal: str) -> str:
    """An address from words of 32 bits, each in the byte order of the machine."""
    words = bytes.fromhex(hexadecimal)
    if sys.byteorder == "little":
        words = struct.pack(f"<{len(words) // 4}I", *struct.unpack(f">{len(words) // 4}I", words))
    return socket.inet_ntop(socket.AF_INET if len(words) == 4 else socket.AF_INET6, words)


class SocketTable:
    """The listening TCP sockets of this machine. Remembers who holds which, from one look to the next."""

    def __init__(self, root: str = "/proc") -> None:
        self._root = root
        self._holders: Mapping[int, int | None] = {}
        self._searched = float("-inf")

    def read(self) -> list[Listener]:
        """All listeners; `pid` is None where another user's process holds one and we are not root."""
        sockets = [found for name in ("tcp", "tcp6") for found in self._listed(name)]
        inodes = {found.inode for found in sockets}
        now = time.monotonic()
        if self._outdated(inodes, now):
            self._holders = self._search(inodes)
            self._searched = now
        return [Listener(found.address, found.port, self._holders.get(found.inode)) for found in sockets]

    def _listed(self, name: str) -> list[Socket]:
        try:
            with Path(self._root, "net", name).open(encoding="ascii") as lines:
                return list(parse_sockets(lines))
        except FileNotFoundError:  # no IPv6
            return []

    def _outdated(self, inodes: Collection[int], now: float) -> bool:
        if now - self._searched > _REMEMBERED or not self._holders.keys() >= set(inodes):
            return True
        return any(
            pid is not None and not os.path.exists(f"{self._root}/{pid}")  # noqa: PTH110 - twice as fast
            for inode, pid in self._holders.items()
            if inode in inodes
        )

    def _search(self, inodes: Collection[int]) -> dict[int, int | None]:
        wanted = {f"socket:[{inode}]": inode for inode in inodes}
        holders: dict[int, list[int]] = {inode: [] for inode in inodes}
        for entry in os.listdir(self._root):  # noqa: PTH208
            if not entry.isdecimal():
                continue
            try:
                for file in os.listdir(f"{self._root}/{entry}/fd"):  # noqa: PTH208
                    inode = wanted.get(_link(f"{self._root}/{entry}/fd/{file}"))
                    if inode is not None:
                        holders[inode].append(int(entry))
            except OSError:  # ended meanwhile, or not ours to look into
                continue
        return {inode: self._eldest(pids) for inode, pids in holders.items()}

    def _eldest(self, pids: Collection[int]) -> int | None:
        """Whom to name of several that share a socket: the one whose parent is none of them.

        Not pid 1, which holds the sockets of services that it starts on demand, if there is anybody else.
        """
        candidates = set(pids) - {_INIT} or set(pids)
        heads = [pid for pid in candidates if len(candidates) == 1 or self._parent(pid) not in candidates]
        return min(heads or candidates, default=None)

    def _parent(self, pid: int) -> int | None:
        try:
            return parse_stat(read_head(f"{self._root}/{pid}/stat")).parent
        except (OSError, ValueError, IndexError):
            return None


def _link(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115
    except OSError:  # closed meanwhile
        return ""
