"""`airops init --from`: what each of the five descriptions becomes, and what is kept out."""

from __future__ import annotations

import json
import plistlib
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from airops_tui.config.draft import Candidate, Draft
from airops_tui.config.imports import import_from
from airops_tui.config.load import load
from airops_tui.config.settings import ServiceSettings
from airops_tui.config.write import write
from airops_tui.errors import UsageError

CANARY = "canary-2b7f91"
SAMPLES = Path(__file__).with_name("recorded")


def put(path: Path, text: str) -> Path:
    """A file of that text, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return path


def imported(path: Path) -> dict[str, ServiceSettings]:
    """The services of a path, by name, after a turn through a written config: what cannot be loaded would show."""
    draft = import_from(path)
    config = put(path.parent / "written" / "airops.toml", write(draft))
    config.chmod(0o600)
    settings = load(config, environ={})
    assert settings == draft.settings
    assert CANARY not in config.read_text(encoding="utf-8")
    return {service.name: service for service in settings.services}


def of(draft: Draft, name: str) -> Candidate:
    """One candidate of a draft."""
    return next(candidate for candidate in draft.candidates if candidate.service.name == name)


def plist(path: Path, **job: Any) -> Path:
    """A property list of a job."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(plistlib.dumps(job))
    return path


PLATFORM = f"""
    services:
      hub: {{name: Student Hub, port: 8003, path: hub, command: python3 main.py, domain: hub.example.org}}
      proto4:
        name: Socratic Learning
        port: 8000
        path: proto4
        command: "python3 main.py"
        description: dialogues
    tunnel:
      id: 5f0c-42
      config_file: ~/.cloudflared/config.yml
      credentials: /{CANARY}.json
"""


# ── services.yml ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_services_yml_gives_ports_folders_commands_and_public_addresses(tmp_path: Path) -> None:
    services = imported(put(tmp_path / "config" / "services.yml", PLATFORM))
    hub = services["hub"]
    assert (hub.title, hub.port, hub.command) == ("Student Hub", 8003, ("python3", "main.py"))
    assert hub.directory == f"{tmp_path}/hub"
    assert hub.public is not None
    assert hub.public.url == "https://hub.example.org"
    assert hub.health is not None
    assert hub.health.url == "http://localhost:8003/health"
    assert services["proto4"].title == "Socratic Learning"
    assert services["tunnel"].command == (
        "cloudflared",
        "tunnel",
        "--config",
        "~/.cloudflared/config.yml",
        "run",
        "5f0c-42",
    )


def test_services_yml_says_not_who_keeps_them_running_so_the_files_beside_it_do(tmp_path: Path) -> None:
    path = put(tmp_path / "config" / "services.yml", PLATFORM)
    plist(tmp_path / "launchd" / "com.llmclassroom.hub.plist", Label="com.llmclassroom.hub", KeepAlive=True)
    plist(tmp_path / "launchd" / "com.llmclassroom.cloudflared.plist", Label="com.llmclassroom.cloudflared")
    services = imported(path)
    assert (services["hub"].manager, services["hub"].unit) == ("launchd", "com.llmclassroom.hub")
    assert (services["tunnel"].manager, services["tunnel"].unit) == ("launchd", "com.llmclassroom.cloudflared")
    assert services["proto4"].manager is None
    assert '# manager = "process"' in write(import_from(path))
    put(tmp_path / ".pids" / "proto4.pid", "123")
    assert imported(path)["proto4"].manager == "process"


# ── compose ─────────────────────────────────────────────────────────────────────────────────────────────────────────

AIRCLASS = f"""
    name: airclass
    x-common: &common
      restart: unless-stopped
      environment: {{JWT_SECRET_KEY: {CANARY}}}
    services:
      master:
        <<: *common
        build: ./backend
        ports: ["${{MASTER_PORT:-8000}}:8000", "1935:1935"]
        healthcheck:
          test: ["CMD-SHELL", "curl -fsS http://localhost:8000/health || exit 1"]
        depends_on:
          redis: {{condition: service_healthy}}
      slave:
        <<: *common
        build: ./backend
        depends_on: [master]
      web:
        image: nginx
        ports:
          - {{target: 80, published: "8080", protocol: tcp}}
      redis:
        image: redis:7
        ports: ["127.0.0.1:6379:6379/tcp", "9:9/udp"]
      tool: {{image: x, profiles: [debug]}}
"""


