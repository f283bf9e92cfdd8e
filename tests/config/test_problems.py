"""Everything that can be wrong inside a config, and the one line that the operator is told of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.config.files import loaded, problems

SERVICE = '[[services]]\nname = "a"\nport = 1\n'


def _cases() -> list[tuple[str, str]]:
    """The cases of problems.txt: the file, and what is told of it."""
    text = Path(__file__).with_name("problems.txt").read_text(encoding="utf-8")
    blocks = [block for part in re.split(r"^====.*\n", text, flags=re.M)[1:] for block in part.split("----\n") if block]
    return [(file, told.strip()) for file, _, told in (block.rpartition("> ") for block in blocks)]


@pytest.mark.parametrize(("text", "told"), _cases())
def test_a_wrong_setting_is_told_with_its_line_and_what_was_meant(tmp_path: Path, text: str, told: str) -> None:
    assert problems(tmp_path, text) == [f"airops.toml:{told}"]


def test_every_problem_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        """
        # a site somebody wrote in a hurry
        refresh = "often"

        [[services]]
        name = "hub"
        helth = "http://localhost:8003/health"
        port = "8003"

        [[services]]
        name = "p 1"
        depends_on = ["hubb"]
        health = { url = "localhost:8001" }

        [alerts]
        urls = ["env:ALERT_WEBHOOK"]
        """,
    )
    assert told == [
        'airops.toml:2: refresh: "often" is no duration, write "30s", "15m", "4h" or "2d"',
        'airops.toml:6: services[0].helth: unknown key, did you mean "health"?',
        "airops.toml:7: services[0].port: must be a whole number, not text, write 8003 without quotes",
        'airops.toml:10: services[1].name: "p 1" must be letters, digits and . _ - @ : + only, did you mean "p-1"?',
        'airops.toml:11: services[1].depends_on[0]: there is no service "hubb", did you mean "hub"?',
        'airops.toml:12: services[1].health.url: "localhost:8001" must begin with http:// or https://, '
        'did you mean "http://localhost:8001"?',
        "airops.toml:15: alerts.urls[0]: ALERT_WEBHOOK is set neither in the environment nor in .env, add it to .env",
    ]


def test_one_wrong_value_does_not_make_others_look_wrong(tmp_path: Path) -> None:
    """A bad port leaves nothing to look at, and a bad name nothing to depend on: neither is worth a second line."""
    assert problems(tmp_path, '[[services]]\nname = "a"\nport = "x"') == [
        "airops.toml:3: services[0].port: must be a whole number, not text"
    ]
    assert (
        len(problems(tmp_path, SERVICE.replace('"a"', '"a a"') + '[[services]]\nname="b"\nport=2\ndepends_on=["a a"]'))
        == 1
    )


def test_each_circle_of_dependencies_is_told_once_with_its_way(tmp_path: Path) -> None:
    text = "".join(
        f'[[services]]\nname = "{name}"\nport = {port}\ndepends_on = {needs}\n'
        for port, (name, needs) in enumerate(
            [("a", ["b"]), ("b", ["c"]), ("c", ["a"]), ("d", ["e"]), ("e", ["d", "a"])], 1
        )
    ).replace("'", '"')
    assert problems(tmp_path, text) == [
        'airops.toml:4: services[0].depends_on: goes in a circle: "a" → "b" → "c" → "a"',
        'airops.toml:16: services[3].depends_on: goes in a circle: "d" → "e" → "d"',
    ]


def test_two_services_may_have_the_same_port_on_two_hosts(tmp_path: Path) -> None:
    text = SERVICE + '[[services]]\nname = "b"\nport = 1\nhost = "web1"\n[[hosts]]\nname = "web1"\nssh = "web1"'
    assert [service.port for service in loaded(tmp_path, text).services] == [1, 1]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[[services]]\nname = "a"\nport = 1\n[services.health]\nurl = "x"', 5),
        ('services = [\n  { name = "a", port = 1,\n    health = "x" },\n]'.replace(",\n    health", ", health"), 2),
        ('[[services]]\nname = "a"\nport = 1\nhealth.url = "x"', 4),
        ('[[services]]\nname = "a"\nport = 1\n"health" = "x"', 4),
        (
            '[[services]]\nname = "b"\nport = 2\n[[services]]\nname = "a"\nport = 1\n\n["services".health]\nurl = "x"',
            9,
        ),
        ('# \n\n[[services]]\nname = """\\\na"""\nport = 1\nhealth = "x"', 7),
        ('title = """\n[[services]]\n"""\n[[services]]\nname = "a"\nport = 1\nhealth = "x"', 7),
    ],
    ids=["table", "inline list", "dotted key", "quoted key", "quoted header", "text over lines", "header inside text"],
)
def test_the_line_is_right_however_the_toml_is_written(tmp_path: Path, text: str, line: int) -> None:
    [told] = problems(tmp_path, text)
    assert told.startswith(f"airops.toml:{line}: services[")
    assert "must begin with http://" in told
