"""Mail goes out as the receiver's domain demands: DANE and MTA-STS, in a lab with signed DNS."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from lab.certificates import tlsa
from lab.commands import wait_until
from lab.internet import Lab
from lab.policy_host import PolicyHost
from tests.support.messages import message, unique
from tests.support.people import Mailbox
from tests.support.site import Site

from mailstead.standards import replies
from mailstead.standards.mtasts import Mode, Policy

pytestmark = [pytest.mark.lab, pytest.mark.waits]


@pytest.fixture(scope="module")
def signed() -> Iterator[Lab]:
    """A lab whose DNS is signed."""
    if os.geteuid() != 0:
        pytest.fail("The lab makes network namespaces: run these tests as root.", pytrace=False)
    with Lab(signed=True) as made:
        yield made


@pytest.fixture(scope="module")
def policies(signed: Lab) -> Iterator[PolicyHost]:
    """The host of the far domains' policies."""
    far = signed.foreign.namespace
    folder = signed.folder / "policies"
    with PolicyHost(far, folder, signed.dns, signed.authority) as made:
        yield made


@pytest.fixture(scope="module")
def ann(signed: Lab) -> Mailbox:
    """Somebody who sends."""
    node = signed.add_node()
    node.write_settings()
    node.up()
    return Site(signed, node).mailbox("ann")


def policy(*hosts: str, mode: Mode = Mode.ENFORCE) -> str:
    """A policy's text."""
    return Policy(mode, hosts, 86_400).text()


def far_host(lab: Lab, parent: str = "far.example") -> str:
    """One more name of the far host: Postfix remembers for a while what it knows of a host.

    Its certificate is good for names in far.example.
    """
    name = f"{unique('mx')}.{parent}"
    lab.dns.set(name, "A", lab.foreign.address)
    return name


def far_domain(lab: Lab, host: str) -> str:
    """A domain at the far host that nobody has written to."""
    name = f"{unique('d')}.far.example"
    lab.foreign.add_domain(name, host)
    return name


def send(ann: Mailbox, domain: str) -> str:
    """Send a message to a domain; returns the recipient."""
    bob = f"bob-{unique('r')}@{domain}"
    assert ann.submit(message(ann.address, bob), [bob])[bob].startswith("250 ")
    return bob


def arrived(lab: Lab, bob: str) -> str:
    """Wait for a message at the far host; returns how it came."""
    (found,) = wait_until(lambda: lab.foreign.messages(bob), f"the message to {bob} has arrived")
    return str(found["Received"])


def deferred(ann: Mailbox, bob: str) -> str:
    """Wait until a message waits for want of TLS; returns why, as Postfix logged it."""

    def lines() -> list[str]:
        log = (ann.node.home.log / "postfix.log").read_text(encoding="utf-8")
        return [x for x in log.splitlines() if f"to=<{bob}>" in x and " status=" in x]

    (line,) = wait_until(lines, f"an attempt for {bob}", seconds=60)
    told = re.search(r"dsn=(4[0-9.]+), status=deferred \((.*)\)$", line)
    assert told, line
    assert replies.read(told[2], told[1]).meaning is replies.Meaning.TLS, line
    return line


def test_a_certificate_that_the_signed_zone_names_is_taken(signed: Lab, ann: Mailbox) -> None:
    host = far_host(signed, "elsewhere.example")
    signed.dns.set(f"_25._tcp.{host}", "TLSA", tlsa(signed.foreign.certificate))
    bob = send(ann, far_domain(signed, host))
    assert "TLS" in arrived(signed, bob)
    log = (ann.node.home.log / "postfix.log").read_text(encoding="utf-8")
    assert f"Verified TLS connection established to {host}" in log


def test_another_certificate_than_the_named_one_gets_nothing(signed: Lab, ann: Mailbox) -> None:
    host = far_host(signed)
    signed.dns.set(f"_25._tcp.{host}", "TLSA", "3 1 1 " + "ab" * 32)
    bob = send(ann, far_domain(signed, host))
    assert "dsn=4.7.5" in deferred(ann, bob)
    assert not signed.foreign.messages(bob)


def test_a_domain_without_either_is_written_to_as_ever(signed: Lab, ann: Mailbox) -> None:
    bob = send(ann, far_domain(signed, far_host(signed, "elsewhere.example")))
    assert "TLS" in arrived(signed, bob)


def test_an_enforced_policy_that_names_the_host_is_met(
    signed: Lab, policies: PolicyHost, ann: Mailbox
) -> None:
    host = far_host(signed)
    domain = far_domain(signed, host)
    policies.publish(domain, policy(host))
    assert "TLS" in arrived(signed, send(ann, domain))


@pytest.mark.parametrize(("place", "named"), [("elsewhere.example", True), ("far.example", False)])
def test_an_enforced_policy_that_is_not_met_lets_mail_wait(
    signed: Lab, policies: PolicyHost, ann: Mailbox, place: str, named: bool
) -> None:
    # The certificate is for another name, or the policy is about another host.
    host = far_host(signed, place)
    domain = far_domain(signed, host)
    policies.publish(domain, policy(host if named else "mx.client.example"))
    bob = send(ann, domain)
    assert "dsn=4.7.5" in deferred(ann, bob)
    assert not signed.foreign.messages(bob)


def test_a_policy_in_testing_lets_mail_through(
    signed: Lab, policies: PolicyHost, ann: Mailbox
) -> None:
    domain = far_domain(signed, far_host(signed, "elsewhere.example"))
    policies.publish(domain, policy("mx.client.example", mode=Mode.TESTING))
    arrived(signed, send(ann, domain))


def test_a_policy_from_a_host_that_nobody_believes_is_none(
    signed: Lab, policies: PolicyHost, ann: Mailbox
) -> None:
    domain = far_domain(signed, far_host(signed))
    policies.publish(domain, policy("mx.client.example"), known=False)
    arrived(signed, send(ann, domain))


def test_a_policy_does_not_excuse_a_certificate_that_dane_refuses(
    signed: Lab, policies: PolicyHost, ann: Mailbox
) -> None:
    host = far_host(signed)
    domain = far_domain(signed, host)
    policies.publish(domain, policy(host))
    signed.dns.set(f"_25._tcp.{host}", "TLSA", "3 1 1 " + "cd" * 32)
    bob = send(ann, domain)
    deferred(ann, bob)
    assert not signed.foreign.messages(bob)


def test_while_no_policy_can_be_learnt_mail_waits_and_goes_later(signed: Lab, ann: Mailbox) -> None:
    supervisor = ann.node.supervisor
    supervisor.stop("tlspolicy")
    try:
        bob = send(ann, far_domain(signed, far_host(signed)))
        deferred(ann, bob)
    finally:
        supervisor.start("tlspolicy")

    def has_come() -> bool:
        # It may not answer yet at the first try after its start.
        ann.node.flush()
        return bool(signed.foreign.messages(bob))

    wait_until(has_come, "the message has arrived", seconds=60, every=2)
