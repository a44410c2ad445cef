"""The node's supervisor, asked over its socket: what runs, stop it, start it, kill it."""

from __future__ import annotations

import os
import signal
import xmlrpc.client
from pathlib import Path
from typing import Any, cast

from supervisor.xmlrpc import SupervisorTransport

from lab.commands import wait_until


class Supervisor:
    """One supervisord (supervisor's XML-RPC interface)."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def pids(self) -> dict[str, int]:
        """The processes that run, by name."""
        listed = cast(list[dict[str, Any]], self._call("getAllProcessInfo"))
        return {row["name"]: row["pid"] for row in listed if row["statename"] == "RUNNING"}

    def states(self) -> dict[str, str]:
        """The state of every process, by name, in supervisor's words."""
        listed = cast(list[dict[str, Any]], self._call("getAllProcessInfo"))
        return {row["name"]: row["statename"] for row in listed}

    def stop(self, name: str) -> None:
        """Stop a process until it is started again."""
        self._call("stopProcess", name)

    def start(self, name: str) -> None:
        """Start a process that was stopped."""
        self._call("startProcess", name)

    def restart(self, name: str) -> None:
        """Stop and start a process."""
        self.stop(name)
        self.start(name)

    def kill(self, name: str) -> int:
        """Kill a process at once (SIGKILL); returns the pid that it had."""
        pid = self.pids()[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_back(self, name: str, old: int, seconds: float = 30) -> None:
        """Wait until a killed process runs again as another."""
        wait_until(
            lambda: self.pids().get(name) not in {None, old},
            f"{name} is started again by the supervisor",
            seconds=seconds,
        )

    def _call(self, method: str, *words: object) -> object:
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        try:
            with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
                return getattr(proxy.supervisor, method)(*words)
        finally:
            transport.close()
