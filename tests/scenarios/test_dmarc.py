"""What the author's domain asks for is done with mail in its name, and verdicts are told once."""

from __future__ import annotations

import email.policy
import smtplib
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from lab.commands import wait_until
from tests.support.messages import message, message_id
from tests.support.seals import publish, seal
from tests.support.site import Site

pytestmark = pytest.mark.lab
_REFUSAL = "5.7.1 The domain "
_LIST = {"List-Id": "<pears.list.example>", "List-Post": "<mailto:pears@list.example>"}


class Author:
    """A domain outside, in whose name a stranger writes from an address that is not its own."""

    def __init__(self, site: Site, policy: str, *, top: str = "example", spf: str = "") -> None:
        self.site = site
        # A name of its own for each test: Rspamd remembers records and greylists what it has seen.
        self.name = f"author-{site.word}.{top}"
        site.lab.dns.mail_domain(self.name, "mx.far.example")
        site.lab.dns.set_text(self.name, spf or "v=spf1 -all")
        site.lab.dns.set_text(f"_dmarc.{self.name}", policy)

    def writes(
        self,
        to: str,
        *,
        sub: str = "",
        headers: dict[str, str] | None = None,
        sealed: Callable[[bytes], bytes] = bytes,
    ) -> tuple[EmailMessage, str]:
        """The message, and the reply to its end."""
        sender = f"ceo@{sub}{self.name}"
        made = message(sender, to, headers=headers, text=f"Pears of {self.site.word}.\n")
        data = sealed(made.as_bytes(policy=email.policy.SMTP))
        with self.site.lab.clients.smtp(self.site.node.address) as smtp:
            try:
                smtp.sendmail(sender, [to], data)
            except smtplib.SMTPDataError as error:
                return made, f"{error.smtp_code} {error.smtp_error.decode()}"
        return made, "250"


def results(site: Site, made: EmailMessage, to: str) -> str:
    """What is told of a stored message, in the one field in our name."""
    fields = site.stored(made, to).get_all("Authentication-Results", [])
    (ours,) = [field for field in fields if field.startswith(f"{site.node.hostname};")]
    return str(ours)


def test_reject_is_refused_with_words(site: Site) -> None:
    ann = site.mailbox("ann")
    author = Author(site, "v=DMARC1; p=reject")
    made, reply = author.writes(ann.address)
    assert reply.startswith(f"554 {_REFUSAL}{author.name} asks to refuse mail in its name")
    assert "https://www.rfc-editor.org/rfc/rfc7489" in reply
    site.arrives(made)


def test_quarantine_goes_into_junk(site: Site) -> None:
    ann = site.mailbox("ann")
    made, reply = Author(site, "v=DMARC1; p=quarantine").writes(ann.address)
    assert reply == "250"
    site.arrives(made, f"{ann.address}/Junk")
    assert "dmarc=fail" in results(site, made, ann.address)


def test_none_is_told_and_delivered(site: Site) -> None:
    ann = site.mailbox("ann")
    author = Author(site, "v=DMARC1; p=none", spf="v=spf1 ?all")
    made, _ = author.writes(ann.address)
    site.arrives(made, ann.address)
    told = results(site, made, ann.address)
    assert "dmarc=fail" in told
    assert f"header.from={author.name}" in told
    assert "spf=neutral" in told
    assert "dkim=none" in told


def test_what_is_the_authors_own_passes(site: Site) -> None:
    ann = site.mailbox("ann")
    author = Author(site, "v=DMARC1; p=reject", spf=f"v=spf1 ip4:{site.lab.plan.clients4} -all")
    made, _ = author.writes(ann.address)
    site.arrives(made, ann.address)
    told = results(site, made, ann.address)
    assert "spf=pass" in told
    assert "dmarc=pass" in told


def test_a_pass_of_another_domain_is_no_pass_of_the_author(site: Site) -> None:
    ann = site.mailbox("ann")
    author = Author(site, "v=DMARC1; p=reject")
    made = message(f"ceo@{author.name}", ann.address)
    reply = site.receive(made, ann.address)[ann.address]  # the envelope's sender passes SPF
    assert reply.startswith(f"554 {_REFUSAL}{author.name}"), reply


def test_a_sub_domain_has_the_policy_for_sub_domains(site: Site) -> None:
    ann = site.mailbox("ann")
    # The public suffix list must know the top level, or a sub-domain has no domain above it.
    author = Author(site, "v=DMARC1; p=none; sp=reject", top="org", spf="v=spf1 ?all")
    made, reply = author.writes(ann.address, sub="news.")
    assert reply.startswith(f"554 {_REFUSAL}news.{author.name}"), reply
    made, reply = author.writes(ann.address)
    assert reply == "250"
    site.arrives(made, ann.address)


def test_what_the_policy_samples_out_is_treated_one_step_milder(site: Site) -> None:
    ann = site.mailbox("ann")
    author = Author(site, "v=DMARC1; p=reject; pct=0")
    made, reply = author.writes(ann.address)
    assert reply == "250"
    site.arrives(made, f"{ann.address}/Junk")


