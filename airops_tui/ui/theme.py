"""How the console looks: one accent, one colour for each state, the rest quiet.

Healthy and broken are blue-green and orange-red, told apart also by eyes that do not see red and green. `plain` uses
the terminal's own sixteen colours and background; with NO_COLOR nothing of it but bold and reverse video is left.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

_DARK = {
    "up": "#4cc9b0",
    "slow": "#e8c547",
    "degraded": "#f2a154",
    "down": "#ff7350",
    "starting": "#8ab4f8",
    "unknown": "#a7b0bb",
    "stopped": "#8692a1",
    "quiet": "#8692a1",
    "rule": "#2c3644",
    "bar": "#1a212b",
    "danger": "#ff5a3c",
    "on-danger": "#14100f",
    "chosen": "#d5dce4",
    "on-chosen": "#11161d",
    "chosen-style": "none",
}
_LIGHT = {
    "up": "#00756a",
    "slow": "#7d5f00",
    "degraded": "#a04a00",
    "down": "#c22f07",
    "starting": "#2257bf",
    "unknown": "#5b6672",
    "stopped": "#66717e",
    "quiet": "#66717e",
    "rule": "#d3d8de",
    "bar": "#eceff2",
    "danger": "#c22f07",
    "on-danger": "#ffffff",
    "chosen": "#1f262e",
    "on-chosen": "#fafbfc",
    "chosen-style": "none",
}
_PLAIN = {
    "up": "ansi_cyan",
    "slow": "ansi_yellow",
    "degraded": "ansi_yellow",
    "down": "ansi_bright_red",
    "starting": "ansi_bright_blue",
    "unknown": "ansi_default",
    "stopped": "ansi_default",
    "quiet": "ansi_default",
    "rule": "ansi_default",
    "bar": "ansi_default",
    "danger": "ansi_red",
    "on-danger": "ansi_default",
    "chosen": "ansi_default",
    "on-chosen": "ansi_default",
    "chosen-style": "reverse",
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
}

DARK = Theme(
    name="airops-dark",
    primary="#8ab4f8",
    accent="#8ab4f8",
    foreground="#d5dce4",
    background="#11161d",
    surface="#11161d",
    panel="#1a212b",
    boost="#222b37",
    dark=True,
    variables=_DARK,
)
LIGHT = Theme(
    name="airops-light",
    primary="#2257bf",
    accent="#2257bf",
    foreground="#1f262e",
    background="#fafbfc",
    surface="#fafbfc",
    panel="#eceff2",
    boost="#e3e7ec",
    dark=False,
    variables=_LIGHT,
)
PLAIN = Theme(
    name="airops-plain",
    ansi=True,
    primary="ansi_bright_blue",
    accent="ansi_bright_blue",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables=_PLAIN,
)
THEMES = (DARK, LIGHT, PLAIN)


def choose(environ: Mapping[str, str], colours: str | None) -> str:
    """The name of the theme to begin with. `colours` is what the terminal can do: "truecolor", "256", "standard", None.

    COLORFGBG ("foreground;background", set by rxvt, Konsole and others) is the only word a terminal offers unasked
    about its background; 7 and 9-15 are light.
    """
    if "NO_COLOR" in environ or colours in (None, "standard"):
        return PLAIN.name
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    light = background.isdigit() and int(background) in {7, *range(9, 16)}
    return LIGHT.name if light else DARK.name
