"""Families, usage and port owners, out of made-up process tables."""

from __future__ import annotations

import pytest

from airops_tui.model import Listener, Process
from airops_tui.probes.process import family, port_of, usage


def table(*processes: Process) -> dict[int, Process]:
    return {process.pid: process for process in processes}


def process(pid: int, parent: int = 1, program: str = "python3", *, cpu: float = 0.0, started: float = 0.0) -> Process:
    return Process(pid, parent, program, cpu_seconds=cpu, memory_bytes=1000, started_at=started)


INIT = process(1, 0, "systemd")
TREE = table(INIT, process(10), process(11, 10), process(12, 11), process(20), process(21, 20, "nginx"))


def test_a_family_is_a_process_and_all_its_descendants() -> None:
    assert family(TREE, 10) == {10, 11, 12}
    assert family(TREE, 12) == {12}
    assert family(TREE, 99) == set()


def test_a_circle_of_parents_does_not_hang() -> None:
    assert family(table(process(5, 6), process(6, 5)), 5) == {5, 6}


def test_usage_adds_up_the_family_between_two_tables() -> None:
    before = table(process(10, cpu=1.0), process(11, 10, cpu=2.0))
    after = table(process(10, cpu=1.5), process(11, 10, cpu=2.25), process(12, 11, cpu=0.25))
    used = usage(before, after, 10, 2.0)
    assert used.cpu_percent == pytest.approx(50.0)
    assert (used.memory_bytes, used.processes) == (3000, 3)


def test_the_first_look_has_memory_and_no_guess_at_cpu() -> None:
    used = usage({}, TREE, 10, 0.0)
    assert used.cpu_percent is None
    assert (used.memory_bytes, used.processes) == (3000, 3)


def test_a_reused_pid_does_not_inherit_the_time_of_its_predecessor() -> None:
    used = usage(table(process(10, cpu=100.0, started=1.0)), table(process(10, cpu=0.5, started=9.0)), 10, 5.0)
    assert used.cpu_percent == pytest.approx(10.0)


def test_of_a_process_that_is_gone_nothing_is_known() -> None:
    used = usage(TREE, TREE, 99, 5.0)
    assert (used.cpu_percent, used.memory_bytes, used.processes) == (None, None, 0)


def test_what_the_system_does_not_tell_stays_unknown() -> None:
    silent = table(Process(10, 1, "secret"))
    assert usage(silent, silent, 10, 5.0).cpu_percent is None
    assert usage(silent, silent, 10, 5.0).memory_bytes is None


def test_a_free_port() -> None:
    assert port_of(8000, [], TREE, {10}).listening is False


@pytest.mark.parametrize("holder", [10, 11, 12])
def test_a_port_held_by_the_family_is_in_order(holder: int) -> None:
    port = port_of(8000, [Listener("127.0.0.1", 8000, holder)], TREE, {10})
    assert port.listening and not port.conflict
    assert port.owner == TREE[holder]


def test_a_port_held_by_somebody_else_is_a_conflict_that_says_who() -> None:
    port = port_of(8000, [Listener("0.0.0.0", 8000, 20)], TREE, {10, 11, 12})
    assert port.conflict and port.owner == TREE[20]


def test_a_port_held_while_the_service_does_not_run_is_a_conflict_too() -> None:
    assert port_of(8000, [Listener("0.0.0.0", 8000, 20)], TREE, set()).conflict
    assert port_of(8000, [Listener("0.0.0.0", 8000, None)], TREE, set()).conflict


def test_nothing_is_a_conflict_when_nobody_knows_whose_the_service_is() -> None:
    port = port_of(8000, [Listener("0.0.0.0", 8000, 20)], TREE, None)
    assert not port.conflict and port.owner == TREE[20]


def test_a_holder_that_cannot_be_seen_is_no_conflict_for_a_service_that_runs() -> None:
    port = port_of(8000, [Listener("0.0.0.0", 8000, None)], TREE, {10})
    assert port.listening and not port.conflict and port.owner is None


@pytest.mark.parametrize("owners", [{12}, set()])
def test_what_starts_services_on_demand_may_hold_their_sockets(owners: set[int]) -> None:
    assert not port_of(8000, [Listener("::", 8000, 1)], TREE, owners).conflict


def test_a_cluster_master_may_hold_the_port_for_its_workers() -> None:
    assert not port_of(8000, [Listener("::", 8000, 10)], TREE, {12}).conflict


def test_what_forwards_to_containers_may_hold_their_ports() -> None:
    tree = table(INIT, process(30, 1, "docker-proxy"), process(31, 1, "app"))
    assert not port_of(8000, [Listener("::", 8000, 30)], tree, {31}).conflict


def test_of_two_holders_the_one_that_belongs_to_the_service_counts() -> None:
    listeners = [Listener("127.0.0.1", 8000, 20), Listener("::1", 8000, 11)]
    port = port_of(8000, listeners, TREE, {10})
    assert port.owner == TREE[11] and not port.conflict
