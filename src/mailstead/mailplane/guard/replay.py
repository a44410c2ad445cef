"""What other weights would have done with what the guard was told in the last days.

A detector that knows nothing hears it all once more (`journal.py`). It holds nothing: mailboxes
that would have been held are noted, once a day each, and their mail goes on, so that two sets of
weights are asked the same. What people have said meanwhile is said again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailstead.mailplane.guard import acts, journal
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.evidence import HOLD, SIGNALS
from mailstead.mailplane.guard.networks import Networks
from mailstead.mailplane.guard.profile import DAY
from mailstead.standards.refusal import Refusal

LEARN = 3 * DAY
"""At the beginning, in which it learns what is usual and nothing counts."""
AGAIN = DAY


@dataclass
class Held:
    """A mailbox that would have been held."""

    mailbox: str
    first: float
    times: int
    """Different days."""
    nats: float
    """The most evidence."""
    out: int
    """Messages that had gone within a day before the first hold."""


def factors(weights: Mapping[str, float]) -> dict[str, float]:
    """New weights of signals as parts of those in the table; raises `Refusal`."""
    for signal in weights:
        if signal not in SIGNALS:
            raise Refusal(
                "signal-unknown",
                "There is no signal {signal}.",
                remedy="There are: {signals}.",
                signal=ascii(signal[:40]),
                signals=", ".join(SIGNALS),
            )
    return {signal: weight / SIGNALS[signal].most for signal, weight in weights.items()}


def replay(
    entries: Iterable[journal.Entry],
    networks: Networks,
    weights: Mapping[str, float] | None = None,
    bound: float = HOLD,
) -> dict[str, Held]:
    """Who would have been held with these weights (of the signals that are named) and bound."""
    detector = Detector(networks, enforcing=False, factors=factors(weights or {}))
    found: dict[str, Held] = {}
    noted: dict[str, float] = {}
    sent: dict[str, list[float]] = {}
    counts_from: float | None = None
    for one in entries:
        at, mailbox = one.at, one.mailbox
        if counts_from is None:
            counts_from = at + LEARN
        if isinstance(one, journal.Word):
            _say(detector, one)
            continue
        nats = _hear(detector, one)
        if isinstance(one, journal.Submitted):
            sent[mailbox] = [*(then for then in sent.get(mailbox, ()) if at - then < DAY), at]
        if nats < bound or at < counts_from or at - noted.get(mailbox, -AGAIN) < AGAIN:
            continue
        noted[mailbox] = at
        held = found.get(mailbox)
        if held is None:
            before = len(sent.get(mailbox, ())) - isinstance(one, journal.Submitted)
            found[mailbox] = Held(mailbox, at, 1, nats, before)
        else:
            held.times, held.nats = held.times + 1, max(held.nats, nats)
    return found


def _say(detector: Detector, word: journal.Word) -> None:
    if word.said == "gone":
        detector.forget(word.mailbox)
    elif word.said == "released":
        detector.released(word.mailbox, word.at)
    else:
        detector.confirmed(word.mailbox, word.at)
        detector.record(word.mailbox, word.at).profile.step = "normal"


def _hear(detector: Detector, one: journal.Entry) -> float:
    """Let it hear one act; all evidence then, nats."""
    at, mailbox = one.at, one.mailbox
    nats = 0.0
    if isinstance(one, journal.Submitted):
        nats = detector.examine(
            acts.Submission(
                at, mailbox, one.client, one.helo, mailbox,
                tuple(f"{number:08x}" for number in one.people), one.size, "",
            )
        ).nats  # fmt: skip
    else:
        detector.note(_act(one))
        if not isinstance(one, journal.SignedIn):
            nats = detector.weigh(mailbox, detector.record(mailbox, at).profile, at)
    profile = detector.record(mailbox, at).profile
    profile.step, profile.held = "normal", 0
    return nats


def _act(one: journal.Entry) -> acts.SignIn | acts.Content | acts.Outcome | acts.Complaint:
    if isinstance(one, journal.SignedIn):
        return acts.SignIn(one.at, one.mailbox, one.protocol, one.client, one.device, one.breached)
    if isinstance(one, journal.Contained):
        return acts.Content(
            one.at, one.mailbox, "", "", 0, one.body, one.score, one.spam, foreign=one.foreign
        )
    if isinstance(one, journal.Fared):
        return acts.Outcome(one.at, one.mailbox, "", one.fate)
    return acts.Complaint(one.at, one.mailbox)
