"""The components as fixtures: started for the session, ended after it, missed loudly.

A component that cannot be had here skips its tests with the reason, and the last lines of the run say which were there.
After the last test nothing of them may be left: a process, a mount, a cgroup or a file in the system is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from .lab.component import Missing, short_folder
from .lab.dockerd import Dockerd
from .lab.guest import Guest
from .lab.network import free_port
from .lab.nginx import Nginx
from .lab.pm2 import Pm2
from .lab.supervisord import Supervisord
from .lab.traces import traces

COMPONENTS = pytest.StashKey[dict[str, str]]()
NAMES = ("systemd", "pm2", "supervisord", "docker", "compose", "nginx")
THERE = "yes"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COMPONENTS] = {}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> Iterator[None]:
    """The last words of the run, after all others: which components were real, and why the others were not."""
    yield
    seen = config.stash[COMPONENTS]
    if not seen:
        return
    names = sorted(seen, key=NAMES.index)
    there = sum(seen[name] == THERE for name in names)
    colour = {"green": True} if there == len(seen) else {"yellow": True, "bold": True}
    terminalreporter.section(f"real components: {there} of {len(seen)} were there", sep="-", **colour)
    terminalreporter.line(", ".join(f"{name} {seen[name]}" for name in names), **colour)


@pytest.fixture(scope="session", autouse=True)
def leaves_nothing() -> Iterator[None]:
    """Everything that was started, mounted or written outside a temporary folder is gone when all tests are done."""
    before = traces()
    yield
    left = traces().added_since(before)
    assert not left, "left behind on this machine:\n" + "\n".join(left)


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    with short_folder() as path:
        yield path


@contextmanager
def noted(request: pytest.FixtureRequest, name: str) -> Iterator[None]:
    """Note that a component is there, or skip with the reason why it cannot be had."""
    seen = request.config.stash[COMPONENTS]
    try:
        yield
    except Missing as missing:
        seen[name] = f"SKIPPED ({missing})"
        pytest.skip(f"{name}: {missing}")
    seen[name] = THERE


@pytest.fixture(scope="session")
def guest(request: pytest.FixtureRequest, leaves_nothing: None, folder: Path) -> Iterator[Guest]:
    """A machine with systemd, switched on."""
    with ExitStack() as after:
        with noted(request, "systemd"):
            machine = Guest("h1", folder / "h1")
            after.callback(machine.power_off)
            machine.boot()
        yield machine


@pytest.fixture
def pm2(request: pytest.FixtureRequest, leaves_nothing: None) -> Iterator[Pm2]:
    """PM2 for a user who never used it: no home, no daemon."""
    with ExitStack() as after:
        with noted(request, "pm2"):
            mine = Pm2(after.enter_context(short_folder()))
            after.callback(mine.kill)
        yield mine


@pytest.fixture
def supervisord(request: pytest.FixtureRequest, leaves_nothing: None) -> Iterator[Supervisord]:
    """supervisord, not started: a test starts it with its programs."""
    with ExitStack() as after:
        with noted(request, "supervisord"):
            daemon = Supervisord(after.enter_context(short_folder()))
            after.callback(daemon.stop)
        yield daemon


@pytest.fixture(scope="session")
def docker(request: pytest.FixtureRequest, leaves_nothing: None, folder: Path) -> Iterator[Dockerd]:
    """A Docker daemon with one image and no containers."""
    with ExitStack() as after:
        with noted(request, "docker"):
            daemon = Dockerd(folder / "d")
            after.callback(daemon.stop)
            daemon.start()
        yield daemon


@pytest.fixture(scope="session")
def compose(request: pytest.FixtureRequest, docker: Dockerd) -> Dockerd:
    """The same daemon, whose client knows `docker compose`."""
    with noted(request, "compose"):
        docker.add_compose()
    return docker


@pytest.fixture
def nginx(request: pytest.FixtureRequest, leaves_nothing: None) -> Iterator[Callable[[int], Nginx]]:
    """A function that starts an nginx in front of an app's port."""
    with ExitStack() as after:

        def in_front_of(app: int) -> Nginx:
            with noted(request, "nginx"):
                server = Nginx(after.enter_context(short_folder()), free_port(), app)
                after.callback(server.stop)
                server.start()
            return server

        yield in_front_of
