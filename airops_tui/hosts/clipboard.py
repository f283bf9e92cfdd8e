"""The clipboard of the machine a person sits at, through the program each desktop has for it.

A terminal can be asked to take text too (OSC 52), but says nothing about whether it did; macOS Terminal ignores it. In
an SSH session the clipboard of this machine is not the one of the person, and is left alone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from airops_tui.hosts.base import Command
from airops_tui.hosts.commands import run

_PROGRAMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pbcopy", ()),
    ("wl-copy", ("WAYLAND_DISPLAY",)),
    ("xclip", ("DISPLAY",)),
    ("xsel", ("DISPLAY",)),
)
"""Programs that read a clipboard's new content from their input, and the variables without which they cannot."""


def copy(text: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """Put text on the clipboard; the program that took it, or None. Blocks for a second."""
    if "SSH_CONNECTION" in environ:
        return None
    for program, needed in _PROGRAMS:
        if shutil.which(program, path=environ.get("PATH")) and all(name in environ for name in needed):
            kept = {name: environ[name] for name in (*needed, "XAUTHORITY") if name in environ}
            argv = (program, "-selection", "clipboard") if program == "xclip" else (program,)
            answer = run(Command(argv=argv, input=text.encode(), env=kept, timeout=3.0))
            if answer.trouble is None and answer.status == 0:
                return program
    return None
