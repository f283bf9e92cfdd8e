"""Columns stay aligned whatever the language."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from airops_tui.text import cells, clean, shorten
from tests.corpus import evil

quick = settings(max_examples=300, derandomize=True, deadline=None, database=None)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        *(("", 0), ("abc", 3), ("학생", 4), ("\u1112\u1161\u11ab", 2), ("e\u0301", 1)),
        *(("ｶ", 1), ("Ａ", 2), ("✅", 2), ("⚠", 1), ("─", 1)),
    ],
)
def test_how_many_cells_a_text_takes(text: str, width: int) -> None:
    assert cells(text) == width


@pytest.mark.parametrize("sample", evil("unicode", "escapes"), ids=lambda s: s.attempt)
def test_the_screen_library_counts_cleaned_text_the_same(sample) -> None:
    shown = clean(sample.data)
    unassigned = "unassigned" in sample.attempt
    assert unassigned or cells(shown) == cell_len(shown)


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("proto4", 6, "proto4"),
        ("proto4", 5, "prot…"),
        ("학생들", 6, "학생들"),
        ("학생들", 5, "학생…"),
        ("학생들", 4, "학…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("", 0, ""),
    ],
)
def test_a_text_is_shortened_by_cells(text: str, width: int, shown: str) -> None:
    assert shorten(text, width) == shown


@quick
@given(st.text(max_size=40).map(clean), st.integers(0, 45))
def test_a_shortened_text_fits_and_begins_as_the_whole(text: str, width: int) -> None:
    shown = shorten(text, width)
    assert cells(shown) <= width
    assert shown == text or text.startswith(shown.removesuffix("…"))
