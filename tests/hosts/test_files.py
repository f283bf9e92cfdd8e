"""Reading files of a managed system without being led astray."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from airops_tui.hosts.base import Answer, ListFolder, ReadFile, Trouble, ask
from airops_tui.hosts.files import write_json
from airops_tui.hosts.local import LocalHost


def read(path: Path, **how: object) -> Answer:
    return ask(LocalHost(), ReadFile(path=str(path), **how))  # type: ignore[arg-type]


def test_the_end_of_a_file_is_read_without_the_rest(tmp_path: Path):
    log = tmp_path / "app.log"
    log.write_bytes(b"old\n" * 100_000 + b"last\n")
    answer = read(log, limit=5, tail=True)
    assert (answer.out, answer.truncated) == (b"last\n", True)


def test_the_beginning_of_a_file_is_read_up_to_the_limit(tmp_path: Path):
    log = tmp_path / "app.log"
    log.write_bytes(b"first and more")
    assert read(log, limit=5).out == b"first"


def test_a_missing_file_is_a_named_trouble(tmp_path: Path):
    answer = read(tmp_path / "gone.log")
    assert answer.trouble is Trouble.ABSENT and "gone.log" in answer.detail


@pytest.mark.parametrize("kind", ["fifo", "device", "folder"])
def test_only_regular_files_are_opened_and_nothing_blocks(tmp_path: Path, kind: str):
    path = tmp_path / "odd"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path = Path("/dev/zero")
    assert read(path).trouble is not None


def test_a_link_within_one_users_files_is_followed(tmp_path: Path):
    (tmp_path / "release.log").write_text("lines")
    (tmp_path / "current.log").symlink_to(tmp_path / "release.log")
    assert read(tmp_path / "current.log").out == b"lines"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a link that belongs to another user")
def test_a_link_that_another_user_laid_is_refused(tmp_path: Path):
    (tmp_path / "shadow").write_text("secret")
    link = tmp_path / "app.log"
    link.symlink_to(tmp_path / "shadow")
    os.chown(link, 12345, 12345, follow_symlinks=False)
    answer = read(link)
    assert answer.trouble is Trouble.DENIED and answer.out == b""


def test_a_folder_is_listed_sorted(tmp_path: Path):
    for name in ("b", "a", "c"):
        (tmp_path / name).touch()
    assert ask(LocalHost(), ListFolder(path=str(tmp_path))).out == b"a\nb\nc"


def test_what_we_write_is_ours_alone(tmp_path: Path):
    path = tmp_path / "state" / "record.json"
    write_json(path, {"pid": 1})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["record.json"]
