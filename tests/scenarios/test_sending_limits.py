"""Sending limits hold to the message, however many send at once and whatever is killed."""

from __future__ import annotations

import contextlib
import smtplib
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from lab.commands import wait_until
from tests.support.messages import message
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab


def reply_to_data(smtp: smtplib.SMTP, sender: str, to: list[str]) -> str:
    """Send one message; returns the reply that decided about it."""
    smtp.mail(sender)
    for address in to:
        assert smtp.rcpt(address)[0] == 250
    try:
        code, words = smtp.data(message(sender=sender, to=to[0]).as_bytes())
    except smtplib.SMTPDataError as error:
        code, words = error.smtp_code, error.smtp_error  # type: ignore[assignment]
        smtp.rset()
    return f"{code} {words.decode('ascii')}"


def sent(mailbox: Mailbox, to: list[str]) -> str:
    """Send one message in a session of its own."""
    with mailbox.smtp() as smtp:
        return reply_to_data(smtp, mailbox.address, to)


def storm(mailbox: Mailbox, to: list[str], messages: int, senders: int = 8) -> Counter[str]:
    """So many messages by several sessions at once; what is not answered is sent again."""
    left = threading.Semaphore(messages)
    codes: Counter[str] = Counter()

    def one(_: int) -> None:
        while left.acquire(blocking=False):
            while True:
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    code = sent(mailbox, to)[:3]
                    codes[code] += 1
                    if code != "451":  # the guard is away: the same message comes again
                        break

    with ThreadPoolExecutor(senders) as pool:
        list(pool.map(one, range(senders)))
    return codes


def test_of_many_at_once_exactly_as_many_are_accepted_as_the_limit_says(site: Site) -> None:
    ann = site.mailbox("ann")
    site.cli("sending", "mailbox", ann.address, "--limit", "recipients/hour=41")
    codes = storm(ann, [ann.address, site.mailbox("bob").address], 40)
    assert codes == {"250": 20, "452": 20}


def test_a_killed_guard_forgets_nothing_and_lets_nothing_through_uncounted(site: Site) -> None:
    ann = site.mailbox("ann")
    site.cli("sending", "mailbox", ann.address, "--limit", "messages/day=30")
    counted: list[Counter[str]] = []
    thread = threading.Thread(target=lambda: counted.append(storm(ann, [ann.address], 60)))
    thread.start()
    for _ in range(3):
        old = site.node.supervisor.kill("guard")
        site.node.supervisor.wait_back("guard", old)
    thread.join(120)
    assert counted and counted[0]["250"] == 30, counted
    assert counted[0]["554"] == 30


def test_the_mailboxes_of_a_customer_have_a_limit_together(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob", site.domain("second"))
    site.cli("sending", "customer", site.customer, "--together", "messages/hour=2")
    assert sent(ann, [bob.address]).startswith("250")
    assert sent(bob, [ann.address]).startswith("250")
    assert sent(ann, [bob.address]).startswith("452 4.7.1")


def test_what_was_refused_is_not_counted_and_a_higher_limit_holds_at_once(site: Site) -> None:
    ann = site.mailbox("ann")
    site.cli("sending", "mailbox", ann.address, "--limit", "messages/hour=1")
    assert sent(ann, [ann.address]).startswith("250")
    for _ in range(3):
        assert sent(ann, [ann.address]).startswith("452")
    site.cli("sending", "mailbox", ann.address, "--limit", "messages/hour=2")
    assert sent(ann, [ann.address]).startswith("250")
    assert sent(ann, [ann.address]).startswith("452")


def test_a_message_refused_at_its_recipient_is_not_counted(site: Site) -> None:
    ann = site.mailbox("ann")
    site.cli("sending", "mailbox", ann.address, "--limit", "messages/hour=1")
    with ann.smtp() as smtp:
        smtp.mail(ann.address)
        assert smtp.rcpt(site.at("nobody"))[0] == 550
        smtp.rset()
        assert reply_to_data(smtp, ann.address, [ann.address]).startswith("250")


def test_mail_from_the_world_and_forwarded_mail_is_not_limited(site: Site) -> None:
    ann = site.mailbox("ann")
    site.cli("sending", "customer", site.customer, "--each", "messages/day=0")
    made = message()
    site.taken(made, site.forwarder("team", ann.address))
    site.arrives(made, ann.address)


def test_the_control_plane_hears_who_has_sent_how_much_and_who_was_refused(site: Site) -> None:
    ann = site.mailbox("ann")
    site.cli("sending", "mailbox", ann.address, "--limit", "recipients/day=3")
    assert sent(ann, [ann.address, site.mailbox("bob").address]).startswith("250")
    assert sent(ann, [ann.address, site.at("bob")]).startswith("554")

    def told() -> bool:
        row = site.node.cli("sending", "mailbox", ann.address)
        refused = site.node.cli("sending", "refused")["items"]
        return row["sent: recipients/day"] == 2 and ann.address in [r["whose"] for r in refused]

    wait_until(told, "the counts are told", seconds=40)
