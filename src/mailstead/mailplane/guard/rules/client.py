"""Whether the same client sends as several mailboxes, which do not share an office."""

from __future__ import annotations

from collections.abc import Iterator

from mailstead.mailplane.guard.evidence import SIGNALS, Finding
from mailstead.mailplane.guard.view import View

_NATS = (0.0, 1.8, 2.8, 3.5)


def find(view: View) -> Iterator[Finding]:
    """Only where the network is new to this mailbox too."""
    others = view.crowd.met(view.act.client, view.act.mailbox, view.at)
    if view.at_home:
        return
    if view.crowd.listener is not None:
        view.crowd.listener.used(view.at, view.act.mailbox, view.act.client)
    if not view.has_habits:
        return
    if view.crowd.is_stolen_client(view.act.client, view.at):
        yield Finding("campaign", SIGNALS["campaign"].most * 0.8, view.act.client)
    elif others:
        yield Finding("client-shared", _NATS[min(others, 3)], str(others + 1))
