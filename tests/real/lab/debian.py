"""A Debian root folder, for guests and for container images, and packages unpacked from Debian's archive.

The archive is the one this machine is set up with: its address is asked from apt, never written here.
"""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path

from .component import PREFIX, Missing, cached, fetch, need_root, run, tool

SUITE = "bookworm"
PACKAGES = "systemd,systemd-sysv,libpam-systemd,dbus,python3,procps,iproute2"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def root() -> Path:
    """The root of a small Debian with systemd, journald and Python; about 250 MB and 20 s the first time."""
    need_root("unpacking a Debian root")
    mmdebstrap = tool("mmdebstrap", "mmdebstrap")

    def make(folder: Path) -> None:
        fetch(
            *(mmdebstrap, "--quiet", "--variant=minbase", '--aptopt=APT::Install-Recommends "false"'),
            *(f"--include={PACKAGES}", f"--keyring={KEYRING}"),
            '--customize-hook=rm -rf "$1"/var/lib/apt/lists/* "$1"/usr/share/doc/* "$1"/var/cache/apt/*.bin',
            *(SUITE, folder, archive()),
            timeout=300,
        )

    return cached(f"root-{SUITE}-{zlib.crc32(PACKAGES.encode()):08x}", make)


def archive() -> str:
    """The address of the Debian archive that this machine's apt uses."""
    apt = tool("apt-get", "apt")
    known = run(apt, "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages", check=False).stdout
    debian = [line.split()[-1] for line in known.splitlines() if line.startswith("Debian ")]
    if not debian:
        raise Missing("apt knows no Debian archive here")
    return debian[0]


def unpack(package: str, suite: str, inside: str, target: Path) -> None:
    """Take one file out of a package of another suite, without touching this machine's packages."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        folder = Path(name)
        for part in ("lists/partial", "cache/archives/partial"):
            (folder / part).mkdir(parents=True)
        sources = folder / "suite.sources"
        sources.write_text(f"Types: deb\nURIs: {archive()}\nSuites: {suite}\nComponents: main\nSigned-By: {KEYRING}\n")
        options = [f"-oDir::Etc::sourcelist={sources}", "-oDir::Etc::sourceparts=/dev/null", "-oAPT::Sandbox::User="]
        options += [f"-oDir::State::lists={folder}/lists", f"-oDir::Cache={folder}/cache"]
        fetch("apt-get", "-qq", *options, "update", timeout=120)
        fetch("apt-get", "-qq", *options, "download", package, timeout=120, cwd=folder)
        archives = list(folder.glob("*.deb"))
        if not archives:
            raise Missing(f"no package {package} in {suite}")
        fetch("dpkg-deb", "-x", archives[0], folder / "unpacked", timeout=60)
        target.write_bytes((folder / "unpacked" / inside).read_bytes())
        target.chmod(0o755)
