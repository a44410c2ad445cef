"""The detector: acts in, a step of the ladder out. No sockets, no files, no clock of its own.

Each act adds evidence to its mailbox (`evidence.SIGNALS`); each group keeps its strongest evidence,
which halves in a fixed time. The sum is a sequential test (Wald 1945) with stated error rates.
What a mailbox does while it is under suspicion teaches nothing: a thief must not become usual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mailstead.mailplane.guard.acts import Complaint, Content, Outcome, SignIn, Submission
from mailstead.mailplane.guard.crowd import Crowd
from mailstead.mailplane.guard.evidence import SIGNALS, Finding, Group, by_group, left
from mailstead.mailplane.guard.ladder import Step, by_evidence, by_word
from mailstead.mailplane.guard.networks import Networks
from mailstead.mailplane.guard.profile import DAY, HOUR, Mark, Profile, Record, person
from mailstead.mailplane.guard.rules import (
    breadth,
    client,
    crowding,
    device,
    first_sending,
    network,
    outcomes,
    people,
    reading,
    texts,
    volume,
    warnings,
    young,
)
from mailstead.mailplane.guard.view import View

RULES: tuple[Callable[[View], Iterable[Finding]], ...] = (
    network.find,
    device.find,
    reading.find,
    first_sending.find,
    breadth.find,
    people.find,
    crowding.find,
    volume.find,
    client.find,
    young.find,
)
"""Asked about every submission."""
TRUST = 7 * DAY
"""For which a mailbox weighs less after its owner has shown that it was them."""
TRUSTED = -3.0
PUT_OFF = 300.0
"""Seconds after which a message that was put off may come again."""
LEARN_BELOW = 3.0
"""Nats of evidence that somebody else is at work, up to which what is done counts as usual."""
STRANGERS: tuple[Group, ...] = ("access", "breadth", "crowd")
"""The groups that speak of somebody else; what is sent and to whom may be new for the owner too."""
AWAY = 3600.0
"""Seconds after which a text is no longer taken for one that was sent from a new network."""
ALL_FROM_HOME = DAY
"""Seconds without anything from elsewhere, after which what comes back is of mail from home."""
WHY = 8
MOST_FACTS = 48


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done with a submission, and from what."""

    step: Step
    nats: float