def test_a_compose_file_gives_published_ports_and_its_health_checks(tmp_path: Path) -> None:
    path = put(tmp_path / "docker-compose.yml", AIRCLASS)
    services = imported(path)
    assert [(s.name, s.manager, s.project, s.port) for s in services.values()] == [
        ("master", "compose", "airclass", 8000),
        ("slave", "compose", "airclass", None),
        ("web", "compose", "airclass", 8080),
        ("redis", "compose", "airclass", 6379),
    ]
    assert services["master"].health is not None
    assert services["master"].health.url == "http://localhost:8000/health"
    assert services["master"].depends_on == ("redis",)
    assert services["slave"].depends_on == ("master",)
    assert services["web"].directory == str(tmp_path)
    assert import_from(path).left_out == ("tool: only in a profile",)


def test_a_published_port_is_where_the_health_check_is_reached_from_outside(tmp_path: Path) -> None:
    put(tmp_path / ".env", "MASTER_PORT=9000")
    master = imported(put(tmp_path / "compose.yaml", AIRCLASS))["master"]
    assert master.port == 9000
    assert master.health is not None
    assert master.health.url == "http://localhost:9000/health"


def test_health_is_only_suggested_where_nothing_says_it(tmp_path: Path) -> None:
    draft = import_from(put(tmp_path / "compose.yml", AIRCLASS))
    assert of(draft, "master").guesses["health"] == "what its own health check asks"
    assert [hint.value for hint in of(draft, "web").hints] == ['"http://localhost:8080/health"']
    assert of(draft, "redis").hints == ()  # speaks no HTTP


# ── launchd ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_launch_agents_give_labels_folders_and_logs(tmp_path: Path) -> None:
    agents = tmp_path / "LaunchAgents"
    plist(
        agents / "com.llmclassroom.proto4.plist",
        Label="com.llmclassroom.proto4",
        ProgramArguments=["/usr/bin/python3", "main.py", "--token", CANARY],
        WorkingDirectory="/Users/ops/platform/proto4",
        StandardOutPath="/Users/ops/platform/logs/proto4.log",
        StandardErrorPath="/Users/ops/platform/logs/proto4.error.log",
        EnvironmentVariables={"PORT": "8000", "OPENAI_API_KEY": CANARY},
        KeepAlive={"Crashed": True},
        RunAtLoad=True,
    )
    plist(agents / "com.example.nightly.plist", Label="com.example.nightly", StartCalendarInterval={"Hour": 3})
    (agents / "broken.plist").write_text("<plist><dict>")
    service = imported(agents)["proto4"]
    assert (service.manager, service.unit, service.port) == ("launchd", "com.llmclassroom.proto4", 8000)
    assert service.directory == "/Users/ops/platform/proto4"
    assert service.logs == ("/Users/ops/platform/logs/proto4.log", "/Users/ops/platform/logs/proto4.error.log")
    draft = import_from(agents)
    assert of(draft, "proto4").guesses["port"] == "from PORT=8000 in its environment"
    assert any("nightly: runs at times" in note for note in draft.left_out)
    assert any("broken.plist describes no service" in note for note in draft.left_out)
    assert 'logs = ["../logs/proto4.log", "../logs/proto4.error.log"]' in write(draft)


def test_a_property_list_as_launchd_has_it_is_read() -> None:
    [candidate] = import_from(SAMPLES / "launchd.plist").candidates
    assert (candidate.service.name, candidate.service.unit, candidate.service.port) == ("api", "com.example.api", 8080)


# ── systemd ─────────────────────────────────────────────────────────────────────────────────────────────────────────

UVICORN = f"""
    [Unit]
    Description=LLM Classroom FastAPI
    Requires=redis.service network.target
    [Service]
    User=ubuntu
    WorkingDirectory=/home/ubuntu/classroom
    # a comment
    Environment=PATH=/home/ubuntu/venv/bin "API_KEY={CANARY}"
    Environment=DEBUG=1
    EnvironmentFile=-/home/ubuntu/classroom/.env
    ExecStart=/home/ubuntu/venv/bin/uvicorn main:app \\
      ; a comment between continued lines
      --host 0.0.0.0 --port 8000
    StandardOutput=append:/var/log/classroom.log
    Restart=always
"""


