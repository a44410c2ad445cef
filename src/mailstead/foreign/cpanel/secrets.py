"""Hashes of passwords as crypt(3) makes them, with the locks put in front (`read_secret`)."""

from __future__ import annotations

import re
from typing import NamedTuple

_HASH = re.compile(
    r"\$6\$(?:rounds=\d{1,9}\$)?[./A-Za-z0-9]{0,16}\$[./A-Za-z0-9]{86}"
    r"|\$5\$(?:rounds=\d{1,9}\$)?[./A-Za-z0-9]{0,16}\$[./A-Za-z0-9]{43}"
    r"|\$1\$[^$:\s]{0,8}\$[./A-Za-z0-9]{22}"
    r"|\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}"
    r"|\$y\$[./A-Za-z0-9]{1,20}\$[./A-Za-z0-9]{0,86}\$[./A-Za-z0-9]{43}"
    r"|[./A-Za-z0-9]{13}"
)
_ACCOUNT_LOCK = "*LOCKED*"


class Secret(NamedTuple):
    """A field of a shadow file, read."""

    hash: str
    """Empty: none is left."""
    account_locked: bool
    """The whole account was suspended; the hash is as it was."""
    login_locked: bool
    known: bool
    """False where something is there that is no hash of crypt(3)."""


def read_secret(text: str) -> Secret:
    """The hash behind the locks."""
    text = text.strip()
    account = text.startswith(_ACCOUNT_LOCK)
    text = text.removeprefix(_ACCOUNT_LOCK)
    bare = text.lstrip("!")
    login = bare != text
    if bare in ("", "*", "x"):
        return Secret("", account, login, True)
    if _HASH.fullmatch(bare):
        return Secret(bare, account, login, True)
    return Secret("", account, login, False)
