"""How fast a copy goes, how far it is, and that it stops when told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

TELL_EVERY = 2.0
"""Seconds between two words about how far a copy is."""


class Stopped(Exception):
    """The copy was told to stop."""


class Progress:
    """Counts what is done, holds to the bound, and says how far it is now and then."""

    def __init__(self, tell: Callable[[Progress], None], clock: Callable[[], float]) -> None:
        self.messages = self.messages_all = 0
        self.octets = self.octets_all = 0
        self.folder = ""
        self.rate = 0
        """Octets in a second; 0: as fast as it goes."""
        self.teller, self._clock = tell, clock
        self._stop = threading.Event()
        self._told = 0.0
        self._free = clock()
        self._lock = threading.Lock()

    def silent(self) -> Progress:
        """Another that counts for itself and says nothing, and stops with this one."""
        made = Progress(lambda progress: None, self._clock)
        made._stop = self._stop
        return made

    def stop(self) -> None:
        """Stop at the next message."""
        self._stop.set()

    def check(self) -> None:
        """Raises `Stopped` when it is to stop."""
        if self._stop.is_set():
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Wait, or raise `Stopped`."""
        if self._stop.wait(seconds):
            raise Stopped

    def done(self, octets: int, messages: int = 1) -> None:
        """So much was copied; waits as long as the bound wants. Raises `Stopped`."""
        with self._lock:
            self.messages += messages
            self.octets += octets
            now = self._clock()
            pause = 0.0
            if self.rate:
                # What was not used in the last second may be made up for, not more.
                self._free = max(self._free, now - 1.0) + octets / self.rate
                pause = self._free - now
            if now - self._told >= TELL_EVERY:
                self._told = now
                self.teller(self)
        end = time.monotonic() + pause
        while pause > 0.001:
            self.wait(min(pause, TELL_EVERY))
            pause = end - time.monotonic()
            self.say()
        self.check()

    def say(self) -> None:
        """Say how far it is, if it is time."""
        with self._lock:
            if self._clock() - self._told >= TELL_EVERY:
                self._told = self._clock()
                self.teller(self)
