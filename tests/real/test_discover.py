"""A machine nobody configured: what airops finds there, writes down, and shows."""

from __future__ import annotations

import json
import sys
import tomllib
from typing import Any

import pytest

from .lab.component import Completed, wait_for
from .lab.guest import Guest
from .lab.network import free_port
from .lab.pm2 import Pm2
from .lab.supervisord import Supervisord

pytestmark = pytest.mark.real

CONFIG = "/root/.config/airops/config.toml"


@pytest.fixture
def serving(guest: Guest) -> None:
    """A guest with a web service of the operator's own, one that fails, and a program that nobody keeps running."""
    web = f"[Unit]\nDescription=LLM Classroom\n[Service]\nExecStart={sys.executable} -m http.server 8000\n"
    broken = "[Unit]\nDescription=Broken\n[Service]\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n"
    guest.write("/etc/systemd/system/llm-classroom.service", web + "WorkingDirectory=/srv\n")
    guest.write("/etc/systemd/system/broken.service", broken)
    guest.run("systemctl", "daemon-reload")
    guest.run("systemctl", "start", "llm-classroom")
    guest.run("systemctl", "start", "broken")
    guest.run("sh", "-c", f"cd /tmp && setsid {sys.executable} -m http.server 9000 >/dev/null 2>&1 </dev/null &")
    wait_for("both to listen", lambda: {8000, 9000} <= _listening(guest))


def test_a_fresh_machine_is_found_written_down_and_shown(guest: Guest, serving: None) -> None:
    assert guest.python("-m", "airops_tui", "init").stdout.startswith(f"wrote {CONFIG}\n")
    checked = guest.python("-m", "airops_tui", "config", "check").stdout
    assert checked.startswith(f"{CONFIG}: no problems\n")
    services = {one["name"]: one for one in tomllib.loads(guest.run("cat", CONFIG).stdout)["services"]}
    assert services["llm-classroom"] == {
        "name": "llm-classroom",
        "title": "LLM Classroom",
        "manager": "systemd",
        "unit": "llm-classroom.service",
        "directory": "/srv",
        "port": 8000,
    }
    assert services["http.server"]["port"] == 9000
    assert services["broken"]["manager"] == "systemd"
    noise = [name for name in services if name.startswith(("systemd-", "dbus", "getty", "console-getty"))]
    assert noise == []


def test_without_a_config_the_snapshot_shows_the_same(guest: Guest, serving: None) -> None:
    guest.run("rm", "-f", CONFIG)
    told = guest.python("-m", "airops_tui", "--snapshot", "--format", "json", check=False)
    assert told.returncode == 2, "something is down"
    services = {one["name"]: one for one in _services(told)}
    assert {name: services[name]["state"] for name in ("llm-classroom", "http.server", "broken")} == {
        "llm-classroom": "up",
        "http.server": "up",
        "broken": "down",
    }
    assert services["llm-classroom"]["port"]["number"] == 8000


def test_apps_of_pm2_and_supervisor_are_found_with_their_ports(pm2: Pm2, supervisord: Supervisord) -> None:
    from airops_tui.hosts.local import LocalHost
    from airops_tui.managers.base import Manager
    from airops_tui.managers.pm2 import Pm2 as Pm2Manager
    from airops_tui.managers.supervisor import Supervisor
    from airops_tui.sources.discover import discover, settings_from

    ports = free_port(), free_port()
    script = pm2.folder / "iamvet.js"
    script.write_text(f"require('http').createServer((q, a) => a.end('ok')).listen({ports[0]}, '127.0.0.1')")
    pm2.start([{"name": "iamvet", "script": str(script), "env": {"TOKEN": "canary-7d1e"}}])
    supervisord.start({"worker": {"command": f"{sys.executable} -m http.server --bind 127.0.0.1 {ports[1]}"}})
    managers: list[Manager] = [
        Pm2Manager(home=str(pm2.home), user_home=str(pm2.user_home), path=pm2.env["PATH"], program=str(pm2.program)),
        Supervisor((str(supervisord.socket),)),
    ]

    def found() -> dict[str, int | None] | None:
        settings = settings_from(discover(LocalHost(read_only=True), managers=managers, deadline=20))
        assert "canary" not in repr(settings)
        seen = {service.name: service.port for service in settings.services}
        return seen if seen.get("iamvet") and seen.get("worker") else None

    seen = wait_for("both to be found listening", found)
    assert (seen["iamvet"], seen["worker"]) == ports


def _listening(guest: Guest) -> set[int]:
    code = "import psutil; print(*[c.laddr.port for c in psutil.net_connections('tcp') if c.status == 'LISTEN'])"
    return {int(port) for port in guest.python("-c", code).stdout.split()}


def _services(told: Completed) -> list[dict[str, Any]]:
    assert told.stdout, told.stderr
    services: list[dict[str, Any]] = json.loads(told.stdout)["services"]
    return services
