"""Files that are no config: absent, a folder, a pipe, not TOML, hostile. Each gets a sentence, none a traceback."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from airops_tui.config.load import load
from airops_tui.errors import ConfigError
from tests.config.files import complaints, problems, write


def test_an_absent_config_is_told_with_the_next_step(tmp_path: Path) -> None:
    assert complaints(tmp_path / "airops.toml") == ["airops.toml: there is no such file, airops init writes one"]


def test_a_folder_and_a_pipe_are_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert complaints(tmp_path / "folder") == ["folder: is a folder, not a file"]
    assert complaints(tmp_path / "pipe") == ["pipe: is not a regular file"]


def test_a_file_of_more_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path, "#" * (1024 * 1024 + 1)) == [
        "airops.toml: is larger than 1024 KiB: hardly a file of settings"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{a=" * 100_000,
        ".".join("a" * 200_000) + " = 1",
        ".".join(["'a'"] * 100_000) + " = 1",
        "a = " + "9" * 100_000,
        "[" + ".".join("a" * 200_000) + "]",
        "[[a]]\n" * 100_000,
        "a = '''" + "\n" * 500_000,
    ],
    ids=["lists", "tables", "dotted key", "quoted keys", "number", "header", "headers", "unclosed text"],
)
def test_a_file_made_to_exhaust_the_parser_is_refused_in_good_time(tmp_path: Path, text: str) -> None:
    began = time.process_time()
    assert problems(tmp_path, text)
    assert time.process_time() - began < 15


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title = Classroom", '1:9: text goes in quotes, write title = "Classroom"'),
        ("read_only = yes", "1:13: not written like that, write read_only = true"),
        ("read_only = False", "1:13: not written like that, write read_only = false"),
        ("refresh = 10s", '1:13: text goes in quotes, write refresh = "10s"'),
        ("state = ~/state # mine", '1:9: text goes in quotes, write state = "~/state"'),
        ("state = “x”", '1:9: text goes in quotes, write state = "x"'),
        ("refresh = 5,", "1:12: not written like that, write refresh = 5"),
        ("refresh = 05", "1:12: not written like that, write refresh = 5"),
        ("refresh =", "1: refresh has no value, write one, or put a # before it"),
        ('title: "x"', "1:6: a key and its value are separated by =, write title = …"),
        ("refresh: 5", "1:8: a key and its value are separated by =, write refresh = 5"),
        ("refresh = 5\nrefresh = 6\n", "2:12: the key was given a value before, keep one of the two"),
        (
            '[services]\nname = "a"\n[services]\n',
            "3:10: [services] is there before, each one of a list starts with [[services]]",
        ),
        ('title = "x\nrefresh = 5', "1:11: the closing quote is missing"),
        (
            'title = "C:\\Users"',
            "1:14: a backslash means something in double quotes, write it in single quotes, or doubled",
        ),
        (
            'logs = [\n  "a"\n  "b"\n]',
            "3:3: a list is not closed, is a comma between its items missing, or the ] at its end?",
        ),
        (
            "refresh = 5\nlogs = [1,\ntitle = 3\n",
            "3:1: a list or a table above this line is not closed",
        ),
        ('title = "x', "1: the closing quote is missing"),
        ("title = 'x", "1: the closing quote is missing"),
        (
            "services:\n  - name: x\n",
            "1:9: this is not TOML but looks like YAML, a service begins with [[services]], then lines of key = value",
        ),
        ('{"title": "x"}', "1:1: this is not TOML, a line is key = value, a [section], or a comment after #"),
        ("[services", "1: not TOML: Expected ']' at the end of a table declaration"),
        ("title = [“x”]", "1:10: typographic quotes are no quotes here, write \" or '"),
    ],
)
def test_what_is_not_toml_is_told_with_line_and_column(tmp_path: Path, text: str, told: str) -> None:
    assert problems(tmp_path, text) == [f"airops.toml:{told}"]


def test_every_line_that_is_not_toml_is_told_at_once(tmp_path: Path) -> None:
    text = '[[services]]\nname = hub\nport = 8003\nmanager = launchd\n\n[[services]]\nname = "a"\nrefresh: 3\n'
    assert problems(tmp_path, text) == [
        'airops.toml:2:8: text goes in quotes, write name = "hub"',
        'airops.toml:4:11: text goes in quotes, write manager = "launchd"',
        "airops.toml:8:8: a key and its value are separated by =, write refresh = 3",
    ]


def test_a_file_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_bytes(b'title = "ok"\n# ' + "허브".encode("euc-kr"))
    assert complaints(path) == ["airops.toml:2: is not UTF-8 text, save it with that encoding"]


def _spoilt() -> list[str]:
    """The example with each of its values in turn replaced by one of another kind."""
    wrong = ["true", "-1", '"x"', "[]", '""', '"\\u0000"', '"~nobody/x"', "1e999", '"http://["', "[[], 3]", "{ a = 1 }"]
    lines = Path(__file__).parents[2].joinpath("config.example.toml").read_text(encoding="utf-8").split("\n")
    found = []
    for number, line in enumerate(lines):
        if match := re.match(r"(?:# )?([\w]+ = )", line):
            values = (wrong[(number + step) % len(wrong)] for step in (0, 4, 8))
            found += ["\n".join([*lines[:number], match[1] + value, *lines[number + 1 :]]) for value in values]
    return found


def test_whatever_stands_behind_a_key_load_takes_it_or_tells_the_line(tmp_path: Path) -> None:
    told = 0
    for text in _spoilt():
        try:
            load(write(tmp_path, text), environ={})
        except ConfigError as error:
            told += 1
            for problem in error.problems:
                assert problem.line or "run: chmod" in problem.suggestion, problem
                assert str(problem).isprintable()
    assert told > 100


def test_escapes_in_a_broken_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    for text in ("title = \x1b]0;owned\x07", 'ti\x1b[2Jtle = "x"', '"\\u001b[2J" = 3', 'refresh = "\\u001b[2J"'):
        assert "\x1b" not in "".join(problems(tmp_path, text))
