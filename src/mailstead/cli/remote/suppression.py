"""Unreachable recipients and complaints of another server, over its API."""

from __future__ import annotations

from mailstead.cli.remote.things import Listed, Thing, thing
from mailstead.cli.session import SESSION


def suppressions(search: str, which: str) -> Listed:
    """Those that fit, the newest first."""
    return Listed("/suppressions", thing, q=search, which=which)


def release(number: int) -> Thing:
    """Let one go."""
    return thing(SESSION.api().call("POST", f"/suppressions/{number}/release"))


def complaints(search: str) -> Listed:
    """Those that fit, the newest first."""
    return Listed("/complaints", thing, q=search)
