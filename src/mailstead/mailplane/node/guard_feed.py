"""What the guard learns from the agent: leaked passwords, unreached recipients, complaints.

The first two stand in the engines' logs, which the agent's reporter has read for its own purposes;
complaints come from the control plane. Of log-ins Dovecot tells the guard itself (guard/logins).
They are passed on in one message a look. A guard that is away is told later, of the newest `MOST`.
"""

from __future__ import annotations

import datetime as dt
import socket
from collections import deque
from collections.abc import Iterable, Sequence

import structlog

from mailstead.home import Home
from mailstead.mailplane.engines.postfix import delivery_lines as lines
from mailstead.mailplane.guard import learning
from mailstead.mailplane.guard.acts import Fate
from mailstead.mailplane.guard.learning import Complained, Failed, Gone, Leaked, Taken, Told
from mailstead.mailplane.node import sign_in_lines
from mailstead.mailplane.node.deliveries import Recent
from mailstead.standards.receivers import Meaning
from mailstead.standards.replies import read

MOST = 10_000
SECONDS = 5.0
_BOUNCED: dict[Meaning, Fate] = {
    Meaning.NO_MAILBOX: "bounced",
    Meaning.HARD: "bounced",
    Meaning.POLICY: "refused",
    Meaning.CONTENT: "refused",
    Meaning.REPUTATION: "refused",
}
"""A mailbox that is full, and a server that is away, say nothing of the sender."""
_DEFERRED = (Meaning.REPUTATION, Meaning.CONTENT, Meaning.RATE)

log = structlog.get_logger("guard-feed")


class GuardFeed:
    """Gathers, and tells the guard; one user, the agent's reporter, where nothing else is said."""

    def __init__(self, home: Home, *, wanted: bool = True) -> None:
        self._path = home.guard_learning
        self._wanted = wanted
        self._waiting: deque[Told] = deque(maxlen=MOST)
        self._logins: Recent[str] = Recent()
        """Number of a message to the mailbox that submitted it."""
        self._deferred: Recent[bool] = Recent()
        """Message and recipient, told once however often they are tried."""
        self._away = False

    def leaked(self, found: Iterable[sign_in_lines.Leaked]) -> None:
        """Log-ins whose password is known from leaks."""
        for one in found:
            at = one.at.timestamp()
            self._waiting.append(Leaked(at, one.address, one.protocol, one.client))

    def delivered(self, found: Iterable[lines.Line]) -> None:
        """What became of recipients."""
        for line in found:
            if isinstance(line, lines.Begun):
                if line.direction == "submitted" and line.login:
                    self._logins.keep(line.queue, line.login)
            elif isinstance(line, lines.Tried):
                login = self._logins.get(line.queue)
                fate = self._fate(line) if login else None
                if login and fate:
                    self._fail(line, login, line.recipient, fate)
            elif isinstance(line, lines.Refused):
                if line.submitted and read(line.words, "").meaning is Meaning.NO_MAILBOX:
                    self._fail(line, line.sender, line.recipient, "unknown")
            elif isinstance(line, lines.Ended):
                self._logins.take(line.queue)

    def _fate(self, line: lines.Tried) -> Fate | None:
        meaning = read(line.reply, line.dsn).meaning
        if line.status == "bounced":
            return _BOUNCED.get(meaning)
        if line.status != "deferred" or meaning not in _DEFERRED:
            return None
        key = line.queue, line.recipient
        if self._deferred.get(key):
            return None
        self._deferred.keep(key, True)
        return "deferred"

    def _fail(self, line: lines.Line, mailbox: str, recipient: str, fate: Fate) -> None:
        self._waiting.append(Failed(line.at.timestamp(), mailbox, recipient, fate))

    def complained(self, mailbox: str, at: dt.datetime) -> None:
        """Somebody calls a message of the mailbox spam; any thread may say so."""
        self._waiting.append(Complained(at.timestamp(), mailbox))

    def gone(self, mailbox: str) -> None:
        """A mailbox was removed; any thread may say so."""
        self._waiting.append(Gone(mailbox))

    def taken(self, numbers: Sequence[int], pulled: Sequence[str]) -> None:
        """What the guard had for the agent was taken, and what was taken back for it.

        Any thread may say so.
        """
        self._waiting.append(Taken(tuple(numbers), tuple(pulled)))

    def send(self) -> None:
        """Tell what is waiting; what cannot be told now is told later."""
        if not self._wanted:
            self._waiting.clear()
        if not self._waiting:
            return
        some: list[Told] = []
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(SECONDS)
                connection.connect(str(self._path))
                while some := self._next():
                    connection.sendall(learning.line(some))
                    if connection.recv(1) != b"\n":
                        raise ConnectionError("the guard has closed the connection")
        except OSError as error:
            # Other threads may have put in more meanwhile; the oldest give way.
            room = MOST - len(self._waiting)
            self._waiting.extendleft(reversed(some[max(0, len(some) - room) :]))
            if not self._away:
                # It starts anew now and then, and may be told not to watch.
                log.info("guard away", words=str(error))
            self._away = True
        else:
            self._away = False

    def _next(self) -> list[Told]:
        return [
            self._waiting.popleft() for _ in range(min(len(self._waiting), learning.MOST_AT_ONCE))
        ]
