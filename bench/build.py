"""Builds a directory from nothing and changes it, in a process of its own, and says how long.

`python -m bench.build HOME DOMAINS CHANGES`: what the node's agent does after its directory was
lost, with the agent's own parts and without engines that run. The snapshot comes as the lines of
the wire, made beforehand; reading them is part of the time.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from bench.population import Population, mailbox, things
from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.directory.apply import Directory
from mailstead.mailplane.directory.rebuild import rebuild
from mailstead.mailplane.engines import files
from mailstead.mailplane.engines.postfix import control, model, render

# from mailstead.mailplane.engines.rspamd.control import DkimFiles
from mailstead.wire import codec
from mailstead.wire.changes import Revision


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What the process prints, as JSON. All times in seconds."""

    build: float
    changes: list[float]
    peak_kib: int
    """Largest resident memory of the process while it built."""
    entries: int
    """Entries in Postfix's maps afterwards."""


class _NoSessions:
    """Nobody is logged in at a node that does not run."""

    def kick(self, addresses: Collection[str]) -> None:
        """Nothing to end."""


class _NoKeys:
    """Nothing is signed at a node that does not run."""

    def put(self, domain: str, selector: str, private_key: str) -> None:
        """Nothing to keep."""

    def choose(self, selectors: Mapping[str, str], gone: Collection[str]) -> None:
        """Nothing to choose from."""

    def remove(self, domain: str, selector: str) -> None:
        """Nothing to forget."""


def main() -> None:
    """Build, change, print."""
    root, domains, changes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    home, population = Home(root), Population(domains)
    postfix = model.from_settings(Settings(home=root, hostname="bench.example"), home)
    for folder in (home.log, home.dkim, home.sieve, home.mail):
        folder.mkdir(parents=True, exist_ok=True)
    files.write(render.render(postfix))
    maps = control.Postmap(home)
    maps.create()
    lines = list(codec.encode_snapshot(1, things(population, _key())))
    started = time.monotonic()
    directory = Directory(home, maps, _NoSessions(), _NoKeys())
    revision, snapshot = codec.decode_snapshot(lines)
    rebuild(directory, revision, snapshot)
    directory.finish()
    built = time.monotonic() - started
    taken = [_change(directory, population, number) for number in range(changes)]
    entries = sum(len(maps.dump(name)) for name in model.MAP_NAMES)
    directory.close()
    outcome = Built(build=built, changes=taken, peak_kib=_peak(), entries=entries)
    print(msgspec.json.encode(outcome).decode())


def _change(directory: Directory, population: Population, number: int) -> float:
    """By turns a new mailbox and a new password; seconds to the last engine's file."""
    if number % 2:
        change = mailbox(population.address(number), store=f"{number:024x}", credential=2)
    else:
        address = f"new{number}@{population.domain(number)}"
        change = mailbox(address, store=f"{2**64 + number:024x}")
    revisions = [Revision(number=directory.revision + 1, change=change)]
    started = time.monotonic()
    directory.apply(revisions)
    return time.monotonic() - started


def _key() -> str:
    command = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _peak() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    found = itertools.dropwhile(lambda line: not line.startswith("VmHWM"), status)
    return int(next(found).split()[1])


if __name__ == "__main__":
    main()
