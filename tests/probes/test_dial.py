"""Names, addresses and connections: what cannot be reached, what resolves late, and that nothing stays open."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
from typing import Any

import pytest

from airops_tui.config.settings import HealthRule
from airops_tui.errors import HostError
from airops_tui.model import Failure
from airops_tui.probes import dial, http, tcp
from airops_tui.probes.dial import Dialer, Miss

from .faultserver import answering, closed_port, listening_without_accepting, serving, silent

PROMPT = 5.0

# E10


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "dns: the name gone.example does not exist"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "dns: no name server answered for gone.example"),
        (socket.gaierror(socket.EAI_FAIL, "x"), "dns: gone.example could not be resolved"),
    ],
)
async def test_a_name_that_does_not_resolve_is_dns_and_not_down(dialer: Dialer, names: dict, error, words) -> None:
    names["gone.example"] = error
    health = await http.look(HealthRule(url="http://gone.example/"), dialer)
    assert (health.failure, health.error) == (Failure.DNS, words)


async def test_what_is_no_name_at_all_is_dns_too(dialer: Dialer) -> None:
    with pytest.raises(Miss) as miss:
        await dialer.resolve("a" * 70 + ".example", 80)
    assert miss.value.failure is Failure.DNS


async def test_a_resolver_that_stalls_is_dns_at_the_deadline_and_delays_nobody(dialer: Dialer, names: dict) -> None:
    release = threading.Event()
    names["stalling.example"] = lambda: release.wait(60) and ["127.0.0.1"]
    try:
        async with serving(answering()) as server:
            stuck = [http.look(HealthRule(url="http://stalling.example/", timeout=0.3), dialer) for _ in range(100)]
            well = http.look(HealthRule(url=server.url()), dialer)
            before = threading.active_count()
            *missed, healthy = await asyncio.gather(*stuck, well)
        assert healthy.ok
        assert {health.failure for health in missed} == {Failure.DNS}
        assert missed[0].error == "no answer in 0.3 s: stalling.example could not be resolved"
        assert threading.active_count() <= before + 1  # one thread for the name, not one for each look
    finally:
        release.set()


async def test_names_that_stall_do_not_pile_up_threads(dialer: Dialer, names: dict) -> None:
    release = threading.Event()
    wanted = [f"stalling{number}.example" for number in range(60)]
    names.update({name: lambda: release.wait(60) and ["127.0.0.1"] for name in wanted})
    before = threading.active_count()
    try:
        await asyncio.gather(*(http.look(HealthRule(url=f"http://{name}/", timeout=0.3), dialer) for name in wanted))
        assert threading.active_count() <= before + 16
    finally:
        release.set()


async def test_a_name_with_one_dead_address_is_reached_by_the_other(
    dialer: Dialer, names: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    names["two.example"] = ["127.0.0.2", "127.0.0.1"]
    real = asyncio.get_running_loop().sock_connect

    async def connect(sock: socket.socket, address: Any) -> None:
        if address[0] == "127.0.0.2":
            await asyncio.sleep(3600)  # a black hole
        await real(sock, address)

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    async with serving(answering()) as server, asyncio.timeout(PROMPT):
        assert (await http.look(HealthRule(url=server.url(host="two.example"), timeout=60), dialer)).ok


async def test_refused_is_told_when_one_address_refuses_and_another_cannot_be_reached(
    dialer: Dialer, names: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    names["two.example"] = ["127.0.0.1", "127.0.0.2"]

    async def connect(sock: socket.socket, address: Any) -> None:
        raise OSError(errno.ECONNREFUSED if address[0] == "127.0.0.1" else errno.EHOSTUNREACH, "x")

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    assert (await http.look(HealthRule(url="http://two.example/"), dialer)).failure is Failure.REFUSED


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EHOSTUNREACH, "unreachable: no route to host"),
        (errno.ENETUNREACH, "unreachable: network is unreachable"),
        (errno.ETIMEDOUT, "unreachable: nothing answered the connection attempt"),
    ],
)
async def test_no_way_to_the_address_is_unreachable(dialer: Dialer, monkeypatch, number: int, words: str) -> None:
    async def connect(sock: socket.socket, address: Any) -> None:
        raise OSError(number, "x")

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    health = await http.look(HealthRule(url="http://192.0.2.1/"), dialer)
    assert (health.failure, health.error) == (Failure.UNREACHABLE, words)


async def test_no_connection_within_the_deadline_is_unreachable(dialer: Dialer, monkeypatch) -> None:
    async def connect(sock: socket.socket, address: Any) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    health = await http.look(HealthRule(url="http://192.0.2.1/", timeout=0.2), dialer)
    assert (health.failure, health.error) == (Failure.UNREACHABLE, "no answer in 0.2 s: not even a connection")


# trouble of ours


async def test_running_out_of_files_is_our_trouble_and_no_verdict(dialer: Dialer, monkeypatch) -> None:
    def no_more(*_: Any) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(dial.socket, "socket", no_more)
    with pytest.raises(HostError, match="too many open files|Too many open files"):
        await http.look(HealthRule(url="http://127.0.0.1/"), dialer)


async def test_no_more_sockets_are_open_at_once_than_this_process_may_have(monkeypatch) -> None:
    monkeypatch.setattr(dial.resource, "getrlimit", lambda _: (dial._SPARE_FILES + 40, 4096))
    monkeypatch.setattr(dial, "QUEUE_SECONDS", 0.3)
    dialer = Dialer()
    async with serving(silent) as server:
        rule = HealthRule(url=server.url(), timeout=0.8)
        seen = await asyncio.gather(*(http.look(rule, dialer) for _ in range(60)), return_exceptions=True)
    ours = [outcome for outcome in seen if isinstance(outcome, HostError)]
    assert server.connections == 40
    assert len(ours) == 20 and "ulimit" in ours[0].hint


# TCP


async def test_a_port_that_accepts_is_open(dialer: Dialer) -> None:
    with listening_without_accepting() as port:
        health = await tcp.look("127.0.0.1", port, dialer)
    assert health.ok and health.status is None and health.latency_ms is not None


async def test_a_port_where_nothing_listens_is_refused(dialer: Dialer) -> None:
    health = await tcp.look("localhost", closed_port(), dialer)
    assert (health.ok, health.failure, health.error) == (False, Failure.REFUSED, "refused")


# nothing stays open


def _open_files() -> int:
    return len(os.listdir("/dev/fd"))


FAULTS = {
    "refused": None,
    "hang": silent,
    "hang in tls": silent,
    "not http": answering(status="x"),
    "wrong status": answering(status="500 x"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_five_hundred_failing_looks_leave_no_file_and_no_thread(dialer: Dialer, fault: str) -> None:
    async with serving(FAULTS[fault] or answering()) as server:
        url = f"http://127.0.0.1:{closed_port()}/" if fault == "refused" else server.url()
        rule = HealthRule(url=url.replace("http:", "https:") if "tls" in fault else url, timeout=0.1, retries=1)

        async def some_looks() -> None:
            seen = await asyncio.gather(*(http.look(rule, dialer) for _ in range(100)))
            assert not any(health.ok for health in seen)

        await some_looks()
        await _settled(server)
        before = _open_files(), threading.active_count()
        for _ in range(5):
            await some_looks()
        await _settled(server)
        assert (_open_files(), threading.active_count()) == before
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_looks_that_are_given_up_half_way_leave_nothing_either(dialer: Dialer, scheme: str) -> None:
    async with serving(silent) as server:
        rule = HealthRule(url=server.url().replace("http", scheme), timeout=60)
        before = _open_files()
        for _ in range(5):
            reached = server.connections
            looks = [asyncio.create_task(http.look(rule, dialer)) for _ in range(40)]
            while server.connections == reached:
                await asyncio.sleep(0)
            for look in looks:
                look.cancel()
            await asyncio.gather(*looks, return_exceptions=True)
        await _settled(server)
        assert _open_files() <= before


async def _settled(server: Any) -> None:
    """Wait until the server of the test has seen that its clients are gone."""
    previous = -1
    while previous != (previous := _open_files()):
        await asyncio.sleep(0.1)
