"""The repository of the playground: releases to move between, and an origin that is ahead."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from airops_tui.hosts.base import Answer, Command, Request, Trouble
from airops_tui.hosts.local import LocalHost
from airops_tui.playground.releases import build_repository

NOW = 1_790_000_000.0


def git(folder: Path, *words: str) -> list[str]:
    done = subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.splitlines()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    assert build_repository(LocalHost(), tmp_path / "platform", tmp_path / "origin.git", NOW)
    return tmp_path / "platform"


def test_the_checkout_is_clean_and_stands_at_its_newest_release(checkout: Path):
    assert git(checkout, "status", "--porcelain") == []
    assert git(checkout, "describe", "--tags") == ["v1.3.0"]
    assert git(checkout, "tag") == ["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0"]
    assert (checkout / "proto4" / "VERSION").read_text() == "1.3.0\n"


def test_the_origin_is_two_commits_ahead_and_the_checkout_does_not_know_yet(checkout: Path):
    assert git(checkout, "rev-list", "HEAD..origin/main") == []
    git(checkout, "fetch", "--quiet")
    assert git(checkout, "log", "--format=%s", "HEAD..origin/main") == [
        "proto4: answer in the student's language",
        "proto4: names of the students in the lobby",
    ]
    git(checkout, "merge", "--quiet", "--ff-only", "origin/main")
    assert (checkout / "proto4" / "VERSION").read_text() == "1.4.0\n"


def test_going_back_to_any_release_gives_that_release(checkout: Path):
    for release in ("1.0.0", "1.2.0", "1.1.0"):
        git(checkout, "checkout", "--quiet", f"v{release}")
        assert (checkout / "proto4" / "VERSION").read_text() == f"{release}\n"
        assert release in (checkout / "proto4" / "static" / "index.html").read_text()


def test_the_branch_next_holds_a_release_that_does_not_start(checkout: Path):
    git(checkout, "fetch", "--quiet")
    git(checkout, "checkout", "--quiet", "origin/next")
    assert "import language_model_client" in (checkout / "proto4" / "main.py").read_text()


def test_the_same_moment_gives_the_same_commits(checkout: Path, tmp_path: Path):
    build_repository(LocalHost(), tmp_path / "again", tmp_path / "again.git", NOW)
    assert git(checkout, "rev-parse", "HEAD") == git(tmp_path / "again", "rev-parse", "HEAD")


class HostWithoutGit(LocalHost):
    def perform(self, request: Request) -> Answer:
        if isinstance(request, Command) and request.argv[0] == "git":
            return Answer(trouble=Trouble.ABSENT, detail="No such file or directory: git")
        return super().perform(request)


def test_without_git_the_newest_release_is_a_plain_folder(tmp_path: Path):
    assert not build_repository(HostWithoutGit(), tmp_path / "platform", tmp_path / "origin.git", NOW)
    assert (tmp_path / "platform" / "proto4" / "VERSION").read_text() == "1.4.0\n"
    assert not (tmp_path / "platform" / ".git").exists()
