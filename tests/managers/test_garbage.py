"""Whatever comes back, the result is a named state in a sentence that can be shown: no tool can break a look."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airops_tui.config.settings import ServiceSettings
from airops_tui.errors import AiropsError
from airops_tui.hosts.base import Answer, Request, Trouble
from airops_tui.managers.base import Manager
from airops_tui.managers.catalog import Account, manager_for
from airops_tui.model import LogOrigin, UnitState, UnitStatus
from airops_tui.text import clean

from .conversation import RECORDED, service, talk

ACCOUNT = Account(501, "/home/ops", "linux", {"PATH": "/usr/bin"})
KINDS = ("systemd", "systemd-user", "launchd", "pm2", "supervisor", "docker", "compose")
SERVICES = [service("web"), service("api", unit="site:app"), service("odd", unit="-x \x1b[31m/../é")]
SERVICES += [service("slave", directory="/srv/airclass"), service("demo", unit="gui/501/com.example.demo")]

SAMPLES = [path.read_bytes() for path in sorted(RECORDED.rglob("*")) if path.is_file() and path.stat().st_size < 9000]
RECENT = st.sampled_from(SAMPLES)


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A real answer with a piece cut out, repeated or overwritten."""
    text = draw(RECENT)
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 400)))
    middle = draw(st.one_of(st.binary(max_size=40), st.sampled_from([text[start:end] * 2, b"null", b"[not set]"])))
    return text[:start] + middle + text[end:]


ANSWERS = st.one_of(
    st.builds(Answer, trouble=st.sampled_from(Trouble)),
    st.builds(
        Answer,
        status=st.sampled_from([0, 0, 0, 1, 3, 112, 113, 127, 200, 200, 200, 304, 401, 404, 500]),
        out=st.one_of(st.binary(max_size=300), RECENT, spoiled()),
        err=st.one_of(st.just(b""), st.binary(max_size=100)),
        truncated=st.booleans(),
    ),
)
HARD = settings(
    max_examples=int(os.environ.get("AIROPS_FUZZ", "15")), deadline=None, suppress_health_check=list(HealthCheck)
)


def replying(data: st.DataObject) -> Callable[[Request], Answer]:
    return lambda request: data.draw(ANSWERS)


def manager(kind: Any) -> Manager:
    return manager_for(kind, SERVICES[0], ACCOUNT)


def assert_showable(status: UnitStatus) -> None:
    assert isinstance(status.state, UnitState)
    assert status.words
    assert status.words == clean(status.words)
    assert len(status.words) <= 400
    for number in (status.pid, status.restarts, status.exit_code, status.memory_bytes):
        assert number is None or isinstance(number, int)
    assert status.pid is None or status.pid > 0


@pytest.mark.parametrize("kind", KINDS)
@HARD
@given(data=st.data())
def test_any_answers_make_a_status_of_every_service(kind: str, data: st.DataObject) -> None:
    statuses = talk(manager(kind).status(SERVICES), replying(data)).result
    assert set(statuses) == {one.name for one in SERVICES}
    for status in statuses.values():
        assert_showable(status)


@pytest.mark.parametrize("kind", KINDS)
@HARD
@given(data=st.data())
def test_any_answers_make_a_list_of_what_is_found(kind: str, data: st.DataObject) -> None:
    for found in talk(manager(kind).find(), replying(data)).result:
        assert_showable(found.status)
        assert found.manager == kind
        assert all(text == clean(text) for text in (found.name, found.unit, found.title, found.directory or ""))


@pytest.mark.parametrize("kind", KINDS)
@HARD
@given(data=st.data())
def test_any_answers_make_a_list_of_logs(kind: str, data: st.DataObject) -> None:
    for one in SERVICES:
        origins = talk(manager(kind).logs(one), replying(data)).result
        assert all(isinstance(origin, LogOrigin) and origin.stream in ("out", "err", "both") for origin in origins)


@pytest.mark.parametrize("kind", KINDS)
@HARD
@given(data=st.data(), verb=st.sampled_from(["start", "stop", "restart"]), one=st.sampled_from(SERVICES))
def test_any_answers_make_requests_that_write_or_an_error_in_words(
    kind: str, data: st.DataObject, verb: str, one: ServiceSettings
) -> None:
    try:
        requests = talk(getattr(manager(kind), verb)(one), replying(data)).result
    except AiropsError as error:
        assert error.message == clean(error.message)
        return
    assert all(request.writes for request in requests)


@pytest.mark.parametrize("kind", KINDS)
@HARD
@given(answer=ANSWERS)
def test_any_answer_to_an_order_is_a_complaint_in_words_or_none(kind: str, answer: Answer) -> None:
    complaint = manager(kind).failed(answer)
    assert complaint is None or complaint == clean(complaint) != ""
