"""How a run gets in at its source: asked of the control plane when it begins, and kept nowhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from mailstead.mailplane.node.away import Away
from mailstead.wire.moves import AnySource, FilesSource

ASK_EVERY = 5.0
"""Seconds before a control plane that was away is asked for a log-in again."""
AskSource = Callable[[int], AnySource]
"""The number of a copy to its source with the password; raises `Away`, `Refusal`."""


class Sources:
    """Asks for sources; `ask` None: what is told is all there is."""

    def __init__(self, ask: AskSource | None) -> None:
        self._ask = ask
        self.ask_after = 0.0

    def full(self, copy: int, told: AnySource) -> AnySource | None:
        """The source of a copy with what is needed to log in; None: it cannot be asked for now.

        Raises `Refusal`.
        """
        if self._ask is None or isinstance(told, FilesSource) or told.password:
            return told
        now = time.monotonic()
        if now < self.ask_after:
            return None
        try:
            return self._ask(copy)
        except Away:
            self.ask_after = now + ASK_EVERY
            return None
