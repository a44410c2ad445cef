"""Start one engine under the supervisor: end what a killed predecessor left, then become it.

`python -m mailstead.mailplane.node.launch ENGINE --home H`. When the master of Postfix or Dovecot
is killed, children may live on and hold its listening sockets; the new one needs them.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from mailstead.config import child_environment, load
from mailstead.home import Home
from mailstead.mailplane.node import leftovers
from mailstead.mailplane.node.registry import ENGINES


def main(arguments: list[str]) -> int:
    """Does not return when all is well: the process becomes the engine."""
    parser = argparse.ArgumentParser(prog="launch")
    parser.add_argument("engine", choices=sorted(ENGINES))
    parser.add_argument("--home", type=Path, required=True)
    given = parser.parse_args(arguments)
    settings = load(given.home)
    home = Home(given.home)
    engine = ENGINES[given.engine]
    old = leftovers.find(home, wanted=lambda path: path.startswith(engine.programs))
    if old:
        print(f"ending {len(old)} processes left by a killed {given.engine}", flush=True)
        leftovers.end(old)
    command = engine.command(settings, home)
    environment = child_environment(home.root)
    if engine.user:
        _become(engine.user)
    os.chdir(home.root)
    _lead_session()
    os.execve(command[0], command, environment)


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
