"""`requirements.lock` pins everything the program needs to the byte, and tells nobody where it was fetched from.

Made by the command in its first lines; run it again after changing a dependency.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parent.parent
LOCK = (TOP / "requirements.lock").read_text("ascii")
NEEDED = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
ENTRY = re.compile(
    r"^(?P<requirement>[\w.-]+==[^\\\n]+?) \\\n(?P<hashes>(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M
)


def locked(text: str) -> dict[str, Requirement]:
    entries = (Requirement(entry["requirement"]) for entry in ENTRY.finditer(text))
    return {canonicalize_name(requirement.name): requirement for requirement in entries}


def unmet(text: str, needed: Iterable[str]) -> list[str]:
    """Those of the needed that the lock does not pin to a version that satisfies them."""
    pins = locked(text)
    missing = []
    for requirement in map(Requirement, needed):
        pin = pins.get(canonicalize_name(requirement.name))
        version = next(iter(pin.specifier)).version if pin else ""
        if not requirement.specifier.contains(version or "0"):
            missing.append(str(requirement))
    return missing


def test_it_covers_what_the_project_needs() -> None:
    assert unmet(LOCK, NEEDED) == []


def test_a_missing_or_outdated_pin_is_seen() -> None:
    assert unmet(LOCK, ["left-pad>=1"]) == ["left-pad>=1"]
    assert unmet(LOCK, ["textual>=99"]) == ["textual>=99"]
    assert unmet("textual==8.2.8\n", ["textual>=8"]) == ["textual>=8"]  # no hash, so no pin


@pytest.mark.parametrize("name", sorted(locked(LOCK)))
def test_it_covers_what_those_need_in_turn(name: str) -> None:
    try:
        wanted = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        pytest.skip("not for this platform")
    here = [one for one in wanted if not (marker := Requirement(one).marker) or marker.evaluate({"extra": ""})]
    assert unmet(LOCK, here) == []


def test_every_line_is_a_pin_a_hash_or_a_comment() -> None:
    assert ENTRY.sub("", re.sub(r"^#.*\n", "", LOCK, flags=re.M)) == ""


def test_it_holds_no_address() -> None:
    assert not re.search(r"://|index-url|find-links|file:| @ ", LOCK)
