"""What the guard learns from the engines' logs: recipients who were not reached.

Of log-ins Dovecot tells it (guard/logins). The agent's reporter has read the lines for its own
purposes; they are passed on in one message a look. A guard that is away is told later, of the
newest `MOST`.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterable

import structlog

from mailstead.home import Home
from mailstead.mailplane.engines.postfix import delivery_lines as lines
from mailstead.mailplane.guard import learning
from mailstead.mailplane.guard.acts import Fate
from mailstead.mailplane.guard.learning import Failed, Gone, Told
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
    """Gathers, and tells the guard; one user, the agent's reporter, but for `gone`."""

    def __init__(self, home: Home, *, wanted: bool = True) -> None:
        self._path = home.guard_learning
        self._wanted = wanted
        self._waiting: deque[Told] = deque(maxlen=MOST)
        self._logins: Recent[str] = Recent()
        """Number of a message to the mailbox that submitted it."""
        self._deferred: Recent[bool] = Recent()
        """Message and recipient, told once however often they are tried."""
        self._away = False

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

    def gone(self, mailbox: str) -> None:
        """A mailbox was removed; any thread may say so."""
        self._waiting.append(Gone(mailbox))

    def send(self) -> None:
        """Tell what is waiting; what cannot be told now is told later."""
        if not self._wanted:
            self._waiting.clear()
        if not self._waiting:
            return
        told = list(self._waiting)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(SECONDS)
                connection.connect(str(self._path))
                for start in range(0, len(told), learning.MOST_AT_ONCE):
                    some = told[start : start + learning.MOST_AT_ONCE]
                    connection.sendall(learning.line(some))
                    if connection.recv(1) != b"\n":
                        raise ConnectionError("the guard has closed the connection")
                    for _ in some:
                        self._waiting.popleft()
        except OSError as error:
            if not self._away:
                # It starts anew now and then, and may be told not to watch.
                log.info("guard away", words=str(error))
            self._away = True
        else:
            self._away = False
