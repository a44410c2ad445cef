"""From the detector's word to what is done: a case is opened, told, and ended by a person's word.

A mailbox has one case at a time. What is kept for it is kept until somebody decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence

import structlog

from mailstead.mailplane.guard.case_store import Attempt, Case, CaseStore, Clue, Kept, Told
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.evidence import HOLD
from mailstead.mailplane.guard.journal import Word
from mailstead.mailplane.guard.profile import DAY, moment
from mailstead.mailplane.guard.session import Sighting
from mailstead.mailplane.guard.tally import Tally
from mailstead.wire.changes import GuardWordPut
from mailstead.wire.events import CaseSeen
from mailstead.wire.protection import CaseStep, ClientSeen, GuardWord
from mailstead.wire.protection import Clue as ClueSeen

SUSPICIOUS = 2.0
"""Nats from which a message that goes is remembered, so that it can be taken back."""
WINDOW = DAY
"""How far back from the opening of a case."""
AGAIN = DAY
"""Seconds in which a mailbox that is only watched is told once."""
GROWN = 1.0
"""Nats by which the evidence of a case must have grown to be told again."""
TELL_EVERY = 10.0
MOST_PULLED = 500
MOST_CLIENTS = 20

log = structlog.get_logger("guard")


class Cases:
    """One node's; used by one thread. Raises `sqlite3.Error`."""

    def __init__(self, detector: Detector, store: CaseStore, tally: Tally | None = None) -> None:
        self._tally = tally or Tally()
        self._detector = detector
        self._store = store
        self._attempts: list[Attempt] = []
        """Not written yet."""
        self._told: dict[str, tuple[float, float, int]] = {}
        """By case: when it was last told, with how many nats and kept messages."""
        self._grown: set[str] = set()
        """Mailboxes whose case has grown since it was told."""
        self._heard: dict[str, float] = {}
        """When the word was given that a mailbox was last treated by."""
        for case in store.cases():
            if case.is_open:
                self._restore(case)

    def _restore(self, case: Case) -> None:
        """A kill may have cost the profile the second in which the case was opened."""
        profile = self._detector.record(case.mailbox, case.at).profile
        if profile.step not in ("hold", "suspended") and profile.word_at <= case.opened:
            profile.step, profile.step_at, profile.held = case.step, case.opened, case.held

    def note(
        self, sighting: Sighting, nats: float, recipients: int, at: float, *, gone: bool
    ) -> None:
        """A message was let through (`gone`), or not."""
        if nats >= SUSPICIOUS and sighting.queue:
            client, mailbox = sighting.client, sighting.mailbox
            self._attempts.append(Attempt(sighting.queue, mailbox, at, client, recipients, gone))

    def suspect(self, mailbox: str, step: CaseStep, nats: float, at: float) -> Case:
        """The case of a mailbox that looks stolen; it is opened where there is none."""
        case = self._store.case(mailbox)
        if case is None or self._is_over(case, step, at):
            case = Case(uuid.uuid4().hex, mailbox, at, step, nats)
            self._tally.add("guard_cases")
        elif case.step == step and nats <= case.nats:
            return case
        is_news = case.step != step or case.case not in self._told
        case.step, case.nats, case.at = step, max(nats, case.nats), at
        case.clues = self._clues(mailbox, at)
        if is_news:
            self._tell(case, at, pull=True)
            log.info(
                "looks stolen", mailbox=mailbox, step=step, nats=round(nats, 1), case=case.case
            )
        else:
            self._store.put(case)
            self._grown.add(mailbox)
        return case

    def _is_over(self, case: Case, step: CaseStep, at: float) -> bool:
        if step == "watched":
            return case.step != "watched" or at - case.opened >= AGAIN
        return not case.is_open

    def keep(self, sighting: Sighting, case: Case, at: float) -> None:
        """A message is answered with HOLD: known on disk before Postfix hears of it."""
        case.held += 1
        case.at = at
        kept = Kept(case.case, case.mailbox, sighting.queue, at, sighting.client)
        self._store.put(case, [kept])
        self._grown.add(case.mailbox)

    def hear(self, words: Mapping[str, GuardWordPut]) -> Iterator[Word]:
        """Do what people have said about mailboxes, each word once, however often it is heard.

        Gives those that were news.
        """
        for mailbox, put in words.items():
            at = put.at.timestamp()
            if self._heard.get(mailbox) == at:
                continue
            profile = self._detector.record(mailbox, at).profile
            if profile.word_at < at:
                self._obey(mailbox, put.word, at)
                profile.word_at = at
                yield Word(at, mailbox, put.word)
            self._heard[mailbox] = at

    def _obey(self, mailbox: str, word: GuardWord, at: float) -> None:
        if word == "released":
            self._detector.released(mailbox, at)
            self._tally.add("guard_released")
        else:
            self._detector.confirmed(mailbox, at)
            self._tally.add("guard_confirmed")
        self._close(mailbox, "released" if word == "released" else "suspended", at)
        log.info("word heard", mailbox=mailbox, word=word)

    def _close(self, mailbox: str, step: CaseStep, at: float) -> None:
        case = self._store.case(mailbox)
        if case is None or (step == "suspended" and case.step == "released"):
            if step == "released":
                return
            case = Case(uuid.uuid4().hex, mailbox, at, step, 0.0)
        case.step, case.at = step, max(at, case.at)
        self._tell(case, at, pull=step == "suspended")

    def flush(self, at: float) -> None:
        """Write what has gone, and tell of cases that have grown."""
        self._write()
        for mailbox in list(self._grown):
            case = self._store.case(mailbox)
            if case is None:
                self._grown.discard(mailbox)
                continue
            then, nats, held = self._told.get(case.case, (0.0, 0.0, 0))
            if at - then < TELL_EVERY:
                continue
            self._grown.discard(mailbox)
            if case.nats >= nats + GROWN or case.held != held:
                self._tell(case, at)

    def _write(self) -> None:
        if self._attempts:
            self._store.keep_attempts(self._attempts)
            self._attempts.clear()

    def _tell(self, case: Case, at: float, *, pull: bool = False) -> None:
        """Have the agent tell how a case stands, and take back what has gone."""
        self._told[case.case] = at, case.nats, case.held
        self._write()
        sent = self._store.attempts(case.mailbox, case.opened - WINDOW)
        gone = [one for one in sent if one.gone]
        seen = CaseSeen(
            id=uuid.uuid4().hex,
            at=moment(at),
            case=case.case,
            mailbox=case.mailbox,
            step=case.step,
            opened=moment(case.opened),
            nats=round(case.nats, 2),
            bound=round(HOLD, 2),
            clues=tuple(
                ClueSeen(signal=one.signal, nats=round(one.nats, 2), at=moment(one.at),
                         facts=one.facts)
                for one in case.clues
            ),
            clients=self._clients(case.mailbox, sent),
            messages=len(gone),
            recipients=sum(one.recipients for one in gone),
            held=case.held,
        )  # fmt: skip
        back = tuple(one.queue for one in gone)[-MOST_PULLED:] if pull and case.is_open else ()
        self._store.put(case, [Told(seen, back)])

    def _clues(self, mailbox: str, at: float) -> list[Clue]:
        marks = self._detector.record(mailbox, at).profile.marks
        return [
            Clue(one.signal, one.nats, marks[one.signal].at, one.facts)
            for one in self._detector.why(mailbox, at)
            if one.nats >= 0.05
        ]

    def _clients(self, mailbox: str, sent: list[Attempt]) -> tuple[ClientSeen, ...]:
        by_client: dict[str, list[float]] = {}
        for one in sent:
            by_client.setdefault(one.client, []).append(one.at)
        found = [self._client(mailbox, client, times) for client, times in by_client.items()]
        return tuple(sorted(found, key=lambda one: one.last, reverse=True)[:MOST_CLIENTS])

    def _client(self, mailbox: str, client: str, times: list[float]) -> ClientSeen:
        place = self._detector.networks.place(client)
        seen = self._detector.record(mailbox, times[-1]).place(place)
        return ClientSeen(
            client=client,
            first=moment(min(times)),
            last=moment(max(times)),
            messages=len(times),
            country=place.country,
            usual=seen is not None and seen.mature(max(times)),
        )

    def forget(self, mailbox: str) -> None:
        """The mailbox is gone."""
        self._store.forget(mailbox)
        self._grown.discard(mailbox)

    def taken(self, numbers: Sequence[int], pulled: Sequence[str]) -> None:
        """The agent has these, and has taken back what had not left yet."""
        for mailbox, count in self._store.taken(numbers, pulled).items():
            case = self._store.case(mailbox)
            if case is not None:
                case.held += count
                self._store.put(case)
                self._grown.add(mailbox)

    def prune(self, at: float) -> None:
        """Forget what is long over."""
        self._store.prune(at)
