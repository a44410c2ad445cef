"""Forwarded mail leaves sealed: what was found at its arrival, in a chain that others accept."""

from __future__ import annotations

import email.policy
import json
import re
from email.message import EmailMessage

import dkim
import pytest
from lab.commands import wait_until
from tests.support.messages import message
from tests.support.seals import publish, seal, verdict
from tests.support.site import Site

from mailstead.mailplane.engines.rspamd import host_key

pytestmark = pytest.mark.lab


@pytest.fixture
def known(site: Site) -> Site:
    """The node's key stands in the DNS, as the operator published it."""
    name = host_key.record_name(site.node.hostname)
    site.lab.dns.set_text(name, host_key.record(site.node.home))
    publish(site)
    return site


def raw(made: EmailMessage) -> bytes:
    return made.as_bytes(policy=email.policy.SMTP)


def forwarded(site: Site, data: bytes, made: EmailMessage, to: str, far: str) -> bytes:
    """Send from a stranger; the message as the receiver got it, without what that added."""
    with site.lab.clients.smtp(site.node.address) as smtp:
        smtp.sendmail("stranger@client.example", [to], data)
    site.arrives(made, far)
    got = site.foreign_file(made).read_bytes()
    return got[got.index(b"\nReceived:") + 1 :]


def test_a_forwarded_message_carries_a_seal_that_another_implementation_accepts(
    known: Site,
) -> None:
    far = f"carl-{known.word}@elsewhere.example"
    carl = known.forwarder("carl", far)
    made = message("bob@client.example", carl)
    got = forwarded(known, raw(made), made, carl, far)
    assert verdict(known, got) == "pass"
    assert got.count(b"ARC-Seal:") == 1
    told = re.search(rb"ARC-Authentication-Results: i=1;(?:.*\n[\t ])*.*\n", got)
    assert told is not None
    assert known.node.hostname.encode() in told[0]
    assert b"spf=pass" in told[0]
    assert b"dmarc=pass" in told[0]
    assert f"d={known.node.hostname}".encode() in got


def test_the_authors_own_signature_still_holds_under_the_seal(known: Site) -> None:
    far = f"carl-{known.word}@elsewhere.example"
    carl = known.forwarder("carl", far)
    made = message("bob@far.example", carl)
    known.lab.foreign.send("bob@far.example", carl, made)
    known.arrives(made, far)
    got = known.foreign_file(made).read_bytes()
    assert verdict(known, got) == "pass"
    assert dkim.verify(got[got.index(b"\nDKIM-Signature:") + 1 :], dnsfunc=known.txt)
    # Exim agrees: it checks only what has arrived.
    assert b"dkim=pass header.d=far.example" in got


def test_what_sieve_redirects_and_what_a_domain_forwards_is_sealed_too(known: Site) -> None:
    ann = known.mailbox("ann")
    far = f"ann-{known.word}@far.example"
    with ann.sieve() as sieve:
        sieve.put("away", f'redirect "{far}";')
        sieve.activate("away")
    made = message("bob@client.example", ann.address)
    assert verdict(known, forwarded(known, raw(made), made, ann.address, far)) == "pass"
    twin = known.domain("twin")
    known.forward_domain(twin, "elsewhere.example")
    name = f"zoe-{known.word}"
    made = message("bob@client.example", f"{name}@{twin}")
    got = forwarded(known, raw(made), made, f"{name}@{twin}", f"{name}@elsewhere.example")
    assert verdict(known, got) == "pass"


def test_only_what_is_forwarded_is_sealed(known: Site) -> None:
    ann, bob = known.mailbox("ann"), known.mailbox("bob")
    far = f"carl-{known.word}@far.example"
    made = message(ann.address, far)
    ann.submit(made, [far, bob.address])
    known.arrives(made, far, bob.address)
    assert b"ARC-Seal" not in known.foreign_file(made).read_bytes()
    assert known.stored(made, bob.address)["ARC-Seal"] is None
    made = message("bob@client.example", bob.address)
    known.taken(made, bob.address)
    known.arrives(made, bob.address)
    assert known.stored(made, bob.address)["ARC-Seal"] is None


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_chain_that_holds_is_made_one_set_longer(known: Site, length: int) -> None:
    far = f"carl-{known.word}@elsewhere.example"
    carl = known.forwarder("carl", far)
    made = message("bob@client.example", carl)
    data = raw(made)
    for name in ("strange.example", "trusted.example", "third.example")[:length]:
        data = seal(known, data, name, "dmarc=pass header.from=client.example")
    got = forwarded(known, data, made, carl, far)
    assert got.count(b"ARC-Seal:") == length + 1
    assert verdict(known, got) == "pass"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"The apples", b"Some apples"),
        (b"ARC-Authentication-Results: i=1; s", b"ARC-Authentication-Results: i=1; x"),
        (b"ARC-Authentication-Results: i=1;", b"X-Gone: i=1;"),
        (b"ARC-Seal: i=1;", b"X-Gone: i=1;"),
        (b"ARC-Message-Signature: i=2;", b"X-Gone: i=2;"),
        (b"ARC-Seal: i=2; cv=pass", b"ARC-Seal: i=2; cv=fail"),
    ],
)
def test_a_chain_that_is_broken_is_left_as_it_came(known: Site, old: bytes, new: bytes) -> None:
    far = f"carl-{known.word}@elsewhere.example"
    carl = known.forwarder("carl", far)
    made = message("bob@client.example", carl)
    data = raw(made)
    for name in ("strange.example", "third.example"):
        data = seal(known, data, name, "dmarc=pass header.from=client.example")
    assert old in data
    data = data.replace(old, new)
    got = forwarded(known, data, made, carl, far)
    assert f"d={known.node.hostname}".encode() not in got
    assert got.count(b"ARC-Seal:") == data.count(b"ARC-Seal:")


def test_a_claim_in_our_name_does_not_come_under_the_seal(known: Site) -> None:
    far = f"carl-{known.word}@elsewhere.example"
    carl = known.forwarder("carl", far)
    host = known.node.hostname
    made = message("bob@nobody.example", carl, headers={"Authentication-Results": f"{host}; x=1"})
    got = forwarded(known, raw(made), made, carl, far)
    assert verdict(known, got) == "pass"
    assert b"x=1" not in got
    assert b"dmarc=none" in got


def test_the_doctor_tells_the_record_that_the_seal_needs(site: Site) -> None:
    name = host_key.record_name(site.node.hostname)

    def found() -> dict[str, str]:
        done = site.node.run("doctor", "--json", check=False)
        rows = json.loads(done.stdout)["items"]
        return next(row for row in rows if row["check"] == "seal")

    site.lab.dns.remove(name)
    wait_until(lambda: "is missing" in found()["words"], "the record is missed", every=1)
    remedy = found()["remedy"]
    record = remedy.partition(f"{name}: ")[2]
    assert record.startswith("v=DKIM1; k=rsa; p=")
    site.lab.dns.set_text(name, record.replace("p=", "p=AAAA"))
    wait_until(lambda: "another key" in found()["words"], "the other key is seen", every=1)
    site.lab.dns.set_text(name, record)
    wait_until(lambda: found()["state"] == "ok", "the record is right", every=1)
