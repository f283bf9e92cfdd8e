"""From sightings to the picture: what is joined, what is remembered, what grows old."""

from __future__ import annotations

from typing import Any

from airops_tui.config.settings import HealthRule, ServiceSettings, Settings
from airops_tui.model import (
    Failure,
    Health,
    LastWords,
    Listener,
    Process,
    Reading,
    Service,
    Snapshot,
    State,
    UnitState,
    UnitStatus,
)
from airops_tui.sources.base import Now, Seen, see
from airops_tui.sources.picture import Picture
from airops_tui.sources.table import Table

PERIOD = 5.0
GOOD = Health(True, 200, 12.0)
REFUSED = Health(False, error="refused", failure=Failure.REFUSED)
HANG = Health(False, error="no answer in 10 s", failure=Failure.HANG)
RULE = HealthRule(url="http://127.0.0.1:8000/health")
WEB = ServiceSettings(name="web", manager="systemd", port=8000, health=RULE)


class Scene:
    """A picture with a clock of its own, fed with readings."""

    def __init__(self, *services: ServiceSettings) -> None:
        units = {service.name: "units" for service in services if service.manager}
        self.picture = Picture(Settings(services=services), units)
        self.clock = 1000.0
        self.seen: dict[str, Seen] = {}

    def read(self, source: str, data: Any = None, error: str | None = None) -> None:
        reading = Reading(source, mono=self.clock, at=self.at, data=data, error=error)
        self.seen[source] = see(self.seen.get(source), reading)

    @property
    def at(self) -> float:
        return 1_700_000_000.0 + self.clock

    def after(self, seconds: float) -> Snapshot:
        self.clock += seconds
        return self.now()

    def now(self) -> Snapshot:
        return self.picture(self.seen, Now(self.at, self.clock), PERIOD)

    def web(self) -> Service:
        service = self.now().service("web")
        assert service is not None
        return service


def running(pid: int = 41, started_at: float = 0.0) -> dict[str, UnitStatus]:
    return {"web": UnitStatus(UnitState.RUNNING, "active (running)", pid=pid, started_at=started_at, restarts=2)}


def table(*processes: Process, port_owner: int | None = None) -> Table:
    listeners = [Listener("127.0.0.1", 8000, port_owner)] if port_owner else []
    return Table({process.pid: process for process in processes}, listeners)


def test_before_any_look_all_services_are_there_and_unknown():
    service = Scene(WEB).web()
    assert (service.state, service.reason, service.change) == (State.UNKNOWN, "not looked at yet", None)


def test_what_manager_endpoint_and_process_table_say_is_joined():
    scene = Scene(WEB)
    scene.read("units", running())
    scene.read("health:web", GOOD)
    scene.read("table", table(Process(41, 1, "uvicorn", memory_bytes=88 << 20, started_at=5.0), port_owner=41))
    service = scene.web()
    assert (service.state, service.pid, service.restarts, service.memory_bytes) == (State.UP, 41, 2, 88 << 20)
    assert service.port and service.port.listening and service.port.owner and not service.port.conflict


def test_a_stranger_on_the_port_is_named():
    scene = Scene(WEB)
    scene.read("units", running())
    scene.read("health:web", GOOD)
    scene.read("table", table(Process(41, 1, "uvicorn"), Process(812, 1, "nginx", "www-data"), port_owner=812))
    service = scene.web()
    assert service.state is State.DOWN
    assert service.reason == "port 8000 is held by nginx (pid 812, user www-data)"
    assert service.pid == 41


def test_a_restart_between_two_looks_is_not_taken_for_a_stranger_on_the_port():
    scene = Scene(WEB)
    scene.read("units", running(pid=41))
    scene.read("health:web", GOOD)
    scene.read("table", table(Process(55, 1, "uvicorn"), port_owner=55))
    assert scene.web().state is State.UP


def test_a_unit_that_runs_without_telling_its_pid_has_no_strangers():
    scene = Scene(WEB)
    scene.read("units", {"web": UnitStatus(UnitState.RUNNING, "active (running)")})
    scene.read("health:web", GOOD)
    scene.read("table", table(Process(55, 1, "uvicorn"), port_owner=55))
    assert scene.web().state is State.UP


