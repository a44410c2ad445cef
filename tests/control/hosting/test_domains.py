"""Domains: made, pointed to one another, suspended, removed and restored."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.control.hosting import queries, services
from mailstead.control.people import services as people
from mailstead.control.people.models import AuditEntry, Invitation
from mailstead.wire.changes import (
    DkimKeyPut,
    DomainGone,
    DomainPut,
    MailboxPut,
    Route,
    SendingLimitsPut,
    StorePurged,
)
from tests.control.company import (
    GRACE,
    PASSWORD,
    Company,
    feed_of,
    last_change,
    refused,
    replayed,
    snapshot_state,
)


def test_a_name_is_stored_as_an_a_label_in_lower_case(company: Company) -> None:
    assert company.domain("Bücher.Example.").name == "xn--bcher-kva.example"
    with refused("domain-exists"):
        company.domain("BÜCHER.example")


@pytest.mark.parametrize(
    "name",
    [
        "new\nline.example",
        "nul\0.example",
        'quo"te.example',
        "per%cent.example",
        "../up.example",
        "under_score.example",
        "sp ace.example",
        "single",
        "",
        f"{'x' * 64}.example",
        "-a.example",
        "192.0.2.1",
    ],
)
def test_a_hostile_name_is_refused(company: Company, name: str) -> None:
    with refused("domain-invalid"):
        company.domain(name)
    assert feed_of() == []


def test_a_domain_gets_a_key_whose_public_half_the_owner_publishes(company: Company) -> None:
    domain = company.domain("a.example", dkim=True)
    put, limits = feed_of()
    assert isinstance(limits, SendingLimitsPut) and limits.domain == "a.example"
    assert isinstance(put, DomainPut) and put.active and put.catch_all is None
    # It signs once it is seen in the DNS (tests/control/dkim).
    services.note_seen(now=company.now, key=domain.dkim_keys.get(), seen=True)
    key = last_change()
    assert isinstance(key, DkimKeyPut)
    assert (key.domain, key.selector, key.signs) == ("a.example", "ms1", True)
    assert key.private_key.startswith("-----BEGIN PRIVATE KEY-----")
    records = {(name, kind): value for name, kind, value in queries.dns_records(domain)}
    assert records["ms1._domainkey.a.example", "TXT"].startswith("v=DKIM1; k=rsa; p=MIIBIjAN")
    assert records["a.example", "MX"] == "10 node1.host.example."
    for entry in AuditEntry.objects.all():
        assert "PRIVATE KEY" not in str((entry.before, entry.after))


def test_an_alias_must_be_empty_and_point_to_a_domain_of_its_own(company: Company) -> None:
    a, b, c = (company.domain(f"{name}.example") for name in "abc")
    alias = lambda domain, target: services.make_domain_alias(  # noqa: E731
        **company.who, domain=domain, target=target
    )
    with refused("alias-invalid"):
        alias(a, a)
    alias(a, b)
    put = last_change()
    assert isinstance(put, DomainPut) and put.alias_of == "b.example"
    for domain, target in ((c, a), (b, c), (b, a)):
        domain.refresh_from_db()
        with refused("alias-invalid"):
            alias(domain, target)
    c.refresh_from_db()
    company.mailbox("x@c.example")
    with refused("alias-invalid"):
        alias(c, b)


def test_an_alias_stays_with_its_customer_and_its_server(company: Company) -> None:
    a = company.domain("a.example")
    theirs = company.domain("b.example", customer=company.add_customer("Other"))
    away = company.domain("c.example", server=company.add_server("node2"))
    for target in (theirs, away):
        with refused("alias-invalid"):
            services.make_domain_alias(**company.who, domain=a, target=target)
        a.refresh_from_db()


def test_an_alias_has_nothing_of_its_own(company: Company) -> None:
    a, b = company.domain("a.example"), company.domain("b.example")
    services.make_domain_alias(**company.who, domain=a, target=b)
    with refused("domain-is-alias"):
        company.mailbox("x@a.example")
    with refused("domain-is-alias"):
        company.forward("x@a.example", "x@far.example")
    with refused("domain-is-alias"):
        company.answer("x@a.example")
    with refused("domain-is-alias"):
        company.catch_all(a, "x@far.example")
    with refused("domain-is-alias"):
        services.set_domain_forwarder(**company.who, domain=a, target="far.example")
    services.make_domain_alias(**company.who, domain=a, target=None)
    company.mailbox("x@a.example")


def test_a_domain_with_an_alias_is_not_removed(company: Company) -> None:
    a, b = company.domain("a.example"), company.domain("b.example")
    services.make_domain_alias(**company.who, domain=a, target=b)
    with refused("domain-has-alias"):
        services.remove_domain(**company.who, domain=b, grace=GRACE)


def test_a_restored_domain_does_not_become_the_alias_of_an_alias(company: Company) -> None:
    a, b, c = (company.domain(f"{name}.example") for name in "abc")
    services.make_domain_alias(**company.who, domain=a, target=b)
    services.remove_domain(**company.who, domain=a, grace=GRACE)
    services.make_domain_alias(**company.who, domain=b, target=c)
    removed = queries.domain_named(company.actor, "a.example", removed=True)
    with refused("alias-invalid"):
        services.restore_domain(**company.who, domain=removed)


def test_a_domain_forwarder_goes_anywhere_but_to_itself(company: Company) -> None:
    domain = company.domain("a.example")
    services.set_domain_forwarder(**company.who, domain=domain, target="Far.Example")
    put = last_change()
    assert isinstance(put, DomainPut) and put.forward_to == "far.example"
    with refused("forward-to-itself"):
        services.set_domain_forwarder(**company.who, domain=domain, target="a.example")
    with refused("domain-invalid"):
        services.set_domain_forwarder(**company.who, domain=domain, target="x@far.example")
    services.set_domain_forwarder(**company.who, domain=domain, target=None)
    put = last_change()
    assert isinstance(put, DomainPut) and put.forward_to is None


def test_a_catch_all_delivers_refuses_drops_and_ends(company: Company) -> None:
    domain = company.domain("a.example")
    for given, told in (
        (
            Route(action="deliver", destinations=("B@Far.Example", "c@far.example")),
            Route(action="deliver", destinations=("B@far.example", "c@far.example")),
        ),
        (Route(action="fail", text=" Gone away "), Route(action="fail", text="Gone away")),
        (Route(action="blackhole", text="x"), Route(action="blackhole")),
        (None, None),
    ):
        services.set_catch_all(**company.who, domain=domain, route=given)
        put = last_change()
        assert isinstance(put, DomainPut)
        assert put.catch_all == told


@pytest.mark.parametrize("text", ["two\nlines", "Größe", "x" * 401, "nul\0"])
def test_a_text_that_no_reply_can_carry_is_refused(company: Company, text: str) -> None:
    domain = company.domain("a.example")
    with refused("reply-text-invalid"):
        services.set_catch_all(**company.who, domain=domain, route=Route(action="fail", text=text))


def test_a_removed_domain_comes_back_as_it_was(company: Company) -> None:
    domain = company.domain("a.example", dkim=True)
    early = company.mailbox("early@a.example")
    services.remove_mailbox(**company.who, mailbox=early, grace=GRACE)
    company.mailbox("ann@a.example")
    company.forward("info@a.example", "ann@a.example")
    company.answer("ann@a.example")
    before = snapshot_state()
    company.now += dt.timedelta(days=1)
    services.remove_domain(**company.who, domain=domain, grace=GRACE)
    assert last_change() == DomainGone(name="a.example")
    assert snapshot_state() == {}
    with refused("domain-unknown"):
        queries.domain_named(company.actor, "a.example")
    removed = queries.domain_named(company.actor, "a.example", removed=True)
    services.restore_domain(**company.who, domain=removed)
    assert snapshot_state() == before == replayed(feed_of())


def test_a_removed_name_can_be_given_again_and_then_not_restored(company: Company) -> None:
    old = company.domain("a.example")
    services.remove_domain(**company.who, domain=old, grace=GRACE)
    company.domain("a.example")
    with refused("domain-exists"):
        services.restore_domain(**company.who, domain=old)


def test_the_purge_of_a_domain_deletes_the_mail_of_its_mailboxes(company: Company) -> None:
    domain = company.domain("a.example")
    stores = {company.mailbox(f"{name}@a.example").store for name in ("ann", "bob")}
    company.forward("info@a.example", "ann@a.example")
    services.remove_domain(**company.who, domain=domain, grace=GRACE)
    assert services.purge_expired(company.now + GRACE) == 3
    purged = [change for change in feed_of() if isinstance(change, StorePurged)]
    assert {change.store for change in purged} == stores
    with refused("domain-unknown"):
        queries.domain_named(company.actor, "a.example")


def test_the_purge_of_a_domain_takes_it_from_those_who_administer_it(company: Company) -> None:
    gone, stays = company.domain("a.example"), company.domain("b.example")
    place = {"role": "domain_admin", "customer": company.customer.pk}
    both = [gone.pk, stays.pk]
    dora = people.create_member(
        **company.who, **place, email="dora@far.example", password=PASSWORD, domains=both
    )
    people.invitation_link(**company.who, **place, email="nina@far.example", domains=both)
    services.remove_domain(**company.who, domain=gone, grace=GRACE)
    dora.refresh_from_db()
    assert dora.domains == both, "it can be restored"
    services.purge_expired(company.now + GRACE)
    dora.refresh_from_db()
    assert dora.domains == [stays.pk]
    assert Invitation.objects.get().domains == [stays.pk]


def test_nothing_is_made_in_a_removed_domain(company: Company) -> None:
    domain = company.domain("a.example")
    mailbox = company.mailbox("ann@a.example")
    services.remove_domain(**company.who, domain=domain, grace=GRACE)
    said = len(feed_of())
    with refused("domain-removed"):
        services.create_mailbox(
            **company.who, domain=domain, address="bob@a.example", password="long enough pw"
        )
    with refused("domain-removed"):
        services.suspend_domain(**company.who, domain=domain, reason="x")
    mailbox.refresh_from_db()
    with refused("domain-removed"):
        services.restore_mailbox(**company.who, mailbox=mailbox)
    assert len(feed_of()) == said


def test_a_restore_keeps_to_the_mailbox_limit(company: Company) -> None:
    company.customer = company.add_customer("Small", mailbox_limit=1)
    domain = company.domain("a.example")
    company.mailbox("ann@a.example")
    services.remove_domain(**company.who, domain=domain, grace=GRACE)
    company.domain("b.example")
    company.mailbox("ann@b.example")
    with refused("mailbox-limit"):
        services.restore_domain(**company.who, domain=domain)
    assert [put.address for put in feed_of() if isinstance(put, MailboxPut)] == [
        "ann@a.example",
        "ann@b.example",
    ]
