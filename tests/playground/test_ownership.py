"""Who runs a playground, and how another terminal finds it: locks and notes, without any service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from airops_tui.errors import RefusedError, UsageError
from airops_tui.playground import ownership
from airops_tui.playground.ownership import Note, announced, find, is_owned, sweep, take
from airops_tui.playground.world import find_playground, open_playground


@contextmanager
def owned(directory: Path, *, temporary: bool = False) -> Iterator[Path]:
    directory.mkdir(exist_ok=True)
    lock = take(directory)
    try:
        with announced(Note(directory, temporary)):
            yield directory
    finally:
        os.close(lock)


def killed(directory: Path, *, temporary: bool) -> None:
    """What an owner leaves behind that could not clean up."""
    directory.mkdir()
    lock = take(directory)
    leave_note(Note(directory, temporary))
    os.close(lock)


def leave_note(note: Note) -> None:
    context = announced(note)
    context.__enter__()
    never_left.append(context)


never_left: list[object] = []
"""Keeps the contexts from being closed by the garbage collection, as they would not be when a process is killed."""


def test_a_folder_has_one_owner_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ownership, "PATIENCE", 0.05)
    with owned(tmp_path / "one") as folder:
        assert is_owned(folder)
        with pytest.raises(RefusedError, match="already runs"):
            take(folder)
    assert not is_owned(folder)


def test_the_only_playground_is_found_without_saying_where(tmp_path: Path):
    with owned(tmp_path / "one") as folder:
        assert find() == folder


def test_with_no_playground_or_several_finding_one_says_what_to_do(tmp_path: Path):
    with pytest.raises(UsageError, match="no playground runs"):
        find()
    with owned(tmp_path / "one") as one, owned(tmp_path / "other") as other:
        with pytest.raises(UsageError, match="2 playgrounds run") as refused:
            find()
        assert f"--dir {one}" in refused.value.hint
        assert f"--dir {other}" in refused.value.hint


def test_a_folder_whose_playground_does_not_run_is_not_found(tmp_path: Path):
    with pytest.raises(UsageError, match="no playground runs in"):
        find_playground(tmp_path)


def test_a_killed_owners_temporary_folder_is_removed_and_a_kept_one_is_not(tmp_path: Path, notes: Path):
    killed(tmp_path / "airops-demo-x", temporary=True)
    killed(tmp_path / "kept", temporary=False)
    with owned(tmp_path / "airops-demo-running", temporary=True) as running:
        sweep()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["airops-demo-running", "kept", "notes"]
        assert find() == running
    assert list(notes.iterdir()) == []


@pytest.mark.parametrize("said", ["", "[]", "{}", '{"directory": 5, "temporary": true}', "\xff"])
def test_a_damaged_note_is_passed_over(notes: Path, said: str):
    notes.mkdir()
    (notes / "x.json").write_text(said, encoding="latin-1")
    sweep()
    with pytest.raises(UsageError, match="no playground runs"):
        find()


def test_a_note_that_lies_cannot_have_a_foreign_folder_removed(tmp_path: Path):
    for name in ("home", "airops-demo-without-a-lock"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "thesis.txt").write_text("do not touch")
        leave_note(Note(folder, temporary=True))
    sweep()
    assert (tmp_path / "home" / "thesis.txt").exists()
    assert (tmp_path / "airops-demo-without-a-lock" / "thesis.txt").exists()


def test_a_state_folder_that_cannot_be_written_costs_only_the_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a file").touch()
    monkeypatch.setattr(ownership, "notes_folder", lambda: tmp_path / "a file" / "playgrounds")
    with owned(tmp_path / "one") as folder:
        assert find_is_refused()
        assert is_owned(folder)


def find_is_refused() -> bool:
    with pytest.raises(UsageError):
        find()
    return True


def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(tmp_path: Path):
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "thesis.txt").write_text("do not touch")
    with pytest.raises(RefusedError, match="holds no playground"):
        open_playground(folder)
    assert [file.name for file in folder.iterdir()] == ["thesis.txt"]
