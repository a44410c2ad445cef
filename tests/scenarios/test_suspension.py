"""Suspensions: log-in, sending and receiving each by itself, a domain, a customer."""

from __future__ import annotations

import pytest
from tests.support.messages import message
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab

ALL = {"imap": True, "pop3": True, "smtp": True, "sieve": True}
NONE = dict.fromkeys(ALL, False)


def may_send(site: Site, ann: Mailbox) -> str:
    """The reply to a message that Ann sends to herself."""
    return ann.submit(message(ann.address), [ann.address])[ann.address]


def receives(site: Site, ann: Mailbox) -> str:
    """The reply to a message that a stranger sends to Ann."""
    return site.receive(message(), ann.address)[ann.address]


def test_suspended_log_in_still_receives(site: Site) -> None:
    ann = site.mailbox("ann")
    site.cli("mailbox", "suspend", ann.address, "--login")
    assert ann.can_log_in() == NONE
    made = message()
    site.taken(made, ann.address)
    site.arrives(made, ann.address)
    site.cli("mailbox", "resume", ann.address, "--login")
    assert ann.can_log_in() == ALL


def test_suspended_sending_still_reads_and_receives(site: Site) -> None:
    ann = site.mailbox("ann")
    site.cli("mailbox", "suspend", ann.address, "--sending")
    assert ann.can_log_in() == ALL
    assert may_send(site, ann).startswith("554 5.7.1")
    assert receives(site, ann).startswith("250 ")
    site.cli("mailbox", "resume", ann.address, "--sending")
    assert may_send(site, ann).startswith("250 ")


def test_suspended_receiving_still_reads_and_sends(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    site.cli("mailbox", "suspend", ann.address, "--receiving")
    assert receives(site, ann).startswith("550 5.2.1")
    made = message(ann.address)
    assert ann.submit(made, [bob.address])[bob.address].startswith("250 ")
    site.arrives(made, bob.address)
    assert ann.can_log_in() == ALL
    site.cli("mailbox", "resume", ann.address, "--receiving")
    assert receives(site, ann).startswith("250 ")


def test_a_suspended_domain_only_receives(site: Site) -> None:
    other = site.domain("other")
    ann, bob = site.mailbox("ann"), site.mailbox("bob", other)
    site.cli("domain", "suspend", site.main)
    assert ann.can_log_in() == NONE
    assert receives(site, ann).startswith("250 ")
    assert bob.can_log_in() == ALL
    site.cli("domain", "resume", site.main)
    assert ann.can_log_in() == ALL


def test_a_suspended_customer_takes_all_its_domains_and_nobody_elses(site: Site) -> None:
    other = site.add_customer("other")
    theirs = site.domain("theirs", other)
    ann, bob = site.mailbox("ann"), site.mailbox("bob", theirs)
    site.cli("customer", "suspend", site.customer)
    assert ann.can_log_in() == NONE
    assert receives(site, ann).startswith("250 ")
    assert bob.can_log_in() == ALL
    site.cli("customer", "resume", site.customer)
    assert ann.can_log_in() == ALL


def test_a_suspension_reaches_a_session_that_is_open(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    with ann.smtp() as smtp:
        smtp.mail(ann.address)
        assert smtp.rcpt(bob.address)[0] == 250
        smtp.rset()
        site.cli("mailbox", "suspend", ann.address, "--sending")
        smtp.mail(ann.address)
        assert smtp.rcpt(bob.address)[0] == 554
