"""The configs that airops writes: read back as they were meant, and right with the switched-off lines switched on."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airops_tui.config.draft import Candidate, Draft, Hint, distinct, sound, tidy
from airops_tui.config.load import load
from airops_tui.config.settings import HealthRule, Recover, ServiceSettings, Settings, Update
from airops_tui.config.shapes import Leaf, Many, Pairs, Table
from airops_tui.config.write import save, write
from airops_tui.errors import ConfigError, RefusedError
from tests.config.files import write as put

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
HOME = "/home/ops"


def full_draft() -> Draft:
    """Two services with a bit of everything."""
    hub = ServiceSettings(name="hub", title='Hub "one" \\ 학생', manager="systemd", unit="hub.service", port=8003)
    proto4 = ServiceSettings(
        name="proto4",
        manager="process",
        directory=f"{HOME}/platform/proto4",
        command=("python3", "-c", "print('#')"),
        env_file=f"{HOME}/platform/proto4/.env",
        logs=(f"{HOME}/platform/logs/a.log", f"{HOME}/elsewhere/b.log", "/var/log/c.log"),
        program=f"{HOME}/platform/proto4/run",
        port=8000,
        health=HealthRule(url="http://localhost:8000/health"),
        public=HealthRule(url="https://a.example.org", status=(200, 307), slow=5.0),
        recover=Recover(restarts=5, max_memory=3 * 1024**3),
        update=Update(repository=f"{HOME}/platform", paths=("proto4",)),
    )
    hint = Hint("depends_on", '["hub"]', "a hunch\nof somebody")
    candidates = [Candidate(hub, {"port": "from --port 8003"}), Candidate(proto4, hints=(hint,))]
    return sound("Written for a test.", "A site", candidates, ["x: not today", "y: \x1b[2J"])


def read_back(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings in a written config, at the home it was written for."""
    monkeypatch.setenv("HOME", HOME)
    return load(put(folder, text), environ={"CLUSTER_TOKEN": "xxxxxx", "ALERT_WEBHOOK": "https://x/yyyyyy"})


def test_what_is_written_is_read_back_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = full_draft()
    assert read_back(tmp_path, write(draft, home=HOME), monkeypatch) == draft.settings


def test_paths_are_written_as_people_write_them() -> None:
    text = write(full_draft(), home=HOME)
    assert 'directory = "~/platform/proto4"' in text
    assert 'logs = ["../logs/a.log", "~/elsewhere/b.log", "/var/log/c.log"]' in text
    assert 'env_file = ".env"' in text
    assert 'program = "./run"' in text
    assert 'repository = ".."' in text


def test_guesses_are_marked_and_suggestions_are_off() -> None:
    text = write(full_draft(), home=HOME)
    assert re.search(r"^port = 8003 +# from --port 8003$", text, re.MULTILINE)
    assert re.search(r"^# depends_on = \[\"hub\"\] +# a hunch␊of somebody$", text, re.MULTILINE)
    assert "#   x: not today\n" in text
    assert "\x1b" not in text


def switched_on(text: str) -> str:
    """A config with every switched-off setting switched on."""
    return re.sub(r'^# ( *(?:\[|[\w"-]+ = ))', r"\1", text, flags=re.MULTILINE)


def test_every_line_that_is_switched_off_can_be_switched_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = switched_on(write(full_draft(), home=HOME))
    found = re.findall(r"^ +(\[services\.recover\]|public = )", text, re.MULTILINE)
    assert len(found) == 2
    # The last service of this draft has some of the suggested settings already: they go below the first instead.
    begin, end = text.index("# More a service can have"), text.index("\n# Seen, but left out")
    more, text = text[begin:end], text[:begin] + text[end:]
    second = text.index("[[services]]", text.index("[[services]]") + 1)
    more = re.sub(r'depends_on = \["hub"\]', 'depends_on = ["proto4"]', more)
    text = text[:second] + more + "\n" + text[second:].replace('depends_on = ["hub"]', "depends_on = []")
    settings = read_back(tmp_path, text, monkeypatch)
    assert settings.services[0].public is not None
    assert settings.services[0].recover == Recover(restarts=3, within=900, max_memory=3 * 1024**3, schedule="0 3 * * *")
    assert settings.services[0].depends_on == ("proto4",)
    assert (settings.timezone, settings.environment, settings.read_only) == ("Asia/Seoul", "production", True)
    assert [host.name for host in settings.hosts] == ["web1"]
    assert settings.clusters[0].token is not None
    assert settings.backups[0].schedule == "0 2 * * *"
    assert settings.alerts.urls


