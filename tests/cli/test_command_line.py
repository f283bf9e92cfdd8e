"""The command line: what it prints, where, and the exit code it ends with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from airops_tui import cli
from tests.report.test_reports import KEYS


class Answering(BaseHTTPRequestHandler):
    """Answers with the status that its path names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Silence."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(autouse=True)
def fresh_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("AIROPS_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "_secure_process", lambda: None)  # it would bind the whole test process


def config(folder: Path, port: int, *statuses: int) -> Path:
    path = folder / "airops.toml"
    tables = [
        f'[[services]]\nname = "s{number}"\nhealth = {{ url = "http://127.0.0.1:{port}/{status}", retries = 1 }}\n'
        for number, status in enumerate(statuses)
    ]
    path.write_text('title = "Test"\n' + "\n".join(tables))
    path.chmod(0o600)
    return path


def airops(*argv: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "airops_tui", *argv],
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1]), **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("statuses", "code", "word"),
    [((200, 200), 0, "UP"), ((200, 404), 1, "DEGRADED"), ((404, 500), 2, "DOWN")],
)
def test_a_report_ends_with_the_code_of_a_monitoring_plugin(
    tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str], statuses: tuple[int, ...], code: int, word: str
):
    config(tmp_path, port, *statuses)
    assert cli.main(["--snapshot"]) == code
    assert capsys.readouterr().out.startswith(f"{word}: Test on ")


def test_what_could_not_be_looked_at_ends_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "airops.toml"
    path.write_text('[[services]]\nname = "web"\nmanager = "pm2"\nprogram = "/nowhere/pm2"\npm2_home = "none"\n')
    path.chmod(0o600)
    assert cli.main(["--snapshot"]) == 3
    assert "pm2" in capsys.readouterr().out


def test_json_is_one_line_with_exactly_the_fixed_keys(
    tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]
):
    config(tmp_path, port, 200)
    assert cli.main(["--snapshot", "--format", "json"]) == 0
    out = capsys.readouterr().out
    told = json.loads(out)
    assert out.count("\n") == 1
    assert list(told) == KEYS[""].split() and list(told["services"][0]) == KEYS["services"].split()


def test_prometheus_text_parses(tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]):
    config(tmp_path, port, 200)
    assert cli.main(["--snapshot", "--format", "prometheus"]) == 0
    families = {family.name for family in text_string_to_metric_families(capsys.readouterr().out)}
    assert "airops_service_up" in families


def test_only_the_services_that_were_named(tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]):
    config(tmp_path, port, 500, 200)
    assert cli.main(["--snapshot", "--service", "s1"]) == 0
    assert "s0" not in capsys.readouterr().out


def test_a_service_that_does_not_exist_is_64_and_names_those_that_do(
    tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]
):
    config(tmp_path, port, 200, 200)
    assert cli.main(["--snapshot", "--service", "s9"]) == 64
    told = capsys.readouterr().err
    assert "s9" in told and "s0, s1" in told


@pytest.mark.parametrize("argv", [["explode"], ["--format", "yaml"], ["--watch", "never"], ["config", "burn"]])
def test_what_makes_no_sense_is_64_not_2(argv: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        cli.main(argv)
    assert ended.value.code == 64
    assert "airops: " in capsys.readouterr().err


def test_a_broken_config_is_78_with_every_problem_and_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "airops.toml"
    path.write_text('titel = "x"\n[[services]]\nname = "a"\nhelth = "http://127.0.0.1/"\nport = "many"\n')
    path.chmod(0o600)
    assert cli.main(["--snapshot"]) == 78
    told = capsys.readouterr().err.splitlines()
    assert [line.split(":")[2].strip() for line in told if "airops.toml" in line] == ["1", "4", "5"]


def test_config_path_check_and_show(tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]):
    path = config(tmp_path, port, 200)
    assert cli.main(["config", "path"]) == 0
    assert capsys.readouterr().out.strip().endswith("airops.toml")
    assert cli.main(["--config", str(path), "config", "check"]) == 0
    assert "1 service" in capsys.readouterr().out
    assert cli.main(["config", "show"]) == 0
    assert 'name = "s0"' in capsys.readouterr().out


