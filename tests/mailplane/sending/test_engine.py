"""Real Postfix with several sending addresses: what is refused for one leaves by another."""

from __future__ import annotations

import contextlib
import datetime as dt
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any, TypeVar

import msgspec
import pytest
from tests.mailplane.engines.harness import DOMAIN, Host, until
from tests.mailplane.sending.far_side import FarSide, NoPolicies, Say

from mailstead.mailplane.node.deliveries import DeliveryBook
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.sending import AddressBook, follow
from mailstead.mailplane.sending.choice import Chooser
from mailstead.mailplane.sending.door import ask
from mailstead.mailplane.sending.questions import RestNow
from mailstead.wire.events import AddressRested, AnyEvent, AttemptSeen, RouteChosen
from mailstead.wire.pools import FallbackRelay, SendingAddress, SendingPlan

pytestmark = pytest.mark.engines

ONE, TWO = "127.0.0.41", "127.0.0.42"


def address(number: int, ipv4: str, **more: Any) -> SendingAddress:
    """A sending address on loopback."""
    return SendingAddress(
        number=number, ipv4=ipv4, helo=f"out{number}.node.example", classes=("own",), **more
    )


T = TypeVar("T")
PLAN = SendingPlan(addresses=(address(1, ONE), address(2, TWO)))


