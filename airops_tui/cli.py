"""From the command line to one front end: the console, a report, the playground, or a word about the config.

Each front end is imported only when it is asked for: a report never loads the screen, the screen never loads the
playground. Every error ends here, as a sentence on stderr and the exit code its class stands for.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from airops_tui import arguments
from airops_tui.errors import AiropsError, ExitCode, UsageError

if TYPE_CHECKING:
    from airops_tui.config.draft import Draft
    from airops_tui.config.settings import Settings
    from airops_tui.playground import Playground


def main(argv: Sequence[str]) -> int:
    """Run the command line `argv` (without the program's name) and return the exit code of the process."""
    _secure_process()
    args = arguments.parse(argv)
    try:
        return int(_front_end(args)(args))
    except AiropsError as error:
        _tell(error)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # the reader of our output has gone; keep the interpreter from complaining about the flush at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except Exception as error:  # noqa: BLE001 - a bug of ours: one line for the person, the rest in a file
        from airops_tui.crash import report_crash

        print(report_crash(error), file=sys.stderr)
        return int(ExitCode.BUG)


def _front_end(args: Namespace) -> Callable[[Namespace], int]:
    if args.verb is not None:
        return _VERBS[str(args.verb)]
    return _snapshot if args.snapshot else _console


def _secure_process() -> None:
    """What we write is for this user only, and a crash leaves no memory image with secrets in it."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _tell(error: AiropsError) -> None:
    from airops_tui.text import clean, redact

    for line in error.message.splitlines():
        print(f"airops: {redact(clean(line))}", file=sys.stderr)
    if error.hint:
        print(f"  {redact(clean(error.hint))}", file=sys.stderr)


def _settings(args: Namespace) -> Settings | None:
    """The settings of the config, None when there is none."""
    from airops_tui.config.load import find_config, load

    path = find_config(args.config, os.environ)
    return load(path, environ=os.environ) if path else None


def _chosen(settings: Settings, names: Sequence[str]) -> Settings:
    """The settings with only the services of these names. Raises UsageError for a name that is not there."""
    if not names:
        return settings
    import msgspec

    known = {service.name for service in settings.services}
    for name in names:
        if name not in known:
            raise UsageError(f"no service is called {name}", f"there are: {', '.join(sorted(known)) or 'none'}")
    chosen = tuple(service for service in settings.services if service.name in names)
    return msgspec.structs.replace(settings, services=chosen)


def _snapshot(args: Namespace) -> int:
    return _report(_settings(args), args)


def _report(configured: Settings | None, args: Namespace) -> int:
    if args.service and configured is None:
        raise UsageError("--service needs a config", "airops init writes one from what runs here")
    from airops_tui.reporting import report
    from airops_tui.site import build, discover_site

    site = build(_chosen(configured, args.service), read_only=True) if configured else discover_site()
    return report(site, args.format, sys.stdout, every=args.watch)


def _console(args: Namespace) -> int:
    settings = _settings(args)
    return _open_console(_chosen(settings, args.service) if settings else None, args)


def _open_console(settings: Settings | None, args: Namespace, playground: Playground | None = None) -> int:
    _require_terminal()
    from airops_tui.console import open_console
    from airops_tui.ui.feed import Extra

    commands = playground.commands() if playground else ()
    extras = [Extra(command.name, command.help, command.run) for command in commands]
    return open_console(settings, read_only=args.read_only, commands=extras)


def _require_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("the console needs a terminal", "for a report use: airops --snapshot")
    if os.environ.get("TERM", "dumb") in ("", "dumb"):
        raise UsageError("the console needs a terminal that can move its cursor (TERM is dumb)", "airops --snapshot")


def _demo(args: Namespace) -> int:
    from airops_tui import playground

    if args.act:
        return _break_or_mend(args)
    _leave_properly()
    with playground.open_playground(args.dir) as ground, _end_undisturbed():
        ground.start()
        for note in ground.notes:
            print(f"airops: {note}", file=sys.stderr)
        settings = _load(ground.config_path)
        if args.snapshot:
            return _report(settings, args)
        if args.headless:
            return _run_headless(ground)
        return _open_console(settings, args, ground)


def _leave_properly() -> None:
    """Have the signals that end a process raise instead, so that what a `with` block holds is ended as well."""

    def leave(number: int, frame: FrameType | None) -> None:
        _ignore_signals()
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, leave)


@contextlib.contextmanager
def _end_undisturbed() -> Iterator[None]:
    """After this block signals are ignored: a lost terminal sends several, and the first one has started the end."""
    try:
        yield
    finally:
        _ignore_signals()


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _load(path: Path) -> Settings:
    from airops_tui.config.load import load

    return load(path, environ=os.environ)


def _break_or_mend(args: Namespace) -> int:
    from airops_tui import playground

    ground = playground.find_playground(args.dir)
    if args.act == "mend" and args.name:
        print(ground.mend(args.name))
    elif args.act == "break" and args.name and args.fault:
        print(ground.break_(args.name, args.fault))
    else:
        faults = "|".join(arguments.FAULTS)
        raise UsageError("break or mend what?", f"airops demo break NAME {faults}, airops demo mend NAME")
    return ExitCode.OK


def _run_headless(ground: Playground) -> int:
    print(f"playground in {ground.directory}\nairops --config {ground.config_path}\nctrl-c ends it", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()
    return ExitCode.OK


def _init(args: Namespace) -> int:
    from airops_tui.config.write import init

    print(init(_draft(args.source), Path(args.config) if args.config else None, force=args.force))
    return ExitCode.OK


def _draft(source: str | None) -> Draft:
    """A config in the making: of what a file or folder describes, or of what runs here."""
    if source:
        from airops_tui.config.imports import import_from

        return import_from(Path(source))
    from airops_tui.hosts.local import LocalHost
    from airops_tui.sources.discover import discover, draft_from

    return draft_from(discover(LocalHost(read_only=True)))


def _config(args: Namespace) -> int:
    from airops_tui.config.load import find_config, load
    from airops_tui.config.show import check, show

    path = find_config(args.config, os.environ)
    if path is None:
        raise UsageError("there is no config", "airops init writes one from what runs here")
    if args.act == "path":
        print(path)
    elif args.act == "show":
        print(show(load(path, environ=os.environ)), end="")
    else:
        print(check(path, os.environ))
    return ExitCode.OK


_VERBS: Mapping[str, Callable[[Namespace], int]] = {"demo": _demo, "init": _init, "config": _config}
