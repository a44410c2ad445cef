"""Start one process under the supervisor: end what a killed predecessor left, then become it.

`python -m mailstead.mailplane.node.launch NAME --home H`. When the master of Postfix or Dovecot
is killed, children may live on and hold its listening sockets; the new one needs them.

The control plane and the guard run as users who may not be able to enter the directory of the
program (a clone in /root, say). They get that directory from us as an open file: the path below
/proc/self/fd leads there without a step through the directories above (proc_pid_fd(5)).
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import sysconfig
from pathlib import Path
from typing import NoReturn

import mailstead
from mailstead.config import Settings, child_environment, load, panel_origin
from mailstead.home import Home
from mailstead.mailplane.guard import meeting
from mailstead.mailplane.guard.meeting import Meeting
from mailstead.mailplane.node import leftovers
from mailstead.mailplane.node.registry import ENGINES
from mailstead.mailplane.node.users import CONTROL, GUARD, POSTFIX
from mailstead.wire.protection import BLOCKED_PATH
from mailstead.wire.sending import HELP_PATH

CHECK = "check"
"""Ends with 0 when the control plane's user can read the program."""
OWN = {
    "web": ("mailstead.control.project.serve", CONTROL),
    "worker": ("mailstead.control.project.worker", CONTROL),
    CHECK: ("mailstead.config", CONTROL),
    "guard": ("mailstead.mailplane.guard", GUARD),
    "router": ("mailstead.mailplane.sending.router", POSTFIX),
}
"""Our own processes that do not run as root: module and user."""


def main(arguments: list[str]) -> int:
    """Does not return when all is well: the process becomes what it is to start."""
    parser = argparse.ArgumentParser(prog="launch")
    parser.add_argument("name", choices=sorted([*ENGINES, *OWN]))
    parser.add_argument("--home", type=Path, required=True)
    given = parser.parse_args(arguments)
    home = Home(given.home)
    if given.name not in ENGINES:
        _become_own(*OWN[given.name], home)
    _become_engine(given.name, home)


def _become_engine(name: str, home: Home) -> NoReturn:
    settings = load(home.root)
    engine = ENGINES[name]
    old = leftovers.find(home, wanted=lambda path: path.startswith(engine.programs))
    if old:
        print(f"ending {len(old)} processes left by a killed {name}", flush=True)
        leftovers.end(old)
    command = engine.command(settings, home)
    environment = child_environment(home.root)
    if engine.user:
        _become(engine.user)
    os.chdir(home.root)
    _lead_session()
    os.execve(command[0], command, environment)


def _become_own(module: str, user: str, home: Home) -> NoReturn:
    words = ["-m", module]
    if user == GUARD:
        # The settings are not for its eyes: a password of the database may stand in them.
        settings = load(home.root)
        pages = panel_origin(settings) + HELP_PATH
        words += ["--home", str(home.root), "--pages", pages, *_watching(settings)]
        meeting.write(home.guard_sharing, _meeting(settings), GUARD)
        words += _logins(settings)
    if user == POSTFIX:
        hostname = load(home.root).hostname or socket.getfqdn()
        words += ["--home", str(home.root), "--hostname", hostname]
    python, base = sys.executable, os.path.realpath(sys.executable)
    environment = child_environment(home.root)
    code = [str(Path(mailstead.__file__).parents[1]), sysconfig.get_path("purelib")]
    opened = [os.open(path, os.O_PATH) for path in code]
    os.chdir(home.root)
    _become(user)
    if not all(_readable(path) for path in [python, *code]):
        for descriptor in opened:
            os.set_inheritable(descriptor, True)
        paths = [f"/proc/self/fd/{descriptor}" for descriptor in opened]
        for path, name in zip([base, *paths], [base, *code], strict=True):
            if not _readable(path):
                sys.exit(f"{name} is closed to the user {user}")
        python = base
        environment |= {"PYTHONPATH": ":".join(paths), "PYTHONNOUSERSITE": "1"}
    if not _readable(str(home.root)):
        sys.exit(f"{home.root} is closed to the user {user}")
    os.execve(python, [python, *words], environment)


def _watching(settings: Settings) -> list[str]:
    """What the guard is told of the settings about stolen mailboxes."""
    if settings.guard.mode == "off":
        return []
    networks = settings.guard.networks
    words = ["--mode", settings.guard.mode, "--journal-days", str(settings.guard.journal_days)]
    return [*words, *(["--networks", networks] if networks else [])]


def _meeting(settings: Settings) -> Meeting | None:
    """Where its guard meets those of other nodes."""
    if not settings.guard.redis or settings.guard.mode == "off":
        return None
    return Meeting(settings.guard.redis, settings.server)


def _logins(settings: Settings) -> list[str]:
    """What it is told of them about log-ins."""
    words = ["--logins", str(settings.ports.of("logins"))]
    words += ["--blocked", panel_origin(settings) + BLOCKED_PATH]
    if settings.guard.logins == "block":
        words.append("--blocking")
    return words + [word for network in settings.guard.trusted for word in ("--trusted", network)]


def _readable(path: str) -> bool:
    return os.access(path, os.R_OK | os.X_OK)


def _lead_session() -> None:
    """Become a session leader: master(8) of Postfix ends at once where it cannot.

    The supervisor starts each process as the leader of its own group, and such a one may not call
    setsid(2); a member of another group of the session may.
    """
    if os.getsid(0) != os.getpid():
        os.setpgid(0, os.getsid(0))
        os.setsid()


def _become(user: str) -> None:
    import pwd

    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
