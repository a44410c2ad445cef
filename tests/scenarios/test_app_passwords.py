"""App passwords: one program each, for its protocols, ended alone."""

from __future__ import annotations

import pytest
from tests.support.messages import message
from tests.support.people import Mailbox
from tests.support.site import Site

pytestmark = pytest.mark.lab


def made(site: Site, ann: Mailbox, name: str, *protocols: str) -> Mailbox:
    """The mailbox as a program with an app password has it."""
    options = [word for protocol in protocols for word in ("--protocol", protocol)]
    answer = site.cli("app-password", "add", ann.address, name, *options)
    return Mailbox(ann.address, ann.node, answer["password"])


def test_it_opens_everything_beside_the_mailboxs_own(site: Site) -> None:
    ann = site.mailbox("ann")
    phone = made(site, ann, "Phone")
    assert all(phone.can_log_in().values())
    assert all(ann.can_log_in().values())


def test_it_opens_only_what_it_is_for(site: Site) -> None:
    ann = site.mailbox("ann")
    opened = made(site, ann, "Printer", "smtp").can_log_in()
    assert opened == {"imap": False, "pop3": False, "smtp": True, "sieve": False}


def test_it_sends_as_the_mailbox_and_as_nobody_else(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    phone = made(site, ann, "Phone")
    sent = message(sender=ann.address, to=bob.address)
    assert phone.submit(sent, [bob.address])[bob.address].startswith("250")
    site.arrives(sent, bob.address)
    forged = message(sender=bob.address, to=bob.address)
    assert phone.submit(forged, [bob.address], sender=bob.address)[bob.address].startswith("553")


def test_a_removed_one_opens_nothing_and_the_others_stay(site: Site) -> None:
    ann = site.mailbox("ann")
    phone, laptop = made(site, ann, "Phone"), made(site, ann, "Laptop")
    with phone.smtp() as smtp:
        site.cli("app-password", "remove", ann.address, "Phone")
        smtp.mail(ann.address)
        assert smtp.rcpt(ann.address)[0] == 421
    assert not any(phone.can_log_in().values())
    assert all(laptop.can_log_in().values())


def test_a_suspended_mailbox_is_closed_to_them_too(site: Site) -> None:
    ann = site.mailbox("ann")
    phone = made(site, ann, "Phone")
    site.cli("mailbox", "suspend", ann.address, "--login", "--reason", "test")
    assert not any(phone.can_log_in().values())


def test_a_suspended_domain_is_closed_to_them_too(site: Site) -> None:
    phone = made(site, site.mailbox("ann"), "Phone")
    site.cli("domain", "suspend", site.main)
    assert not any(phone.can_log_in().values())
    site.cli("domain", "resume", site.main)
    assert all(phone.can_log_in().values())
