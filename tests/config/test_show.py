"""What `airops config show` and `airops config check` say."""

from __future__ import annotations

from pathlib import Path

import pytest

from airops_tui.config.load import load
from airops_tui.config.show import amounts_to, check, show
from airops_tui.errors import ConfigError
from tests.config.files import loaded, write
from tests.config.test_write import EXAMPLE


def test_show_gives_everything_in_force_with_defaults_and_absolute_paths(tmp_path: Path) -> None:
    text = show(loaded(tmp_path, '[[services]]\nname = "a"\nport = 1\nlogs = ["x.log"]'))
    assert f'logs = ["{tmp_path}/x.log"]' in text
    assert "refresh = 5\n" in text
    assert 'host = "local"' in text
    assert 'reminder = "4h"' in text


def test_what_is_shown_loads_as_the_same_settings(tmp_path: Path) -> None:
    settings = loaded(tmp_path, EXAMPLE.read_text(encoding="utf-8"))
    assert load(write(tmp_path, show(settings), name="shown.toml"), environ={}) == settings


def test_no_secret_is_shown_wherever_it_stands(tmp_path: Path) -> None:
    text = """
        [[services]]
        name = "a"
        manager = "process"
        command = ["app", "--password=canary-1-abcdef", "Bearer", "env:FIVE"]
        [services.health]
        url = "http://ops:canary-2-abcdef@localhost/health?token=canary-3-abcdef"
        headers = { Authorization = "Bearer canary-4-abcdef" }
        [[clusters]]
        name = "c"
        url = "http://x"
        token = "env:SIX"
        [alerts]
        urls = ["https://hooks.slack.com/services/T000/B000/canary7abcdef", "env:EIGHT"]
        """
    environ = {"FIVE": "canary-5-abcdef", "SIX": "canary-6-abcdef", "EIGHT": "slack://canary-8-abcdef/"}
    shown = show(loaded(tmp_path, text, environ))
    assert "canary" not in shown
    assert 'token = "[REDACTED]"' in shown
    assert 'urls = ["[REDACTED]", "[REDACTED]"]' in shown
    assert "localhost/health" in shown


def test_check_says_what_a_good_config_amounts_to(tmp_path: Path) -> None:
    assert amounts_to(loaded(tmp_path, EXAMPLE.read_text(encoding="utf-8"))) == (
        "7 services (1 only looked at, 1 launchd, 1 pm2, 1 process, 1 compose, 1 supervisor, 1 systemd) "
        "on this machine, sydney, 1 cluster, 1 backup set"
    )
    assert amounts_to(loaded(tmp_path, "")) == "no services yet"
    path = write(tmp_path, '[[services]]\nname = "a"\nport = 1')
    assert check(path, {}) == f"{path}: no problems\n1 service (1 only looked at) on this machine"


def test_check_raises_every_problem_of_a_bad_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        check(write(tmp_path, "a = 1\nb = 2"), {})
    assert len(raised.value.problems) == 2
