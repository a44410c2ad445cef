"""The supervisor: keeps every process of the instance running (supervisord, supervisord.org).

A process that ends is started again, for ever: a supervisor that gives up would turn a disk that
was full for a minute into an outage.
"""

from __future__ import annotations

import resource
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, cast
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from mailstead.config import Settings, child_environment
from mailstead.home import Home
from mailstead.mailplane.engines.files import File, write
from mailstead.mailplane.engines.processes import EngineError, run
from mailstead.mailplane.node import leftovers
from mailstead.mailplane.node.registry import ENGINES, wanted
from mailstead.standards.refusal import Refusal

Progress = Callable[[str], None]
FRONT = "nginx"
START_SECONDS = 120.0
STOP_SECONDS = 45.0
FILES = 65536
"""Open files that each process may have."""


@dataclass(frozen=True)
class Process:
    """One supervised process as the supervisor sees it."""

    name: str
    state: str
    pid: int
    seconds: int
    """Since its start."""


def config_file(home: Home) -> Path:
    """Where supervisord.conf of the instance is."""
    return home.root / "supervisor" / "supervisord.conf"


def programs(settings: Settings) -> list[str]:
    """The names of all processes, in the order in which they start."""
    own = ["router", "guard", "agent"] + (["web", "worker"] if settings.control == "here" else [])
    engines = wanted(settings)
    # nginx last: who is let in finds the panel there.
    return [name for name in [*engines, *own] if name != FRONT] + [
        name for name in engines if name == FRONT
    ]


def _command(name: str, home: Home) -> str:
    module = "agent" if name == "agent" else f"launch {name}"
    return f"{sys.executable} -m mailstead.mailplane.node.{module} --home {home.root}"


def render(settings: Settings, home: Home) -> list[File]:
    """supervisord.conf; `%` is doubled because supervisord expands it."""
    environment = ",".join(
        f'{key}="{value}"'.replace("%", "%%") for key, value in child_environment(home.root).items()
    )
    parts = [
        f"""\
; Made by Mailstead from its settings; changes here are overwritten.
[supervisord]
logfile = {home.log}/supervisor.log
logfile_maxbytes = 10MB
logfile_backups = 3
pidfile = {home.run}/supervisor.pid
childlogdir = {home.log}
directory = {home.root}
environment = {environment}
user = root

[unix_http_server]
file = {home.supervisor_socket}
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl = unix://{home.supervisor_socket}
"""
    ]
    for number, name in enumerate(programs(settings), start=1):
        parts.append(
            f"""\
[program:{name}]
command = {_command(name, home)}
priority = {number}
autostart = true
autorestart = true
; Never give up: 1,000,000 tries with at most a second between them.
startretries = 1000000
startsecs = 1
stopsignal = TERM
stopwaitsecs = 20
stopasgroup = {"false" if name in ENGINES else "true"}
killasgroup = true
redirect_stderr = true
stdout_logfile = {home.log}/{name}.out
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 3
"""
        )
    return [File(config_file(home), "\n".join(parts), 0o600)]


def _server(home: Home) -> Any:
    transport = SupervisorTransport(None, None, f"unix://{home.supervisor_socket}")
    return cast(Any, ServerProxy("http://127.0.0.1", transport=transport)).supervisor


def is_running(home: Home) -> bool:
    """Whether the instance's supervisor answers."""
    try:
        return bool(_server(home).getState()["statename"] == "RUNNING")
    except (OSError, HTTPException, Fault):
        return False


def status(home: Home) -> list[Process]:
    """All processes; an empty list when the supervisor does not run."""
    if not is_running(home):
        return []
    found = []
    for info in _server(home).getAllProcessInfo():
        up = info["statename"] == "RUNNING"
        seconds = max(0, int(info["now"]) - int(info["start"])) if up else 0
        found.append(Process(info["name"], info["statename"], int(info["pid"]), seconds))
    return found


def restart(home: Home, name: str) -> None:
    """Stop and start one process."""
    server = _server(home)
    try:
        server.stopProcess(name)
    except Fault as fault:
        if "NOT_RUNNING" not in fault.faultString:
            raise
    server.startProcess(name)


def start(settings: Settings, home: Home, progress: Progress) -> bool:
    """Bring every process up and wait until each answers; returns whether anything was started.

    Raises `Refusal` (`start-failed`) naming the process that does not come up.
    """
    started = False
    if not is_running(home):
        orphans = leftovers.find(home)
        if orphans:
            progress(f"Ending {len(orphans)} processes that a killed instance left behind")
            leftovers.end(orphans)
        home.supervisor_socket.unlink(missing_ok=True)
        write(render(settings, home))
        progress("Starting the supervisor")
        _raise_file_limit()
        run([str(Path(sys.executable).with_name("supervisord")), "-c", str(config_file(home))])
        started = True
    elif write(render(settings, home)):
        progress("The list of processes has changed: restarting the supervisor")
        stop(home, progress)
        return start(settings, home, progress)
    _wait_ready(settings, home, progress)
    return started


def _raise_file_limit() -> None:
    """Let this process's children open `FILES` files, or as many as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
            return
        except (OSError, ValueError):
            pass
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _wait_ready(settings: Settings, home: Home, progress: Progress) -> None:
    deadline = time.monotonic() + START_SECONDS
    for name in programs(settings):
        engine = name in ENGINES
        while not (_answers(name, settings, home) if engine else _steady(home, name)):
            if time.monotonic() > deadline:
                raise _not_ready(name, home)
            time.sleep(0.1)
        progress(f"{name} {'answers' if engine else 'runs'}")


def _answers(name: str, settings: Settings, home: Home) -> bool:
    try:
        return ENGINES[name].ready(settings, home)
    except EngineError:
        # A question that took too long: the machine is busy, the deadline decides.
        return False


def _steady(home: Home, name: str) -> bool:
    doors = {
        "web": (home.web_socket, home.panel_socket),
        "guard": (home.guard_socket,),
        "router": (home.route_socket, home.sending_socket),
    }
    if not all(map(_taken, doors.get(name, ()))):
        return False
    return any(process.name == name and process.state == "RUNNING" for process in status(home))


def _taken(path: Path) -> bool:
    """Whether somebody listens at a unix socket; one that was left behind is not enough."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def _not_ready(name: str, home: Home) -> Refusal:
    words = ""
    for path in (home.log / f"{name}.out", home.log / f"{name}.log"):
        if path.exists():
            lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            words = lines[-1][:300] if lines else words
    return Refusal(
        "start-failed",
        f"{name} does not answer after {START_SECONDS:.0f} seconds; its log ends with: {words!r}.",
        remedy=f"Look into {home.log}, mend it, and run the command again.",
    )


def stop(home: Home, progress: Progress) -> bool:
    """Stop every process of the instance; returns whether there was anything to stop."""
    running = is_running(home)
    if running:
        progress("Stopping all processes")
        _server(home).shutdown()
        deadline = time.monotonic() + STOP_SECONDS
        while home.supervisor_socket.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    rest = leftovers.find(home)
    if rest:
        progress(f"Ending {len(rest)} processes that remained")
        leftovers.end(rest)
    return running or bool(rest)
