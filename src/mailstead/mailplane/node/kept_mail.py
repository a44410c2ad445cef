"""What the guard keeps, told to the control plane; what went before is taken back.

Files: reads `<home>/guard/cases.db`; moves messages of the queue with postsuper(1).
Diagnostics: each case once, with how many messages were taken back; what cannot be told once, and
    once more when it was told after all. What comes behind it does not wait.
Known limits: a message that the other side has already is not taken back.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import msgspec
import structlog

from mailstead.home import Home
from mailstead.mailplane.engines.postfix import queue
from mailstead.mailplane.engines.processes import EngineError
from mailstead.mailplane.guard.case_store import CaseStore, Kept, Told, read_untold
from mailstead.mailplane.guard.profile import moment
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.standards.subject import subject_hash
from mailstead.wire.events import AnyEvent, AttemptSeen, MessageKept, MessageSeen

LOOK_EVERY = 1.0
AT_ONCE = 200
NEVER_CAME = 3600.0
"""Seconds after which a message that was answered with HOLD is no longer waited for: its client
has gone before the end, or another part has refused it."""
AGAIN = 60.0
"""Seconds after which what could not be told is tried again."""
MOST_RECIPIENTS = 50
LONGEST_SUBJECT = 200

log = structlog.get_logger("kept-mail")


class KeptMail:
    """One user: a thread of the agent."""

    def __init__(self, home: Home, taken: Callable[[Sequence[int], Sequence[str]], None]) -> None:
        """`taken` tells the guard what it need not keep any more, and what was taken back."""
        self._home = home
        self._taken = taken
        key = home.subject_key
        self._subject_key = key.read_bytes().strip() if key.exists() else b""
        self._done: set[int] = set()
        """Told, but the guard may not have heard of it yet."""
        self._stuck: dict[int, float] = {}
        """What could not be told, and when it is tried again."""

    def run(self, stopping: threading.Event) -> None:
        """Look until told to stop."""
        with closing(EventSpool(self._home.event_spool)) as spool:
            while not stopping.wait(LOOK_EVERY):
                try:
                    self.once(spool, time.time())
                except (OSError, sqlite3.Error):
                    log.exception("cannot tell of kept mail")

    def once(self, spool: EventSpool, now: float) -> int:
        """Tell what there is; returns how much was told. Raises `OSError`, `sqlite3.Error`."""
        if not self._home.guard_cases.exists():
            return 0
        with closing(CaseStore.reading(self._home.guard_cases)) as store:
            # However much is stuck in front, so much behind it is looked at.
            untold = store.untold(AT_ONCE + len(self._stuck))
        numbers = {number for number, _ in untold}
        self._done &= numbers
        self._stuck = {number: at for number, at in self._stuck.items() if number in numbers}
        done: list[int] = []
        pulled: list[str] = []
        for number, raw in untold:
            if number in self._done or now < self._stuck.get(number, 0.0):
                continue
            events = self._spooled(spool, number, raw, now)
            if events is None:
                continue
            done.append(number)
            pulled += [
                event.queue for event in events if isinstance(event, MessageKept) and event.pulled
            ]
        if done:
            self._taken(done, pulled)
            self._done.update(done)
        return len(done)

    def _spooled(
        self, spool: EventSpool, number: int, raw: bytes, now: float
    ) -> list[AnyEvent] | None:
        """Tell one; None: not now. Raises `sqlite3.Error`."""
        try:
            one = read_untold(raw)
            events = self._told(one) if isinstance(one, Told) else self._kept(one, now)
            if events is not None:
                spool.add(events)
        except (EngineError, OSError, ValueError, msgspec.MsgspecError) as error:
            if number not in self._stuck:
                log.error("cannot tell of kept mail", number=number, words=str(error))
            self._stuck[number] = now + AGAIN
            return None
        if self._stuck.pop(number, None) is not None:
            log.info("told of kept mail after all", number=number)
        return events

    def _told(self, told: Told) -> list[AnyEvent]:
        seen = told.seen
        back = queue.move(self._home, "hold", told.pull) if told.pull else set()
        kept: list[AnyEvent] = []
        recipients = 0
        for number in told.pull:
            # Taken back now, or before an answer of ours was lost.
            letter = queue.letter(self._home, number)
            if letter is None or letter.queue != "hold":
                continue
            recipients += len(letter.recipients)
            kept.append(_event(f"{seen.id}-{number}", seen.case, seen.mailbox, number, letter,
                               seen.at.timestamp(), pulled=True))  # fmt: skip
        if back:
            log.info("taken back", mailbox=seen.mailbox, messages=len(back))
        seen = msgspec.structs.replace(
            seen,
            messages=max(0, seen.messages - len(kept)),
            recipients=max(0, seen.recipients - recipients),
            held=seen.held + len(kept),
        )
        return [seen, *kept]

    def _kept(self, kept: Kept, now: float) -> list[AnyEvent] | None:
        """None: it is not there yet."""
        letter = queue.letter(self._home, kept.queue)
        if letter is None:
            return [] if now - kept.at > NEVER_CAME else None
        if letter.queue == "incoming":
            return None
        number = f"{kept.case}-{kept.queue}"
        return [
            *_log(number, kept, letter, self._subject_key),
            _event(number, kept.case, kept.mailbox, kept.queue, letter, kept.at, pulled=False),
        ]


def _log(number: str, kept: Kept, letter: queue.Letter, key: bytes) -> Iterator[AnyEvent]:
    """For the delivery log: qmgr(8) has not seen it, so Postfix's log does not tell of it."""
    at = moment(kept.at)
    yield MessageSeen(
        id=f"{number}-m",
        at=at,
        queue=kept.queue,
        direction="submitted",
        message_id=letter.message_id[:250],
        sender=letter.sender,
        login=kept.mailbox,
        client=kept.client,
        size=letter.size,
        subject=subject_hash(letter.subject, key) if key else "",
    )
    for place, (recipient, original) in enumerate(letter.ways[:MOST_RECIPIENTS]):
        yield AttemptSeen(
            id=f"{number}-{place}",
            at=at,
            queue=kept.queue,
            outcome="held",
            recipient=recipient.lower(),
            original=original.lower(),
        )


def _event(
    number: str, case: str, mailbox: str, queue_id: str, letter: queue.Letter, at: float, *,
    pulled: bool,
) -> MessageKept:  # fmt: skip
    return MessageKept(
        id=number,
        at=moment(at),
        case=case,
        mailbox=mailbox,
        queue=queue_id,
        taken=moment(at),
        sender=letter.sender,
        recipients=letter.recipients[:MOST_RECIPIENTS],
        recipient_count=len(letter.recipients),
        size=letter.size,
        subject=letter.subject[:LONGEST_SUBJECT],
        client=letter.client,
        pulled=pulled,
    )
