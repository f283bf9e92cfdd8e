"""Holding a manager's conversation without a host: every request is answered by the test, and remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from airops_tui.config.settings import ServiceSettings
from airops_tui.hosts.base import Answer, Call, Command, Dialogue, ListFolder, ReadFile, Request, Trouble

T = TypeVar("T")
Reply = Callable[[Request], Answer]

RECORDED = Path(__file__).parent / "recorded"
ABSENT = Answer(trouble=Trouble.ABSENT)


def recorded(name: str) -> bytes:
    """What a real tool printed once; a path below `recorded/`."""
    return (RECORDED / name).read_bytes()


def service(name: str, **settings: Any) -> ServiceSettings:
    return ServiceSettings(name=name, **settings)


@dataclass
class Talk(Generic[T]):
    """How a conversation went: its result, and all that was asked."""

    result: T
    asked: list[Request] = field(default_factory=list)

    @property
    def commands(self) -> list[tuple[str, ...]]:
        return [request.argv for request in self.asked if isinstance(request, Command)]

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.asked if isinstance(request, Call | ReadFile | ListFolder)]


def talk(dialogue: Dialogue[T], reply: Reply | Iterable[Answer]) -> Talk[T]:
    """Hold a conversation. Whatever it asks for may only look."""
    answers = iter(()) if callable(reply) else iter(reply)
    asked: list[Request] = []
    try:
        request = next(dialogue)
        while True:
            assert not request.writes, f"a look that writes: {request}"
            assert len(asked) < 500, "no end in sight"
            asked.append(request)
            request = dialogue.send(reply(request) if callable(reply) else next(answers))
    except StopIteration as end:
        return Talk(end.value, asked)


def says(text: str | bytes, status: int = 0, err: str | bytes = b"") -> Answer:
    """The answer of a command or a daemon."""
    out, err = (part.encode() if isinstance(part, str) else part for part in (text, err))
    return Answer(status, out, err)


class Files:
    """A reply for conversations that look for files: folders and contents by path, everything else absent."""

    def __init__(self, *paths: str, **contents: bytes) -> None:
        self.contents = dict.fromkeys(paths, b"") | contents

    def __call__(self, request: Request) -> Answer:
        if isinstance(request, ReadFile) and request.path in self.contents:
            return Answer(out=self.contents[request.path])
        if isinstance(request, ListFolder):
            names = sorted(set(self._names(request.path.rstrip("/") + "/")))
            return Answer(out="\n".join(names).encode()) if names else ABSENT
        return ABSENT

    def _names(self, folder: str) -> Iterator[str]:
        for path in self.contents:
            if path.startswith(folder):
                yield path[len(folder) :].partition("/")[0]
