"""Terminal manners, on a real pseudo-terminal: the console leaves it as it found it, however it ends."""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from airops_tui.ui.terminal import Replies
from tests.ui.tty import DRIVE, Tty

READY = "proto1.*commands"
BUSY = (*DRIVE, "--services", "200", "--period", "0.05")
IGNORING_SIGHUP = "import os, signal, sys; signal.signal(signal.SIGHUP, 1); os.execv(sys.argv[1], sys.argv[1:])"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT])
def test_a_signal_restores_the_terminal_and_is_the_exit_code(number: signal.Signals) -> None:
    with Tty() as tty:
        tty.until(READY)
        os.kill(tty.pid, number)
        assert tty.exit_code() == 128 + number
        assert tty.restored


def test_quitting_restores_the_terminal_and_ends_with_zero() -> None:
    with Tty() as tty:
        tty.until(READY)
        tty.type("q")
        assert tty.exit_code() == 0
        assert tty.restored


def test_a_terminal_that_goes_away_ends_the_console_even_without_a_signal() -> None:
    with Tty((sys.executable, "-c", IGNORING_SIGHUP, *DRIVE)) as tty:
        tty.until(READY)
        before = tty.cpu_seconds()
        tty.hang_up()
        assert tty.exit_code(reading=False) == 129
        assert tty.last_cpu - before < 2


def test_a_bug_of_ours_ends_with_one_line_and_a_file_for_the_owner_only(tmp_path: Path) -> None:
    secret = "AIROPS_CANARY_4711"
    with Tty((*DRIVE, "--state", str(tmp_path), "--crash", secret)) as tty:
        assert tty.exit_code() == 70
        assert tty.restored
        said = tty.raw[tty.raw.rfind(b"\x1b[?1004l") :].decode()
        assert "airops: a bug of ours: RuntimeError" in said
        assert "Traceback" not in said
        (file,) = tmp_path.glob("*")
        assert str(file) in said.replace("\r\n", "")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "drive.py" in file.read_text()
        assert secret not in file.read_text() + said


def test_answers_of_the_terminal_press_no_keys() -> None:
    with Tty() as tty:
        tty.until(READY)
        for answer in (
            b"\x1b[?62;22c",
            b"\x1b[>41;320;0c",
            b"\x1b[0n",
            b"\x1bP>|tmux 3.3a q\x1b\\",
            b"\x1b]10;rgb:ffff/qqqq/ffff\x07",
            b"\x1b]52;c;cQ==\x1b\\",
            b"\x1b[?1;2;4S"[:6] + b"c",
            b"\x1b[8;24;80t",
            b"\x1b[24;80R",
        ):
            tty.type(answer)
        tty.type("j")
        tty.until("port 8080 is held by nginx")
        assert "PAUSED" not in tty.text


def test_pasted_text_presses_no_keys() -> None:
    with Tty() as tty:
        tty.until(READY)
        tty.type("\x1b[200~q\nq\np\n:quit\n\x1b[201~")
        tty.type("j")
        tty.until("port 8080 is held by nginx")
        assert "PAUSED" not in tty.text


def test_input_that_is_no_utf8_is_survived() -> None:
    with Tty() as tty:
        tty.until(READY)
        tty.type(b"\xff\xfe\xc3")
        tty.type("j")
        tty.until("port 8080 is held by nginx")


def test_a_terminal_that_takes_nothing_neither_swells_the_console_nor_keeps_it_from_ending() -> None:
    with Tty(BUSY) as tty:
        tty.until("service-00")
        tty.choke()
        assert tty.process.memory_info().rss < 200 * 2**20
        os.kill(tty.pid, signal.SIGTERM)
        assert tty.exit_code(reading=False) == 143


def test_a_terminal_that_takes_text_again_gets_the_whole_screen() -> None:
    with Tty(BUSY) as tty:
        tty.until("service-00")
        tty.choke()
        tty.type("?")
        tty.until("keys here.*quit")


def test_environment_variables_of_textual_do_not_steer_the_console() -> None:
    steering = {
        "TEXTUAL_PRESS": "q",
        "TEXTUAL_DRIVER": "os:nothing",
        "TEXTUAL_LOG": "/dev/full",
        "TEXTUAL_THEME": "nord",
    }
    with Tty(env=steering) as tty:
        tty.until(READY)
        tty.type("j")
        tty.until("port 8080 is held by nginx")


def test_without_colour_nothing_is_coloured_and_the_selection_still_shows() -> None:
    with Tty(env={"NO_COLOR": "1"}) as tty:
        tty.until(READY)
        sequences = [part.split(b"m")[0] for part in tty.raw.split(b"\x1b[")[1:]]
        colours = [one for one in sequences if one[:3] in (b"38;", b"48;") or b";38;" in one or b";48;" in one]
        assert not colours
        assert any(one.split(b";")[0] == b"7" or b"7" in one.split(b";") for one in sequences)


def test_sixteen_colours_are_enough() -> None:
    with Tty(env={"COLORTERM": "", "TERM": "xterm-16color"}) as tty:
        tty.until(READY)
        assert b"38;2;" not in tty.raw
        assert b"38;5;" not in tty.raw


@pytest.mark.parametrize("locale", [{"LANG": "C"}, {"LC_ALL": "POSIX"}, {"LANG": "en_US.ISO-8859-1"}])
def test_without_utf8_everything_is_ascii(locale: dict[str, str]) -> None:
    with Tty(env=locale) as tty:
        tty.until("x down .*commands")
        tty.type("?")
        tty.until("keys here")
        assert tty.raw.isascii()


def test_a_resize_storm_ends_in_the_last_size() -> None:
    with Tty() as tty:
        tty.until(READY)
        for number in range(200):
            tty.resize(1 + number * 7 % 200, 1 + number * 3 % 60)
        tty.resize(80, 24)
        os.kill(tty.pid, signal.SIGWINCH)
        tty.until("STATE.*SERVICE.*proto1.*enter details")
        assert tty.process.is_running()


def test_answers_that_arrive_in_pieces_are_recognised() -> None:
    replies = Replies()
    assert replies.without("a\x1b[?62") == "a"
    assert replies.without(";22cb") == "b"
    assert replies.without("\x1bP>|tmux") == ""
    assert replies.without(" 3.3a\x1b") == ""
    assert replies.without("\\k") == "k"


@pytest.mark.parametrize(
    "typed",
    ["\x1b", "\x1b[A", "\x1b[<0;5;5M", "\x1b[200~q\x1b[201~", "\x1b[?2026;2$y", "\x1b[48;24;80;480;640t", "\x1b[97;5u"],
)
def test_what_a_person_types_passes(typed: str) -> None:
    assert Replies().without(typed) == typed
