"""Ports and health addresses read from what starts a service. A guess always says where it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from airops_tui.config.draft import Hint
from airops_tui.config.toml import quote

_FLAG = re.compile(r"--?(?:[a-z]+[-_.])*(?:port|listen|bind|addr|address|http)", re.IGNORECASE)
_PORT_AT_END = re.compile(r"(?:\S*:)?(\d{2,5})")
_JAVA = re.compile(r"-D(?:[\w.]*\.)?port=(\d{2,5})")
_SHORT_FLAGS = {"-p", "-b", "-S", "-l"}
_TAKES_PORT = {"http.server", "runserver"}
_NOT_HTTP = frozenset(
    (21, 22, 25, 53, 110, 143, 465, 587, 993, 1433, 1521, 1883, 1935, 3306, 5432, 5672, 6379, 9092, 11211, 27017)
)
_URL = re.compile(r"https?://[^\s\"'|;&<>)]+")


def port_of(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str] | None:
    """The port a command will listen on and where that is said: in its arguments, or in PORT of its environment."""
    for index, word in enumerate(command):
        following = command[index + 1] if index + 1 < len(command) else ""
        flag, equals, value = word.partition("=")
        if java := _JAVA.fullmatch(word):
            said, number = word, java[1]
        elif equals and _FLAG.fullmatch(flag) and (match := _PORT_AT_END.fullmatch(value)):
            said, number = word, match[1]
        elif _expects_port(word) and (match := _PORT_AT_END.fullmatch(following)):
            said, number = f"{word} {following}", match[1]
        else:
            continue
        if _is_port(number):
            return int(number), f"from {said} in its command"
    value = str(environment.get("PORT", ""))
    return (int(value), f"from PORT={value} in its environment") if _is_port(value) else None


def health_hints(port: int | None) -> tuple[Hint, ...]:
    """The health address that many services have; nothing says that this one has it. None for what speaks no HTTP."""
    if port is None or port in _NOT_HTTP:
        return ()
    address = quote(f"http://localhost:{port}/health")
    return (Hint("health", address, "a guess: switch it on if it answers 200 there"),)


def address_in(words: Sequence[str]) -> str | None:
    """The first http address in a command, such as the one a health check asks."""
    match = _URL.search(" ".join(words))
    return match[0].rstrip(".,") if match else None


def _expects_port(word: str) -> bool:
    return bool(word in _SHORT_FLAGS or word in _TAKES_PORT or _FLAG.fullmatch(word))


def _is_port(text: str) -> bool:
    return bool(re.fullmatch(r"\d{2,5}", text, re.ASCII)) and 1 <= int(text) <= 65535
