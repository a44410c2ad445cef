"""A node in the lab: its home, its settings, the `mailstead` command in its host, its files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.commands import LabError, run
from lab.dns_host import DnsHost
from lab.namespaces import Namespace, empty
from mailstead.mailplane.node.home import Home

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
        self._hints = hints

    def write_settings(self, sections: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Write mailstead.toml: what the lab needs, and what the caller adds or changes."""
        top: dict[str, Any] = {"hostname": self.hostname, "operator": "operator@far.example"}
        tables: dict[str, dict[str, Any]] = {
            "dns": {"root_hints": str(self._hints), "validate": False},
        }
        for name, values in (sections or {}).items():
            (tables.setdefault(name, {}) if name else top).update(values)
        lines = [_assign(key, value) for key, value in top.items()]
        for name, table in tables.items():
            lines += ["", f"[{name}]", *(_assign(key, value) for key, value in table.items())]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.home.settings_file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def small_disk(self, path: Path, megabytes: int) -> None:
        """Put a small file system where the instance will keep `path`; before `up`."""
        path.mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "mailstead-lab", path)

    def up(self, *, timeout: float = 240) -> str:
        """Start the instance; returns what the command said."""
        return self.run("up", "--no-demo", timeout=timeout).stdout

    def down(self, *, timeout: float = 60) -> str:
        """Stop the instance in good order."""
        return self.run("down", timeout=timeout).stdout

    def kill(self) -> None:
        """Kill every process of the host at once, as a power cut would."""
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

    def log_text(self) -> str:
        """All logs of the instance, one after the other."""
        files = sorted(path for path in self.home.log.rglob("*") if path.is_file())
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in files)

    def maildir(self, address: str) -> Path:
        """The Maildir of a mailbox, whether it exists or not."""
        local, _, domain = address.rpartition("@")
        return self.home.mail / domain / local / "Maildir"

    def _environment(self) -> dict[str, str]:
        # Nothing of the caller's environment may decide how the instance behaves.
        path = os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        return {"PATH": path, "LANG": "C.UTF-8", "HOME": "/root"}


def _assign(key: str, value: object) -> str:
    # Strings, numbers, booleans and lists of them are written alike in JSON and in TOML.
    return f"{key} = {json.dumps(value)}"