def test_a_mailing_list_goes_into_junk_where_others_are_refused(site: Site) -> None:
    ann = site.mailbox("ann")
    author = Author(site, "v=DMARC1; p=reject")
    made, reply = author.writes(ann.address, headers=_LIST)
    assert reply == "250"
    site.arrives(made, f"{ann.address}/Junk")


def test_a_trusted_forwarder_vouches_for_what_it_saw_pass(site: Site) -> None:
    publish(site)
    ann = site.mailbox("ann")
    author = Author(site, "v=DMARC1; p=reject", spf="v=spf1 ?all")
    passed = f"dmarc=pass header.from={author.name}"
    made, reply = author.writes(
        ann.address, sealed=lambda data: seal(site, data, "trusted.example", passed)
    )
    assert reply == "250"
    site.arrives(made, ann.address)
    told = results(site, made, ann.address)
    assert "dmarc=fail" in told
    assert "arc=pass" in told


@pytest.mark.parametrize(
    "chain",
    [
        (("strange.example", "dmarc=pass header.from={name}"),),
        (("trusted.example", "dmarc=fail header.from={name}"),),
        (("trusted.example", "dmarc=pass header.from=other.example"),),
        (
            ("trusted.example", "dmarc=pass header.from={name}"),
            ("strange.example", "dmarc=pass header.from={name}"),
        ),
        (
            ("strange.example", "dmarc=pass header.from={name}"),
            ("trusted.example", "dmarc=fail header.from={name}"),
        ),
    ],
)
def test_a_chain_vouches_only_as_far_as_it_is_trusted_from_its_end(
    site: Site, chain: tuple[tuple[str, str], ...]
) -> None:
    publish(site)
    ann = site.mailbox("ann")
    author = Author(site, "v=DMARC1; p=reject")

    def sealed(data: bytes) -> bytes:
        for name, told in chain:
            data = seal(site, data, name, told.format(name=author.name))
        return data

    _, reply = author.writes(ann.address, sealed=sealed)
    assert reply.startswith(f"554 {_REFUSAL}{author.name}"), reply


def test_a_trusted_seal_that_is_broken_vouches_for_nothing(site: Site) -> None:
    publish(site)
    ann = site.mailbox("ann")
    author = Author(site, "v=DMARC1; p=reject")
    passed = f"dmarc=pass header.from={author.name}"

    def sealed(data: bytes) -> bytes:
        return seal(site, data, "trusted.example", passed).replace(b"Pears", b"Plums")

    _, reply = author.writes(ann.address, sealed=sealed)
    assert reply.startswith(f"554 {_REFUSAL}{author.name}"), reply


def test_a_dns_that_does_not_answer_refuses_nothing(site: Site) -> None:
    ann = site.mailbox("ann")
    away = f"away-{site.word}.example"
    site.lab.dns.set(away, "NS", f"ns.{away}.")
    site.lab.dns.set(f"ns.{away}", "A", str(site.lab.plan.network4[250]))
    author = Author(site, "v=DMARC1; p=reject", spf=f"v=spf1 include:{away} -all")
    made, reply = author.writes(ann.address)
    assert reply == "250"
    site.arrives(made, ann.address)
    told = results(site, made, ann.address)
    assert "spf=temperror" in told
    assert "dmarc=temperror" in told


def test_what_others_claim_in_our_name_goes_and_what_they_say_in_theirs_stays(site: Site) -> None:
    ann, bob = site.mailbox("ann"), site.mailbox("bob")
    host = site.node.hostname
    kept = "relay.example; spf=pass"
    for claim in (
        f"{host}; dmarc=pass",
        f"{host.upper()} 1; dmarc=pass",
        f'"{host}"; dmarc=pass',
        f"(a comment) {host} (another); dmarc=pass",
        f"{host}",
    ):
        made = message("bob@client.example", ann.address, headers={"X-Claim": claim})
        made.add_header("Authentication-Results", kept)
        data = made.as_bytes(policy=email.policy.SMTP).replace(
            b"X-Claim:", b"authentication-Results:"
        )
        with site.lab.clients.smtp(site.node.address) as smtp:
            smtp.sendmail("bob@client.example", [ann.address], data)
        site.arrives(made, ann.address)
        fields = site.stored(made, ann.address).get_all("Authentication-Results", [])
        assert len(fields) == 2, (claim, fields)
        assert fields[1] == kept
        assert "spf=pass" in fields[0]
    made = message(ann.address, bob.address)
    made.add_header("Authentication-Results", f"{host}; dmarc=pass")
    ann.submit(made, [bob.address])
    site.arrives(made, bob.address)
    assert site.stored(made, bob.address)["Authentication-Results"] is None


def test_several_claims_in_our_name_all_go(site: Site) -> None:
    ann = site.mailbox("ann")
    claim = f"Authentication-Results: {site.node.hostname}; dmarc=pass; x=1\r\n".encode()
    made = message("bob@client.example", ann.address)
    data = claim + claim + made.as_bytes(policy=email.policy.SMTP)
    with site.lab.clients.smtp(site.node.address) as smtp:
        smtp.sendmail("bob@client.example", [ann.address], data)
    wait_until(lambda: site.collector.places(message_id(made)), "it is there")
    (field,) = site.stored(made, ann.address).get_all("Authentication-Results", [])
    assert "x=1" not in field
