"""A process that does rounds of copies, one after the other, as the desk sees it (`__main__`).

It is kept for a while when it has nothing to do: most rounds find nothing new, and starting Python
would be most of their cost.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import IO

from mailstead.home import Home
from mailstead.mailplane.node import child
from mailstead.wire import codec
from mailstead.wire.changes import CopyPut

KEPT = 30.0
"""Seconds for which one that has nothing to do is kept."""
ROUNDS = 200
"""Rounds after which it ends by itself, with all memory that it has taken."""
PATIENCE = 20.0
"""Seconds in which a copy that was told to stop has to."""


class Runner:
    """One process."""

    def __init__(self, home: Home) -> None:
        self.process = child.begin(
            home,
            "mailstead.mailplane.node.copies",
            *("--rounds", str(ROUNDS)),
            log="copies.log",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self.process.stdout is not None
        self.answers: IO[bytes] = self.process.stdout
        """Can be read when it is time to ask `over`."""
        os.set_blocking(self.answers.fileno(), False)
        self._answer = b""
        self.begun = 0
        """Rounds that it was given."""
        self.since = 0.0
        """When it had nothing to do any more."""

    @property
    def usable(self) -> bool:
        """Whether it takes another round."""
        return self.process.poll() is None and self.begun < ROUNDS

    def begin(self, put: CopyPut) -> bool:
        """Give it a round; false: it is not there any more."""
        self.begun += 1
        return self._say(codec.encode(put))

    def set_rate(self, octets: int) -> None:
        """Bound its round; 0: no bound."""
        self._say(b"rate %d" % octets)

    def stop(self) -> None:
        """Let its round stop at the next message."""
        self._say(b"stop")

    def over(self) -> int | None:
        """How its round ended, once it has: as `__main__` says, or the exit code of a process that
        has died."""
        # Asked first: what it had to say before it ended is read below.
        died = self.process.poll()
        with contextlib.suppress(BlockingIOError):
            self._answer += self.answers.read(4096) or b""
        line, end, rest = self._answer.partition(b"\n")
        if end:
            self._answer = rest
            return int(line)
        return died

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    def end(self) -> None:
        """Begin to end it: it stops at its next message."""
        with contextlib.suppress(OSError):
            if self.process.stdin:
                self.process.stdin.close()
        self.process.terminate()

    def gone(self, seconds: float) -> None:
        """Wait until it has ended, or kill it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.kill()
        self.process.wait()
        self.answers.close()

    def _say(self, line: bytes) -> bool:
        try:
            if self.process.stdin:
                self.process.stdin.write(line + b"\n")
        except OSError:
            return False
        return True
