"""Asks the guard at a steady pace over many connections, as Postfix's processes do, and times it.

The pace does not depend on the answers: a guard that stands still for a moment has all questions
of that moment waiting, and each of them counts.
"""

from __future__ import annotations

import random
import selectors
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench.host import HostFailed

PATIENCE = 20.0
"""Seconds for the last answers."""
_NOTHING = b"request=smtpd_access_policy\nprotocol_state=CONNECT\n\n"


@dataclass(frozen=True, slots=True)
class Question:
    """A message that a mailbox hands in."""

    mailbox: str
    client: str
    helo: str
    recipients: tuple[str, ...]

    def at_rcpt(self, instance: str) -> bytes:
        """One request for each recipient, in one piece."""
        return b"".join(
            self._request("RCPT", instance, f"recipient={one}\nrecipient_count=0\n")
            for one in self.recipients
        )

    def at_data(self, instance: str) -> bytes:
        return self._request("DATA", instance, f"recipient_count={len(self.recipients)}\n")

    def _request(self, stage: str, instance: str, more: str) -> bytes:
        return (
            f"request=smtpd_access_policy\nprotocol_state={stage}\nprotocol_name=ESMTP\n"
            f"helo_name={self.helo}\nqueue_id=Q{instance}\nsender={self.mailbox}\n"
            f"client_address={self.client}\nclient_name=unknown\nclient_port=40000\n"
            f"instance={instance}\nsasl_method=PLAIN\nsasl_username={self.mailbox}/1\n"
            f"size=4096\nencryption_protocol=TLSv1.3\n{more}\n"
        ).encode()


@dataclass
class Found:
    """What has come back."""

    seconds: list[float] = field(default_factory=list)
    """From the request at DATA to its answer, of each message."""
    answers: dict[str, int] = field(default_factory=dict)
    """First word of each answer at DATA, and how often."""
    late: float = 0.0
    """Seconds by which a question was asked too late, at most: the pace was not held there."""


@dataclass(slots=True)
class _Line:
    """A connection."""

    socket: socket.socket
    question: Question | None = None
    instance: str = ""
    awaited: int = 0
    """Answers to come before the next step."""
    asked_at: float = 0.0
    """When DATA was asked; 0: not yet."""
    rest: bytes = b""


def ask(path: Path, questions: list[Question], connections: int, rate: int) -> Found:
    """Ask `rate` a second, each over a connection that is free; raises `HostFailed`."""
    asker = _Asker(path, connections)
    try:
        asker.run(questions, rate)
    finally:
        asker.close()
    asker.found.answers = dict(asker.answers)
    return asker.found


class _Asker:
    def __init__(self, path: Path, connections: int) -> None:
        self.found = Found()
        self.answers: Counter[str] = Counter()
        self._lots = random.Random(2)
        self._selector = selectors.DefaultSelector()
        self._lines: list[_Line] = []
        for _ in range(connections):
            one = socket.socket(socket.AF_UNIX)
            one.connect(str(path))
            # Whoever is not taken up yet would wait for the others to be.
            one.sendall(_NOTHING)
            if one.recv(4096) != b"action=DUNNO\n\n":
                raise HostFailed("The guard does not let a greeting pass.")
            one.setblocking(False)
            self._lines.append(_Line(one))
            self._selector.register(one, selectors.EVENT_READ, self._lines[-1])
        self._free = list(range(connections))
        self._number = {id(line): number for number, line in enumerate(self._lines)}

    def close(self) -> None:
        for line in self._lines:
            line.socket.close()
        self._selector.close()

    def run(self, questions: list[Question], rate: int) -> None:
        begin = time.perf_counter()
        asked = 0
        while len(self.found.seconds) < len(questions):
            now = time.perf_counter()
            while asked < len(questions) and begin + asked / rate <= now:
                self.found.late = max(self.found.late, now - begin - asked / rate)
                self._begin(questions[asked], f"{asked:x}")
                asked += 1
            if now > begin + len(questions) / rate + PATIENCE:
                raise HostFailed("The guard does not answer in time.")
            wait = begin + asked / rate - now if asked < len(questions) else 1.0
            for key, _ in self._selector.select(max(0.0, wait)):
                self._hear(key.data)

    def _begin(self, question: Question, instance: str) -> None:
        if not self._free:
            raise HostFailed("The guard has left a question on every connection unanswered.")
        place = self._lots.randrange(len(self._free))
        self._free[place], self._free[-1] = self._free[-1], self._free[place]
        line = self._lines[self._free.pop()]
        line.question, line.instance = question, instance
        line.awaited, line.asked_at = len(question.recipients), 0.0
        line.socket.sendall(question.at_rcpt(instance))

    def _hear(self, line: _Line) -> None:
        data = line.socket.recv(65_536)
        if not data or line.question is None:
            raise HostFailed("The guard has closed a connection, or answered what nobody asked.")
        now = time.perf_counter()
        *answers, line.rest = (line.rest + data).split(b"\n\n")
        line.awaited -= len(answers)
        if line.awaited > 0 or not answers:
            return
        if not line.asked_at:
            line.awaited, line.asked_at = 1, now
            line.socket.sendall(line.question.at_data(line.instance))
            return
        self.found.seconds.append(now - line.asked_at)
        self.answers[answers[-1].decode().removeprefix("action=").split(" ")[0]] += 1
        line.question = None
        self._free.append(self._number[id(line)])