def test_a_stranger_on_the_port_of_a_stopped_unit_is_named():
    scene = Scene(WEB)
    scene.read("units", {"web": UnitStatus(UnitState.STOPPED, "inactive (dead)")})
    scene.read("table", table(Process(55, 1, "nginx"), port_owner=55))
    assert scene.web().reason == "stopped, and port 8000 is held by nginx (pid 55)"


def test_a_change_is_remembered_with_its_moment_and_what_was_before():
    scene = Scene(WEB)
    scene.read("units", running())
    scene.read("health:web", GOOD)
    first = scene.web().change
    assert first and first.was is None
    scene.clock += 10
    assert scene.web().change == first
    scene.read("health:web", REFUSED)
    down = scene.web().change
    assert down and (down.was, down.at) == (State.UP, scene.at)
    scene.clock += 10
    scene.read("health:web", REFUSED)
    assert scene.web().change == down


def test_a_service_that_answered_once_is_down_when_it_falls_silent_however_young():
    scene = Scene(WEB)
    scene.read("units", running(started_at=scene.at - 3))
    scene.read("health:web", HANG)
    assert scene.web().state is State.STARTING
    scene.read("health:web", GOOD)
    assert scene.web().state is State.UP
    scene.read("health:web", HANG)
    assert scene.web().state is State.DOWN


def test_a_new_process_gets_its_grace_again():
    scene = Scene(WEB)
    scene.read("units", running(started_at=scene.at - 3))
    scene.read("health:web", GOOD)
    scene.web()
    scene.read("units", running(pid=42, started_at=scene.at - 1))
    scene.read("health:web", REFUSED)
    assert scene.web().state is State.STARTING


def test_a_missed_look_makes_the_value_stale_with_its_age_never_green():
    scene = Scene(WEB)
    scene.read("units", running())
    scene.read("health:web", GOOD)
    assert scene.web().state is State.UP
    scene.after(25)
    service = scene.web()
    assert service.stale and service.state is State.UNKNOWN
    assert service.reason == "no look for 25 s; then it was up: 200 in 12 ms"
    scene.read("health:web", GOOD)
    assert not scene.web().stale


def test_a_failed_look_keeps_the_last_facts_and_is_told_as_a_problem():
    scene = Scene(WEB)
    scene.read("units", running())
    scene.read("health:web", GOOD)
    scene.read("units", error="no answer within 15 s")
    snapshot = scene.now()
    assert scene.web().pid == 41
    assert [(problem.where, problem.what) for problem in snapshot.problems] == [("units", "no answer within 15 s")]


def test_a_manager_that_never_answered_is_named_as_the_reason():
    only_unit = ServiceSettings(name="web", manager="pm2")
    scene = Scene(only_unit)
    scene.read("units", error="no answer within 15 s")
    service = scene.web()
    assert (service.state, service.reason) == (State.UNKNOWN, "pm2: no answer within 15 s")


def test_what_it_needs_and_is_down_as_well_is_named():
    scene = Scene(
        ServiceSettings(name="web", health=RULE, depends_on=("db",)),
        ServiceSettings(name="db", health=RULE),
    )
    scene.read("health:web", REFUSED)
    scene.read("health:db", REFUSED)
    assert scene.web().reason == "refused; it needs db, down as well"


def test_last_words_are_shown_only_while_it_is_unwell():
    scene = Scene(WEB)
    scene.read("words", {"web": LastWords("web.log", ("boom",))})
    scene.read("health:web", REFUSED)
    assert scene.web().last_words is not None
    assert list(scene.picture.unwell()) == ["web"]
    scene.read("health:web", GOOD)
    assert scene.web().last_words is None
    assert list(scene.picture.unwell()) == []


def test_services_stay_in_the_order_of_the_config():
    names = ["c", "a", "b"]
    scene = Scene(*(ServiceSettings(name=name, health=RULE) for name in names))
    assert [service.name for service in scene.now().services] == names
