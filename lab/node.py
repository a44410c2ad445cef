"""A node in the lab: its home, its settings, the `mailstead` command in its host, its files."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from lab import compiled
from lab.commands import LabError, run, wait_until
from lab.dns_host import DnsHost
from lab.namespaces import Namespace, empty
from lab.supervisor import Supervisor
from mailstead.home import Home

REPOSITORY = Path(__file__).resolve().parent.parent

_COLD = {"up", "down", "service"}
"""Commands that start processes which stay: they get a process of their own from the start."""

COMMAND = Path(sys.executable).parent / "mailstead"


class Node:
    """One instance of Mailstead in a host of its own, on the ports that mail really uses."""

    def __init__(
        self, namespace: Namespace, folder: Path, hostname: str, dns: DnsHost, hints: Path
    ) -> None:
        self.namespace = namespace
        self.folder = folder
        self.hostname = hostname
        self.dns = dns
        self.address = str(namespace.host.v4)
        self.address6 = str(namespace.host.v6)
        self.home = Home(folder)
        self.supervisor = Supervisor(self.home.supervisor_socket)
        self._hints = hints
        self._trust: dict[str, dict[str, Any]] = {}
        self._warm: subprocess.Popen[str] | None = None

    def write_settings(self, sections: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Write mailstead.toml: what the lab needs, and what the caller adds or changes."""
        top: dict[str, Any] = {"hostname": self.hostname, "operator": "operator@far.example"}
        tables: dict[str, dict[str, Any]] = {
            "dns": {
                "root_hints": str(self._hints),
                "validate": False,
                "serve_on": [self.address],
                "name_servers": [self.hostname],
            },
        }
        for name, values in (*self._trust.items(), *(sections or {}).items()):
            (tables.setdefault(name, {}) if name else top).update(values)
        lines = [_assign(key, value) for key, value in top.items()]
        for name, table in tables.items():
            lines += ["", f"[{name}]", *(_assign(key, value) for key, value in table.items())]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.home.settings_file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def believe(self, anchor: Path, authorities: Path) -> None:
        """Let the settings name the lab's own root of trust in the DNS and in certificates."""
        self._trust = {
            "dns": {"validate": True, "anchor": str(anchor)},
            "transport": {"authorities": str(authorities)},
        }

    def small_disk(self, path: Path, megabytes: int) -> None:
        """Put a small file system where the instance will keep `path`; before `up`."""
        path.mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "mailstead-lab", path)

    def up(self, *, timeout: float = 240) -> str:
        """Start the instance; returns what the command said."""
        compiled.lend(self.home)
        said = self.run("up", "--no-demo", timeout=timeout).stdout
        compiled.keep(self.home)
        return said

    def down(self, *, timeout: float = 60) -> str:
        """Stop the instance in good order."""
        return self.run("down", timeout=timeout).stdout

    def kill(self) -> None:
        """Kill every process of the host at once."""
        self.cool()
        empty([self.namespace.name])

    def wipe(self) -> None:
        """Remove the home of an instance that is stopped."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(
        self,
        *words: str | Path | int,
        stdin: str | None = None,
        timeout: float = 60,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """`mailstead WORDS` for this instance, in this host."""
        if words[0] not in _COLD:
            return self._warm_run([str(word) for word in words], stdin or "", timeout, check)
        return self.namespace.run(
            COMMAND,
            "--home",
            self.folder,
            *words,
            stdin=stdin,
            timeout=timeout,
            check=check,
            env=self._environment(),
        )

    def cli(self, *words: str | Path | int, stdin: str | None = None) -> Any:
        """`mailstead WORDS --json`, its answer read."""
        done = self.run(*words, "--json", stdin=stdin)
        try:
            return json.loads(done.stdout) if done.stdout.strip() else None
        except ValueError as error:
            raise LabError(f"mailstead {words} did not print JSON: {done.stdout!r}") from error

    def refused(self, *words: str | Path | int, stdin: str | None = None) -> str:
        """The sentence with which `mailstead WORDS` refuses, with exit code 2 and no trace."""
        done = self.run(*words, stdin=stdin, check=False)
        if done.returncode != 2 or "Traceback" in done.stderr + done.stdout:
            raise LabError(
                f"mailstead {words} was to be refused, but ended with {done.returncode}: "
                f"{done.stdout}{done.stderr}"
            )
        return done.stderr.strip()

    def flush(self) -> None:
        """Try everything that waits in Postfix's queue now."""
        self.namespace.run("postqueue", "-c", self.home.postfix, "-f")

    def wait_ports(self, seconds: float = 20) -> None:
        """Wait until every mail port greets."""
        for port in (25, 587, 143, 110, 4190):
            wait_until(partial(self._greets, port), f"port {port} greets", seconds=seconds)

    def _greets(self, port: int) -> bool:
        with socket.create_connection((self.address, port), timeout=2) as connection:
            return bool(connection.recv(10))

    @contextlib.contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """Inside the block a process stands still (SIGSTOP)."""
        pid = self.supervisor.pids()[name]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def kill_children(self, name: str, program: str) -> int:
        """Kill at once the children of a process that run this program; returns how many."""
        parent = self.supervisor.pids()[name]
        listed = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
        pids = [int(pid) for pid in listed.split() if _program(int(pid)) == program]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(pids)

    def log_text(self) -> str:
        """All logs of the instance, one after the other."""
        files = sorted(path for path in self.home.log.rglob("*") if path.is_file())
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in files)

    def maildir(self, address: str) -> Path:
        """The Maildir of a mailbox, whether it exists or not."""
        local, _, domain = address.rpartition("@")
        return self.home.mail / domain / local / "Maildir"

    def _warm_run(
        self, words: list[str], stdin: str, timeout: float, check: bool
    ) -> subprocess.CompletedProcess[str]:
        """The same in a fork of a process that has the command's modules loaded."""
        if self._warm is None or self._warm.poll() is not None:
            self._warm = subprocess.Popen(
                self.namespace.argv(sys.executable, "-m", "lab.warm"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=REPOSITORY,
                env=self._environment(),
            )
        warm = self._warm
        assert warm.stdin is not None
        assert warm.stdout is not None
        argv = ["--home", str(self.folder), *words]
        warm.stdin.write(json.dumps({"argv": argv, "stdin": stdin}) + "\n")
        warm.stdin.flush()
        if not select.select([warm.stdout], [], [], timeout)[0]:
            self.cool()
            raise LabError(f"mailstead {' '.join(words)} did not end within {timeout:g} s")
        answer = json.loads(warm.stdout.readline() or "{}")
        if not answer:
            raise LabError(f"The warm command ended while it ran mailstead {' '.join(words)}.")
        done = subprocess.CompletedProcess(
            ["mailstead", *argv], answer["code"], answer["out"], answer["err"]
        )
        if check and done.returncode:
            raise LabError(
                f"mailstead {' '.join(words)} ended with {done.returncode}: "
                f"{done.stderr.strip() or done.stdout.strip()}"
            )
        return done

    def cool(self) -> None:
        """End the warm process; the next command starts a new one."""
        if self._warm is not None:
            self._warm.kill()
            self._warm.communicate()
            self._warm = None

    def _environment(self) -> dict[str, str]:
        # Nothing of the caller's environment may decide how the instance behaves.
        path = os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        return {
            "PATH": path,
            "LANG": "C.UTF-8",
            "HOME": "/root",
            "MAILSTEAD_HOME": str(self.folder),
        }


def _assign(key: str, value: object) -> str:
    # Strings, numbers, booleans and lists of them are written alike in JSON and in TOML.
    return f"{key} = {json.dumps(value)}"


def _program(pid: int) -> str:
    """The name of the program that a process runs (proc(5), comm)."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
