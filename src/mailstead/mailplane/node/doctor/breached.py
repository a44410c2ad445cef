"""Leaked passwords: Dovecot can look at them, where there is an index."""

from __future__ import annotations

from mailstead.breached.index import Index, IndexMissing, IndexUnusable
from mailstead.mailplane.engines.dovecot.model import LUA_PLUGIN
from mailstead.mailplane.node.doctor._finding import Context, Finding, no_mend


def check(context: Context) -> Finding:
    """The index can be read, and Dovecot has what it asks it with."""
    if context.settings.passwords.breached == "off":
        return Finding("ok", "Nobody looks whether passwords are known from leaks.")
    try:
        with Index.open(context.home.breached_index) as index:
            hashes = index.header.hashes
    except IndexMissing:
        return Finding("ok", "There is no index of leaked passwords: none is known.")
    except IndexUnusable as error:
        return Finding("warn", error.words, "Build it anew: mailstead breached build.")
    if not LUA_PLUGIN.exists():
        return Finding(
            "warn",
            "Dovecot cannot look whether a password is known from leaks at a log-in.",
            "Install the package dovecot-auth-lua and run 'mailstead up'.",
        )
    return Finding("ok", f"{hashes:,} leaked passwords are known.")


mend = no_mend
