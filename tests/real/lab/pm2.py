"""PM2 from npm, with a home of its own: its daemon, its list and its logs are nobody else's."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from .component import Completed, cached, end, fetch, launch, plain_environment, run, tool, wait_for


def modules() -> Path:
    """The `node_modules` folder that holds PM2; 25 MB and some seconds the first time."""
    npm = tool("npm", "npm")
    tool("node", "nodejs")

    def make(folder: Path) -> None:
        (folder / "package.json").write_text('{"private": true}\n')
        fetch(npm, "install", "pm2", "--no-audit", "--no-fund", "--loglevel=error", timeout=180, cwd=folder)

    return cached("pm2", make) / "node_modules"


class Pm2:
    """PM2 as one user has it: `folder/home` is their home, `folder/pm2` their PM2_HOME."""

    def __init__(self, folder: Path) -> None:
        self.modules = modules()
        self.program = self.modules / ".bin" / "pm2"
        self.folder = folder
        self.user_home = folder / "home"
        self.home = folder / "pm2"
        self.user_home.mkdir(parents=True)
        self._commands: list[subprocess.Popen[bytes]] = []
        self.env = plain_environment(self.user_home, PM2_HOME=str(self.home))

    def run(self, *argv: str | Path, check: bool = True, env: Mapping[str, str] | None = None) -> Completed:
        """Run a pm2 command as this user."""
        return run(self.program, *argv, env={**self.env, **(env or {})}, check=check, timeout=60, cwd=self.folder)

    def start(self, apps: Sequence[Mapping[str, object]]) -> None:
        """Start apps as an ecosystem file describes them."""
        ecosystem = self.folder / "ecosystem.config.json"
        ecosystem.write_text(json.dumps({"apps": list(apps)}))
        self.run("start", ecosystem)

    def spawn(self, *argv: str | Path) -> None:
        """Begin a pm2 command that may never end; it goes with the daemon."""
        self._commands.append(launch([self.program, *argv], self.folder / "spawned.log", self.env))

    def apps(self) -> dict[str, Any]:
        """What PM2 itself says of its apps, by name. Starts a daemon when there is none, as `pm2 jlist` does."""
        listing = self.run("jlist").stdout
        return {app["name"]: app for app in json.loads(listing[listing.index("[{") :] if "[{" in listing else "[]")}

    def daemon(self) -> int:
        """The pid of the running daemon, 0 if none runs."""
        for process in psutil.process_iter():
            try:
                mine = process.environ().get("PM2_HOME") == str(self.home)
                if mine and any("God Daemon" in word for word in process.cmdline()):
                    return process.pid
            except psutil.Error:
                continue
        return 0

    def listens(self) -> bool:
        """Whether the daemon's socket is served: for some milliseconds after SIGKILL it still is."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.home / "rpc.sock")) == 0

    def kill(self) -> None:
        """End the daemon and its apps."""
        for command in self._commands:
            end(command)
        if self.daemon():
            self.run("kill", check=False)
            wait_for("the PM2 daemon to be gone", lambda: not self.daemon())

    def lay_out_like_nvm(self) -> Path:
        """Put node and pm2 where nvm puts them, on no PATH that cron or systemd has; the path of that pm2."""
        version = run(tool("node", "nodejs"), "--version").stdout.strip()
        release = self.user_home / ".nvm" / "versions" / "node" / version
        (release / "bin").mkdir(parents=True)
        (release / "lib").mkdir()
        (release / "lib" / "node_modules").symlink_to(self.modules)
        (release / "bin" / "node").symlink_to(Path(tool("node", "nodejs")).resolve())
        program = release / "bin" / "pm2"
        program.symlink_to("../lib/node_modules/pm2/bin/pm2")
        return program
