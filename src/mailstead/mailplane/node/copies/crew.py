"""Messages copied by several processes, each of which ends when this one has.

Threads would do where a message waits for the disk alone; but copying one is a dozen short system
calls, and Python lets one thread at a time go from one to the next. A process of the crew is
handed open directories and names, so it opens nothing that this one has not (files.py).
"""

from __future__ import annotations

import gc
import marshal
import mmap
import os
import select
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

from mailstead.mailplane.node.copies.files import Odd

HANDS = max(2, min(4, os.cpu_count() or 1))
"""Processes for one copy."""
_AT_ONCE = 64
"""Messages in one piece of work."""
_AHEAD = 3
"""Pieces that a process has, so that it need not wait for the next."""
_MOST = 2**20
"""Octets that are received at once."""
_MOST_WORDS = 2**17
"""Octets of one piece's names: fewer than the kernel takes at once (`net.core.wmem_default`)."""
_FDS = 8
_LEFT = -1

Task = tuple[int, str, int, str]
"""A message: which of the directories it is in, its name there, and the same of its copy."""
Copy = Callable[[int, str, int, str], int]


class Crew:
    """The processes; `copy` is `Copier.message`."""

    def __init__(self, copy: Copy, hands: int = HANDS) -> None:
        self._ended = mmap.mmap(-1, 1)
        self._hands: dict[socket.socket, int] = {}
        for _ in range(hands):
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            child = os.fork()
            if not child:
                for other in (*self._hands, ours):
                    os.close(other.fileno())
                _work(theirs, copy, self._ended)
            theirs.close()
            self._hands[ours] = child

    def do(
        self,
        directories: Sequence[int],
        tasks: Sequence[Task],
        heard: Callable[[int, int], None],
        on: Callable[[], bool],
    ) -> list[int]:
        """Copy these; returns the numbers of those that are left for the caller to do itself.

        Left is what raised something, and all that was not begun when `on` became false or a
        process ended. `heard` is told how many were copied, and their octets; what it raises ends
        the work. Nothing is under way any more when this returns or raises.
        """
        left = set(range(len(tasks)))
        pieces = [
            range(at, min(at + _AT_ONCE, len(tasks))) for at in range(0, len(tasks), _AT_ONCE)
        ]
        pieces.reverse()
        has: dict[socket.socket, list[range]] = {hand: [] for hand in self._hands}
        try:
            while True:
                for hand in list(has):
                    while pieces and len(has[hand]) < _AHEAD:
                        words = marshal.dumps([tasks[number] for number in pieces[-1]])
                        if len(words) <= _MOST_WORDS and not _gave(hand, words, directories):
                            self._lose(hand)
                            del has[hand]
                            break
                        piece = pieces.pop()
                        if len(words) <= _MOST_WORDS:
                            has[hand].append(piece)
                waiting = [hand for hand, own in has.items() if own]
                if not waiting:
                    return sorted(left)
                for hand in select.select(waiting, [], [])[0]:
                    if not (answer := _heard(hand)):
                        # It was killed; what it had is left.
                        self._lose(hand)
                        del has[hand]
                        continue
                    # Shorter than the piece where it was to stop.
                    sizes = zip(has[hand].pop(0), marshal.loads(answer), strict=False)
                    done = {number: size for number, size in sizes if size != _LEFT}
                    left.difference_update(done)
                    heard(len(done), sum(done.values()))
                if not on():
                    self._ended[0] = 1
                    pieces.clear()
        finally:
            self._ended[0] = 1
            for hand, own in has.items():
                for _ in own:
                    _heard(hand)
            self._ended[0] = 0

    def _lose(self, hand: socket.socket) -> None:
        hand.close()
        os.waitpid(self._hands.pop(hand), 0)

    def close(self) -> None:
        """End the processes."""
        self._ended[0] = 1
        for hand in list(self._hands):
            self._lose(hand)
        self._ended.close()


def _gave(hand: socket.socket, words: bytes, directories: Sequence[int]) -> bool:
    try:
        socket.send_fds(hand, [words], list(directories))
    except ConnectionError:
        return False
    return True


def _heard(hand: socket.socket) -> bytes:
    """Its answer; empty: it is not there any more."""
    with suppress(ConnectionError):
        return hand.recv(_MOST)
    return b""


def _work(given: socket.socket, copy: Copy, ended: mmap.mmap) -> None:
    """What a process does; it never returns."""
    with suppress(BaseException):
        # The parent says when it is over. Who has killed the parent cannot say it; our inherited
        # lock of the copy makes whoever takes it up again wait for us.
        for kind in (signal.SIGTERM, signal.SIGINT):
            signal.signal(kind, signal.SIG_IGN)
        gc.disable()
        parent = os.getppid()
        while True:
            words, directories, _, _ = socket.recv_fds(given, _MOST, _FDS)
            if not words:
                break
            octets = []
            for at, name, to, target in marshal.loads(words):
                if ended[0] or os.getppid() != parent:
                    break
                try:
                    octets.append(copy(directories[at], name, directories[to], target))
                except (OSError, Odd):  # the caller meets it again, and says what it is
                    octets.append(_LEFT)
            for number in directories:
                os.close(number)
            given.send(marshal.dumps(octets))
    os._exit(0)
