"""How each kind of value is read from the text in the file, each with the sentence for when it is wrong. All pure.

A reader is given the text and returns the value, or raises Wrong. Its sentence never repeats the text: whether that may
be shown is the caller's to know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from airops_tui.config.settings import Kind

# Texts, not compiled patterns: `re` compiles and keeps each at its first use, and most files need few of them.
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
_NAME = r"\w[\w.@:+-]*"
_DURATION = r"(?:\d+(?:\.\d+)?\s*(?:ms|[smhdw])\s*)+"
_PARTS = r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])"
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SIZE = r"(?i)(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?"
_HOURS = r"([01]?\d|2[0-4]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-4]):([0-5]\d)"
_DESTINATION = r"[\w\[][\w.@:%\[\]/\\+~-]*"
_METRIC = r"[A-Za-z_:][\w:]*(?:\{[^{}]*\})?"
_CRON_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_CRON_WORDS = {
    "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "weekday": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}
_CRON_NAMES = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")


class Wrong(ValueError):
    """A value that cannot be used. `suggestion` is what was probably meant, or how to write it."""

    def __init__(self, what: str, suggestion: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.suggestion = suggestion


def name(text: str) -> str:
    """A name that can be typed after a command: letters, digits and `. _ - @ : +`, never first a dash."""
    if re.fullmatch(_NAME, text):
        return text
    better = re.sub(r"[^\w.@:+-]+", "-", text).strip("-")
    hint = f'did you mean "{better}"?' if re.fullmatch(_NAME, better) and len(better) <= 60 else ""
    if not text:
        raise Wrong("is empty")
    if text.startswith("-"):
        raise Wrong("begins with a dash, which programs take for an option", hint)
    raise Wrong("must be letters, digits and . _ - @ : + only", hint)


def plain(text: str) -> str:
    """Text that reaches a program as one operand: no control characters, no dash first, not empty."""
    if not text.strip():
        raise Wrong("is empty")
    if text.startswith("-"):
        raise Wrong("begins with a dash, which programs take for an option")
    if re.search(_CONTROL, text):
        raise Wrong("holds a control character")
    return text


def branch(text: str) -> str:
    """A git branch, by the rules of git-check-ref-format that matter here."""
    if re.search(r"[\s~^:?*\[\\]|\.\.|@\{|^/|/$|\.lock$", plain(text)):
        raise Wrong("is no name git accepts for a branch")
    return text


def argument(text: str) -> str:
    """One word of a command. It may hold anything but NUL, which no program can be given."""
    if "\x00" in text:
        raise Wrong("holds a NUL character")
    return text


def destination(text: str) -> str:
    """What ssh is given: an alias, host, user@host or ssh:// address; never an option."""
    if not re.fullmatch(_DESTINATION, plain(text)):
        raise Wrong("is nothing that ssh takes for a destination", 'write "user@host" or an alias of ~/.ssh/config')
    return text


def path(text: str) -> str:
    """A path, not yet made absolute."""
    if not text.strip():
        raise Wrong("is empty")
    if re.search(_CONTROL, text):
        raise Wrong("holds a control character")
    return text


def inside(text: str) -> str:
    """A path that stays inside the folder it is looked up in."""
    parts = Path(path(text)).parts
    if text.startswith(("/", "~")) or ".." in parts:
        raise Wrong("must stay inside its folder: neither absolute nor with ..")
    if text.startswith("-"):
        raise Wrong("begins with a dash, which programs take for an option", f'write "./{text}"')
    return text


def socket(text: str) -> str:
    """The path of a unix socket; `unix://` before it is dropped."""
    if re.match(r"(?!unix:)[a-z][\w+.-]*:", text):
        raise Wrong("is not a unix socket", 'write its path, as "/var/run/docker.sock"')
    return path(re.sub(r"^unix:(//)?", "", text))


def url(text: str) -> str:
    """An http:// or https:// address with a host."""
    hint = "" if "://" in text or not re.match(r"[\w.\[\]-]+(:\d+)?(/|$)", text) else f'did you mean "http://{text}"?'
    if re.search(r"\s", text) or re.search(_CONTROL, text):
        raise Wrong("holds a space or a control character", "write %20 for a space")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Wrong("has a port or host that cannot be", "ports are 1 to 65535") from None
    if parts.scheme not in ("http", "https") or not text[len(parts.scheme) :].startswith("://"):
        raise Wrong("must begin with http:// or https://", hint)
    if not parts.hostname:
        raise Wrong("names no host")
    if port == 0:
        raise Wrong("has a port that cannot be", "ports are 1 to 65535")
    return text


def counter(text: str) -> str:
    """An address and, after `#`, the JSON pointer or the metric that counts people."""
    address, _, where = text.partition("#")
    url(address)
    if not where:
        raise Wrong("does not say where in the answer the number is", 'add "#/json/pointer" or "#metric_name"')
    if where.startswith("/"):
        pointer(where)
    elif not re.fullmatch(_METRIC, where):
        raise Wrong("ends in neither a JSON pointer nor a metric", 'as in "…#/online/students" or "…#users_online"')
    return text


