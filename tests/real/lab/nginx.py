"""nginx by hand: every file it writes in one folder, its ports on loopback, in front of an app."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .component import end, launch, plain_environment, run, tool, wait_for
from .network import accepts

CONFIG = """
worker_processes 1;
daemon off;
master_process on;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 128; }}
http {{
  log_format seen '$remote_addr "$http_x_forwarded_for" [$time_local] "$request" $status $body_bytes_sent';
  access_log {folder}/access.log seen;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{app};
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_connect_timeout 2s;
    }}
  }}
}}
"""


class Nginx:
    """One nginx on 127.0.0.1:`port` that passes everything on to 127.0.0.1:`app`."""

    def __init__(self, folder: Path, port: int, app: int) -> None:
        self.program = tool("nginx", "nginx-light")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = port
        self.config = folder / "nginx.conf"
        self.config.write_text(CONFIG.format(folder=folder, port=port, app=app))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Check the configuration, start, and wait until the port accepts."""
        env = plain_environment(self.folder)
        error_log = f"-e{self.folder}/error.log"
        run(self.program, error_log, "-t", "-q", "-c", self.config, env=env)
        self._process = launch([self.program, error_log, "-c", self.config], self.folder / "console", env)
        wait_for(f"nginx to accept on {self.port}", lambda: accepts(self.port))

    def reload(self) -> None:
        """Have it read its configuration again: new workers take over from the old ones."""
        run(self.program, f"-e{self.folder}/error.log", "-c", self.config, "-s", "reload")

    def stop(self) -> None:
        """End nginx and its worker."""
        if self._process is not None:
            end(self._process)
            self._process = None

    def access_log(self) -> list[str]:
        """The lines of the access log so far."""
        return (self.folder / "access.log").read_text().splitlines()
