"""Forwarders: one, many, near, far, with a copy, into a refusal or nowhere."""

from __future__ import annotations

import pytest
from tests.support.collector import read
from tests.support.messages import message
from tests.support.site import STRANGER, Site

pytestmark = pytest.mark.lab


def test_a_forwarder_to_one_mailbox(site: Site) -> None:
    ann = site.mailbox("ann")
    info = site.forwarder("info", ann.address)
    made = message()
    site.taken(made, info)
    site.arrives(made, ann.address)


def test_a_forwarder_to_many_near_and_far(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    far = f"team-{site.word}@far.example"
    team = site.forwarder("team", ann.address, bob.address, far)
    made = message()
    site.taken(made, team)
    site.arrives(made, ann.address, bob.address, far)


def test_a_forwarder_to_a_foreign_host_arrives_there(site: Site) -> None:
    far = f"carl-{site.word}@elsewhere.example"
    carl = site.forwarder("carl", far)
    made = message()
    site.taken(made, carl)
    site.arrives(made, far)


def test_a_forwarder_that_keeps_a_copy(site: Site) -> None:
    ann = site.mailbox("ann")
    far = f"ann-{site.word}@far.example"
    site.forwarder("ann", far, keep=True)
    made = message()
    site.taken(made, ann.address)
    site.arrives(made, ann.address, far)


def test_a_forwarder_at_a_mailbox_that_keeps_nothing(site: Site) -> None:
    ann = site.mailbox("ann")
    far = f"ann-{site.word}@far.example"
    site.forwarder("ann", far)
    made = message()
    site.taken(made, ann.address)
    site.arrives(made, far)


def test_a_forwarder_that_refuses_says_its_text(site: Site) -> None:
    site.mailbox("ann")
    gone = site.refusing("gone", "Bob has left; write to ann")
    made = message()
    reply = site.receive(made, gone)[gone]
    assert reply.startswith("550 5.")
    assert "Bob has left; write to ann" in reply
    site.arrives(made)


def test_a_black_hole_takes_mail_and_keeps_none(site: Site) -> None:
    ann = site.mailbox("ann")
    hole = site.blackhole("noreply")
    made = message()
    site.taken(made, [hole, ann.address])
    site.arrives(made, ann.address)


def test_forwarders_can_be_chained_across_domains(site: Site) -> None:
    other = site.domain("other")
    ann = site.mailbox("ann", other)
    second = site.forwarder("second", ann.address, domain=other)
    first = site.forwarder("first", second)
    made = message()
    site.taken(made, first)
    site.arrives(made, ann.address)


def test_a_loop_is_refused_with_a_sentence(site: Site) -> None:
    first = site.forwarder("first", site.at("second"))
    refusal = site.node.refused("forwarder", "add", site.at("second"), "--to", first)
    assert "circle" in refusal
    own = site.at("own")
    assert "itself" in site.node.refused("forwarder", "add", own, "--to", own)


def test_a_removed_forwarder_refuses_at_once(site: Site) -> None:
    ann = site.mailbox("ann")
    info = site.forwarder("info", ann.address)
    site.cli("forwarder", "remove", info)
    assert site.receive(message(), info)[info].startswith("550 5.1.1")


def test_forwarded_mail_leaves_with_a_sender_of_this_host_and_bounces_find_back(
    site: Site,
) -> None:
    far = f"carl-{site.word}@elsewhere.example"
    carl = site.forwarder("carl", far)
    made = message()
    site.taken(made, carl)
    site.arrives(made, far)
    rewritten = str(read(site.foreign_file(made))["Return-Path"]).strip("<>")
    assert rewritten.startswith("SRS0=")
    assert rewritten.endswith(f"@{site.node.hostname}")
    bounce = message(sender="")
    site.taken(bounce, rewritten, sender="")
    site.arrives(bounce, STRANGER)


def test_a_forged_return_address_is_refused(site: Site) -> None:
    forged = f"SRS0=AAAA=AA=client.example=stranger@{site.node.hostname}"
    reply = site.receive(message(sender=""), forged, sender="")[forged]
    assert reply.startswith("550 5.1.1")


def test_mail_that_stays_keeps_its_sender(site: Site) -> None:
    ann = site.mailbox("ann")
    made = message()
    site.taken(made, ann.address)
    site.arrives(made, ann.address)
    assert str(site.stored(made, ann.address)["Return-Path"]).strip("<>") == STRANGER
