"""One report over services of several real managers: what each says, and what one that hangs costs the others."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .lab.component import plain_environment, run, suspended, wait_for, wait_for_equal
from .lab.dockerd import Dockerd
from .lab.guest import Guest
from .lab.network import accepts, free_port
from .lab.nginx import Nginx
from .lab.pm2 import Pm2
from .lab.supervisord import Supervisord

pytestmark = pytest.mark.real

CANARY = "s3cret-canary"
SERVER = "require('http').createServer((q, a) => a.end('{\"status\": \"ok\"}')).listen(process.env.PORT, '127.0.0.1')"
POLITE = ("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done")
STATES = {"iamvet": "up", "worker": "up", "shop": "up", "classroom": "up"}


def toml(value: object) -> str:
    """A string, a number or a flat table as TOML writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)


class Site:
    """A config file of services and the environment in which airops meets their managers."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.config = folder / "airops.toml"
        self.env = env
        self.config.write_text('title = "Everything"\n')
        self.config.chmod(0o600)

    def add(self, name: str, **keys: object) -> None:
        """Write a service into the config."""
        lines = "".join(f"{key} = {toml(value)}\n" for key, value in {"name": name, **keys}.items())
        self.config.write_text(f"{self.config.read_text()}\n[[services]]\n{lines}")

    def report(self) -> tuple[int, dict[str, Any]]:
        """The exit code of `airops --snapshot` and its services by name."""
        argv = (sys.executable, "-m", "airops_tui", "--config", self.config, "--snapshot", "--format", "json")
        done = run(*argv, env=self.env, cwd=self.config.parent, check=False, timeout=60)
        assert CANARY not in done.stdout + done.stderr
        return done.returncode, {service["name"]: service for service in json.loads(done.stdout)["services"]}

    def states(self) -> dict[str, str]:
        """The state of each service in a report."""
        return {name: service["state"] for name, service in self.report()[1].items()}


@pytest.fixture
def app_port() -> int:
    return free_port()


@pytest.fixture
def site(
    tmp_path: Path, guest: Guest, pm2: Pm2, supervisord: Supervisord, docker: Dockerd, app_port: int
) -> Iterator[Site]:
    """A service of each: a PM2 app, a program of supervisord, a container and a unit of systemd."""
    script = pm2.folder / "iamvet.js"
    script.write_text(SERVER)
    pm2.start([{"name": "iamvet", "script": str(script), "env": {"PORT": str(app_port), "TOKEN": CANARY}}])
    supervisord.start({"worker": {"command": "sleep 6000", "environment": f'TOKEN="{CANARY}"'}})
    docker.run("run", "-d", "--name", "shop", "--env", f"TOKEN={CANARY}", docker.IMAGE, *POLITE)
    unit = f"[Service]\nExecStart=/bin/sleep 6000\nEnvironment=TOKEN={CANARY}\n"
    guest.write("/etc/systemd/system/classroom.service", unit)
    guest.run("systemctl", "daemon-reload")
    guest.run("systemctl", "start", "classroom")
    wait_for("the app to accept", lambda: accepts(app_port))

    path = f"{guest.shims(tmp_path / 'shims', 'systemctl')}:{os.environ['PATH']}"
    everything = Site(tmp_path, plain_environment(tmp_path, path))
    everything.add(
        "iamvet",
        manager="pm2",
        pm2_home=str(pm2.home),
        program=str(pm2.program),
        port=app_port,
        health={"url": f"http://127.0.0.1:{app_port}/api/health", "timeout": "1s"},
        recover={"grace": "0s"},
    )
    everything.add("worker", manager="supervisor", socket=str(supervisord.socket))
    everything.add("shop", manager="docker", socket=str(docker.socket))
    everything.add("classroom", manager="systemd")
    yield everything
    docker.run("rm", "-f", "shop")
    guest.run("systemctl", "stop", "classroom")


def test_services_of_four_managers_are_well_in_one_report(site: Site) -> None:
    wait_for_equal(site.states, STATES)
    code, services = site.report()
    assert code == 0
    assert all(service["pid"] for service in services.values())
    assert services["iamvet"]["memory_bytes"] > 1_000_000


def test_a_manager_that_hangs_is_unknown_and_the_others_are_told(site: Site, docker: Dockerd) -> None:
    wait_for_equal(site.states, STATES)
    with docker.suspended():
        code, services = site.report()
    assert code == 3
    assert {name: service["state"] for name, service in services.items()} == {**STATES, "shop": "unknown"}
    assert "deadline" in services["shop"]["reason"]


def test_an_app_that_its_manager_calls_online_but_answers_nothing_is_down(
    site: Site, pm2: Pm2, app_port: int, nginx: Callable[[int], Nginx]
) -> None:
    """The failure that PM2 does not see: the process lives, users behind nginx wait for nothing."""
    front = nginx(app_port)
    site.add("front", health={"url": f"http://127.0.0.1:{front.port}/api/health", "timeout": "1s"})
    wait_for_equal(site.states, {**STATES, "front": "up"})

    with suspended(pm2.apps()["iamvet"]["pid"]):
        assert pm2.apps()["iamvet"]["pm2_env"]["status"] == "online"
        code, services = site.report()
    assert code == 2
    assert services["front"]["state"] == "down"
    assert services["iamvet"]["state"] == "down"
    wait_for_equal(site.states, {**STATES, "front": "up"})