def alert(text: str) -> str:
    """An address that Apprise knows, or that of a webhook."""
    if re.search(_CONTROL, text) or not re.match(r"[A-Za-z][\w+.-]*://?\S", text):
        raise Wrong("must be an address", 'as "slack://…", "mailto://…" or "https://…"')
    return text


def pointer(text: str) -> str:
    """A JSON pointer, RFC 6901: empty, or steps each after a slash; ~ only as ~0 and ~1."""
    if text and not text.startswith("/"):
        raise Wrong("must begin with a slash", f'did you mean "/{text.lstrip("$.").replace(".", "/")}"?')
    if re.search(r"~(?![01])", text):
        raise Wrong("has a ~ that is neither ~0 nor ~1", "in a JSON pointer ~ is written ~0")
    return text


def pattern(text: str) -> str:
    """A regular expression of Python's dialect."""
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        position = getattr(error, "pos", None)
        where = "" if position is None else f" at character {position + 1}"
        raise Wrong(f"is no regular expression: {getattr(error, 'msg', error)}{where}") from None
    return text


def duration(text: str) -> float:
    """Seconds from "30s", "15m", "4h", "1h30m", "250ms"; or a plain number of seconds."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(_DURATION, text.strip()):
        raise Wrong("is no duration", 'write "30s", "15m", "4h" or "2d"')
    return sum(float(number) * _SECONDS[unit] for number, unit in re.findall(_PARTS, text))


def size(text: str) -> int:
    """Bytes from "3G", "512M", "1.5 GiB": powers of 1024, as systemd, docker and pm2 count."""
    match = re.fullmatch(_SIZE, text.strip())
    if not match:
        raise Wrong("is no size", 'write "512M" or "3G"')
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " "))


def hours(text: str) -> str:
    """A span of the day, "02:00-06:00"; it may reach over midnight."""
    match = re.fullmatch(_HOURS, text.strip())
    if not match:
        raise Wrong("is no span of hours", 'write "02:00-06:00"')
    begin, end = (f"{int(hour):02}:{minute}" for hour, minute in (match.group(1, 2), match.group(3, 4)))
    if max(begin, end) > "24:00" or begin == "24:00":
        raise Wrong("ends after 24:00")
    if begin == end:
        raise Wrong("begins and ends at the same time", 'the whole day is "00:00-24:00"')
    return f"{begin}-{end}"


def cron(text: str) -> str:
    """A cron expression of five fields, or @daily and its like. Only its form is looked at."""
    if text in _CRON_NAMES:
        return text
    fields = text.split()
    if len(fields) != len(_CRON_FIELDS):
        raise Wrong(f"has {len(fields)} fields, not five", 'minute hour day month weekday, as "0 3 * * *"')
    for field, (what, low, high) in zip(fields, _CRON_FIELDS, strict=True):
        if not all(_is_cron_span(span, what, low, high) for span in field.lower().split(",")):
            raise Wrong(f"has an impossible {what}", f"{low} to {high}, *, lists, ranges, */steps")
    return text


def _is_cron_span(span: str, what: str, low: int, high: int) -> bool:
    words = _CRON_WORDS.get(what, ())
    ends, _, step = span.partition("/")
    if "/" in span and not (step.isdecimal() and 0 < int(step[:6]) <= high):
        return False
    if ends == "*":
        return True
    numbers = [str(words.index(end) + low) if end in words else end for end in ends.split("-")]
    if not all(number.isdecimal() and low <= int(number[:6]) <= high for number in numbers):
        return False
    return len(numbers) == 1 or (len(numbers) == 2 and int(numbers[0]) <= int(numbers[1]))


def zone(text: str) -> str:
    """An IANA time zone that this machine knows."""
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        known = sorted(zoneinfo.available_timezones())
        if not known:
            raise Wrong("cannot be looked up: this machine has no time zones", "install its tzdata package") from None
        from airops_tui.config.faults import nearest

        close = nearest(text, known) or next((f'did you mean "{z}"?' for z in known if z.endswith(f"/{text}")), "")
        raise Wrong("is no time zone", close or 'write it as "Asia/Seoul"') from None
    return text


READERS: Mapping[Kind, Callable[[str], str | float | int]] = {
    Kind.NAME: name,
    Kind.UNIT: plain,
    Kind.REFERENCE: plain,
    Kind.DURATION: duration,
    Kind.SIZE: size,
    Kind.URL: url,
    Kind.COUNTER: counter,
    Kind.ALERT: alert,
    Kind.POINTER: pointer,
    Kind.PATTERN: pattern,
    Kind.PATH: path,
    Kind.INSIDE: inside,
    Kind.PROGRAM: plain,
    Kind.SOCKET: socket,
    Kind.ARGUMENT: argument,
    Kind.SSH: destination,
    Kind.BRANCH: branch,
    Kind.HOURS: hours,
    Kind.CRON: cron,
    Kind.ZONE: zone,
}
