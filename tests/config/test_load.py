"""What a good config becomes: units, paths, defaults; and which file is taken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from airops_tui.config.load import find_config, load
from airops_tui.config.settings import Activity, HealthRule
from tests.config.files import loaded, write


def test_an_empty_file_is_a_config_with_nothing_in_it(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "")
    assert (settings.title, settings.refresh, settings.services) == ("airops", 5.0, ())
    assert settings.activity == Activity()


def test_health_is_an_address_or_a_table(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        """
        [[services]]
        name = "short"
        health = "http://localhost:8000/health"

        [[services]]
        name = "long"
        [services.health]
        url = "http://localhost:8001/"
        status = [200, 307]
        body = "welcome|hello"
        json = { "/checks/database" = "ok", "/depth" = 3 }
        timeout = "1m"
        """,
    )
    short, long = settings.services
    assert short.health == HealthRule(url="http://localhost:8000/health")
    assert long.health is not None
    assert long.health.status == (200, 307)
    assert long.health.json == {"/checks/database": "ok", "/depth": 3}
    assert long.health.timeout == 60.0


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("5", 5.0),
        ("2.5", 2.5),
        ('"30s"', 30.0),
        ('"15m"', 900.0),
        ('"4h"', 14400.0),
        ('"2d"', 172800.0),
        ('"1h30m"', 5400.0),
        ('"250ms"', 0.25),
        ('"90"', 90.0),
    ],
)
def test_durations_are_seconds(tmp_path: Path, written: str, seconds: float) -> None:
    assert loaded(tmp_path, f"refresh = {written}").refresh == seconds


@pytest.mark.parametrize(
    ("written", "size"),
    [('"3G"', 3 * 1024**3), ('"512M"', 512 * 1024**2), ('"1.5 GiB"', 1610612736), ('"80kb"', 81920), ("4096", 4096)],
)
def test_sizes_are_bytes(tmp_path: Path, written: str, size: int) -> None:
    text = f'[[services]]\nname = "a"\nmanager = "pm2"\nrecover = {{ max_memory = {written} }}'
    [service] = loaded(tmp_path, text).services
    assert service.recover is not None
    assert service.recover.max_memory == size


def test_hours_may_be_written_loosely_and_may_reach_over_midnight(tmp_path: Path) -> None:
    hours = loaded(tmp_path, '[activity]\nbest_hours = ["2:00 - 6:00", "22:00–01:00"]').activity.best_hours
    assert hours == ("02:00-06:00", "22:00-01:00")


@pytest.mark.parametrize("cron", ["0 3 * * *", "*/5 8-18 * jan-mar mon,thu", "0,30 0 1/2 * 7", "@daily"])
def test_cron_expressions_of_the_usual_dialect_are_taken(tmp_path: Path, cron: str) -> None:
    text = f'[[backups]]\nname = "b"\ninclude = [".env"]\nschedule = "{cron}"'
    assert loaded(tmp_path, text).backups[0].schedule == cron


def test_paths_of_a_service_start_at_its_directory_and_all_others_at_the_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ops")
    settings = loaded(
        tmp_path,
        """
        state = "state"
        [[services]]
        name = "proto4"
        directory = "~/platform/proto4"
        command = ["python3", "backend/main.py"]
        env_file = ".env"
        port = 8000
        logs = ["../logs/proto4.log", "/var/log/proto4.log"]
        program = "~/.nvm/bin/pm2"
        [services.update]
        repository = ".."
        keep = [".env", "data"]
        [[services]]
        name = "hub"
        port = 8003
        access_log = "hub/access.log"
        socket = "unix:///run/x.sock"
        program = "pm2"
        [[backups]]
        name = "all"
        include = [".env"]
        """,
    )
    proto4, hub = settings.services
    assert proto4.directory == "/home/ops/platform/proto4"
    assert proto4.env_file == "/home/ops/platform/proto4/.env"
    assert proto4.logs == ("/home/ops/platform/logs/proto4.log", "/var/log/proto4.log")
    assert proto4.program == "/home/ops/.nvm/bin/pm2"
    assert proto4.command == ("python3", "backend/main.py")
    assert proto4.update is not None
    assert proto4.update.repository == "/home/ops/platform"
    assert proto4.update.keep == (".env", "data")
    assert hub.access_log == f"{tmp_path}/hub/access.log"
    assert (hub.socket, hub.program) == ("/run/x.sock", "pm2")
    assert settings.state == f"{tmp_path}/state"
    [backup] = settings.backups
    assert (backup.directory, backup.include) == (f"{tmp_path}/backups", (f"{tmp_path}/.env",))


def test_names_and_titles_may_be_in_any_language(tmp_path: Path) -> None:
    [service] = loaded(tmp_path, '[[services]]\nname = "학생허브"\ntitle = "학생 허브 🛡"\nport = 8003').services
    assert (service.name, service.title) == ("학생허브", "학생 허브 🛡")


def test_a_file_from_a_windows_editor_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_bytes(b'\xef\xbb\xbftitle = "x"\r\nrefresh = 3\r\n')
    assert load(path, environ={}).refresh == 3


def test_a_named_config_is_taken_whether_it_exists_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "")
    assert find_config("other.toml", {"AIROPS_CONFIG": "third.toml"}) == Path("other.toml")
    assert find_config(None, {"AIROPS_CONFIG": "third.toml"}) == Path("third.toml")
    assert find_config(None, {"AIROPS_CONFIG": ""}) == Path("airops.toml")


def test_without_a_name_the_folder_comes_before_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert find_config(None, {}) is None
    from airops_tui.config.load import user_config

    user_config().parent.mkdir(parents=True)
    user_config().write_text("")
    assert find_config(None, {}) == user_config()
    write(tmp_path, "")
    assert find_config(None, {}) == Path("airops.toml")


def test_loading_a_good_config_imports_only_what_parsing_needs(tmp_path: Path) -> None:
    path = write(tmp_path, '[[services]]\nname = "a"\nport = 1\nhealth = "http://localhost:1/"\n')
    code = (
        "import sys; from pathlib import Path; from airops_tui.config.load import load\n"
        "load(Path(sys.argv[1]))\n"
        "print([name for name in sys.argv[2:] if name in sys.modules])"
    )
    unwanted = ["tree_sitter", "dotenv", "zoneinfo", "platformdirs", "difflib", "yaml", "plistlib", "textual", "httpx"]
    run = subprocess.run([sys.executable, "-c", code, str(path), *unwanted], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
