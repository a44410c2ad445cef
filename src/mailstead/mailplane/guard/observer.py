"""The detector on a node that only watches: what looks stolen is told, nothing is held for it.

It sees each recipient and each message that the policy has let through, and hears of log-ins and of
what became of recipients from the agent. What it knows is written every second.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

import structlog

from mailstead.mailplane.guard.acts import SignIn, Submission
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.learning import Gone, Learned
from mailstead.mailplane.guard.memory import Memory, Suspicion
from mailstead.mailplane.guard.profile import DAY, Profile
from mailstead.mailplane.guard.session import Sighting

MOST_UNDER_WAY = 20_000
"""Messages whose recipients are gathered at the same time."""
MOST_RECIPIENTS = 5_000
"""Of one message; Postfix's own limit is lower."""
AGAIN = DAY
"""Seconds in which a mailbox is told once."""

log = structlog.get_logger("guard")


class Observer:
    """One node's mailboxes; used by one thread."""

    def __init__(self, detector: Detector, memory: Memory, now: Callable[[], float]) -> None:
        self._detector = detector
        self._memory = memory
        self._now = now
        self._under_way: OrderedDict[str, dict[str, None]] = OrderedDict()
        """Recipients by the message's `instance`."""
        memory.fill(detector)

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

    def message(self, sighting: Sighting) -> None:
        """A message was let through; raises `sqlite3.Error`."""
        gathered = self._under_way.pop(sighting.instance, None)
        if not sighting.mailbox or not gathered:
            # Postfix asks twice when it had no answer; or we were started in between.
            return
        verdict = self._detector.examine(
            Submission(
                at=self._now(),
                mailbox=sighting.mailbox,
                client=sighting.client,
                helo=sighting.helo,
                sender=sighting.sender,
                recipients=tuple(gathered),
                size=sighting.size,
                instance=sighting.instance,
            )
        )
        self._suspect(sighting.mailbox, verdict.nats)

    def learn(self, acts: Iterable[Learned]) -> None:
        """What the agent has read; raises `sqlite3.Error`."""
        for act in acts:
            if isinstance(act, Gone):
                self._detector.forget(act.mailbox)
                self._memory.forget(act.mailbox)
                continue
            self._detector.note(act)
            if not isinstance(act, SignIn) and self._detector.held(act.mailbox, act.at):
                profile = self._detector.record(act.mailbox, act.at).profile
                self._suspect(act.mailbox, self._detector.weigh(act.mailbox, profile, act.at))

    def keep(self) -> None:
        """Write what has changed; raises `sqlite3.Error`."""
        self._memory.keep(self._detector, self._now())

    def prune(self) -> None:
        """Forget what is very old; raises `sqlite3.Error`."""
        self._memory.prune(self._now())

    def _suspect(self, mailbox: str, nats: float) -> None:
        """Tell it once a day, and go on watching as if nothing were: nobody releases anything."""
        at = self._now()
        profile: Profile = self._detector.record(mailbox, at).profile
        if profile.step not in ("hold", "suspended"):
            return
        profile.step, profile.held = "normal", 0
        known = self._memory.suspicion(mailbox)
        if known is not None and at - known.at >= AGAIN:
            known = None
        if known is not None and nats <= known.nats:
            return
        why = self._detector.why(mailbox, at)
        begun = at if known is None else known.at
        self._memory.note(Suspicion(mailbox, begun, nats, tuple((*one,) for one in why)))
        if known is None:
            log.info("looks stolen", mailbox=mailbox, nats=round(nats, 1), why=[*map(str, why)])
