"""supervisord, from the Python package the tests depend on, listening on a unix socket of its own."""

from __future__ import annotations

import configparser
import importlib.util
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import psutil

from .component import Completed, Missing, end, launch, plain_environment, run, suspended, wait_for


class Supervisord:
    """One supervisord with the programs it is given; `socket` is where it listens."""

    def __init__(self, folder: Path) -> None:
        if importlib.util.find_spec("supervisor") is None:
            raise Missing("the Python package supervisor is not installed (it comes with '.[test]')")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.socket = folder / "s.sock"
        self.config = folder / "supervisord.conf"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, programs: Mapping[str, Mapping[str, str]]) -> None:
        """Start the daemon with these `[program:…]` sections (a name with a colon is taken as the whole section's)."""
        sections = configparser.RawConfigParser()
        sections["unix_http_server"] = {"file": str(self.socket), "chmod": "0600"}
        sections["supervisord"] = {
            "nodaemon": "true",
            "logfile": str(self.folder / "supervisord.log"),
            "pidfile": str(self.folder / "supervisord.pid"),
            "childlogdir": str(self.folder),
        }
        factory = "supervisor.rpcinterface:make_main_rpcinterface"
        sections["rpcinterface:supervisor"] = {"supervisor.rpcinterface_factory": factory}
        sections["supervisorctl"] = {"serverurl": f"unix://{self.socket}"}
        for name, options in programs.items():
            sections[name if ":" in name else f"program:{name}"] = dict(options)
        with self.config.open("w") as file:
            sections.write(file)
        self._process = launch(
            [sys.executable, "-m", "supervisor.supervisord", "-c", self.config],
            log=self.folder / "console",
            env=plain_environment(self.folder),
        )
        wait_for(f"supervisord to answer: {self.folder}/console", lambda: self.ctl("pid").returncode == 0)

    def ctl(self, *argv: str) -> Completed:
        """Run supervisorctl; its exit code is part of the answer."""
        ctl = (sys.executable, "-m", "supervisor.supervisorctl", "-c", self.config)
        return run(*ctl, *argv, env=plain_environment(self.folder), check=False)

    def kill(self) -> None:
        """End the daemon without letting it clean up; its programs with it, for they are no children of ours."""
        assert self._process is not None
        programs = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        self._process.wait(5)
        for program in programs:
            program.kill()

    def suspended(self) -> AbstractContextManager[None]:
        """The daemon hangs as long as this lasts."""
        assert self._process is not None
        return suspended(self._process.pid)

    def stop(self) -> None:
        """End the daemon and its programs."""
        if self._process is not None:
            end(self._process)
            self._process = None
