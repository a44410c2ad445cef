"""The simulator's server, attacked on a real node: its bots are caught, its people are not.

Two weeks of everybody's life are told to the detector, as `bench.guard` does, and laid down as what
the node's guard remembers. What comes then goes through Postfix and Dovecot, from the simulated
addresses themselves, one thing after the other: only the time in between is left out.
"""

from __future__ import annotations

import itertools
import smtplib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from bench.guard.attacks import Attack, FastBlast, SlowAndLow
from bench.guard.botnet import made_up
from bench.guard.letters import Event, Letter, flat
from bench.guard.recorded import tell
from bench.guard.world import World, under_attack
from tests.support.messages import message
from tests.support.people import PASSWORD, unverified
from tests.support.site import Site

from mailstead.mailplane.guard.acts import SignIn, Submission
from mailstead.mailplane.guard.case_store import CaseStore
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.memory import Memory
from mailstead.mailplane.guard.networks import Networks

pytestmark = [pytest.mark.lab, pytest.mark.waits]
SEED = 3
HISTORY = 14
"""Days before the attack."""
HANDFUL = 6
"""Messages of one mailbox that a thief may get out."""
MOST_BOTS, MOST_PEOPLE = 30, 24
"""Messages of either that are sent at most."""
HERE = "127.0.0.1"
MOST_RECIPIENTS = 20
"""A club's newsletter takes this long enough by itself."""


@dataclass
class Played:
    """What became of the messages, by mailbox of the simulation."""

    out: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    """Answers to people that were not 250."""
    tried: Counter[str] = field(default_factory=Counter)


class Stage:
    """The node with everybody of one world on it."""

    def __init__(self, site: Site, world: World) -> None:
        self._site = site
        self._world = world
        self._boxes: dict[str, str] = {}
        self._reached: set[str] = set()
        self._shift = time.time() - world.counted_from

    def box(self, simulated: str) -> str:
        """The mailbox on the node that stands for one of the simulation."""
        if simulated not in self._boxes:
            self._boxes[simulated] = self._site.mailbox(simulated.partition("@")[0]).address
        return self._boxes[simulated]

    def remembers(self, history: list[Event], who: set[str]) -> None:
        """The guard knows these people since long, as of now."""
        known = Detector(Networks.read(self._site.node.folder / "networks.tsv"))
        for one in self._world.accounts:
            if one.mailbox in who:
                known.opened(self.box(one.mailbox), one.opened + self._shift)
        for act in flat(iter(history)):
            if act.mailbox not in who:
                continue
            made = replace(act, mailbox=self.box(act.mailbox), at=act.at + self._shift)
            if isinstance(made, Submission):
                people = tuple(map(_elsewhere, made.recipients))
                made = replace(made, sender=made.mailbox, recipients=people)
            tell(known, made)
        memory = Memory(self._site.node.home.guard_profiles)
        memory.keep(known, time.time())
        memory.close()

    def play(self, event: Letter | SignIn) -> str:
        """Do it from where the simulation does it; returns the last answer."""
        act = _act(event)
        mailbox = self.box(act.mailbox)
        self._reach(act.client)
        helo = event.submission.helo if isinstance(event, Letter) else "signs-in"
        clients = self._site.lab.clients
        address = self._site.node.address6 if ":" in act.client else self._site.node.address
        with clients.smtp(address, 587, source=act.client, helo=helo) as smtp:
            smtp.starttls(context=unverified())
            smtp.login(mailbox, PASSWORD)
            if isinstance(event, SignIn):
                return "signed in"
            people = list(map(_elsewhere, event.submission.recipients))
            try:
                smtp.sendmail(mailbox, people, message(mailbox, people[0]).as_bytes())
            except smtplib.SMTPDataError as refused:
                return f"{refused.smtp_code} {refused.smtp_error.decode()}"
            return "250"

    def _reach(self, client: str) -> None:
        """The clients' host has this address, and the node knows the way there."""
        if client in self._reached:
            return
        self._reached.add(client)
        family = ["-6"] if ":" in client else []
        via = self._site.lab.plan.clients
        self._site.lab.clients.namespace.ip(
            *family, "route", "replace", "local", client, "dev", "lo"
        )
        self._site.node.namespace.ip(
            *family, "route", "replace", client, "via", str(via.v6 if family else via.v4)
        )

    def caught(self) -> set[str]:
        """The mailboxes of the simulation that have an open case."""
        store = CaseStore.reading(self._site.node.home.guard_cases)
        try:
            open_ones = {case.mailbox for case in store.cases() if case.is_open}
        finally:
            store.close()
        return {name for name, box in self._boxes.items() if box in open_ones}


def _act(event: Letter | SignIn) -> Submission | SignIn:
    return event.submission if isinstance(event, Letter) else event


def _elsewhere(recipient: str) -> str:
    """Everybody's provider is the lab's other mail host."""
    return recipient.replace("@", ".at.") + "@far.example"


def _live(events: Iterator[Event], thieves: set[str]) -> Iterator[Letter | SignIn]:
    """What is played: every thief's first messages, some of everybody else's."""
    bots: Counter[str] = Counter()
    people = 0
    for event in events:
        if isinstance(event, SignIn) and event.mailbox in thieves and _playable(event):
            yield event
        if not isinstance(event, Letter):
            continue
        mailbox = event.submission.mailbox
        if event.stolen:
            bots[mailbox] += 1
            if bots[mailbox] <= MOST_BOTS:
                yield event
        elif people < MOST_PEOPLE and _playable(event.submission):
            people += 1
            yield event
        if len(bots) == len(thieves) and min(bots.values()) >= MOST_BOTS:
            return


def _playable(act: Submission | SignIn) -> bool:
    """Whether it comes over SMTP from elsewhere, which a web application on the server does not."""
    if act.client == HERE:
        return False
    if isinstance(act, SignIn):
        return act.protocol == "smtp"
    return len(act.recipients) <= MOST_RECIPIENTS


class Blast(FastBlast):
    """Through the mailbox of somebody who writes by hand: what filters and receivers say, which
    tells a shop's mail from a thief's, is not played."""

    by_hand = True


class Slow(SlowAndLow):
    """The same."""

    by_hand = True


@pytest.mark.parametrize("kind", [Blast, Slow], ids=lambda kind: kind.__name__)
def test_the_simulated_botnet_is_caught_on_a_real_node(site: Site, kind: type[Attack]) -> None:
    world = under_attack(SEED, kind, HISTORY, made_up())
    thieves = set(world.stolen)
    events = world.events()
    before = list(itertools.takewhile(lambda event: event.at < world.counted_from, events))
    coming = list(_live(events, thieves))
    stage, played = Stage(site, world), Played()
    stage.remembers(before, thieves | {_act(event).mailbox for event in coming})
    caught: set[str] = set()
    for event in coming:
        act = _act(event)
        by_bot = not isinstance(event, Letter) or event.stolen
        if by_bot and act.mailbox in caught:
            continue
        said = stage.play(event)
        if isinstance(event, SignIn):
            continue
        caught = stage.caught()
        if not by_bot and act.mailbox not in thieves and said != "250":
            played.refused.append(f"{act.mailbox}: {said}")
        if by_bot:
            played.tried[act.mailbox] += 1
            if said == "250" and act.mailbox not in caught:
                played.out[act.mailbox] += 1
    print(kind.name, dict(played.tried), dict(played.out))
    assert played.tried, "the attack was never played"
    assert stage.caught() == thieves, played
    assert not played.refused
    assert max(played.out.values(), default=0) <= HANDFUL, played.out
