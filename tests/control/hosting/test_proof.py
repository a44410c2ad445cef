"""Whose a domain is: claims, proofs, and that a claim stands in nobody's way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pytest

from mailstead.control.delivery import services as delivery
from mailstead.control.delivery.models import Delivery
from mailstead.control.dns import services as dns
from mailstead.control.dns.answers import Key
from mailstead.control.hosting import queries, services
from mailstead.control.hosting.models import Customer, Domain, Mailbox
from mailstead.control.hosting.sign_in import MailboxBackend
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry
from mailstead.wire.changes import DomainPut, ForwarderPut, MailboxPut, Route, SendingLimitsPut
from mailstead.wire.events import AttemptSeen
from tests.control.company import HASH, Company, feed_of, refused, replayed, snapshot_state
from tests.control.dkim.test_rotation import with_dkim
from tests.control.dns.pretend import dns_of

PASSWORD = "correct horse battery"


def customer_actor(customer: Customer) -> Actor:
    return Actor(kind="customer", name=f"{customer.name}'s", customer=customer.pk)


class Claimant:
    """A customer who acts for themselves."""

    def __init__(self, company: Company, name: str) -> None:
        self.company = company
        self.customer = company.add_customer(name)
        self.actor = customer_actor(self.customer)

    def claim(self, name: str, *, dkim: bool = False) -> Domain:
        return services.create_domain(
            actor=self.actor,
            now=self.company.now,
            name=name,
            customer=self.customer,
            server=self.company.server,
            dkim=dkim,
        )

    def mailbox(self, domain: Domain, local: str = "ann", **more: object) -> Mailbox:
        values = more or {"hashed": HASH}
        return services.create_mailbox(
            actor=self.actor,
            now=self.company.now,
            domain=domain,
            address=f"{local}@{domain.name}",
            **values,  # type: ignore[arg-type]
        )

    def look(self, domain: Domain, records: Mapping[Key, Sequence[str]], minutes: int = 0) -> None:
        """Press the button while the DNS says this."""
        fresh = Domain.objects.select_related("customer__reseller", "server").get(pk=domain.pk)
        now = self.company.now + dt.timedelta(minutes=minutes)
        dns.check_domain(actor=self.actor, now=now, domain=fresh, look=dns_of(records))


def proof_of(domain: Domain) -> dict[Key, list[str]]:
    ((name, kind, value),) = queries.proof_records(domain)
    return {(name, kind): [value]}


def is_proven(domain: Domain) -> bool:
    return Domain.objects.get(pk=domain.pk).proven


@pytest.fixture
def ann(company: Company) -> Claimant:
    return Claimant(company, "Ann")


@pytest.fixture
def bob(company: Company) -> Claimant:
    return Claimant(company, "Bob")


def test_a_claim_is_on_no_node_until_the_record_is_seen_and_then_all_of_it_is(
    company: Company, ann: Claimant
) -> None:
    domain = ann.claim("shop.example")
    ann.mailbox(domain)
    services.set_forwarder(
        actor=ann.actor,
        now=company.now,
        domain=domain,
        address="info@shop.example",
        route=Route(action="deliver", destinations=("ann@shop.example",)),
    )
    assert not feed_of()
    assert not snapshot_state()
    ann.look(domain, {})
    assert not is_proven(domain)
    ann.look(domain, proof_of(domain), minutes=1)
    assert is_proven(domain)
    kinds = [DomainPut, SendingLimitsPut, MailboxPut, ForwarderPut]
    assert [type(one) for one in feed_of()] == kinds
    assert replayed(feed_of()) == snapshot_state()
    entry = AuditEntry.objects.get(verb="domain.prove")
    assert (entry.actor, entry.label, entry.customer) == (
        "system",
        "shop.example",
        ann.customer.pk,
    )
    # Nothing is asked of its owner any more.
    assert not queries.proof_records(Domain.objects.get(pk=domain.pk))


def test_several_may_claim_a_name_and_who_proves_it_first_has_it(
    company: Company, ann: Claimant, bob: Claimant
) -> None:
    squatted, real = ann.claim("shop.example"), bob.claim("shop.example")
    assert squatted.proof_token != real.proof_token
    # Ann sees Bob's record, which says nothing about her.
    ann.look(squatted, proof_of(real))
    assert not is_proven(squatted)
    bob.look(real, proof_of(real), minutes=1)
    assert is_proven(real)
    with refused("domain-taken"):
        ann.look(squatted, proof_of(squatted), minutes=2)
    assert not is_proven(squatted)
    (put,) = [one for one in feed_of() if isinstance(one, DomainPut)]
    assert put.customer == bob.customer.pk


def test_who_claims_a_name_does_not_learn_whether_it_is_used_here(
    company: Company, ann: Claimant
) -> None:
    company.domain("used.example")
    used, free = ann.claim("used.example"), ann.claim("free.example")
    below = ann.claim("mail.used.example")
    for domain in (used, free, below):
        assert not domain.proven
        fields = {k: v for k, v in vars(domain).items() if k not in ("_state", "id", "name")}
        fields.pop("proof_token")
        assert fields == {k: v for k, v in vars(free).items() if k in fields and k != "proof_token"}
        with refused("domain-unproven"):
            queries.explain_to(ann.actor, f"somebody@{domain.name}")


def test_a_domain_below_another_customers_is_never_taken_by_a_record(
    company: Company, ann: Claimant
) -> None:
    company.domain("used.example")
    below = ann.claim("mail.used.example")
    with refused("domain-taken"):
        ann.look(below, proof_of(below))
    services.accept_domain(
        actor=company.actor, now=company.now, domain=below, reason="agreed by telephone"
    )
    assert is_proven(below)


def test_a_domain_below_ones_own_needs_no_proof(company: Company, ann: Claimant) -> None:
    top = ann.claim("shop.example")
    assert not ann.claim("early.shop.example").proven
    ann.look(top, proof_of(top))
    below = ann.claim("mail.shop.example")
    assert below.proven
    assert below.proven_by == "parent"
    assert not ann.claim("othershop.example").proven


def test_a_reseller_gives_a_customer_a_domain_below_its_own(company: Company) -> None:
    rita = company.add_customer("Rita", is_reseller=True)
    actor = Actor(kind="reseller", name="rita", customer=rita.pk)
    company.domain("ritas.example", rita)
    carl = services.create_customer(actor=actor, now=company.now, name="Carl")
    who = {"actor": actor, "now": company.now, "customer": carl, "server": company.server}
    assert services.create_domain(**who, name="carl.ritas.example", dkim=False).proven
    assert not services.create_domain(**who, name="carl.example", dkim=False).proven


def test_what_the_company_adds_is_trusted_though_others_claim_it(
    company: Company, ann: Claimant
) -> None:
    ann.claim("shop.example")
    assert company.domain("shop.example").proven
    with refused("domain-exists"):
        company.domain("shop.example", ann.customer)
    # Named by the company, the one that is live is meant.
    assert queries.domain_named(company.actor, "shop.example").proven
    claim = Domain.objects.get(proven=False)
    assert queries.domain_named(company.actor, str(claim.pk)) == claim
    assert queries.domain_named(ann.actor, "shop.example") == claim


def test_the_record_must_stand_at_the_name_itself(company: Company, ann: Claimant) -> None:
    """Who takes over what a forgotten alias leads to does not own the domain."""
    domain = ann.claim("shop.example")
    name = "_mailstead.shop.example"
    records = proof_of(domain) | {(name, "CNAME"): ["old.cloud.example."]}
    ann.look(domain, records)
    assert not is_proven(domain)
    line = queries.proof_records(domain)[0]
    assert line[0] == name


def test_an_alias_for_this_claims_keys_is_a_proof_and_an_mx_record_is_none(
    company: Company, ann: Claimant, bob: Claimant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_dkim(monkeypatch, zone="dkim.host.example")
    domain, other = ann.claim("shop.example", dkim=True), bob.claim("shop.example", dkim=True)

    def records(claim: Domain) -> dict[Key, list[str]]:
        fresh = Domain.objects.select_related("server").get(pk=claim.pk)
        return {
            (name, kind): [value]
            for name, kind, value in queries.dns_records(fresh)
            if not name.startswith("_mailstead.")
        }

    only_mx = {key: found for key, found in records(domain).items() if key[1] == "MX"}
    ann.look(domain, only_mx)
    assert not is_proven(domain)
    bob.look(other, records(domain), minutes=1)
    assert not is_proven(other)
    ann.look(domain, records(domain), minutes=2)
    assert is_proven(domain)


def test_the_worker_sees_the_record_too(company: Company, ann: Claimant) -> None:
    domain = ann.claim("shop.example")
    assert dns.check_due(company.now, dns_of(proof_of(domain))) == 1
    assert is_proven(domain)


def test_only_the_company_accepts_without_a_record_and_says_why(
    company: Company, ann: Claimant
) -> None:
    domain = ann.claim("shop.example")
    who = {"now": company.now, "domain": domain}
    with refused("forbidden"):
        services.accept_domain(actor=ann.actor, reason="mine", **who)
    with refused("reason-missing"):
        services.accept_domain(actor=company.actor, reason="  ", **who)
    assert not is_proven(domain)
    services.accept_domain(actor=company.actor, reason="contract of May", **who)
    assert is_proven(domain)
    assert AuditEntry.objects.get(verb="domain.accept").reason == "contract of May"


def test_removing_a_claim_does_not_touch_who_has_the_name(company: Company, ann: Claimant) -> None:
    company.domain("shop.example")
    before = feed_of()
    claim = ann.claim("shop.example")
    box = ann.mailbox(claim)
    services.remove_mailbox(
        actor=ann.actor, now=company.now, mailbox=box, grace=dt.timedelta(days=1)
    )
    services.remove_domain(
        actor=ann.actor, now=company.now, domain=claim, grace=dt.timedelta(days=1)
    )
    services.restore_domain(actor=ann.actor, now=company.now, domain=claim)
    services.purge_expired(company.now + dt.timedelta(days=3))
    assert feed_of() == before


def test_a_claim_gives_no_way_into_mail_or_log_ins_of_the_name(
    company: Company, ann: Claimant
) -> None:
    company.domain("shop.example")
    real = company.mailbox("ann@shop.example", password=PASSWORD)
    claim = ann.claim("shop.example")
    ann.mailbox(claim, password="another long password")
    door = MailboxBackend()
    found = door.authenticate(None, username="ann@shop.example", password=PASSWORD)
    assert found is not None
    assert found.mailbox == real.pk
    squatted = "another long password"
    assert door.authenticate(None, username="ann@shop.example", password=squatted) is None
    event = AttemptSeen(
        id="a1", at=company.now, queue="4jX", outcome="filed", recipient="ann@shop.example"
    )
    delivery.record("node1", (event,), company.now)
    assert Delivery.objects.get().customer == company.customer.pk


def test_a_claim_does_not_keep_others_from_writing_or_being_reached_there(
    company: Company, ann: Claimant
) -> None:
    """Somebody claims a domain of the wide world."""
    claim = ann.claim("big.example")
    ann.mailbox(claim)
    services.set_domain_forwarder(
        actor=ann.actor, now=company.now, domain=claim, target="shop.example"
    )
    assert services.outside_address("me@big.example") == "me@big.example"
    company.domain("shop.example")
    company.forward("x@shop.example", "ann@big.example")
    assert queries.explain("x@shop.example").sent == {"ann@big.example"}


def test_what_would_go_in_a_circle_does_not_become_live(company: Company, ann: Claimant) -> None:
    claim = ann.claim("a.example")
    services.set_domain_forwarder(
        actor=ann.actor, now=company.now, domain=claim, target="b.example"
    )
    other = company.domain("b.example")
    services.set_domain_forwarder(**company.who, domain=other, target="a.example")
    with refused("loop"):
        ann.look(claim, proof_of(claim))
    assert not is_proven(claim)


def test_nothing_is_made_an_alias_of_a_claim(company: Company, ann: Claimant) -> None:
    claim = ann.claim("a.example")
    alias = ann.claim("b.example")
    with refused("alias-invalid"):
        services.make_domain_alias(actor=ann.actor, now=company.now, domain=alias, target=claim)
    ann.look(claim, proof_of(claim))
    fresh = queries.domain_named(ann.actor, "a.example")
    services.make_domain_alias(actor=ann.actor, now=company.now, domain=alias, target=fresh)
    # The alias is a domain that others could claim too.
    assert [one.name for one in feed_of() if isinstance(one, DomainPut)] == ["a.example"]
    ann.look(alias, proof_of(alias), minutes=1)
    assert [one.name for one in feed_of() if isinstance(one, DomainPut)] == [
        "a.example",
        "b.example",
    ]


def test_who_claims_a_name_again_finds_the_same_record_asked_for(
    company: Company, ann: Claimant
) -> None:
    claim = ann.claim("shop.example")
    services.remove_domain(
        actor=ann.actor, now=company.now, domain=claim, grace=dt.timedelta(days=9)
    )
    assert ann.claim("shop.example").proof_token == claim.proof_token


def test_an_import_of_the_company_is_trusted(company: Company, ann: Claimant) -> None:
    ann.claim("shop.example")
    rows = [
        services.DomainRow("shop.example", company.customer.name),
        services.DomainRow("new.example", company.customer.name),
    ]
    results = services.import_domains(**company.who, rows=rows, server=company.server, dkim=False)
    assert results == ["made", "made"]
    assert Domain.objects.filter(proven=True).count() == 2
