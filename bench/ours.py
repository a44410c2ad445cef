"""Ours under measurement: an instance of its own, driven through the `mailstead` command."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.baseline import call
from bench.driver import Answer, Command
from bench.host import LOGS, HostFailed, keep_logs
from bench.load.run import ROOT
from mailstead.config import Ports
from mailstead.home import Home

OFFSET = 53000
COMMAND = Path(sys.executable).with_name("mailstead")


@dataclass
class Ours:
    """A running instance (`bench.host.Host`)."""

    home: Home
    name: str = "ours"
    database: str = ""
    """URL of a PostgreSQL; empty: SQLite."""

    @property
    def spool(self) -> Path:
        return self.home.spool

    @property
    def log(self) -> Path:
        return self.home.log / "postfix.log"

    @property
    def config(self) -> Path:
        return self.home.postfix

    def port(self, service: str) -> int:
        return Ports(offset=OFFSET).of(service)

    def supervisor(self) -> int:
        """The process id of supervisord, from which everything of the instance descends."""
        pattern = str(self.home.root)
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _is_supervisor(entry, pattern):
                return int(entry.name)
        raise HostFailed(f"No supervisor runs for {self.home.root}.")

    def configure(self, *, scan: bool, more: str = "") -> None:
        """Write the settings for the next start; `more` are further sections."""
        name = "ours+scan" if scan else "ours"
        self.home.root.mkdir(parents=True, exist_ok=True)
        self.home.settings_file.write_text(
            'hostname = "bench.example"\n'
            f"[ports]\noffset = {OFFSET}\n"
            # Every message of the load comes for the first time: greylisting would defer them all.
            f"[spam]\nscan = {str(scan).lower()}\ngreylist = false\n"
            f'[database]\nurl = "{self.database}"\n{more}',
            encoding="utf-8",
        )
        self.name = name

    def up(self) -> None:
        """Start; raises `HostFailed` with the command's words."""
        self._mailstead("up", "--no-demo")

    def restart(self, *, scan: bool, more: str = "") -> None:
        """Start anew, with or without the spam scan; `more` as in `configure`."""
        self.down()
        self.configure(scan=scan, more=more)
        self.up()

    def down(self) -> None:
        """Stop everything of the instance."""
        self._mailstead("down")

    def _mailstead(self, *words: str) -> None:
        call(str(COMMAND), "--home", str(self.home.root), *words)


def _is_supervisor(entry: Path, home: str) -> bool:
    try:
        words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    return any("supervisord" in word for word in words) and any(home in word for word in words)


@contextmanager
def ours(work: Path, database: str = "", *, scan: bool = True) -> Iterator[Ours]:
    """An instance as it is shipped, or without the scan; ends and vanishes with the block."""
    host = Ours(Home(work / "ms-go"), database=database)
    sweep(host)
    try:
        host.configure(scan=scan)
        host.up()
        yield host
    except BaseException:
        keep_logs(host, LOGS)
        raise
    finally:
        sweep(host)


def sweep(host: Ours) -> None:
    """Stop what a crashed run left, and remove its home."""
    if host.home.settings_file.exists():
        try:
            host.down()
        except HostFailed as error:
            print(error, file=sys.stderr)
    end = time.monotonic() + 20
    while host.home.root.exists() and time.monotonic() < end:
        shutil.rmtree(host.home.root, ignore_errors=True)


class Driver:
    """The process that commits changes (`bench.driver`)."""

    def __init__(self, host: Ours) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.driver", str(host.home.root)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def do(self, command: Command) -> Answer:
        """Commit one change; raises `HostFailed` when the driver died of it."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(command) + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise HostFailed(f"'{command.do}' failed; the driver's words are above.")
        return msgspec.json.decode(line, type=Answer)

    def wait_until_applied(self, limit: float = 600.0) -> None:
        """Until the node has said that it holds all that is committed; raises `HostFailed`."""
        end = time.monotonic() + limit
        while True:
            answer = self.do(Command(do="applied"))
            if answer.applied >= answer.head:
                return
            if time.monotonic() > end:
                raise HostFailed(
                    f"The node holds revision {answer.applied} of {answer.head} "
                    f"after {limit:.0f} s."
                )
            time.sleep(0.2)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def driver(host: Ours) -> Iterator[Driver]:
    """A driver for the instance, ended with the block."""
    made = Driver(host)
    try:
        yield made
    finally:
        made.close()
