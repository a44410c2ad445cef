"""Blocked log-ins of another server, over its API."""

from __future__ import annotations

from mailstead.cli.remote.things import Listed, thing
from mailstead.cli.session import SESSION


def blocks(search: str, which: str) -> Listed:
    """Those that fit, the newest first."""
    return Listed("/blocks", thing, q=search, which=which)


def lift(client: str, account: str) -> int:
    """Let a client in again; returns how many blocks ended."""
    body = {"client": client, "account": account}
    found = SESSION.api().call("POST", "/blocks/lift", body)
    return int(found["lifted"])
