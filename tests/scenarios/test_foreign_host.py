"""Mail from and to another implementation: queues, bounces, TLS, DKIM, IPv6."""

from __future__ import annotations

import email.policy

import dkim
import pytest
from lab.commands import wait_until
from tests.support.collector import read
from tests.support.messages import message, message_id
from tests.support.site import Site

pytestmark = pytest.mark.lab


def test_mail_from_a_foreign_host_arrives(site: Site) -> None:
    ann = site.mailbox("ann")
    made = message("bob@far.example", ann.address)
    site.lab.foreign.send("bob@far.example", ann.address, made)
    site.arrives(made, ann.address)
    # Exim said that the message went over TLS, and to the host that the MX names.
    (line,) = [x for x in site.lab.foreign.log(ann.address) if " => " in x]
    assert f"H={site.node.hostname}" in line
    assert " X=TLS1." in line


def test_a_foreign_hosts_signature_is_seen_as_valid(site: Site) -> None:
    ann = site.mailbox("ann")
    made = message("bob@far.example", ann.address)
    site.lab.foreign.send("bob@far.example", ann.address, made)
    site.arrives(made, ann.address)
    stored = site.stored(made, ann.address)
    results = " ".join(stored.get_all("Authentication-Results", []))
    assert "dkim=pass" in results
    assert "spf=pass" in results


def test_mail_to_a_foreign_host_arrives_over_tls_and_signed(site: Site) -> None:
    ann = site.mailbox("ann")
    site.publish_dkim(site.main)
    bob = f"bob-{site.word}@far.example"
    made = message(ann.address, bob)
    assert ann.submit(made, [bob])[bob].startswith("250 ")
    site.arrives(made, bob)
    (arrived,) = site.lab.foreign.messages(bob)
    # Two other implementations agree: Exim when it took the message, dkimpy now.
    assert "dkim=pass" in str(arrived["Authentication-Results"])
    assert f"d={site.main}" in str(arrived["DKIM-Signature"]).replace(" ", "")
    raw = site.foreign_file(made).read_bytes()
    assert dkim.verify(raw[raw.index(b"DKIM-Signature:") :], dnsfunc=site.txt)
    assert "TLS" in str(arrived["Received"])


def test_who_submitted_is_not_told_to_the_world(site: Site) -> None:
    ann = site.mailbox("ann")
    bob = f"bob-{site.word}@far.example"
    made = message(ann.address, bob)
    ann.submit(made, [bob])
    site.arrives(made, bob)
    (arrived,) = site.lab.foreign.messages(bob)
    received = "\n".join(arrived.get_all("Received", []))
    # Neither the number of the credential nor the log-in belongs in a header.
    assert f"{ann.address}/" not in arrived.as_string(policy=email.policy.default)
    assert "Authenticated sender" not in received


def test_a_refused_recipient_comes_back_as_one_bounce_to_the_sender(site: Site) -> None:
    ann = site.mailbox("ann")
    nobody = f"refuse-{site.word}@far.example"
    made = message(ann.address, nobody)
    assert ann.submit(made, [nobody])[nobody].startswith("250 ")
    identity = message_id(made)

    def bounces() -> list[str]:
        files = (site.node.maildir(ann.address) / "new").glob("*")
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
        return [text for text in texts if identity in text]

    (bounce,) = wait_until(bounces, "Ann has the bounce")
    assert "5.1.1 no such person here" in bounce
    assert "multipart/report" in bounce


def test_a_recipient_that_is_busy_is_tried_again(site: Site) -> None:
    ann = site.mailbox("ann")
    bob = f"bob-{site.word}@elsewhere.example"
    made = message(ann.address, bob)
    with site.lab.foreign.closed():
        assert ann.submit(made, [bob])[bob].startswith("250 ")
        wait_until(lambda: site.collector.deferred() > 0, "the message waits in the queue")
        site.arrives(made)
    site.node.flush()
    site.arrives(made, bob)


def test_the_node_takes_mail_over_ipv6(site: Site) -> None:
    ann = site.mailbox("ann")
    made = message()
    with site.lab.clients.smtp(site.node.address6) as smtp:
        smtp.sendmail("stranger@client.example", [ann.address], made.as_bytes())
    site.arrives(made, ann.address)
    stored = read(site.near_file(made))
    assert "2001:2:" in str(stored["Received"]) + "".join(stored.get_all("Received", []))


def test_a_forwarded_message_keeps_its_senders_signature(site: Site) -> None:
    far = f"carl-{site.word}@elsewhere.example"
    carl = site.forwarder("carl", far)
    made = message("bob@far.example", carl)
    site.lab.foreign.send("bob@far.example", carl, made)
    site.arrives(made, far)
    (arrived,) = site.lab.foreign.messages(far)
    assert "dkim=pass" in str(arrived["Authentication-Results"])
