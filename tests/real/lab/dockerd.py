"""A Docker daemon of its own, in private network and mount namespaces, with its images made from what is here.

Its containers' ports are published inside its network namespace only (`curl` through `inside()`); its socket is an
ordinary file, so that `docker -H unix://…` and the product reach it as they would any other.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from contextlib import AbstractContextManager
from pathlib import Path

from . import debian
from .component import (
    RUN,
    Completed,
    Missing,
    cached,
    end,
    last_words,
    launch,
    need_root,
    plain_environment,
    run,
    suspended,
    tool,
    wait_for,
)
from .guest import remove_group

APPLETS = ("sh", "sleep", "wget", "httpd", "cat", "echo", "kill", "true", "false", "rm", "test", "touch", "ls", "tail")

COMPOSE_PACKAGE = "docker-compose"
COMPOSE_SUITE = "trixie"  # bookworm's is version 1, which nobody has any more
COMPOSE_INSIDE = "usr/libexec/docker/cli-plugins/docker-compose"

START = """
set -e
for folder in /run /opt; do [ ! -d $folder ] || mount -t tmpfs -o mode=755 tmpfs $folder; done
ip link set lo up
exec "$@"
"""


class Dockerd:
    """One daemon, its data below `folder` (a short path: unix sockets live there)."""

    IMAGE = "base:1"

    def __init__(self, folder: Path) -> None:
        need_root("a Docker daemon")
        self.program = tool("dockerd", "docker.io")
        tool("iptables", "iptables")
        self.docker = tool("docker", "docker.io")
        self.busybox = Path(tool("busybox", "busybox-static"))
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket = folder / "d.sock"
        self.group = f"airops-real-{RUN}-docker"
        self.client = folder / "client"
        (self.client / "cli-plugins").mkdir(parents=True, exist_ok=True)
        self.env = plain_environment(folder, DOCKER_HOST=f"unix://{self.socket}", DOCKER_CONFIG=str(self.client))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the daemon, wait until it answers and import the image every container here is made from."""
        config = self.folder / "daemon.json"
        config.write_text(json.dumps({"deprecated-key-path": f"{self.folder}/key.json"}))
        data = [f"--data-root={self.folder}/data", f"--exec-root={self.folder}/exec", f"--pidfile={self.folder}/d.pid"]
        self._process = launch(
            [
                *("unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", START, "start"),
                *(self.program, f"--config-file={config}", *data),
                *(f"--host=unix://{self.socket}", f"--cgroup-parent=/{self.group}"),
            ],
            log=self.folder / "console",
            env=plain_environment(self.folder),
        )
        wait_for(f"dockerd to answer: {self.folder}/console", self._answers, timeout=30)
        self._import_image()

    def run(self, *argv: str | Path, check: bool = True, timeout: float = 60) -> Completed:
        """Run the docker client against this daemon."""
        return run(self.docker, *argv, env=self.env, check=check, timeout=timeout, cwd=self.folder)

    def inside(self, *argv: str | Path, check: bool = True) -> Completed:
        """Run a program of this machine in the daemon's network, where published ports are."""
        assert self._process is not None
        return run("nsenter", f"--net=/proc/{self._process.pid}/ns/net", *argv, check=check)

    def add_compose(self) -> None:
        """Make `docker compose` work: the plugin of this machine, or that of the next Debian; 60 MB the first time."""
        if self.run("compose", "version", check=False).returncode == 0:
            return

        def make(folder: Path) -> None:
            debian.unpack(COMPOSE_PACKAGE, COMPOSE_SUITE, COMPOSE_INSIDE, folder / "docker-compose")

        plugin = cached("compose", make) / "docker-compose"
        (self.client / "cli-plugins" / "docker-compose").symlink_to(plugin)
        self.run("compose", "version")

    def suspended(self) -> AbstractContextManager[None]:
        """The daemon hangs as long as this lasts."""
        assert self._process is not None
        return suspended(self._process.pid)

    def stop(self) -> None:
        """Remove every container, end the daemon and remove its data and cgroups."""
        if self._process is not None:
            containers = self.run("ps", "-qa", check=False).stdout.split()
            if containers:
                self.run("rm", "-f", *containers, check=False)
            end(self._process, grace=30)
            self._process = None
        for hierarchy in Path("/sys/fs/cgroup").glob(f"**/{self.group}"):
            remove_group(hierarchy)
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise Missing(f"dockerd does not start here: {last_words(self.folder / 'console')}")
        return self.run("version", check=False).returncode == 0

    def _import_image(self) -> None:
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as archive:
            archive.add(self.busybox.resolve(), "bin/busybox")
            for applet in APPLETS:
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                archive.addfile(link)
        image = self.folder / "image.tar"
        image.write_bytes(layer.getvalue())
        self.run("import", image, self.IMAGE)
        image.unlink()
