"""A domain changes its server in a fleet of two, while mail comes to both, and comes back.

The second node hears of changes by the first one's own socket: they are on one machine here.
"""

from __future__ import annotations

import imaplib
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from lab.commands import LabError, wait_until
from lab.internet import Lab
from lab.node import Node
from tests.support.messages import message, message_id
from tests.support.people import Mailbox, send_over
from tests.support.site import Site

pytestmark = [pytest.mark.lab, pytest.mark.waits]

SENDER = "pia@strict.example"
OTHER = "other"


@pytest.fixture(scope="module")
def nodes(lab: Lab) -> Iterator[tuple[Node, Node]]:
    """The one with the control plane, which lets the other in, and the other."""
    first = lab.add_node("own1", "mx1.own.example")
    first.write_settings({"moves": {"listen": "*"}})
    first.up()
    first.cli("sending", "house", "--each", "none", "--together", "none", "--ramp", "none")
    second = lab.add_node("own2", "mx2.own.example")
    second.write_settings({"": {"server": OTHER, "control": "none"}})
    first.cli("server", "add", OTHER, "--hostname", second.hostname)
    door = second.home.web_socket
    door.parent.mkdir(parents=True)
    door.symlink_to(first.home.web_socket)
    second.up()
    # Whoever refuses in the name of this domain refuses mail that another host passes on.
    clients = f"ip4:{lab.plan.clients.v4} ip4:{lab.plan.clients4}"
    lab.dns.mail_domain("strict.example", "far.example")
    lab.dns.set_text("strict.example", f"v=spf1 {clients} -all")
    lab.dns.set_text("_dmarc.strict.example", "v=DMARC1; p=reject; aspf=s")
    yield first, second
    second.down()
    first.down()


class Senders:
    """Mail from outside to both nodes, as while the DNS changes."""

    def __init__(self, lab: Lab, nodes: tuple[Node, ...], address: str) -> None:
        self._lab, self._nodes, self._address = lab, nodes, address
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self.sent: Counter[str] = Counter()
        self.refused: list[str] = []
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._ended.is_set():
            for node in self._nodes:
                self._send(node)
            self._ended.wait(0.5)

    def _send(self, node: Node) -> None:
        made = message(SENDER, self._address)
        with self._lab.clients.smtp(node.address) as smtp:
            reply = send_over(smtp, SENDER, [self._address], made)[self._address]
        with self._lock:
            if reply.startswith("250 "):
                self.sent[message_id(made)] += 1
            else:
                self.refused.append(reply)

    def more(self, count: int) -> None:
        """Wait for further mail that was taken."""
        goal = sum(self.sent.values()) + count
        wait_until(lambda: sum(self.sent.values()) >= goal, f"{count} more messages", seconds=60)

    def __enter__(self) -> Senders:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()


def seen(imap: imaplib.IMAP4) -> Counter[str]:
    """Every message of the inbox and of Junk, by Message-ID."""
    found: Counter[str] = Counter()
    for folder in ("INBOX", "Junk"):
        if imap.select(folder, readonly=True)[1] == [b"0"]:
            continue
        _, rows = imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        for row in rows:
            if isinstance(row, tuple):
                found[row[1].decode().partition(":")[2].strip()] += 1
    # The panel has written to the mailbox, too.
    return Counter({name: n for name, n in found.items() if name.endswith("@strict.example>")})


def state(node: Node, number: int) -> dict[str, Any]:
    found: dict[str, Any] = node.cli("move", "show", str(number))
    return found


def reaches(node: Node, number: int, wanted: str, seconds: float = 180) -> dict[str, Any]:
    """Wait for a state of the move; a change of home that was given up is a failure."""

    def there() -> bool:
        now = state(node, number)
        assert not now["phase_words"], now
        return bool(now["state"] == wanted and not now["phase"])

    wait_until(there, f"the move is {wanted}", seconds=seconds, every=0.5)
    return state(node, number)


def all_there(nodes: tuple[Node, Node], box: Mailbox, wanted: Counter[str]) -> None:
    """Everything that was taken is in the mailbox, once."""

    def there() -> bool:
        for node in nodes:
            node.flush()
        with box.imap() as imap:
            return not wanted - seen(imap)

    try:
        wait_until(there, f"all mail is at {box.node.hostname}", seconds=360, every=2)
    except LabError as error:
        with box.imap() as imap:
            missing = wanted - seen(imap)
        raise LabError(f"{error}\n{_told_of(nodes, missing)}") from error
    with box.imap() as imap:
        assert seen(imap) == wanted


def _told_of(nodes: tuple[Node, Node], missing: Counter[str]) -> str:
    """What the logs say of messages, and how far the copies are."""
    said = [json.dumps(nodes[0].cli("move", "list"))]
    for node in nodes:
        lines = node.log_text().splitlines()
        queue = node.namespace.run("postqueue", "-c", node.home.postfix, "-j", check=False)
        said += [f"== {node.hostname}", queue.stdout[-2000:]]
        for name in list(missing)[:5]:
            found = [line for line in lines if name.strip("<>") in line]
            numbers = set(re.findall(r"\]: ([0-9A-Za-z]{10,}): ", "\n".join(found)))
            said += found[-3:]
            said += [line for line in lines if any(f" {one}: " in line for one in numbers)][-12:]
    return "\n".join(said)


@pytest.mark.timeout(900)
def test_a_domain_changes_its_server_and_comes_back(lab: Lab, nodes: tuple[Node, Node]) -> None:
    first, second = nodes
    site = Site(lab, first)
    ann = site.mailbox("ann")
    site.mailbox("bob")
    site.forwarder("both", ann.address, "far@far.example")
    there = replace(ann, node=second)
    with Senders(lab, (first,), ann.address) as senders:
        senders.more(3)
        made = first.cli("move", "add-server", OTHER, "--domain", site.main)
        number = made["number"]
        first.cli("move", "start", str(number))
        wait_until(
            lambda: state(first, number)["percent"] == 100, "it is copied", seconds=120, every=0.5
        )
    # From here on mail comes to both: the second passes it on.
    with ann.imap() as open_session, Senders(lab, nodes, ann.address) as both:
        both.more(6)
        ann = replace(ann, password="another good password 8!")
        there = replace(there, password=ann.password)
        site.set_password(ann.address, ann.password)
        assert all(there.can_log_in().values()), "a new password holds on both"
        first.cli("move", "switch", str(number))
        done = reaches(first, number, "switched")
        both.more(10)
        with pytest.raises((imaplib.IMAP4.abort, imaplib.IMAP4.error, OSError)):
            # It was opened with the old password.
            open_session.noop()
            open_session.noop()
    assert not both.refused, both.refused
    wanted = senders.sent + both.sent
    all_there(nodes, there, wanted)
    assert done["grace_until"]
    # What nobody knows is refused by both.
    for node in nodes:
        with lab.clients.smtp(node.address) as smtp:
            unknown = site.at("nobody")
            reply = send_over(smtp, SENDER, [unknown], message(SENDER, unknown))[unknown]
            assert reply.startswith("550 5.1.1"), reply
    # The old one still serves who has not heard of it.
    with ann.imap() as imap:
        imap.append("INBOX", "", None, bytes(late := message(SENDER, ann.address)))  # type: ignore[arg-type]
    wanted[message_id(late)] += 1
    first.cli("move", "back", str(number))
    reaches(first, number, "back")
    with Senders(lab, nodes, ann.address) as after:
        after.more(4)
    all_there(nodes, ann, wanted + after.sent)
    for node in nodes:
        log = node.log_text()
        assert "status=bounced" not in log and "DMARC policy" not in log
