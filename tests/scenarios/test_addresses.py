"""Mailboxes, sub-addresses and addresses that do not exist: where mail for them goes."""

from __future__ import annotations

import pytest
from lab.commands import wait_until
from tests.support.messages import message
from tests.support.plugin import MESSAGE_LIMIT
from tests.support.site import Site

pytestmark = pytest.mark.lab


def test_mail_for_a_mailbox_arrives_in_it_alone(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    made = message(to=ann.address)
    site.taken(made, ann.address)
    site.arrives(made, ann.address)
    both = message(to=ann.address)
    site.taken(both, [ann.address, bob.address])
    site.arrives(both, ann.address, bob.address)


def test_the_case_of_an_address_does_not_matter(site: Site) -> None:
    ann = site.mailbox("ann")
    made = message()
    site.taken(made, ann.address.upper())
    site.arrives(made, ann.address)


def test_a_sub_address_reaches_the_mailbox(site: Site) -> None:
    ann = site.mailbox("ann")
    made = message()
    site.taken(made, site.at("ann+lists"))
    site.arrives(made, ann.address)


def test_an_address_that_does_not_exist_is_refused_at_once_and_for_good(site: Site) -> None:
    site.mailbox("ann")
    nobody = site.at("nobody")
    made = message()
    assert site.receive(made, nobody)[nobody].startswith("550 5.1.1")
    site.arrives(made)


def test_one_wrong_recipient_does_not_keep_mail_from_the_others(site: Site) -> None:
    ann = site.mailbox("ann")
    nobody = site.at("nobody")
    made = message()
    replies = site.receive(made, [nobody, ann.address])
    assert replies[nobody].startswith("550 5.1.1")
    site.arrives(made, ann.address)


def test_postmaster_is_always_there(site: Site) -> None:
    # RFC 5321 §4.5.1: mail for postmaster of a domain that takes mail must be accepted.
    site.mailbox("ann")
    postmaster = f"postmaster@{site.main}"
    reply = site.receive(message(), postmaster)[postmaster]
    assert reply.startswith("250 "), reply


def test_a_new_mailbox_takes_mail_at_once_and_a_second_domain_is_another(site: Site) -> None:
    other = site.domain("other")
    ann = site.mailbox("ann")
    missing = site.at("ann", other)
    assert site.receive(message(), missing)[missing].startswith("550 5.1.1")
    twin = site.mailbox("ann", other)
    made = message()
    site.taken(made, twin.address)
    site.arrives(made, twin.address)
    assert ann.address != twin.address


def test_a_mailbox_that_fills_up_is_asked_about_and_one_that_is_emptied_is_not(site: Site) -> None:
    ann = site.mailbox("ann", None, "--quota", str(MESSAGE_LIMIT + 500_000))

    def asked() -> bool:
        return site.node.cli("directory", "show", ann.address)["tight"] == "room"

    assert not asked()
    big = message(attachment=bytes(800_000))
    site.taken(big, ann.address)
    site.arrives(big, ann.address)
    wait_until(asked, "Postfix asks whether the next message fits")
    site.cli("mailbox", "set", ann.address, "--quota", "1G")
    wait_until(lambda: not asked(), "with a larger quota it asks no more")


def test_a_mailbox_over_its_quota_answers_try_again_later(site: Site) -> None:
    ann = site.mailbox("ann", None, "--quota", "1M")
    big = message(attachment=bytes(800_000))
    site.taken(big, ann.address)
    site.arrives(big, ann.address)
    reply = site.receive(message(attachment=bytes(800_000)), ann.address)[ann.address]
    # Either at RCPT or after acceptance by the queue: the message must not be lost or bounced.
    if reply.startswith("250"):
        assert site.collector.places("MAILER-DAEMON") == []
    else:
        assert reply.startswith(("452 4.2.2", "552 5.2.2")), reply
