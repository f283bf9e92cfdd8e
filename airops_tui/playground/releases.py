"""The repository of the classrooms: a history with releases to move between, and an origin that is two commits ahead.

Written by one `git fast-import`, so that it takes a few hundredths of a second, and with the same hashes for the same
`now`. Where there is no git the newest release is laid out as a plain folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from airops_tui.errors import HostError
from airops_tui.hosts.base import Command, Host, Trouble, ask
from airops_tui.playground import services

BRANCH = "main"
BROKEN_BRANCH = "next"
CLASSROOMS = ("proto1", "proto3", "proto4")
DAY = 86400
AUTHOR = "Jimin Park <jimin@llmclass.example>"
GIT_TIMEOUT = 20.0
GIT_ENVIRONMENT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
"""No settings of the person who starts the playground: no templates, hooks, signing or default branch of theirs."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: what it says, how many days ago, the files it writes, and the tag it gets."""

    subject: str
    days_ago: float
    files: Mapping[str, str]
    tag: str = ""


def page(release: str, drawer: str) -> str:
    """The front page of proto4 in one release."""
    return f"<!doctype html>\n<title>Socratic Learning {release}</title>\n<p>drawer: {drawer}</p>\n"


def history() -> tuple[Commit, ...]:
    """What is checked out: five commits, four of them releases."""
    return (
        Commit("Import the classrooms", 41, {**_first_files(), **_proto4("1.0.0", "open")}, "v1.0.0"),
        Commit("proto4: keep the drawer closed on phones", 26, _proto4("1.1.0", "closed on phones"), "v1.1.0"),
        Commit("Unified management of the classrooms", 11, _proto4("1.2.0", "closed on phones, shared"), "v1.2.0"),
        Commit("proto3: shorter prompts", 6, {"proto3/VERSION": "1.0.1\n"}),
        Commit("proto4: fix drawer handle", 2, _proto4("1.3.0", "with a handle"), "v1.3.0"),
    )


def upstream() -> tuple[Commit, ...]:
    """What the origin has in addition."""
    return (
        Commit("proto4: names of the students in the lobby", 1, _proto4("1.3.1", "with names")),
        Commit("proto4: answer in the student's language", 0.1, _proto4("1.4.0", "in every language"), "v1.4.0"),
    )


def broken() -> tuple[Commit, ...]:
    """A release on a branch of its own that does not start: what it imports is in no requirements file."""
    source = _source("classroom").replace("\nimport json\n", "\nimport json\nimport language_model_client\n", 1)
    files = {**_proto4("1.5.0-rc1", "in the new model"), "proto4/main.py": source}
    return (Commit("proto4: try the new model client", 0.02, files, "v1.5.0-rc1"),)


def build_repository(host: Host, checkout: Path, origin: Path, now: float) -> bool:
    """Make the origin and a checkout of it that is behind. False when there is no git: the checkout is a plain folder.

    `now` is the moment that "two days ago" refers to, seconds since the epoch. Raises HostError when git fails.
    """
    if not _git(host, "init", "--quiet", "--bare", f"--initial-branch={BRANCH}", str(origin)):
        _lay_out(checkout, (*history(), *upstream()))
        return False
    _git(host, "-C", str(origin), "fast-import", "--quiet", feed=_stream(history(), now, BRANCH))
    _git(host, "clone", "--quiet", str(origin), str(checkout))
    ahead = _stream(upstream(), now, BRANCH, f"refs/heads/{BRANCH}^0", first_mark=100)
    ahead += _stream(broken(), now, BROKEN_BRANCH, f"refs/heads/{BRANCH}", first_mark=200)
    _git(host, "-C", str(origin), "fast-import", "--quiet", feed=ahead)
    return True


def _git(host: Host, *words: str, feed: bytes = b"") -> bool:
    """Run git; False when there is none. Raises HostError when it fails."""
    command = Command(argv=("git", *words), input=feed, env=GIT_ENVIRONMENT, timeout=GIT_TIMEOUT)
    answer = ask(host, command)
    if answer.trouble is Trouble.ABSENT:
        return False
    if answer.trouble is not None or answer.status != 0:
        said = answer.err.decode("utf-8", "replace").strip() or answer.detail
        raise HostError(f"the playground's repository could not be made: git {words[0]}: {said}", "try another --dir")
    return True


def _stream(commits: Sequence[Commit], now: float, branch: str, parent: str = "", first_mark: int = 1) -> bytes:
    """Commits as `git fast-import` reads them; lengths are in bytes."""
    parts: list[bytes] = []
    for mark, commit in enumerate(commits, first_mark):
        who = f"{AUTHOR} {int(now - commit.days_ago * DAY)} +0900"
        parts.append(f"commit refs/heads/{branch}\nmark :{mark}\ncommitter {who}\n".encode())
        parts.append(_data(commit.subject + "\n"))
        if mark == first_mark and parent:
            parts.append(f"from {parent}\n".encode())
        for path, text in commit.files.items():
            parts += [f"M 100644 inline {path}\n".encode(), _data(text)]
        if commit.tag:
            parts.append(f"tag {commit.tag}\nfrom :{mark}\ntagger {who}\n".encode() + _data(f"Release {commit.tag}\n"))
    return b"".join(parts)


def _data(text: str) -> bytes:
    encoded = text.encode()
    return b"data %d\n%b\n" % (len(encoded), encoded)


def _lay_out(folder: Path, commits: Sequence[Commit]) -> None:
    for commit in commits:
        for path, text in commit.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")


def _first_files() -> dict[str, str]:
    files = {
        "README.md": "# LLM Classroom\n\nEach folder is one service: `python3 main.py`.\n",
        ".gitignore": ".env\ndata/\n__pycache__/\n",
        "hub/main.py": _source("hub"),
        "hub/VERSION": "1.0.0\n",
    }
    for name in CLASSROOMS:
        files |= {f"{name}/main.py": _source("classroom"), f"{name}/VERSION": "1.0.0\n"}
        files |= {f"{name}/requirements.txt": "# the standard library is enough\n"}
    return files


def _proto4(release: str, drawer: str) -> dict[str, str]:
    return {"proto4/VERSION": f"{release}\n", "proto4/static/index.html": page(release, drawer)}


def _source(name: str) -> str:
    return (Path(services.__path__[0]) / f"{name}.py").read_text(encoding="utf-8")
