"""Hashes from other servers: how many there are still, and whether log-ins renew them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from mailstead.mailplane.engines.dovecot.model import hands_over
from mailstead.mailplane.node.doctor._finding import Context, Finding, no_mend
from mailstead.standards.password import is_of_house


def check(context: Context) -> Finding:
    """Dovecot has what it hands passwords over with, where a hash is to be renewed."""
    path = f"file:{context.home.directory_database}?mode=ro"
    try:
        with closing(sqlite3.connect(path, uri=True, timeout=5)) as reader:
            rows = reader.execute("SELECT secret FROM login WHERE may_login = 1")
            count = sum(not is_of_house(secret) for (secret,) in rows)
    except sqlite3.Error:
        return Finding("ok", "There are no mailboxes yet.")
    if not count:
        return Finding("ok", "Every password has a hash of the house.")
    words = f"{count:,} mailboxes still have the hash of another server"
    if not hands_over():
        return Finding(
            "warn",
            f"{words}, and no log-in renews it.",
            "Install the packages dovecot-auth-lua and lua-socket and run 'mailstead up'.",
        )
    return Finding("ok", f"{words}; it is renewed when they log in.")


mend = no_mend
