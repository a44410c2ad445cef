"""The detector on a node: what goes by is learned, and what looks stolen is dealt with.

It sees each recipient and each message that the policy has let through, and hears of log-ins and of
what became of recipients from the agent. What it knows is written every second. Where it only
watches (`holding` is false), what looks stolen is told and nothing is held for it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

import structlog

from mailstead.mailplane.directory.guard_words import GuardWords
from mailstead.mailplane.guard.acts import Act, SignIn, Submission
from mailstead.mailplane.guard.cases import Cases
from mailstead.mailplane.guard.detector import Detector, Verdict
from mailstead.mailplane.guard.journal import Journal, Word, entry
from mailstead.mailplane.guard.ladder import Step
from mailstead.mailplane.guard.learning import Gone, Learned, Taken
from mailstead.mailplane.guard.memory import Memory
from mailstead.mailplane.guard.session import Sighting
from mailstead.wire.protection import CaseStep

MOST_UNDER_WAY = 20_000
"""Messages whose recipients are gathered at the same time."""
MOST_RECIPIENTS = 5_000
"""Of one message; Postfix's own limit is lower."""
MOST_ANSWERED = 5_000
"""Messages whose answer is remembered, in case Postfix asks again."""

log = structlog.get_logger("guard")


class Observer:
    """One node's mailboxes; used by one thread."""

    def __init__(
        self,
        detector: Detector,
        memory: Memory,
        cases: Cases,
        now: Callable[[], float],
        words: GuardWords | None = None,
        journal: Journal | None = None,
    ) -> None:
        """Let `memory` have filled the detector before the cases were opened."""
        self._detector = detector
        self._memory = memory
        self._cases = cases
        self._now = now
        self._words = words
        self._journal = journal or Journal.none()
        self._under_way: OrderedDict[str, dict[str, None]] = OrderedDict()
        """Recipients by the message's `instance`."""
        self._answered: OrderedDict[str, Step] = OrderedDict()
        """By the message's `instance`, where it was not `normal`."""

    @property
    def holding(self) -> bool:
        """Whether what it says is done; otherwise it only watches."""
        return self._detector.enforcing

    def recipient(self, sighting: Sighting) -> None:
        """A recipient was let through."""
        if not sighting.mailbox or not sighting.instance:
            return
        gathered = self._under_way.get(sighting.instance)
        if gathered is None:
            gathered = self._under_way[sighting.instance] = {}
            if len(self._under_way) > MOST_UNDER_WAY:
                self._under_way.popitem(last=False)
        if len(gathered) < MOST_RECIPIENTS:
            gathered[sighting.recipient] = None

    def message(self, sighting: Sighting) -> Step:
        """What is to be done with a message that the policy lets through.

        Raises `sqlite3.Error`: then nothing may be answered.
        """
        if not sighting.mailbox:
            return "normal"
        gathered = self._under_way.pop(sighting.instance, None)
        if not gathered:
            # Postfix asks twice when it had no answer; or we were started in between.
            return self._answered.get(sighting.instance) or self._known(sighting)
        at = self._now()
        act = Submission(
            at=at,
            mailbox=sighting.mailbox,
            client=sighting.client,
            helo=sighting.helo,
            sender=sighting.sender,
            recipients=tuple(gathered),
            size=sighting.size,
            instance=sighting.instance,
        )
        self._write(act)
        verdict = self._detector.examine(act)
        step = self._act(sighting, verdict, len(gathered), at)
        if step != "normal":
            self._answered[sighting.instance] = step
            if len(self._answered) > MOST_ANSWERED:
                self._answered.popitem(last=False)
        return step

    def _act(self, sighting: Sighting, verdict: Verdict, recipients: int, at: float) -> Step:
        step, mailbox = verdict.step, sighting.mailbox
        let = step == "normal" or not self.holding
        self._cases.note(sighting, verdict.nats, recipients, at, gone=let)
        if not self.holding:
            if step in ("hold", "suspended"):
                self._watch(mailbox, verdict.nats, at)
            return "normal"
        if step in ("hold", "suspended"):
            case = self._cases.suspect(mailbox, step, verdict.nats, at)
            if step == "hold":
                self._cases.keep(sighting, case, at)
        return step

    def _known(self, sighting: Sighting) -> Step:
        """Of a message whose recipients are not known: nothing new, but what holds already."""
        if not self.holding:
            return "normal"
        at = self._now()
        profile = self._detector.record(sighting.mailbox, at).profile
        if profile.step == "hold":
            nats = self._detector.weigh(sighting.mailbox, profile, at)
            case = self._cases.suspect(sighting.mailbox, "hold", nats, at)
            self._cases.keep(sighting, case, at)
            return "hold"
        return "suspended" if profile.step == "suspended" else "normal"

    def learn(self, acts: Iterable[Learned]) -> None:
        """What the agent has read; raises `sqlite3.Error`."""
        for act in acts:
            if isinstance(act, Taken):
                self._cases.taken(act.numbers, act.pulled)
                continue
            if isinstance(act, Gone):
                self._detector.forget(act.mailbox)
                self._memory.forget(act.mailbox)
                self._cases.forget(act.mailbox)
                self._journal.note(Word(self._now(), act.mailbox, "gone"))
                continue
            self._write(act)
            self._detector.note(act)
            if not isinstance(act, SignIn):
                self._look(act.mailbox, act.at)

    def _look(self, mailbox: str, at: float) -> None:
        """A case may have been opened by what was learned."""
        profile = self._detector.record(mailbox, at).profile
        if profile.step not in ("hold", "suspended"):
            return
        nats = self._detector.weigh(mailbox, profile, at)
        if self.holding:
            step: CaseStep = "hold" if profile.step == "hold" else "suspended"
            self._cases.suspect(mailbox, step, nats, self._now())
        else:
            self._watch(mailbox, nats, self._now())

    def _watch(self, mailbox: str, nats: float, at: float) -> None:
        """Tell it, and go on as if nothing were: nobody releases anything."""
        profile = self._detector.record(mailbox, at).profile
        self._cases.suspect(mailbox, "watched", nats, at)
        profile.step, profile.held = "normal", 0

    def keep(self) -> None:
        """Write what has changed, and do what people have said; raises `sqlite3.Error`."""
        for _ in self.keep_by_parts():
            pass

    def keep_by_parts(self) -> Iterator[None]:
        """The same, a little at a time; between two parts messages may be judged."""
        at = self._now()
        if self._words is not None:
            for word in self._cases.hear(self._words.all()):
                self._journal.note(word)
        for _ in self._memory.keep_by_parts(self._detector, at):
            yield
        self._cases.flush(at)
        try:
            self._journal.flush(at)
        except OSError as error:
            # Nothing depends on it: it is for trying out other weights.
            log.error("journal not written", words=str(error))

    def prune(self) -> None:
        """Forget what is very old; raises `sqlite3.Error`."""
        self._memory.prune(self._now())
        self._cases.prune(self._now())
        self._journal.prune(self._now())

    def _write(self, act: Act) -> None:
        if self._journal.keeps:
            self._journal.note(entry(act))
