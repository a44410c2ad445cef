"""Time from a clean machine to the first message: `make up` where there is but Debian and Python.

A Debian of the same release is made with debootstrap in a folder under the work directory, from
the mirror that this machine's own apt is set to, and gets a clean clone of the last commit. `make
up` then runs in it as root, with process ids and mounts of its own; the clock runs from its start
to its end, which is after the proof message was sent and read. The network is the machine's, for
apt and pip, so the instance gets ports of its own.

Nothing of the mirror is written down: apt's and pip's settings are copied when the run starts.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.baseline import call
from bench.host import HostFailed
from bench.load.run import ROOT
from bench.report import Figure

TARGET = 240.0
OFFSET = 54000
FOLDER = "ms-gc"
PACKAGES = "ca-certificates,make,python3"
"""What a clean machine has: Debian, Python, and make to say `make up` with."""
LIMIT = 600.0
"""Seconds after which `make up` has failed."""
_COPIED = (
    "etc/apt/sources.list",
    "etc/apt/sources.list.d",
    "etc/apt/apt.conf.d",
    "etc/apt/apt.conf",
    "etc/apt/auth.conf.d",
    "etc/apt/trusted.gpg.d",
    "etc/apt/keyrings",
    "etc/pip.conf",
    "etc/resolv.conf",
    "etc/hosts",
    "etc/ssl/certs",
    "usr/local/share/ca-certificates",
    "usr/share/keyrings",
    "root/.config/pip",
    "root/.pip",
    "root/.netrc",
)
_PASSED = re.compile(r"(?i)(pip_.*|.*_proxy|ssl_cert_.*|requests_ca_bundle|curl_ca_bundle)")

_INSIDE = """\
set -e
mount -t proc proc /proc
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
cd /srv/mailstead
exec make up UP_ARGS="--port-offset $OFFSET"
"""


@dataclass(frozen=True)
class Source:
    """Where this machine's apt gets Debian from."""

    mirror: str
    suite: str


def apt_source() -> Source:
    """The first archive that apt is set to for the running release; raises `HostFailed`."""
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    suite = re.search(r"^VERSION_CODENAME=(\w+)", release, re.MULTILINE)
    if suite is None:
        raise HostFailed("This machine is not a Debian with a code name.")
    targets = call(
        *("apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)"),
        "Created-By: Packages",
    )
    for line in targets.splitlines():
        site, _, name = line.partition(" ")
        if name == suite[1]:
            return Source(site, name)
    raise HostFailed("apt has no archive of this machine's Debian release.")


@contextmanager
def _tree(root: Path, source: Source) -> Iterator[Path]:
    """A Debian with the repository in it, removed at the end."""
    sweep(root)
    try:
        call(
            *("debootstrap", "--variant=minbase", f"--include={PACKAGES}"),
            *(source.suite, str(root), source.mirror),
        )
        for name in _COPIED:
            _copy(Path("/") / name, root / name)
        _clone(root / "srv" / "mailstead")
        yield root
    finally:
        sweep(root)


def _copy(source: Path, target: Path) -> None:
    """Copy a file, or what a folder holds, over what debootstrap made."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        call("cp", "-a", "--remove-destination", f"{source}/.", str(target))
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        # The text counts, wherever a link may lead on this machine.
        call("cp", "-L", "--remove-destination", str(source), str(target))


def _clone(target: Path) -> None:
    call("git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(target))


def environment() -> dict[str, str]:
    """What the run inside gets: the way to the package mirrors, and nothing else of ours."""
    passed = {
        name: value
        for name, value in os.environ.items()
        # A folder of this machine is not part of a clean one.
        if _PASSED.fullmatch(name) and name.upper() != "PIP_FIND_LINKS"
    }
    return {
        **passed,
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
        "OFFSET": str(OFFSET),
    }


def sweep(root: Path) -> None:
    """End what still runs in the tree and remove it."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _lives_in(process, root):
            os.kill(int(process.name), signal.SIGKILL)
    end = time.monotonic() + 20
    while root.exists() and time.monotonic() < end:
        shutil.rmtree(root, ignore_errors=True)


def _lives_in(process: Path, root: Path) -> bool:
    try:
        return (process / "root").readlink() == root
    except OSError:
        return False


def _run(root: Path, log: Path) -> float:
    """`make up` inside; seconds until it has ended well. Raises `HostFailed`."""
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    command += ["chroot", str(root), "/bin/sh", "-c", _INSIDE]
    started = time.monotonic()
    with log.open("wb") as out:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment()
        )
        try:
            code = child.wait(timeout=LIMIT)
        except subprocess.TimeoutExpired as error:
            raise HostFailed(f"'make up' took more than {LIMIT:.0f} s; see {log}.") from error
        finally:
            child.kill()
            child.wait()
    taken = time.monotonic() - started
    if code != 0:
        words = " ".join(log.read_text(encoding="utf-8", errors="replace").split()[-60:])
        raise HostFailed(f"'make up' on a clean machine failed ({code}): {words}")
    return taken


def measure(work: Path, log: Path) -> list[Figure]:
    """One clean machine, from nothing to the proof; its output goes to `log`."""
    root = work / FOLDER
    started = time.monotonic()
    log.parent.mkdir(parents=True, exist_ok=True)
    with _tree(root, apt_source()):
        made = time.monotonic() - started
        taken = _run(root, log)
    return [
        Figure(
            "clean machine",
            "'make up' until the first message was read",
            taken,
            "s",
            at_most=TARGET,
            detail={"debootstrap_s": round(made, 1)},
        )
    ]
