"""All that a node must know, from every part of the control plane that has something to tell."""

from __future__ import annotations

from collections.abc import Iterator

from mailstead.control.delivery.queries import pools
from mailstead.control.hosting import messages
from mailstead.wire.changes import AnyChange


def snapshot(server: str) -> Iterator[AnyChange]:
    """What is on one server, domains first."""
    yield from messages.snapshot(server)
    yield from pools.snapshot(server)