def test_systemd_units_give_titles_ports_and_what_they_need(tmp_path: Path) -> None:
    units = tmp_path / "system"
    put(units / "llm-classroom.service", UVICORN)
    put(units / "redis.service", "[Service]\nType=notify\nExecStart=/usr/bin/redis-server --port 6379\n")
    put(units / "worker@.service", "[Service]\nExecStart=/bin/x\n")
    put(units / "migrate.service", "[Service]\nType=oneshot\nExecStart=/bin/x\n")
    (units / "dbus-org.x.service").symlink_to("/lib/systemd/system/systemd-logind.service")
    services = imported(units)
    assert sorted(services) == ["llm-classroom", "redis"]
    classroom = services["llm-classroom"]
    assert (classroom.title, classroom.manager, classroom.unit) == (
        "LLM Classroom FastAPI",
        "systemd",
        "llm-classroom.service",
    )
    assert (classroom.port, classroom.directory) == (8000, "/home/ubuntu/classroom")
    assert classroom.env_file == "/home/ubuntu/classroom/.env"
    assert classroom.logs == ("/var/log/classroom.log",)
    assert classroom.depends_on == ("redis",)


def test_drop_ins_and_empty_assignments_count_as_in_systemd(tmp_path: Path) -> None:
    unit = put(tmp_path / "app.service", "[Service]\nExecStart=/bin/app --port 1000\nEnvironment=PORT=1\n")
    put(tmp_path / "app.service.d" / "10.conf", "[Service]\nExecStart=\nExecStart=/bin/app --port 2000\n")
    assert imported(unit)["app"].port == 2000


def test_a_unit_of_a_user_session_is_told_by_its_folder(tmp_path: Path) -> None:
    unit = put(tmp_path / ".config" / "systemd" / "user" / "app.service", "[Service]\nExecStart=/bin/app\n")
    assert imported(unit)["app"].manager == "systemd-user"


# ── pm2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pm2_list_gives_apps_without_their_environment(tmp_path: Path) -> None:
    app = {
        "name": "iamvet",
        "pid": 17,
        "pm2_env": {
            "env": {"PORT": 3000, "DATABASE_URL": CANARY},
            "DATABASE_URL": CANARY,
            "args": ["start", f"--token={CANARY}"],
            "pm_cwd": "/home/ubuntu/iamvet",
            "pm_exec_path": "/home/ubuntu/iamvet/node_modules/.bin/next",
            "pm_pid_path": "/home/ubuntu/.pm2-iamvet/pids/iamvet-0.pid",
            "pm_out_log_path": "/home/ubuntu/iamvet/logs/pm2-out.log",
            "pm_err_log_path": "/home/ubuntu/iamvet/logs/pm2-error.log",
        },
    }
    module = {"name": "pm2-logrotate", "pm2_env": {"axm_options": {"isModule": True}}}
    banner = "[PM2] Spawning PM2 daemon with pm2_home=/home/ubuntu/.pm2\n[PM2] PM2 Successfully daemonized\n"
    path = put(tmp_path / "apps.txt", banner + json.dumps([app, app, module]))
    assert list(services := imported(path)) == ["iamvet"]
    iamvet = services["iamvet"]
    assert (iamvet.manager, iamvet.port, iamvet.directory) == ("pm2", 3000, "/home/ubuntu/iamvet")
    assert iamvet.pm2_home == "/home/ubuntu/.pm2-iamvet"
    assert iamvet.logs == ("/home/ubuntu/iamvet/logs/pm2-out.log", "/home/ubuntu/iamvet/logs/pm2-error.log")
    assert import_from(path).left_out == ("pm2-logrotate: a module of pm2 itself",)


def test_an_ecosystem_file_in_json_is_read(tmp_path: Path) -> None:
    apps = {
        "apps": [{"name": "web", "cwd": "./web", "script": "npm", "args": "start -- -p 3000", "env": {"X": CANARY}}]
    }
    web = imported(put(tmp_path / "ecosystem.config.json", json.dumps(apps)))["web"]
    assert (web.directory, web.port) == (f"{tmp_path}/web", 3000)


def test_a_list_as_pm2_prints_it_is_read() -> None:
    names = [candidate.service.name for candidate in import_from(SAMPLES / "pm2_jlist.json").candidates]
    assert names == ["api", "web", "bad"]


