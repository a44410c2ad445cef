"""Catch-alls: what a domain does with mail for addresses that it does not have."""

from __future__ import annotations

import pytest
from tests.support.messages import message
from tests.support.site import Site

pytestmark = pytest.mark.lab


def test_a_catchall_takes_what_nobody_else_does(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    info = site.forwarder("info", bob.address)
    site.catchall(site.main, "--to", ann.address)
    for to, at in ((site.at("x1"), ann), (bob.address, bob), (info, bob), (ann.address, ann)):
        made = message()
        site.taken(made, to)
        site.arrives(made, at.address)


def test_a_catchall_to_several_near_and_far(site: Site) -> None:
    ann = site.mailbox("ann")
    far = f"all-{site.word}@far.example"
    site.catchall(site.main, "--to", ann.address, "--to", far)
    made = message()
    site.taken(made, site.at("whoever"))
    site.arrives(made, ann.address, far)


def test_a_catchall_that_refuses_says_its_text(site: Site) -> None:
    ann = site.mailbox("ann")
    site.catchall(site.main, "--fail", "Nobody of that name works here")
    unknown = site.at("whoever")
    made = message()
    reply = site.receive(made, [unknown, ann.address])[unknown]
    assert reply.startswith("550 5.1.1")
    assert "Nobody of that name works here" in reply
    site.arrives(made, ann.address)


def test_a_catchall_into_the_black_hole(site: Site) -> None:
    ann = site.mailbox("ann")
    site.catchall(site.main, "--blackhole")
    made = message()
    site.taken(made, [site.at("whoever"), ann.address])
    site.arrives(made, ann.address)


def test_a_removed_catchall_refuses_again(site: Site) -> None:
    ann = site.mailbox("ann")
    site.catchall(site.main, "--to", ann.address)
    site.cli("catchall", "remove", site.main)
    unknown = site.at("whoever")
    assert site.receive(message(), unknown)[unknown].startswith("550 5.1.1")


def test_a_mailbox_suspended_for_receiving_does_not_fall_into_the_catchall(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    site.catchall(site.main, "--to", bob.address)
    site.cli("mailbox", "suspend", ann.address, "--receiving")
    made = message()
    assert site.receive(made, ann.address)[ann.address].startswith("550 5.2.1")
    site.arrives(made)
