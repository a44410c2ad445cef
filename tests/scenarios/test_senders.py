"""Who may send as whom: the sender must belong to the log-in."""

from __future__ import annotations

import pytest
from tests.support.messages import message
from tests.support.site import Site

pytestmark = pytest.mark.lab


def test_a_mailbox_sends_as_itself_and_its_sub_addresses_only(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    for sender in (ann.address, site.at("ann+shop")):
        made = message(sender)
        assert ann.submit(made, [bob.address], sender=sender)[bob.address].startswith("250 ")
        site.arrives(made, bob.address)
    for sender in (bob.address, site.at("nobody"), "ceo@far.example", "ann@unknown.example"):
        made = message(sender)
        reply = ann.submit(made, [bob.address], sender=sender)[bob.address]
        assert reply.startswith("553 5.7.1"), (sender, reply)
        site.arrives(made)


def test_the_empty_sender_of_a_receipt_is_taken_from_who_has_logged_in(site: Site) -> None:
    """A read receipt must have it (RFC 8098 §3); the log names the log-in all the same."""
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    made = message(ann.address, bob.address)
    with ann.smtp() as smtp:
        smtp.sendmail("", [bob.address], made.as_bytes())
    site.arrives(made, bob.address)
    assert site.stored(made, bob.address)["Return-Path"] == "<>"
    assert f"sasl_username={ann.address}/" in site.node.log_text()


def test_a_mailbox_sends_as_a_forwarder_that_leads_to_it_within_its_customer(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    info = site.forwarder("info", ann.address)
    made = message(info)
    assert ann.submit(made, [bob.address], sender=info)[bob.address].startswith("250 ")
    site.arrives(made, bob.address)
    assert bob.submit(message(info), [ann.address], sender=info)[ann.address].startswith("553 ")


def test_a_forwarder_of_another_customer_gives_no_right_to_its_name(site: Site) -> None:
    other = site.add_customer("other")
    theirs = site.domain("theirs", other)
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    info = site.forwarder("info", ann.address, domain=theirs)
    reply = ann.submit(message(info), [bob.address], sender=info)[bob.address]
    assert reply.startswith("553 5.7.1"), reply


def test_nobody_outside_sends_as_a_hosted_address_without_log_in_at_submission(site: Site) -> None:
    ann = site.mailbox("ann")
    with ann.smtp(log_in=False) as smtp:
        smtp.ehlo()
        code, text = smtp.mail(ann.address)
        if code == 250:
            code, text = smtp.rcpt(ann.address)
        assert code in {530, 553, 554}, text
