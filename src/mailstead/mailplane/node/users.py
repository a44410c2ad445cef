"""The system users of an instance: who owns mail, who runs the control plane."""

from __future__ import annotations

import pwd

from mailstead.mailplane.engines.processes import run

MAIL = "vmail"
CONTROL = "mailstead"
POSTFIX = "postfix"
"""Made by its package."""


def ensure() -> list[str]:
    """Make the users that are missing; returns the ones that were made."""
    made = []
    for name in (MAIL, CONTROL):
        try:
            pwd.getpwnam(name)
        except KeyError:
            run(
                [
                    *("/usr/sbin/useradd", "--system", "--user-group", "--no-create-home"),
                    *("--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", name),
                ]
            )
            made.append(name)
    return made
