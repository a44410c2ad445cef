"""What became of each message is known to the control plane, for both sides, a moment later."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest
from lab.commands import wait_until
from tests.support.messages import message
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab
_QUERY = """
SELECT d.side, d.sender, d.recipient, d.state, d.folder FROM delivery_delivery d
JOIN hosting_mailbox m ON m.id = d.mailbox JOIN hosting_domain o ON o.id = m.domain_id
WHERE m.local || '@' || o.name = ?
"""


def told(who: Mailbox) -> set[tuple[str, str, str, str, str]]:
    """What the control plane has for a mailbox."""
    path = f"file:{who.node.home.control / 'mailstead.db'}?mode=ro"
    with contextlib.closing(sqlite3.connect(path, uri=True, timeout=20)) as base:
        return set(base.execute(_QUERY, (who.address,)).fetchall())


def test_a_message_that_the_scan_refuses_is_told_to_who_did_not_get_it(site: Site) -> None:
    ann = site.mailbox("ann")
    text = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"
    reply = site.receive(message(text=text), ann.address)[ann.address]
    assert reply.startswith("554 5.7.1"), reply

    def refused() -> bool:
        return any((row[0], row[3]) == ("in", "refused") for row in told(ann))

    wait_until(refused, "the refusal is told", seconds=60)


def test_a_message_is_told_to_its_sender_and_to_its_recipient(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    nobody = f"nobody@{bob.address.partition('@')[2]}"
    sent = message(sender=ann.address, to=bob.address)
    answers = ann.submit(sent, [bob.address, nobody])
    assert answers[bob.address].startswith("250") and answers[nobody].startswith("550")
    wanted = {
        ("out", ann.address, bob.address, "filed", "INBOX"),
        ("out", ann.address, nobody, "refused", ""),
    }
    wait_until(lambda: wanted <= told(ann), "the sender is told", seconds=60)
    assert ("in", ann.address, bob.address, "filed", "INBOX") in told(bob)