@dataclass
class Detector:
    """All mailboxes of a node."""

    networks: Networks = field(default_factory=Networks)
    crowd: Crowd = field(default_factory=Crowd)
    records: dict[str, Record] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    """Mailboxes whose profile differs from what is stored."""
    enforcing: bool = True
    """Whether what it says is done: mail that is put off was not sent."""
    factors: Mapping[str, float] = field(default_factory=dict)
    """By signal: how much more it weighs than the table says, to try out what that would do."""
    load: Callable[[str], Record | None] = lambda _: None
    """Where a profile comes from that is not at hand."""

    def record(self, mailbox: str, at: float) -> Record:
        """What is known of a mailbox; a new one where nothing is."""
        # Taken out and put in again: what was used last stands last.
        found = self.records.pop(mailbox, None) or self.load(mailbox) or Record.new(at)
        self.records[mailbox] = found
        self.changed.add(mailbox)
        return found

    def forget(self, mailbox: str) -> None:
        """The mailbox is no more."""
        self.records.pop(mailbox, None)
        self.changed.discard(mailbox)

    def opened(self, mailbox: str, at: float) -> None:
        """The account was made then."""
        profile = self.record(mailbox, at).profile
        profile.since = min(profile.since, at)

    def examine(self, act: Submission) -> Verdict:
        """Judge a submission and count it."""
        record = self.record(act.mailbox, act.at)
        profile = record.profile
        place = self.networks.place(act.client)
        key = device.key_of(act.helo)
        people = [person(one) for one in act.recipients]
        seen, used = record.place(place), record.device(key)
        view = View(act, record, place, seen, used, self.crowd, record.strangers(people))
        findings: list[Finding] = []
        for rule in RULES:
            findings += rule(view)
        home = 0.0
        for one in self._weighed(findings):
            if SIGNALS[one.signal].group == "home":
                home += one.nats
            else:
                _mark(profile, one, act.at)
        record.home = home
        groups = by_group(profile.marks, act.at)
        nats = self._sum(act.mailbox, profile, act.at, groups) + home
        step = self._climb(profile, nats, act.at)
        taken = step in ("normal", "hold") or not self.enforcing
        self._count(view, key, people, groups, taken=taken)
        if step == "hold":
            profile.held += 1
        return Verdict(step, nats)

    def judge(self, submission: Submission) -> Step:
        """The step alone."""
        return self.examine(submission).step

    def note(self, act: SignIn | Content | Outcome | Complaint) -> None:
        """Learn from anything else; it may open a case too."""
        record = self.record(act.mailbox, act.at)
        profile = record.profile
        for one in self._weighed(list(self._findings(act, record))):
            _mark(profile, one, act.at)
        if isinstance(act, SignIn):
            self._enter(act, record)
            return
        groups = by_group(profile.marks, act.at)
        nats = self._sum(act.mailbox, profile, act.at, groups)
        if isinstance(act, Outcome) and _is_theirs(groups):
            profile.bad = profile.bad * 0.999 + outcomes.WEIGHTS[act.fate]
        if profile.step in ("normal", "slow"):
            if act.at - profile.away > ALL_FROM_HOME:
                # What is told of it now was sent from where its owner always sends.
                nats += record.home
            self._climb(profile, nats, act.at, slow=False)

    def held(self, mailbox: str, at: float) -> bool:
        """Whether a case is open."""
        return self.record(mailbox, at).profile.step in ("hold", "suspended")

    def released(self, mailbox: str, at: float) -> None:
        """It was the owner: what was seen becomes usual."""
        record = self.record(mailbox, at)
        profile = record.profile
        profile.step, profile.step_at, profile.held = by_word("released"), at, 0
        profile.trusted_until = at + TRUST
        profile.marks.clear()
        profile.bad_now.value = 0.0
        profile.learn_volume(at)
        for seen in (*profile.places, *profile.devices):
            if at - seen.last < 2 * DAY and not seen.mature(at):
                seen.first, seen.days = at - 4 * DAY, max(seen.days, 2)

    def confirmed(self, mailbox: str, at: float) -> None:
        """It was stolen: others are looked at more closely for some days."""
        profile = self.record(mailbox, at).profile
        profile.step, profile.step_at = by_word("confirmed"), at
        bodies = [one.body for one in profile.texts if at - one.first < 2 * DAY]
        clients = [
            name for name, users in self.crowd.clients.items() if mailbox in users
            and at - users[mailbox] < 2 * DAY
        ]  # fmt: skip
        self.crowd.confirm(mailbox, at, bodies, clients)

    # Evidence

    def weigh(self, mailbox: str, profile: Profile, at: float) -> float:
        """All evidence of a mailbox at a time, nats."""
        return self._sum(mailbox, profile, at, by_group(profile.marks, at))

    def _sum(self, mailbox: str, profile: Profile, at: float, groups: dict[Group, float]) -> float:
        nats = self.crowd.raised(mailbox, at)
        if at < profile.trusted_until:
            nats += TRUSTED
        return nats + sum(groups.values())

    def why(self, mailbox: str, at: float) -> tuple[Finding, ...]:
        """The signals that weigh most at a time."""
        profile = self.record(mailbox, at).profile
        found = [
            Finding(signal, left(signal, mark, at), mark.facts)
            for signal, mark in profile.marks.items()
        ]
        return tuple(sorted(found, key=lambda one: -abs(one.nats))[:WHY])

    def _findings(
        self, act: SignIn | Content | Outcome | Complaint, record: Record
    ) -> Iterator[Finding]:
        if isinstance(act, SignIn):
            return warnings.of_sign_in(act)
        if isinstance(act, Outcome):
            return outcomes.find(act, record)
        if isinstance(act, Complaint):
            return warnings.of_complaint(act)
        at_home = act.at - record.profile.away > AWAY
        return texts.find(act, record, self.crowd, at_home=at_home)

    def _weighed(self, found: list[Finding]) -> list[Finding]:
        if not self.factors:
            return found
        return [one._replace(nats=one.nats * self.factors.get(one.signal, 1.0)) for one in found]

    # What it does to the mailbox

    def _climb(self, profile: Profile, nats: float, at: float, *, slow: bool = True) -> Step:
        before: Step = profile.step  # type: ignore[assignment]
        step = by_evidence(before, nats, profile.held)
        if step == "slow":
            if not slow:
                return before
            # Put off once: who comes again after a while is a mail program.
            if profile.slowed and PUT_OFF <= at - profile.slowed < DAY:
                step = "normal"
            elif not profile.slowed or at - profile.slowed >= DAY:
                profile.slowed = at
        if step != before:
            profile.step, profile.step_at = step, at
        return step

    def _count(
        self,
        view: View,
        device_key: int,
        people: Sequence[bytes],
        groups: dict[Group, float],
        *,
        taken: bool,
    ) -> None:
        profile, record, act = view.profile, view.record, view.act
        count = len(act.recipients)
        if not view.at_home:
            profile.away = act.at
        profile.hour.add(count, act.at, HOUR)
        profile.day.add(count, act.at, DAY)
        if not taken:
            return
        # A network and a device are remembered from the first moment, and trusted after days.
        theirs = view.at_home or _is_theirs(groups)
        if theirs or view.seen is None:
            record.enter(view.place, act.at, reading=False)
        if theirs or view.device is None:
            record.use(device_key, act.at)
        profile.messages += 1
        profile.last = act.at
        if not theirs:
            return
        profile.usual = profile.usual * 0.999 + count
        profile.usual_new = profile.usual_new * 0.999 + view.new_people
        record.meet_all(people)
        profile.learn_volume(act.at)

    def _enter(self, act: SignIn, record: Record) -> None:
        profile = record.profile
        profile.logins += 1
        if act.protocol != "smtp":
            record.enter(self.networks.place(act.client), act.at, reading=True)


def _is_theirs(groups: dict[Group, float]) -> bool:
    """Whether nothing speaks of somebody else: then it teaches what is usual."""
    nats = 0.0
    for group in STRANGERS:
        nats += groups.get(group, 0.0)
    return nats < LEARN_BELOW


def _mark(profile: Profile, one: Finding, at: float) -> None:
    """A signal keeps its strongest sight: more of the same is not more.

    Those about people are sums already, and only one of the two holds.
    """
    marks = profile.marks
    if one.signal in people.BOTH:
        for signal in people.BOTH:
            marks.pop(signal, None)
    else:
        before = marks.get(one.signal)
        if before is not None and left(one.signal, before, at) >= one.nats:
            return
    marks[one.signal] = Mark(one.nats, at, one.facts[:MOST_FACTS])