def test_a_config_of_nothing_shows_how_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = write(Draft("Written for a test."), home=HOME)
    assert read_back(tmp_path, text, monkeypatch).services == ()
    [service] = read_back(tmp_path, switched_on(text), monkeypatch).services
    assert (service.name, service.port) == ("app", 8000)


def test_the_example_is_right_and_stays_right_with_everything_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    monkeypatch.setenv("HEALTH_TOKEN", "Bearer zzzzzz")
    assert len(read_back(tmp_path, text, monkeypatch).services) == 7
    environ = {"CLUSTER_TOKEN": "xxxxxx", "ALERT_WEBHOOK": "https://x/yyyyyy", "HEALTH_TOKEN": "Bearer zzzzzz"}
    assert load(put(tmp_path, switched_on(text)), environ=environ).clusters[0].token is not None


def test_the_example_names_every_setting_there_is() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for name in _names(Table(Settings)):
        assert re.search(rf"(?:^|[#{{\[. ]){name}(?:\]| = )", text, re.MULTILINE), name


def _names(shape: Leaf | Many | Pairs | Table) -> set[str]:
    match shape:
        case Many() | Pairs():
            return _names(shape.item)
        case Table():
            inner = [_names(field.shape) for field in shape.fields.values()]
            return set(shape.fields).union(*inner)
    return set()


def test_a_new_config_is_for_its_owner_only_and_replaces_no_other(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "config.toml"
    assert save("refresh = 1\n", path) == f"wrote {path}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(RefusedError, match="is there already") as raised:
        save("refresh = 2\n", path)
    assert "--force" in raised.value.hint
    assert load(path, environ={}).refresh == 1
    assert save("refresh = 2\n", path, force=True) == f"wrote {path}, the one before is config.toml.old"
    assert load(path, environ={}).refresh == 2
    assert load(path.with_name("config.toml.old"), environ={}).refresh == 1
    assert sorted(file.name for file in path.parent.iterdir()) == ["config.toml", "config.toml.old"]


def test_a_name_is_kept_distinct() -> None:
    assert distinct("a", []) == "a"
    assert distinct("a", ["a"], "pm2") == "a-pm2"
    assert distinct("a", ["a", "a-pm2"], "pm2") == "a-pm2-2"
    assert distinct("a", ["a", "a-2"]) == "a-3"


ANYTHING = st.text(st.characters(codec="utf-8"), max_size=40)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.builds(
            ServiceSettings,
            name=ANYTHING.map(tidy),
            title=ANYTHING,
            manager=st.sampled_from(["pm2", "systemd", None]),
            unit=ANYTHING,
            directory=st.one_of(st.none(), ANYTHING.map(lambda text: f"/srv/{text}")),
            logs=st.lists(ANYTHING.map(lambda text: f"/var/{text}"), max_size=2).map(tuple),
            port=st.one_of(st.none(), st.integers(-1, 70000)),
            depends_on=st.lists(st.sampled_from(["a", "b", "service"]), max_size=2).map(tuple),
        ),
        max_size=4,
    )
)
def test_whatever_was_found_the_written_config_loads(
    tmp_path_factory: pytest.TempPathFactory, found: list[ServiceSettings]
) -> None:
    draft = sound("From anywhere.", "", [Candidate(service) for service in found])
    path = put(tmp_path_factory.mktemp("any"), "")
    path.write_text(write(draft, home=HOME), encoding="utf-8", newline="")
    try:
        read = load(path, environ={})
    except ConfigError as error:
        raise AssertionError(f"{error}\n{path.read_text()}") from error
    names = [service.name for service in draft.settings.services]
    assert [service.name for service in read.services] == names
    assert len(set(names)) == len(names)
    assert [service.title for service in read.services] == [service.title for service in draft.settings.services]
    assert msgspec.structs.asdict(read)["hosts"] == ()
