"""The words and flags of the command line, and nothing else: what they mean is in `cli`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from airops_tui import __version__
from airops_tui.errors import ExitCode

FAULTS = ("crash", "hang", "slow", "error", "leak", "port-taken")

_EXAMPLES = """\
examples:
  airops                          the console, over the config or over what runs here
  airops demo                     a playground of real services, and the console over it
  airops --snapshot               the same as a report; exit code 0 well, 1 degraded, 2 down, 3 unknown
  airops init                     write a config from what runs on this machine
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Exit 64, as sysexits.h has it, not argparse's 2, which means "down" here."""
        self.print_usage(sys.stderr)
        print(f"airops: {message}", file=sys.stderr)
        sys.exit(ExitCode.USAGE)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments. Ends the process for --help, --version (0) and for what makes no sense (64)."""
    arguments = _parser().parse_args(argv)
    arguments.service = arguments.service or []
    return arguments


def _parser() -> argparse.ArgumentParser:
    report = _report_flags()
    parser = _Parser(
        prog="airops",
        description="The operations console for the services of a machine.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[report],
    )
    parser.add_argument("--version", action="version", version=f"airops {__version__}")
    parser.add_argument("--config", metavar="FILE", help="config file (default: $AIROPS_CONFIG, ./airops.toml, …)")
    parser.add_argument("--read-only", action="store_true", help="look only: nothing can be changed")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more when something fails")
    verbs = parser.add_subparsers(dest="verb", metavar="", title="verbs")
    _demo(verbs, report)
    _init(verbs)
    _config(verbs)
    return parser


def _report_flags() -> _Parser:
    flags = _Parser(add_help=False)
    group = flags.add_argument_group("report")
    group.add_argument("--snapshot", action="store_true", help="print a report instead of opening the console")
    group.add_argument("--format", choices=("text", "json", "prometheus"), default="text", help="default: text")
    group.add_argument("--service", metavar="NAME", action="append", help="only this service; may be repeated")
    group.add_argument("--watch", metavar="SECONDS", type=_seconds, help="report again and again")
    return flags


def _demo(verbs: argparse._SubParsersAction[_Parser], report: _Parser) -> None:
    demo = verbs.add_parser(
        "demo",
        parents=[report],
        help="the playground: real services on loopback",
        description="Start the playground and open the console over it; or break and mend a running one.",
    )
    demo.add_argument("act", nargs="?", choices=("break", "mend"), help="break or mend a service of a running one")
    demo.add_argument("name", nargs="?", metavar="NAME", help="the service to break or mend")
    demo.add_argument("fault", nargs="?", choices=FAULTS, metavar="FAULT", help=", ".join(FAULTS))
    demo.add_argument("--dir", metavar="DIR", type=Path, help="keep the playground in this folder")
    demo.add_argument("--headless", action="store_true", help="run the services without the console, until ctrl-c")


def _init(verbs: argparse._SubParsersAction[_Parser]) -> None:
    init = verbs.add_parser("init", help="write a config from what runs here, or from another tool's files")
    init.add_argument(
        "--from",
        dest="source",
        metavar="PATH",
        type=Path,
        help="services.yml, a compose file, a LaunchAgents folder, systemd units, or saved `pm2 jlist` output",
    )
    init.add_argument("--force", action="store_true", help="replace an existing config")


def _config(verbs: argparse._SubParsersAction[_Parser]) -> None:
    config = verbs.add_parser("config", help="check the config, show it, or tell where it is")
    config.add_argument("act", choices=("check", "show", "path"))


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.5 <= value <= 86400:
        raise argparse.ArgumentTypeError("between 0.5 and 86400 seconds")
    return value
