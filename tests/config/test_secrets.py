"""Secrets in a config: by reference, never repeated, and never from a file that others can read or write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from airops_tui.config import access
from airops_tui.config.load import load
from airops_tui.text import Secret, redact
from tests.config.files import complaints, loaded, problems, write

CLUSTER = '[[clusters]]\nname = "c"\nurl = "http://x"\ntoken = "env:TOKEN"\n'


def test_a_secret_comes_from_the_environment(tmp_path: Path) -> None:
    token = loaded(tmp_path, CLUSTER, {"TOKEN": "from-the-environment"}).clusters[0].token
    assert token == Secret("from-the-environment")
    assert repr(token) == "[REDACTED]"


def test_a_secret_comes_from_the_file_beside_the_config(tmp_path: Path) -> None:
    write(tmp_path, "export TOKEN='from the file'  # a comment\n", name=".env")
    assert loaded(tmp_path, CLUSTER).clusters[0].token == Secret("from the file")


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    write(tmp_path, "TOKEN=file-value", name=".env")
    assert loaded(tmp_path, CLUSTER, {"TOKEN": "environment-value"}).clusters[0].token == Secret("environment-value")
    assert "TOKEN" not in os.environ


def test_any_value_may_come_from_the_environment_in_its_own_type(tmp_path: Path) -> None:
    text = 'title = "env:SITE"\n[[services]]\nname = "a"\nport = "env:PORT"\nhealth = "env:URL"'
    settings = loaded(tmp_path, text, {"SITE": "Classroom", "PORT": "8000", "URL": "https://u:hunter2hunter2@x/health"})
    [service] = settings.services
    assert (settings.title, service.port) == ("Classroom", 8000)
    assert service.health is not None
    assert "hunter2hunter2" not in redact(f"GET {service.health.url}: got hunter2hunter2")


def test_headers_that_name_a_credential_are_secret_and_others_are_not(tmp_path: Path) -> None:
    text = """
        [[services]]
        name = "a"
        [services.health]
        url = "http://x/"
        headers = { Authorization = "Bearer abcdef", Accept = "application/json", X-Site = "env:SITE" }
        """
    [service] = loaded(tmp_path, text, {"SITE": "classroom-site"}).services
    assert service.health is not None
    assert service.health.headers == {
        "Authorization": Secret("Bearer abcdef"),
        "Accept": "application/json",
        "X-Site": Secret("classroom-site"),
    }


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, "TOKEN is set neither in the environment nor in .env, add it to .env"),
        (
            {"TOKEN_": "canary-in-environment"},
            'TOKEN is set neither in the environment nor in .env, did you mean "TOKEN_"?',
        ),
        ({"TOKEN": " "}, "TOKEN is set, but empty"),
    ],
)
def test_a_missing_secret_is_told_with_its_line_and_nothing_of_others(
    tmp_path: Path, environ: dict[str, str], told: str
) -> None:
    assert problems(tmp_path, CLUSTER, environ) == [f"airops.toml:4: clusters[0].token: {told}"]


def test_a_wrong_value_from_the_environment_is_never_repeated(tmp_path: Path) -> None:
    text = 'refresh = "env:A"\n[alerts]\nurls = ["env:B"]\n[[services]]\nname = "a"\nhealth = "env:C"\nport = "env:D"'
    environ = dict.fromkeys("ABCD", "canary-5f0c")
    told = problems(tmp_path, text, environ)
    assert "canary" not in "".join(told)
    assert told[0] == 'airops.toml:1: refresh: the value of A is no duration, write "30s", "15m", "4h" or "2d"'
    assert len(told) == 4


def test_a_reference_that_is_no_name_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path, 'title = "env:A-B"') == [
        'airops.toml:1: title: "env:A-B" names no variable, write "env:NAME"'
    ]


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o622])
def test_a_config_that_others_can_write_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    assert complaints(write(tmp_path, "", mode=mode)) == [
        f"airops.toml: can be written by others (mode 0{mode:o}), run: chmod go-w airops.toml"
    ]


def test_a_config_of_another_user_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "")
    monkeypatch.setattr(access.os, "geteuid", lambda: 61234)
    if path.stat().st_uid == 0:
        assert load(path, environ={}).services == ()  # what root wrote is as good as one's own
        monkeypatch.setattr(access.os, "fstat", lambda _: os.stat_result((0o100600, 1, 1, 1, 61235, 0, 0, 0, 0, 0)))
        owner = "61235"
    else:
        owner = access._user(path.stat().st_uid)
    assert complaints(path) == [
        f"airops.toml: belongs to {owner}, who could make 61234 run anything with it, run: sudo chown 61234 airops.toml"
    ]


def test_a_secret_written_into_the_config_wants_a_private_file(tmp_path: Path) -> None:
    text = CLUSTER.replace("env:TOKEN", "written-here")
    assert complaints(write(tmp_path, text, mode=0o644)) == [
        "airops.toml: holds secrets and can be read by others (mode 0644), run: chmod 600 airops.toml"
    ]
    assert load(write(tmp_path, text, mode=0o600), environ={}).clusters[0].token == Secret("written-here")
    assert load(write(tmp_path, CLUSTER, mode=0o644), environ={"TOKEN": "x"})


def test_a_password_in_an_address_counts_as_a_secret(tmp_path: Path) -> None:
    text = '[[services]]\nname = "a"\nhealth = "http://ops:hunter2hunter2@localhost/health"'
    assert complaints(write(tmp_path, text, mode=0o644)) == [
        "airops.toml: holds secrets and can be read by others (mode 0644), run: chmod 600 airops.toml"
    ]


def test_an_env_file_that_others_can_read_is_refused_once_if_its_values_are_used(tmp_path: Path) -> None:
    write(tmp_path, "TOKEN=x\nSITE=y", name=".env", mode=0o644)
    told = problems(tmp_path, CLUSTER + "[[clusters]]\nname = 'd'\nurl = 'http://y'\ntoken = 'env:TOKEN'")
    assert told == [".env: holds secrets and can be read by others (mode 0644), run: chmod 600 .env"]
    assert loaded(tmp_path, CLUSTER, {"TOKEN": "enough"}).clusters


def test_an_env_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    write(tmp_path, "", name=".env")
    (tmp_path / ".env").write_bytes(b"A=1\nTOKEN=\xff\n")
    assert problems(tmp_path, CLUSTER)[-1] == ".env:2: is not UTF-8 text"
