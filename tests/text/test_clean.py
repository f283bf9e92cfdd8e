"""What comes from outside cannot act on the terminal it is shown on, and stays readable."""

from __future__ import annotations

import re
import unicodedata
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airops_tui.text import clean, clean_lines
from tests.corpus import Sample, evil

SAMPLES = evil()
quick = settings(max_examples=250, derandomize=True, deadline=None, database=None)

pieces = st.sampled_from([sample.data.decode("utf-8", "surrogateescape")[:60] for sample in SAMPLES])
controls = st.characters(categories=["Cc", "Cf", "Cs", "Mn", "Me", "Zl", "Zp"])
grammar = st.sampled_from(list("\x1b\x9b\x9d\x9c\x07[]PX^_0;m\\\r\nㅏ"))
hostile = st.lists(st.one_of(pieces, controls, grammar, st.text(max_size=9)), max_size=12).map("".join)


ACTING = re.compile(rb"[\x00-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c")


def bytes_that_act(shown: str) -> list[bytes]:
    """The bytes of a shown text that a terminal would act on, as the requirement for the screen lists them."""
    data = shown.encode("utf-8")  # strict: a lone surrogate fails here
    return ACTING.findall(data)


def test_the_check_itself_sees_every_kind_of_byte_that_acts() -> None:
    acting = ["\x1b", "\x00", "\n", "\r", "\t", "\x7f", "\x80", "\x9b", "\x9f", "\u202a", "\u202e", "\u2066", "\u2069"]
    assert all(bytes_that_act(f"a{character}b") for character in acting)
    assert not bytes_that_act("plain text, 한국어, « and » — ⚠ […]")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{s.family}: {s.attempt}")
def test_no_byte_of_a_hostile_text_acts(sample: Sample) -> None:
    as_python_reads_files = sample.data.decode("utf-8", "surrogateescape")
    wrongly_decoded = sample.data.decode("latin-1")
    for given_text in (sample.data, sample.text, as_python_reads_files, wrongly_decoded):
        shown = clean(given_text)
        assert bytes_that_act(shown) == []
        assert len(shown) <= 8192
        assert clean(shown) == shown
        assert all(bytes_that_act(line) == [] for line in clean_lines(given_text))


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x1b]0;title\x07shown", "shown"),
        ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP+q544e\x1b\\\x1b_G\x1b\\\x1b^p\x1b\\\x1bXs\x1b\\shown", "shown"),
        ("\x1b(B\x1b[mplain", "plain"),
        ("\x9b31mred", "red"),
        ("\x9d0;title\x9cshown", "shown"),
        ("\x1b[12;", ""),
        ("before\x1b]52;c;aGk=", "before\ufffd"),
        ("\x1bXhidden\nnext", "\ufffd␊next"),
        ("\x1bc", "␛c"),
        ("\x1b", "␛"),
        ("FAILED\x08\x08PASSED", "FAILED␈␈PASSED"),
        ("a\x00b\x7fc", "a␀b␡c"),
        ("ERROR\rINFO all is well", "ERROR␍INFO all is well"),
        ("one\ntwo\x85three\u2028four", "one␊two␤three␤four"),
        ("report\u202efdp.exe", "report\ufffdfdp.exe"),
        ("lone \udc80 surrogate", "lone \ufffd surrogate"),
        ("pro\u200bto4", "proto4"),
        ("\u26a0\ufe0f disk", "\u26a0 disk"),
        ("a\tb", "a   b"),
        ("the end\r\n", "the end"),
        ("[/] [@click=app.quit]x", "[/] [@click=app.quit]x"),
        ("학생 3명 — 연결 ✅", "학생 3명 — 연결 ✅"),
        ("", ""),
    ],
)
def test_what_is_shown(given_text: str, shown: str) -> None:
    assert clean(given_text) == shown


def test_text_cut_off_by_a_wrong_decoding_of_a_quotation_mark_is_still_shown() -> None:
    assert clean("â\x80\x9d 500 Internal Server Error") == "â\ufffd\ufffd 500 Internal Server Error"


def test_bytes_that_are_not_utf8_become_replacement_characters() -> None:
    assert clean(b"caf\xe9 \xff\xfe") == "caf\ufffd \ufffd\ufffd"
    assert clean("학생".encode()) == "학생"


def test_a_long_text_is_cut_and_says_by_how_much() -> None:
    shown = clean("x" * 10_000, limit=100)
    assert 98 <= len(shown) <= 100
    kept = shown.count("x")
    assert shown == "x" * kept + f" … (+{10_000 - kept})"


def test_a_line_of_ten_megabytes_costs_no_more_than_its_beginning() -> None:
    def seconds(times: int) -> float:
        line = b"\x1b]\xff" * times
        started = process_time()
        assert clean(line).endswith(")")
        return process_time() - started

    assert min(seconds(3_000_000) for _ in range(3)) < 10 * min(seconds(50_000) for _ in range(3)) + 0.02
    assert clean(b"y" * 100_000_000, limit=30) == "yyyyyyyyyyyyyyy … (+99999985)"


