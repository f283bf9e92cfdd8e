"""The one table of service managers: from a word in the config to a dialect that knows where to ask.

Where a manager listens depends on the user as whom it is spoken to; that is an `Account`. Dialects are imported when
they are asked for: a machine has one or two of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from airops_tui.config.settings import ManagerKind, ServiceSettings
from airops_tui.errors import UsageError
from airops_tui.managers.base import Manager

DOCKER_SOCKETS = (
    "/var/run/docker.sock",
    "{runtime}/docker.sock",  # rootless
    "{home}/.docker/run/docker.sock",  # Docker Desktop on macOS
    "{home}/.docker/desktop/docker.sock",  # Docker Desktop on Linux
    "{home}/.orbstack/run/docker.sock",
    "{home}/.colima/default/docker.sock",
    "{home}/.rd/docker.sock",  # Rancher Desktop
)
PODMAN_SOCKETS = ("/run/podman/podman.sock", "{runtime}/podman/podman.sock")
SUPERVISOR_SOCKETS = (
    "/var/run/supervisor.sock",  # Debian
    "/run/supervisor/supervisor.sock",  # Fedora
    "/tmp/supervisor.sock",  # noqa: S108  echo_supervisord_conf
    "/opt/homebrew/var/run/supervisor.sock",
    "/usr/local/var/run/supervisor.sock",
)
_SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Account(msgspec.Struct, frozen=True):
    """The user, on a host, as whom the managers are spoken to. `system` is "linux" or "darwin", as sys.platform."""

    uid: int
    home: str
    system: str
    environ: Mapping[str, str] = {}

    @property
    def runtime(self) -> str:
        """XDG_RUNTIME_DIR, where the sockets of a user's own daemons are; cron and sshd may not set it."""
        return self.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{self.uid}"

    def places(self, patterns: tuple[str, ...]) -> tuple[str, ...]:
        """Paths with this user's folders in them."""
        return tuple(pattern.format(home=self.home, runtime=self.runtime) for pattern in patterns)


def own_account() -> Account:
    """The user who runs this program, here."""
    return Account(os.getuid(), str(Path.home()), sys.platform, os.environ)


def manager_for(kind: ManagerKind | None, service: ServiceSettings, account: Account | None = None) -> Manager:
    """The dialect for a service, pointed at the daemon that its settings or the usual places name.

    Raises UsageError for a service without a manager: it is only looked at.
    """
    if kind is None:
        raise UsageError(f"{service.name} has no manager", f"set `manager` of {service.name}")
    return _DIALECTS[kind](service, account or own_account())


def local_managers(account: Account | None = None) -> list[Manager]:
    """The managers that may be on this machine, for looking around without a config."""
    account = account or own_account()
    own: tuple[ManagerKind, ...] = ("launchd",) if account.system == "darwin" else ("systemd", "systemd-user")
    anywhere: tuple[ManagerKind, ...] = ("pm2", "supervisor", "docker", "compose")
    nothing = ServiceSettings(name="")
    return [_DIALECTS[kind](nothing, account) for kind in (*own, *anywhere)]


def _process(service: ServiceSettings, account: Account) -> Manager:
    from airops_tui.managers.process import ProcessManager

    return ProcessManager()


def _systemd(service: ServiceSettings, account: Account) -> Manager:
    from airops_tui.managers.systemd import Systemd

    return Systemd()


def _systemd_user(service: ServiceSettings, account: Account) -> Manager:
    from airops_tui.managers.systemd import Systemd

    return Systemd(user=True, env={"XDG_RUNTIME_DIR": account.runtime})


def _launchd(service: ServiceSettings, account: Account) -> Manager:
    from airops_tui.managers.launchd import Launchd

    return Launchd(account.uid, account.home)


def _pm2(service: ServiceSettings, account: Account) -> Manager:
    from airops_tui.managers.pm2 import Pm2

    return Pm2(
        home=_expanded(service.pm2_home or account.environ.get("PM2_HOME") or "~/.pm2", account),
        user_home=account.home,
        path=account.environ.get("PATH") or _SEARCH_PATH,
        program=_expanded(service.program, account) if service.program else None,
        nvm=account.environ.get("NVM_DIR"),
    )


def _supervisor(service: ServiceSettings, account: Account) -> Manager:
    from airops_tui.managers.supervisor import Supervisor

    return Supervisor((_expanded(service.socket, account),) if service.socket else SUPERVISOR_SOCKETS)


def _docker(service: ServiceSettings, account: Account) -> Manager:
    from airops_tui.managers.docker import Docker
    from airops_tui.managers.engine import Engine

    return Docker(Engine(*_engine(service, account)))


def _compose(service: ServiceSettings, account: Account) -> Manager:
    from airops_tui.managers.compose import Compose
    from airops_tui.managers.engine import Engine

    return Compose(Engine(*_engine(service, account)))


def _engine(service: ServiceSettings, account: Account) -> tuple[tuple[str, ...], bool, str]:
    """Sockets to try, whether containers run on this host's kernel, and why nothing can be tried.

    podman's sockets only where a service names the manager: podman is started by whoever touches them.
    """
    native = account.system != "darwin"
    given = service.socket or account.environ.get("DOCKER_HOST") or ""
    scheme, separator, path = given.partition("://")
    if separator and scheme != "unix":
        return (), native, f"DOCKER_HOST is a {scheme} address; only a unix socket can be asked: set `socket`"
    if given:
        return (_expanded(path if separator else given, account),), native, ""
    return account.places(DOCKER_SOCKETS + (PODMAN_SOCKETS if service.name else ())), native, ""


def _expanded(path: str, account: Account) -> str:
    return f"{account.home}{path[1:]}" if path == "~" or path.startswith("~/") else path


_DIALECTS: Mapping[ManagerKind, Callable[[ServiceSettings, Account], Manager]] = {
    "process": _process,
    "systemd": _systemd,
    "systemd-user": _systemd_user,
    "launchd": _launchd,
    "pm2": _pm2,
    "supervisor": _supervisor,
    "docker": _docker,
    "compose": _compose,
}
