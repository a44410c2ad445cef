"""What became of each message is known to the control plane, for both sides, a moment later."""

from __future__ import annotations

import contextlib
import email.policy
import sqlite3
from email.message import EmailMessage
from typing import Any

import pytest
from lab.commands import wait_until
from tests.support.messages import message, message_id, unique
from tests.support.people import Mailbox
from tests.support.site import Site

from mailstead.standards.subject import subject_hash

pytestmark = pytest.mark.lab
_QUERY = """
SELECT d.side, d.sender, d.recipient, d.state, d.folder FROM delivery_delivery d
JOIN hosting_mailbox m ON m.id = d.mailbox JOIN hosting_domain o ON o.id = m.domain_id
WHERE m.local || '@' || o.name = ?
"""


def ask(who: Mailbox, query: str, *values: str) -> set[tuple[Any, ...]]:
    """What the control plane has."""
    path = f"file:{who.node.home.control / 'mailstead.db'}?mode=ro"
    with contextlib.closing(sqlite3.connect(path, uri=True, timeout=20)) as base:
        return set(base.execute(query, values).fetchall())


def told(who: Mailbox) -> set[tuple[Any, ...]]:
    """What the control plane has for a mailbox."""
    return ask(who, _QUERY, who.address)


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


_SUBJECTS = """
SELECT msg.subject FROM delivery_message msg JOIN delivery_delivery d ON d.message_id = msg.id
WHERE d.recipient = ?
"""


def test_the_subject_is_known_as_a_hash_only_and_nobodys_mail_shows_it(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    word = unique("subject")
    sent = message(sender=ann.address, to=bob.address, subject=f"Re: Größe  {word}")
    ann.submit(sent, [bob.address])
    site.arrives(sent, bob.address)
    (path,) = site.collector.near_files(message_id(sent))
    assert b"X-Mailstead" not in path.read_bytes()
    key = bob.node.home.subject_key.read_bytes().strip()
    wanted = subject_hash(f"größe {word}", key)

    def known() -> bool:
        return (wanted,) in ask(bob, _SUBJECTS, bob.address)

    wait_until(known, "the subject's hash is told", seconds=60)
    log = (bob.node.home.log / "postfix.log").read_bytes()
    assert word.encode() not in log and wanted.encode() in log


def returned(site: Site, about: EmailMessage, recipient: str) -> EmailMessage:
    """What a host says that took a message and could not deliver it (RFC 3464)."""
    status = (
        "Reporting-MTA: dns; mx.far.example\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.2.2\n"
        "Diagnostic-Code: smtp; 552 5.2.2 Mailbox full\n"
    )
    made = EmailMessage(policy=email.policy.SMTP)
    made["From"] = "MAILER-DAEMON@far.example"
    made["To"] = str(about["From"])
    made["Subject"] = "Undelivered"
    made["Message-ID"] = f"<{unique('dsn')}@far.example>"
    made["Content-Type"] = 'multipart/report; report-type=delivery-status; boundary="b"'
    made.set_payload(
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"From: {about['From']}\r\nMessage-ID: {message_id(about)}\r\n\r\nHello\r\n--b--\r\n"
    )
    return made


def test_a_message_that_comes_back_later_is_told_as_one(site: Site) -> None:
    ann, far = site.mailbox("ann"), f"{unique('back')}@far.example"
    sent = message(sender=ann.address, to=far)
    ann.submit(sent, [far])

    def state() -> set[str]:
        return {row[3] for row in told(ann) if row[2] == far}

    wait_until(lambda: state() == {"sent"}, "the other host has taken it", seconds=60)
    site.receive(returned(site, sent, far), ann.address, sender="")
    wait_until(lambda: state() == {"returned"}, "its return is told", seconds=60)
    causes = ask(ann, "SELECT cause, dsn FROM delivery_delivery WHERE recipient = ?", far)
    assert causes == {("full", "5.2.2")}