def test_init_writes_a_private_config_and_never_over_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    target = tmp_path / "new" / "config.toml"
    assert cli.main(["--config", str(target), "init"]) == 0
    assert target.stat().st_mode & 0o777 == 0o600
    before = target.read_text()
    assert cli.main(["--config", str(target), "init"]) not in (0, 1, 2, 3)
    assert "--force" in capsys.readouterr().err and target.read_text() == before
    assert cli.main(["--config", str(target), "init", "--force"]) == 0
    assert cli.main(["--config", str(target), "config", "check"]) == 0


def test_a_bug_of_ours_is_70_with_one_line_and_a_private_file_without_locals(
    tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def explode(*_: object) -> int:
        password = "canary-hunter2-canary"  # noqa: F841 - a local that must stay one
        raise RuntimeError("the roof fell in")

    monkeypatch.setattr(cli, "_snapshot", explode)
    assert cli.main(["--snapshot"]) == 70
    told = capsys.readouterr().err
    assert "the roof fell in" in told.splitlines()[0] and "Traceback" not in told
    crash = next(tmp_path.rglob("crash*.txt"))
    assert crash.stat().st_mode & 0o777 == 0o600
    assert "canary-hunter2" not in crash.read_text() and "explode" in crash.read_text()


def test_a_report_loads_no_screen_library(tmp_path: Path, port: int):
    path = config(tmp_path, port, 200)
    program = (
        "import sys; from airops_tui.cli import main; code = main(sys.argv[1:]);"
        "print(sorted({'textual', 'rich', 'plotext'} & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    argv = [sys.executable, "-c", program, "--config", str(path), "--snapshot"]
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "[]\n")


def test_without_a_terminal_the_console_says_what_to_use_instead(tmp_path: Path, port: int):
    ended = airops("--config", str(config(tmp_path, port, 200)))
    assert ended.returncode == 64
    assert "needs a terminal" in ended.stderr and "--snapshot" in ended.stderr


def test_without_utf8_a_report_is_ascii(tmp_path: Path, port: int):
    ended = airops("--config", str(config(tmp_path, port, 200)), "--snapshot", env={"PYTHONIOENCODING": "ascii"})
    assert ended.returncode == 0 and ended.stdout.isascii() and "* up" in ended.stdout


def test_a_reader_that_goes_away_is_no_crash(tmp_path: Path, port: int):
    argv = [sys.executable, "-m", "airops_tui", "--config", str(config(tmp_path, port, 200)), "--snapshot"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        told = process.stderr.read()
        assert process.wait(60) == 128 + signal.SIGPIPE
    assert told == b""


def test_watching_reports_again_and_again_until_interrupted(tmp_path: Path, port: int):
    path = str(config(tmp_path, port, 200))
    argv = [sys.executable, "-m", "airops_tui", "--config", path, "--snapshot", "--format", "json", "--watch", "0.5"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        taken = [json.loads(process.stdout.readline())["taken_at"] for _ in range(3)]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 128 + signal.SIGINT
        assert "Traceback" not in process.stderr.read()
    assert len(taken) == 3


def test_with_no_config_it_shows_what_runs_here(port: int):
    ended = airops("--snapshot", "--format", "json")
    ports = [service["port"]["number"] for service in json.loads(ended.stdout)["services"] if service["port"]]
    assert port in ports


def test_what_it_writes_is_for_this_user_and_no_memory_image_is_kept(tmp_path: Path):
    program = (
        "import os, resource; from airops_tui import cli; cli._secure_process();"
        "print(oct(os.umask(0)), resource.getrlimit(resource.RLIMIT_CORE)[0])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.stdout.split() == ["0o77", "0"]