class Node:
    """An engine host with the router, and what the agent does with the log."""

    def __init__(self, host: Host) -> None:
        self.host = host
        host.home.sending.mkdir()
        self.policies = NoPolicies(host.home.tlspolicy_socket)
        host.home.event_spool.parent.mkdir()
        self.spool = EventSpool(host.home.event_spool)
        self.book = DeliveryBook(host.home, self.spool)
        self.sending = AddressBook(host.home, self.spool)
        self.events: list[AnyEvent] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.start_router()

    def start_router(self) -> None:
        home = self.host.home
        home.sending_socket.unlink(missing_ok=True)
        words = ["--home", str(home.root), "--hostname", self.host.settings.hostname]
        with (home.log / "router.out").open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mailstead.mailplane.sending.router", *words],
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        # qmgr(8) is Postfix's user; here the router is not.
        until(home.sending_socket.exists, "the router listens")
        until(home.route_socket.exists, "the router listens for Postfix")
        home.route_socket.chmod(0o666)

    def kill_router(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        self.spool.close()
        self.policies.close()

    def follow(self, plan: SendingPlan) -> None:
        assert follow(self.host.settings, self.host.home, plan)

    def look(self) -> bool:
        """One look of the agent's reporter."""
        self.sending.note(self.book.read(dt.datetime.now(dt.UTC)))
        self.sending.look()
        while (told := self.spool.waiting())[1]:
            self.spool.done(*told)
            self.events += told[1]
        return True

    def until(self, found: Callable[[], object], what: str, seconds: float = 40) -> None:
        until(lambda: self.look() and found(), what, seconds)

    def send(self, local: str, *recipients: str) -> None:
        sender = self.host.add(local)
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = sender, "x@far.example", "news"
        made.set_content("Hello")
        with self.host.submission(sender) as session:
            session.sendmail(sender, list(recipients), made.as_bytes())

    def told(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def node(own_host: Host) -> Iterator[Node]:
    made = Node(own_host)
    yield made
    made.close()


@contextlib.contextmanager
def far_side(say: Say) -> Iterator[FarSide]:
    far = FarSide(say)
    try:
        yield far
    finally:
        far.close()


def preferred() -> str:
    """The address that the tests' domain takes as long as it may."""
    return Chooser("h", PLAN).order("own", DOMAIN)[0].ipv4


def nothing_said(client: str, command: str) -> str:
    return ""


def refusing(bad: str, reply: str, at: str = "RCPT") -> Say:
    """A receiver that refuses one address."""
    return lambda client, command: reply if (client, command) == (bad, at) else ""


def test_without_a_plan_nothing_is_different(node: Node) -> None:
    with far_side(nothing_said) as far:
        node.send("ann", far.recipient("bob"))
        node.until(lambda: far.taken, "it arrives")
        ((_, helo, recipient),) = far.taken
        assert (helo, recipient) == ("mail.node.example", far.recipient("bob"))
        assert "rewrite_service_name" not in (node.host.home.postfix / "master.cf").read_text()


@pytest.mark.parametrize("at", ["CONNECT", "RCPT", "DATA"])
def test_what_one_address_may_not_deliver_another_does(node: Node, at: str) -> None:
    node.follow(PLAN)
    reply = "550 5.7.1 Your IP has a poor reputation, see https://far.example/block"
    with far_side(refusing(preferred(), reply, at)) as far:
        names = [f"user{number}" for number in range(8)]
        for name in names:
            node.send(name, far.recipient(name))
        node.until(lambda: len(far.taken) == len(names), "all arrive", 60)
        assert {client for client, _, _ in far.taken} == {ONE, TWO} - {preferred()}
        node.until(lambda: node.told(AddressRested), "it is told")
        assert {event.outcome for event in node.told(AttemptSeen)} <= {"sent", "deferred"}
        (rested,) = node.told(AddressRested)
        assert (rested.kind, rested.times) == ("reputation", 1)
        assert "poor reputation" in rested.reply
        # What comes later does not even ask there.
        before = len(far.refused)
        node.send("late", far.recipient("late"))
        node.until(lambda: len(far.taken) == len(names) + 1, "the later one arrives")
        assert len(far.refused) == before


def test_a_refusal_of_the_recipient_still_bounces(node: Node) -> None:
    node.follow(PLAN)
    with far_side(lambda _, command: "550 5.1.1 no such user" if command == "RCPT" else "") as far:
        node.send("ann", far.recipient("bob"))
        node.until(lambda: node.told(AttemptSeen), "it is tried")
        assert node.told(AttemptSeen)[0].outcome == "bounced"
        assert node.told(AddressRested) == []


@pytest.mark.waits
def test_with_no_address_left_mail_waits_and_goes_when_one_is_back(node: Node) -> None:
    node.follow(PLAN)
    bad = True
    with far_side(
        lambda _, command: "554 5.7.1 Your IP is banned" if bad and command == "CONNECT" else ""
    ) as far:
        node.send("ann", far.recipient("bob"))
        node.send("ann", far.recipient("carl"))
        node.until(lambda: len(node.told(AddressRested)) == 2, "both rest", 60)
        node.until(
            lambda: any("kept for now" in e.reply for e in node.told(AttemptSeen)), "kept", 60
        )
        assert [e.way for e in node.told(RouteChosen)][-1] == "wait"
        bad = False
        receiver = node.told(AddressRested)[0].receiver
        ask(node.host.home, RestNow(address=1, receiver=receiver))
        node.until(lambda: len(far.taken) == 2, "both arrive", 70)
        assert {client for client, _, _ in far.taken} == {ONE}
        assert "bounced" not in {event.outcome for event in node.told(AttemptSeen)}


def test_the_relay_takes_what_no_address_may_deliver(node: Node) -> None:
    with (
        far_side(nothing_said) as relay,
        far_side(
            lambda _, command: "554 5.7.1 Your IP is banned" if command == "CONNECT" else ""
        ) as far,
    ):
        node.follow(msgspec.structs.replace(PLAN, relay=FallbackRelay(host=relay.address, port=25)))
        node.send("ann", far.recipient("bob"))
        node.until(lambda: relay.taken, "the relay has it", 90)
        assert relay.taken[0][2] == far.recipient("bob")
        node.until(lambda: node.told(AttemptSeen)[-1].outcome == "sent", "it is told")
        assert node.told(AttemptSeen)[-1].source == "fallback"


def test_mail_waits_while_the_router_is_away(node: Node) -> None:
    node.follow(PLAN)
    with far_side(nothing_said) as far:
        node.send("ann", far.recipient("first"))
        node.until(lambda: far.taken, "the first arrives")
        node.kill_router()
        names = [f"user{number}" for number in range(20)]
        node.send("ann", *(far.recipient(name) for name in names))
        for name in names:
            node.send("ann", far.recipient(f"single-{name}"))
        assert len(far.taken) < 42
        node.start_router()
        node.until(lambda: len(far.taken) == 41, "all arrive", 60)
        assert {event.outcome for event in node.told(AttemptSeen)} == {"sent"}


def test_a_new_address_keeps_to_its_ceiling_under_load(node: Node) -> None:
    today = dt.datetime.now(dt.UTC).date()
    new, old = address(1, ONE, state="warming", warm_since=today), address(2, TWO)
    for first, second in ((new, old), (msgspec.structs.replace(new, number=3), old)):
        plan = SendingPlan(addresses=(first, second), ceilings=(7,))
        if Chooser("h", plan).order("own", DOMAIN)[0] == first:
            break
    node.follow(plan)
    with far_side(nothing_said) as far:
        names = [f"user{number}" for number in range(40)]
        node.send("ann", *(far.recipient(name) for name in names))
        node.until(lambda: len(far.taken) == 40, "all arrive")
        assert [client for client, _, _ in far.taken].count(ONE) == 7
        assert node.told(RouteChosen)[0].why.endswith("has reached its 7 of today there")
