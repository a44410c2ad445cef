"""Several sending addresses and a receiver that does not like one of them: nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from lab.commands import wait_until
from tests.support.messages import message
from tests.support.people import Mailbox
from tests.support.plugin import LISTS
from tests.support.site import Site

from mailstead.standards.dnsbl import FOUR, NAMES, question

pytestmark = pytest.mark.lab


class Pool:
    """Three sending addresses of the lab's node."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.numbers: dict[str, int] = {}
        network = site.lab.plan.network4
        for place in (31, 32, 33):
            ipv4 = str(network[place])
            site.node.namespace.add_address(ipv4)
            name = f"out{place}.node.example"
            site.lab.dns.host(name, ipv4, str(site.lab.plan.network6[place]))
            made = site.node.cli(
                "sending-address", "add", "--name", name, "--ipv4", ipv4, "--state", "active"
            )
            self.numbers[ipv4] = made["number"]
        site.applied()
        wait_until(self._followed, "Postfix has the transports", seconds=30)

    def _followed(self) -> bool:
        private = self.site.node.home.spool / "private"
        return all((private / f"out-{number}").exists() for number in self.numbers.values())

    def source(self, recipient: str) -> str:
        """From which address a message for this recipient came to the foreign host."""
        lines = [x for x in self.site.lab.foreign.log(recipient) if " <= " in x or "for " in x]
        found = re.search(r"\[(198\.[0-9.]+)\]", next(x for x in lines if " <= " in x))
        assert found is not None
        return found[1]

    def rests(self) -> list[tuple[int, str, str]]:
        rows = self.site.node.cli("sending-address", "rests")["items"]
        return [(row["number"], row["receiver"], row["kind"]) for row in rows]

    def close(self) -> None:
        foreign = self.site.lab.foreign
        foreign.distrust()
        foreign.slow_down()
        for ipv4, number in self.numbers.items():
            self.site.node.cli("sending-address", "remove", str(number))
            self.site.node.namespace.ip("addr", "del", f"{ipv4}/24", "dev", "eth0")
        self.site.applied()


@pytest.fixture
def pool(site: Site) -> Iterator[Pool]:
    made = Pool(site)
    yield made
    made.close()


def send(site: Site, ann: Mailbox, word: str, count: int, domain: str = "far.example") -> list[str]:
    """Mail to recipients of their own; returns them."""
    recipients = [f"{word}-{number}-{site.word}@{domain}" for number in range(count)]
    for recipient in recipients:
        made = message(ann.address, recipient)
        assert ann.submit(made, [recipient])[recipient].startswith("250 ")
    return recipients


def arrived(site: Site, recipients: list[str]) -> bool:
    return all(len(site.lab.foreign.messages(one)) == 1 for one in recipients)


def bounces(site: Site, ann: Mailbox) -> list[str]:
    files = site.node.maildir(ann.address).glob("*/*")
    texts = [path.read_text(errors="replace") for path in files if path.is_file()]
    return [text for text in texts if "multipart/report" in text]


def test_an_address_that_is_refused_rests_and_comes_back(site: Site, pool: Pool) -> None:
    ann = site.mailbox("ann")
    first = send(site, ann, "first", 1)
    wait_until(lambda: arrived(site, first), "the first arrives")
    own = pool.source(first[0])
    assert own in pool.numbers, "it left by one of them"
    site.lab.foreign.distrust(own)
    more = send(site, ann, "more", 6)
    wait_until(lambda: arrived(site, more), "all arrive all the same", seconds=90)
    others = {pool.source(one) for one in more}
    assert own not in others and len(others) == 1
    number = pool.numbers[own]
    wait_until(
        lambda: (number, "far.example", "reputation") in pool.rests(), "it rests", seconds=30
    )
    # It rests from that receiver for all its domains, and nobody was told of a bounce.
    again = send(site, ann, "again", 2, "elsewhere.example")
    wait_until(lambda: arrived(site, again), "mail to another domain of it arrives", seconds=60)
    assert bounces(site, ann) == []
    wait_until(lambda: decided(site, "rests there after a refusal"), "it is told why", seconds=30)
    # The operator knows that it is well again.
    site.lab.foreign.distrust()
    site.node.cli("sending-address", "end-rest", str(number), "--receiver", "far.example")
    wait_until(lambda: pool.rests() == [], "it is back", seconds=30)
    last = send(site, ann, "last", 1)
    wait_until(lambda: arrived(site, last), "the last arrives")
    assert pool.source(last[0]) == own


def test_a_difficult_receiver_gets_everything_once(site: Site, pool: Pool) -> None:
    ann = site.mailbox("ann")
    first = send(site, ann, "first", 1)
    wait_until(lambda: arrived(site, first), "the first arrives")
    own = pool.source(first[0])
    site.lab.foreign.slow_down(own)
    with site.lab.foreign.greylisting():
        grey = send(site, ann, "grey", 2)
        full = send(site, ann, "full", 1)
        slow = send(site, ann, "slow", 2)
        plain = send(site, ann, "plain", 3)
        nobody = send(site, ann, "refuse", 1)
        wait_until(lambda: arrived(site, [*plain, *slow]), "what may arrive does", seconds=120)
    site.node.flush()
    wait_until(lambda: arrived(site, grey), "greylisted mail arrives", seconds=120)
    wait_until(lambda: bounces(site, ann), "who does not exist is bounced", seconds=60)
    (bounce,) = bounces(site, ann)
    assert nobody[0] in bounce
    assert (pool.numbers[own], "far.example", "rate") in pool.rests()
    queue = site.node.cli("queue", "list")["items"]
    assert full[0] in {one for row in queue for one in row["recipients"]}, "it waits"


def test_a_list_that_names_an_address_moves_its_mail_and_the_end_brings_it_back(
    site: Site, pool: Pool
) -> None:
    ann = site.mailbox("ann")
    first = send(site, ann, "first", 1)
    wait_until(lambda: arrived(site, first), "the first arrives")
    own = pool.source(first[0])
    probes = [FOUR.listed, NAMES.listed]
    names = [question(probe, zone) for probe, zone in zip(probes, LISTS, strict=True)]
    entry = question(own, LISTS[0])
    for name in (*names, entry):
        site.lab.dns.set(f"{name}.", "A", "127.0.0.2")
    try:
        wait_until(lambda: own in listed(site), "the node sees the entry")
        moved = send(site, ann, "moved", 2)
        wait_until(lambda: arrived(site, moved), "mail arrives")
        assert own not in {pool.source(one) for one in moved}
        wait_until(lambda: decided(site, f"is on {LISTS[0]}"), "it is told why", seconds=30)
        site.lab.dns.remove(f"{entry}.")
        wait_until(lambda: own not in listed(site), "the node sees that it is gone")
    finally:
        for name in (*names, entry):
            site.lab.dns.remove(f"{name}.")
    last = send(site, ann, "last", 1)
    wait_until(lambda: arrived(site, last), "the last arrives")
    assert pool.source(last[0]) == own


def decided(site: Site, why: str) -> bool:
    """Whether a decision with this reason is told; the node tells them some seconds later."""
    rows = site.node.cli("sending-address", "decisions")["items"]
    return any(why in row["why"] for row in rows)


def listed(site: Site) -> set[str]:
    return {one["subject"] for one in site.node.cli("reputation", "look")["listed"]}