def test_even_a_limit_without_room_for_the_note_is_kept() -> None:
    for limit in range(-1, 30):
        shown = clean("a\x1b[31mb" * 50, limit=limit)
        assert len(shown) <= max(limit, 0)
        assert clean(shown, limit=limit) == shown


def test_colours_do_not_use_up_the_room() -> None:
    assert clean("\x1b[38;5;196mx\x1b[0m" * 40, limit=40) == "x" * 40


def test_no_cell_stacks_more_than_eight_marks() -> None:
    assert clean("a" + "\u0301" * 1000 + "b") == "a" + "\u0301" * 8 + "b"
    assert clean("ㅎ" + "\u1161\u0301" * 500) == "ㅎ" + "\u1161\u0301" * 4
    for honest in ("ที่นี่", "שָׁלוֹם", "Việt Nam", "학생"):
        for form in ("NFC", "NFD"):
            assert clean(unicodedata.normalize(form, honest)) == unicodedata.normalize(form, honest)


def test_of_all_characters_of_unicode_none_acts_hides_or_joins() -> None:
    every = [chr(n) for n in (*range(0x20, 0x20000), *range(0xE0000, 0xE1000))]
    shown = clean(" ".join(every), limit=10**7)
    left = {unicodedata.category(character): set[str]() for character in every}
    for character in set(shown):
        left.setdefault(unicodedata.category(character), set()).add(character)
    assert bytes_that_act(shown) == []
    assert not left["Cc"] | left["Cs"] | left["Zl"] | left["Zp"]
    # The format characters that stay are drawn: signs before or around Arabic, Syriac, Kaithi and Egyptian numbers.
    drawn = {0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x600, 0x606), *range(0x13430, 0x13440)}
    assert left["Cf"] <= set(map(chr, drawn))
    letters = {character for character in every if unicodedata.category(character)[0] in "LNP"}
    assert letters - set(shown) == set("\u115f\u3164\uffa0\u180e") & letters


@quick
@given(hostile)
def test_no_mixture_of_hostile_pieces_gets_through(text: str) -> None:
    shown = clean(text)
    assert bytes_that_act(shown) == []
    assert clean(shown) == shown


@quick
@given(st.binary(max_size=200), st.integers(1, 100))
def test_no_bytes_get_through(data: bytes, limit: int) -> None:
    shown = clean(data, limit=limit)
    assert bytes_that_act(shown) == []
    assert len(shown) <= limit
    assert clean(shown, limit=limit) == shown


@quick
@given(st.text(st.characters(categories=["L", "N", "P", "S"], max_codepoint=0x2FFFF), max_size=50))
def test_honest_text_is_left_alone(text: str) -> None:
    assert clean(text) == "".join(character for character in text if character not in "\u115f\u3164\uffa0🏻🏼🏽🏾🏿")


@pytest.mark.parametrize(
    "piece", ["\x1b", "\x1b[", "\x1b]", "\x1b]0;", "\x9d", "\x1bP\x1b", "0;", "\u0301", "─", "\x1b ", "\u202e"]
)
def test_time_grows_with_length_not_with_its_square(piece: str) -> None:
    def seconds(length: int) -> float:
        text = "\x1b[" + piece * (length // len(piece))
        return min(_timed(text) for _ in range(3))

    assert seconds(200_000) < 40 * seconds(20_000) + 0.02


def _timed(text: str) -> float:
    started = process_time()
    clean(text, limit=10**9)
    return process_time() - started


def test_lines_are_cleaned_one_by_one() -> None:
    assert clean_lines("one\r\ntwo\x1b[31m\n\nfour\rfive\n") == ["one", "two", "", "four␍five"]
    assert clean_lines(b"\xff\x1b]0;unended\nnext") == ["\ufffd\ufffd", "next"]
    assert clean_lines("") == []
    assert clean_lines(b"\n") == [""]


def test_of_too_many_lines_the_last_tells_how_many_are_missing() -> None:
    for ending in ("", "\n"):
        text = "\n".join(map(str, range(10))) + ending
        assert clean_lines(text, lines=3) == ["0", "1", "… (+8 lines)"]
        assert clean_lines(text.encode(), lines=3) == ["0", "1", "… (+8 lines)"]
        assert clean_lines(text, lines=10) == list("0123456789")
    assert clean_lines("a\nb", lines=1) == ["… (+2 lines)"]
    assert clean_lines("a\nb", lines=0) == []


@quick
@given(st.lists(st.text(st.sampled_from("ab\r\x1b"), max_size=3), max_size=8), st.integers(1, 9))
def test_no_line_is_lost_without_being_counted(parts: list[str], most: int) -> None:
    shown = clean_lines("\n".join(parts), lines=most)
    told = int(shown.pop().partition("+")[2].partition(" ")[0]) if shown and shown[-1].startswith("… (+") else 0
    whole = parts[:-1] if parts and not parts[-1] else parts
    assert len(shown) + told == len(whole)
