"""A secret shows itself to nobody who does not ask by name."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airops_tui import secrets
from airops_tui.text import REDACTED, Secret

quick = settings(max_examples=100, derandomize=True, deadline=None, database=None)


@pytest.fixture(autouse=True)
def nothing_known_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(secrets, "_forms", ())
    yield


@dataclass(frozen=True)
class Login:
    user: str
    password: Secret


@quick
@given(st.text(max_size=40))
def test_no_way_of_writing_it_down_tells_the_value(value: str) -> None:
    secret = Secret(value)
    assert [str(secret), repr(secret), f"{secret}", f"{secret!r}", f"{secret!s}"] == [REDACTED] * 5
    assert json.dumps(secret, default=str) == f'"{REDACTED}"'
    assert f"{secret:>12}" == f"{REDACTED:>12}"
    assert pickle.loads(pickle.dumps(secret)) == REDACTED
    assert str([secret]) == f"[{REDACTED}]"
    assert secret.reveal() == value


def test_json_without_a_rule_for_it_refuses() -> None:
    with pytest.raises(TypeError):
        json.dumps(Secret("hunter22"))
    with pytest.raises(TypeError):
        msgspec.json.encode(Secret("hunter22"))
    assert msgspec.json.encode([Secret("hunter22")], enc_hook=str) == b'["[REDACTED]"]'


def test_a_dataclass_with_one_can_be_shown_copied_and_changed(caplog: pytest.LogCaptureFixture) -> None:
    login = Login("kim", Secret("hunter22"))
    assert "hunter22" not in repr(login)
    assert copy.deepcopy(login).password.reveal() == "hunter22"
    assert asdict(login)["password"].reveal() == "hunter22"
    assert replace(login, user="lee").password.reveal() == "hunter22"
    logging.getLogger("x").warning("%s", login)
    assert "hunter22" not in caplog.text


def test_two_are_equal_by_value_and_none_equals_its_text() -> None:
    assert Secret("hunter22") == Secret("hunter22")
    assert Secret("hunter22") != Secret("hunter23")
    assert Secret("hunter22") != "hunter22"
    assert len({Secret("hunter22"), Secret("hunter22")}) == 1
    assert Secret("\udc80ü") == Secret("\udc80ü")


def test_one_cannot_be_changed_nor_looked_into() -> None:
    secret = Secret("hunter22")
    with pytest.raises(AttributeError):
        secret.value = "x"
    with pytest.raises(TypeError):
        vars(secret)


def test_an_empty_one_is_false() -> None:
    assert not Secret("")
    assert Secret("x")
