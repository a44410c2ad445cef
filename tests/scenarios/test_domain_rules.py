"""Domain forwarders and domain aliases, and which rule wins where they meet."""

from __future__ import annotations

import pytest
from tests.support.messages import message
from tests.support.site import Site

pytestmark = pytest.mark.lab


def test_a_domain_forwarder_to_a_hosted_domain_sends_each_name_to_its_twin(site: Site) -> None:
    old, new = site.domain("old"), site.domain("new")
    ann = site.mailbox("ann", new)
    site.forward_domain(old, new)
    made = message()
    site.taken(made, site.at("ann", old))
    site.arrives(made, ann.address)


def test_a_domain_forwarder_refuses_what_the_target_does_not_have(site: Site) -> None:
    # Accepted and bounced later it would be backscatter to forged senders.
    old, new = site.domain("old"), site.domain("new")
    site.mailbox("ann", new)
    site.forward_domain(old, new)
    nobody = site.at("nobody", old)
    made = message()
    assert site.receive(made, nobody)[nobody].startswith("550 5.1.1")
    site.arrives(made)


def test_a_domain_forwarder_to_a_foreign_domain(site: Site) -> None:
    old = site.domain("old")
    site.forward_domain(old, "far.example")
    made = message()
    local = f"who-{site.word}"
    site.taken(made, site.at(local, old))
    site.arrives(made, f"{local}@far.example")


def test_own_address_wins_over_domain_forwarder_and_that_over_catchall(site: Site) -> None:
    old, new = site.domain("old"), site.domain("new")
    own, twin = site.mailbox("own", old), site.mailbox("own", new)
    carl, other = site.mailbox("carl", new), site.mailbox("other", new)
    site.forward_domain(old, new)
    site.catchall(old, "--to", other.address)
    for to, at in ((own.address, own), (site.at("carl", old), carl), (twin.address, twin)):
        made = message()
        site.taken(made, to)
        site.arrives(made, at.address)


def test_a_domain_alias_behaves_as_its_target(site: Site) -> None:
    target = site.domain("target")
    ann = site.mailbox("ann", target)
    info = site.forwarder("info", ann.address, domain=target)
    alias = site.alias_domain("alias", target)
    for to in (site.at("ann", alias), site.at("info", alias), info, site.at("ann+tag", alias)):
        made = message()
        site.taken(made, to)
        site.arrives(made, ann.address)
    nobody = site.at("nobody", alias)
    assert site.receive(message(), nobody)[nobody].startswith("550 5.1.1")


def test_a_domain_alias_follows_its_targets_catchall_and_later_changes(site: Site) -> None:
    target = site.domain("target")
    alias = site.alias_domain("alias", target)
    ann = site.mailbox("ann", target)
    first = message()
    site.taken(first, site.at("ann", alias))
    site.arrives(first, ann.address)
    site.catchall(target, "--to", ann.address)
    second = message()
    site.taken(second, site.at("whoever", alias))
    site.arrives(second, ann.address)
    site.cli("catchall", "remove", target)
    unknown = site.at("whoever", alias)
    assert site.receive(message(), unknown)[unknown].startswith("550 5.1.1")


def test_someone_may_send_as_themselves_in_the_alias_domain(site: Site) -> None:
    target = site.domain("target")
    alias = site.alias_domain("alias", target)
    ann, bob = site.mailbox("ann", target), site.mailbox("bob", target)
    as_alias = site.at("ann", alias)
    made = message(as_alias, bob.address)
    assert ann.submit(made, [bob.address], sender=as_alias)[bob.address].startswith("250 ")
    site.arrives(made, bob.address)
    as_bob = site.at("bob", alias)
    reply = ann.submit(message(as_bob), [bob.address], sender=as_bob)[bob.address]
    assert reply.startswith("553 5.7.1"), reply


def test_domains_that_forward_to_each_other_are_refused(site: Site) -> None:
    old, new = site.domain("old"), site.domain("new")
    site.forward_domain(old, new)
    words = site.refused_domain_forwarder(new, old)
    assert "circle" in words
