"""The system users of an instance: who owns mail, who runs the control plane and the guard."""

from __future__ import annotations

import grp
import pwd

from mailstead.mailplane.engines.processes import run
from mailstead.mailplane.engines.redis.control import READERS as REDIS_READERS
from mailstead.mailplane.engines.rspamd.model import USER as RSPAMD

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
    _let_in(REDIS_READERS, (RSPAMD, GUARD))
    return made


def _let_in(group: str, names: tuple[str, ...]) -> None:
    """Have a group with these members, at least; those of other instances' are the same."""
    try:
        members = grp.getgrnam(group).gr_mem
    except KeyError:
        run(["/usr/sbin/groupadd", "--system", group])
        members = []
    for name in names:
        if name not in members:
            run(["/usr/sbin/usermod", "--append", "--groups", group, name])
