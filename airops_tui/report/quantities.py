"""Numbers as short words with their unit: "84 M", "3d 4h", "2.4 s"; "–" for what is not known."""

from __future__ import annotations

NONE = "–"
"""What stands where a value is not known."""


def size(count: float | None) -> str:
    """Bytes in powers of 1024 with one letter, at most five characters: "0 B", "9.5 K", "84 M", "1.5 G"."""
    if count is None:
        return NONE
    value = float(count)
    for unit in "BKMGT":
        if value < 1023.5 or unit == "T":
            break
        value /= 1024
    return f"{value:.1f} {unit}" if value < 9.95 and unit != "B" else f"{value:.0f} {unit}"


def span(seconds: float | None) -> str:
    """A duration by its two largest units: "8 s", "3 min 24 s", "2h 5m", "3d 4h", "41 d"."""
    if seconds is None:
        return NONE
    whole = int(max(0.0, seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{minutes} min {whole % 60} s" if whole % 60 else f"{minutes} min"
    if days == 0:
        return f"{hours}h {minutes}m"
    return f"{days}d {hours}h" if days < 10 else f"{days} d"


def latency(milliseconds: float | None) -> str:
    """How long an answer took: "12 ms", "2.4 s"."""
    if milliseconds is None:
        return NONE
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def percent(value: float | None) -> str:
    """A percentage without its sign, one decimal below 100: "0.4", "31.0", "160"."""
    if value is None:
        return NONE
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def count(number: int | None) -> str:
    """A whole number, or the dash."""
    return NONE if number is None else str(number)
