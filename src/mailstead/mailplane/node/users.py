"""The system users of an instance: who owns mail, who runs the control plane and the guard."""

from __future__ import annotations

import pwd

from mailstead.mailplane.engines.processes import run

MAIL = "vmail"
CONTROL = "mailstead"
GUARD = "mailguard"
READERS = "dovecot"
"""The group that reads the node's directory."""
POSTFIX = "postfix"
"""Made by its package."""


def ensure() -> list[str]:
    """Make the users that are missing; returns the ones that were made."""
    made = []
    for name in (MAIL, CONTROL, GUARD):
        try:
            pwd.getpwnam(name)
        except KeyError:
            run(
                [
                    *("/usr/sbin/useradd", "--system", "--user-group", "--no-create-home"),
                    *(("--groups", READERS) if name == GUARD else ()),
                    *("--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", name),
                ]
            )
            made.append(name)
    return made
