"""The components themselves are what they claim to be, and what is known of their surprises still holds."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from .lab.component import run, wait_for
from .lab.dockerd import Dockerd
from .lab.guest import Guest
from .lab.network import accepts, free_port
from .lab.nginx import Nginx
from .lab.pm2 import Pm2
from .lab.supervisord import Supervisord

pytestmark = pytest.mark.real

SERVER = "require('http').createServer((q, r) => r.end('ok')).listen(process.env.PORT, '127.0.0.1')"


def test_a_guest_boots_with_no_failed_unit_and_runs_this_python(guest: Guest) -> None:
    assert guest.run("systemctl", "--failed", "--no-legend").stdout == ""
    pids = json.loads(guest.python("-c", "import psutil; print(psutil.pids())").stdout)
    assert 1 in pids
    assert len(pids) < 20, "the guest sees processes of this machine"


def test_pm2_lists_an_app_and_its_jlist_carries_the_environment(pm2: Pm2) -> None:
    port = free_port()
    (pm2.folder / "web.js").write_text(SERVER)
    pm2.start([{"name": "web", "script": "web.js", "env": {"PORT": str(port), "TOKEN": "s3cret-canary"}}])
    wait_for("the app to accept", lambda: accepts(port))
    assert pm2.apps()["web"]["pm2_env"]["status"] == "online"
    assert "s3cret-canary" in pm2.run("jlist").stdout


def test_pm2_jlist_starts_a_daemon_where_none_was(pm2: Pm2) -> None:
    assert not pm2.daemon()
    assert "Spawning PM2 daemon" in pm2.run("jlist").stdout
    assert pm2.daemon()


def test_supervisord_answers_on_its_socket(supervisord: Supervisord) -> None:
    supervisord.start({"web": {"command": "sleep 600", "startsecs": "0"}})
    wait_for("the program to run", lambda: "RUNNING" in supervisord.ctl("status").stdout)
    assert supervisord.socket.is_socket()


def test_docker_runs_a_container_whose_port_answers_in_its_namespace(docker: Dockerd) -> None:
    serve = "echo hello >/index.html; exec httpd -f -p 80 -h /"
    docker.run("run", "-d", "--name", "hello", "-p", "8080:80", docker.IMAGE, "sh", "-c", serve)
    fetch = ("python3", "-c", "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080').read())")
    wait_for("the port to answer", lambda: "hello" in docker.inside(*fetch, check=False).stdout)
    docker.run("rm", "-f", "hello")


def test_compose_starts_a_project(compose: Dockerd) -> None:
    project = compose.folder / "shop"
    project.mkdir()
    service = {"image": compose.IMAGE, "command": ["sleep", "600"]}
    (project / "compose.yaml").write_text(json.dumps({"services": {"web": service}}))
    compose.run("compose", "--project-directory", project, "up", "-d")
    assert "shop-web-1" in compose.run("ps", "--format", "{{.Names}}").stdout
    compose.run("compose", "--project-directory", project, "down", "-t", "0")


def test_nginx_answers_502_when_nothing_is_behind_it(nginx: Callable[[int], Nginx]) -> None:
    server = nginx(free_port())
    fetch = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{server.port}/')"
    assert "502" in run("python3", "-c", fetch, check=False).stderr
    assert " 502 " in server.access_log()[-1]