# ── whatever it is ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("command", "port"),
    [
        ("uvicorn main:app --port 8000", 8000),
        ("uvicorn main:app --port=8000", 8000),
        ("gunicorn -b 0.0.0.0:8001 app", 8001),
        ("gunicorn --bind=[::]:8002 app", 8002),
        ("node server.js --http-port 3000", 3000),
        ("next start -p 3001", 3001),
        ("php -S 127.0.0.1:8003", 8003),
        ("python3 -m http.server 8004", 8004),
        ("python3 manage.py runserver 0.0.0.0:8005", 8005),
        ("java -Dserver.port=8006 -jar x.jar", 8006),
        ("prometheus --web.listen-address=127.0.0.1:9090", 9090),
        ("mkdir -p /srv", None),
        ("app --port 99999", None),
        ("app --import 8000", None),
    ],
)
def test_the_port_is_read_from_the_command(command: str, port: int | None) -> None:
    from airops_tui.config.imports.guess import port_of

    guessed = port_of(command.split(), {})
    assert (guessed[0] if guessed else None) == port


def test_what_is_no_description_is_told_with_what_was_tried(tmp_path: Path) -> None:
    for name, text, told in [
        (
            "x.yml",
            "a: 1",
            "no compose file (no table called services whose entries have image or build), no services.yml",
        ),
        ("x.plist", "hello", "no launchd property list"),
        ("x.service", "[Unit]\nDescription=x", "no systemd unit (it has no [Service] section with an ExecStart)"),
        ("x.json", '{"a": 1}', "no pm2 list (neither a list of apps nor a table with one under apps)"),
        ("x.txt", "hello", "no launchd property list (Invalid file), no systemd unit"),
    ]:
        with pytest.raises(UsageError) as raised:
            import_from(put(tmp_path / name, text))
        assert told in raised.value.message
    (tmp_path / "empty").mkdir()
    for path, told in [("empty", "nothing here describes a service"), ("absent.yml", "there is no such file")]:
        with pytest.raises(UsageError, match=told):
            import_from(tmp_path / path)


def test_javascript_is_not_run_and_the_way_around_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        import_from(put(tmp_path / "ecosystem.config.js", "module.exports = { apps: [{ name: 'x' }] }"))
    assert raised.value.hint == "write the list to a file first: pm2 jlist > apps.json"


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("laughs.yml", LAUGHS + "services: *j"),
        ("merges.yml", LAUGHS.replace("[x, x, x, x, x, x, x, x, x]", "{x: 1}").replace(": [", ": {<<: [")),
        ("circle.yml", "services: &a {image: *a}"),
        ("deep.yml", "services: " + "[" * 1000),
        ("tag.yml", "services: !!python/object/apply:os.system ['touch /tmp/never']"),
        ("wide.yml", "services:\n" + "  - a\n" * 50_000),
        ("deep.json", "[" * 100_000),
        ("deep.plist", "<plist>" + "<array>" * 50_000),
        ("entity.plist", '<!DOCTYPE x [<!ENTITY a "aaaa">]><plist><string>&a;</string></plist>'),
        ("nul.service", "[Service]\nExecStart=\x00"),
        ("quotes.service", "[Service]\nExecStart=/bin/x 'never closed\nEnvironment='"),
    ],
)
def test_a_file_made_to_exhaust_or_run_us_is_refused_in_good_time(tmp_path: Path, name: str, text: str) -> None:
    began = time.process_time()
    try:
        import_from(put(tmp_path / name, text))
    except UsageError as error:
        assert str(error).isprintable()
    assert time.process_time() - began < 20


def test_names_that_a_config_cannot_have_are_changed_or_left_out(tmp_path: Path) -> None:
    apps = [
        {"name": "my app", "cwd": "/srv"},
        {"name": "my/app", "cwd": "/srv"},
        {"name": "--kill", "cwd": "/srv"},
        {"name": "env:HOME", "cwd": "/srv"},
        {"name": "\x1b[2Jevil", "cwd": "/srv"},
    ]
    path = put(tmp_path / "ecosystem.config.json", json.dumps({"apps": apps}))
    services = imported(path)
    assert [(s.name, s.unit) for s in services.values()] == [("my-app", "my app"), ("my-app-pm2", "my/app")]
    assert len(import_from(path).left_out) == 3
    assert all(note.isprintable() for note in import_from(path).left_out)


def test_circles_and_ports_claimed_twice_do_not_reach_the_config(tmp_path: Path) -> None:
    text = """
        services:
          a: {image: x, ports: ["80:80"], depends_on: [b, gone]}
          b: {image: x, ports: ["80:81"], depends_on: [a]}
    """
    services = imported(put(tmp_path / "compose.yml", text))
    assert [(s.port, s.depends_on) for s in services.values()] == [(80, ()), (None, ())]
