"""The cluster of the playground: slaves that register and send heartbeats, and everything both shapes of it hold."""

from __future__ import annotations

import pytest

from airops_tui.playground.services.airclass import Node, backend_shape, scripts_shape
from airops_tui.playground.world import Playground
from tests.playground.conftest import get, until

METRICS = (
    "airclass_http_requests_total",
    "airclass_http_request_duration_seconds_bucket",
    "airclass_active_streams",
    'airclass_active_connections{type="student"}',
    "airclass_tokens_issued_total",
    'airclass_cluster_nodes_total{status="healthy"} 2',
    'airclass_cluster_load_percentage{node_id="slave-1"}',
    'airclass_cluster_connections{node_id="slave-2"}',
    "airclass_errors_total",
)


def test_both_slaves_register_and_the_viewers_connect_to_them(playground: Playground):
    def full() -> bool:
        cluster = get(playground.ports["master"], "/cluster/nodes").json
        return cluster["healthy_nodes"] == 2 and cluster["total_connections"] >= 30

    until(full, "two slaves with 30 viewers")
    nodes = get(playground.ports["master"], "/cluster/nodes").json["nodes"]
    assert [node["node_id"] for node in nodes] == ["slave-1", "slave-2"]
    assert all(node["current_connections"] > 5 for node in nodes)


def test_the_nodes_come_in_the_backends_shape_unless_the_scripts_shape_is_asked_for(playground: Playground):
    master = playground.ports["master"]
    backend = get(master, "/cluster/nodes").json
    assert backend["total_nodes"] == 2
    assert set(backend["nodes"][0]) == {
        *("node_id", "node_name", "host", "port", "rtmp_port", "hls_port", "max_connections", "current_connections"),
        *("cpu_usage", "memory_usage", "status", "last_heartbeat"),
    }
    scripts = get(master, "/cluster/nodes?shape=scripts").json
    assert set(scripts) == {"nodes"}
    assert set(scripts["nodes"][0]) == {
        *("node_id", "node_url", "status", "current_connections", "max_connections", "load_percentage", "last_seen"),
    }
    assert scripts["nodes"][0]["status"] == "active"


def test_only_the_master_knows_the_nodes(playground: Playground):
    assert get(playground.ports["slave-1"], "/cluster/nodes").status == 403
    assert get(playground.ports["slave-1"], "/health").json["mode"] == "slave"
    assert get(playground.ports["master"], "/health").json["mode"] == "master"


def test_the_master_exports_the_nine_metrics(playground: Playground):
    until(lambda: "slave-2" in get(playground.ports["master"], "/metrics").text, "both slaves registered")
    text = get(playground.ports["master"], "/metrics").text
    assert [name for name in METRICS if name not in text] == []


def test_slaves_register_again_with_a_master_that_was_restarted(playground: Playground):
    playground.break_("master", "crash")
    playground.mend("master")
    until(lambda: get(playground.ports["master"], "/cluster/nodes").json["healthy_nodes"] == 2, "both slaves are back")


def node(connections: int, room: int = 100, heard: float = 0.0) -> Node:
    return Node("n", "127.0.0.1", 8000, room, current_connections=connections, heard_mono=heard)


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        (node(0), "healthy"),
        (node(70), "healthy"),
        (node(71), "warning"),
        (node(90), "warning"),
        (node(91), "critical"),
        (node(91, heard=-25.1), "offline"),
        (node(5, room=0), "healthy"),
    ],
)
def test_a_nodes_status_comes_from_its_load_and_its_last_heartbeat(seen: Node, status: str):
    assert seen.status(now_mono=5.0, offline_after=30.0) == status


def test_a_cluster_without_nodes_or_room_divides_by_nothing():
    assert backend_shape([])["utilization"] == 0.0
    assert backend_shape([(node(5, room=0), "healthy")])["utilization"] == 0.0
    assert scripts_shape([(node(5, room=0), "offline")])["nodes"][0]["load_percentage"] == 0.0
