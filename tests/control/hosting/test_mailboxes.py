"""Mailboxes: made, changed, suspended, removed and restored."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.models import Mailbox
from mailstead.control.people.queries import audit_trail
from mailstead.standards.password import verify
from mailstead.wire.changes import MailboxGone, MailboxPut, RulesPut, StorePurged
from tests.control.company import GRACE, HASH, PASSWORD, Company, feed_of, last_change, refused


@pytest.fixture
def ann(company: Company) -> Mailbox:
    company.domain("ann.example")
    return company.mailbox("ann@ann.example", quota=5_000_000)


def test_a_new_mailbox_reaches_the_feed_as_it_is(company: Company) -> None:
    company.domain("ann.example")
    mailbox = company.mailbox("Ann.Smith@ANN.example", password=PASSWORD, quota=7)
    put = last_change()
    assert isinstance(put, MailboxPut)
    assert put.address == "ann.smith@ann.example"
    assert put.store == mailbox.store
    assert put.quota == 7
    assert put.login and put.sending and put.receiving and not put.pool_full
    assert put.secret.startswith("{SHA512-CRYPT}$6$")
    assert verify(PASSWORD, put.secret)


def test_an_imported_hash_is_kept_as_it_is(company: Company) -> None:
    company.domain("ann.example")
    company.mailbox("ann@ann.example", hashed=HASH)
    put = last_change()
    assert isinstance(put, MailboxPut)
    assert put.secret == "{SHA512-CRYPT}" + HASH
    assert put.login


def test_a_locked_hash_suspends_the_login_only(company: Company) -> None:
    company.domain("ann.example")
    company.mailbox("ann@ann.example", hashed="!" + HASH)
    put = last_change()
    assert isinstance(put, MailboxPut)
    assert (put.login, put.sending, put.receiving) == (False, True, True)
    assert put.secret == "{SHA512-CRYPT}" + HASH


@pytest.mark.parametrize(
    "local",
    [
        "new\nline",
        "nul\0byte",
        'quo"te',
        "per%cent",
        "../up",
        "sl/ash",
        "sp ace",
        "plus+sign",
        ".dot",
        "dot.",
        "do..t",
        "x" * 65,
        "",
        "a@b",
        "ünï",
    ],
)
def test_a_hostile_name_is_refused_and_nothing_is_written(company: Company, local: str) -> None:
    domain = company.domain("ann.example")
    said = len(feed_of())
    with pytest.raises(services.customers.Refusal):
        services.create_mailbox(
            **company.who, domain=domain, address=f"{local}@ann.example", hashed=HASH
        )
    assert not Mailbox.objects.exists()
    assert len(feed_of()) == said


@pytest.mark.parametrize("hashed", ["plain", "", "{PLAIN}secret", "$9$abc", "$6$short", "a\nb"])
def test_a_hash_that_dovecot_could_not_verify_is_refused(company: Company, hashed: str) -> None:
    company.domain("ann.example")
    with refused("hash-unknown"):
        company.mailbox("ann@ann.example", hashed=hashed)


@pytest.mark.parametrize(
    ("password", "code"),
    [("short", "password-short"), ("", "password-short"), ("x" * 500, "password-invalid")],
)
def test_a_password_that_is_none_is_refused(company: Company, password: str, code: str) -> None:
    company.domain("ann.example")
    with refused(code):
        company.mailbox("ann@ann.example", password=password)


def test_an_address_is_given_once(company: Company, ann: Mailbox) -> None:
    with refused("mailbox-exists"):
        company.mailbox("ANN@ann.example")


def test_a_mailbox_belongs_to_its_domain(company: Company, ann: Mailbox) -> None:
    with refused("address-invalid"):
        services.create_mailbox(
            **company.who, domain=ann.domain, address="bob@other.example", hashed=HASH
        )


def test_the_customers_limit_holds_and_can_be_raised(company: Company) -> None:
    company.customer = company.add_customer("Small", mailbox_limit=1)
    company.domain("small.example")
    company.mailbox("one@small.example")
    with refused("mailbox-limit"):
        company.mailbox("two@small.example")
    services.update_customer(**company.who, customer=company.customer, mailbox_limit=2)
    company.mailbox("two@small.example")


def test_a_password_change_raises_the_credential(company: Company, ann: Mailbox) -> None:
    old = ann.credential
    services.set_password(**company.who, mailbox=ann, password=PASSWORD)
    put = last_change()
    assert isinstance(put, MailboxPut)
    assert put.credential == old + 1
    assert verify(PASSWORD, put.secret)


@pytest.mark.parametrize("what", ["login", "sending", "receiving"])
def test_each_suspension_stands_alone_and_ends(
    company: Company, ann: Mailbox, what: services.mailboxes.What
) -> None:
    services.suspend_mailbox(**company.who, mailbox=ann, what=what, reason="unpaid bill")
    put = last_change()
    assert isinstance(put, MailboxPut)
    states = {"login": put.login, "sending": put.sending, "receiving": put.receiving}
    assert states == {name: name != what for name in states}
    assert ("unpaid bill" in put.sending_words) == (what == "sending")
    services.resume_mailbox(**company.who, mailbox=ann, what=what)
    put = last_change()
    assert isinstance(put, MailboxPut)
    assert put.login and put.sending and put.receiving and not put.sending_words


def test_the_words_for_the_sender_are_one_line_of_ascii(company: Company, ann: Mailbox) -> None:
    services.suspend_mailbox(
        **company.who, mailbox=ann, what="sending", reason="Größe überschritten " + "x" * 250
    )
    put = last_change()
    assert isinstance(put, MailboxPut)
    assert put.sending_words.isascii() and put.sending_words.isprintable()
    with refused("text-invalid"):
        services.suspend_mailbox(**company.who, mailbox=ann, what="sending", reason="two\nlines")


def test_secrets_never_reach_the_audit_trail(company: Company, ann: Mailbox) -> None:
    services.set_password(**company.who, mailbox=ann, password=PASSWORD)
    entries = list(audit_trail(company.actor, kind="mailbox", label="ann@ann.example"))
    assert [entry.verb for entry in entries] == ["mailbox.set-password", "mailbox.create"]
    assert entries[0].actor == "operator:olga"
    for entry in entries:
        assert "$6$" not in str((entry.before, entry.after))
        assert "password" not in str((entry.before, entry.after))


def test_a_removed_mailbox_can_be_restored_with_its_store_and_rules(
    company: Company, ann: Mailbox
) -> None:
    rules = services.parse_rules(
        [
            {
                "name": "all",
                "enabled": True,
                "any_of": False,
                "conditions": [],
                "actions": [{"do": "keep"}],
            }
        ]
    )
    services.set_rules(**company.who, mailbox=ann, rules=rules)
    services.remove_mailbox(**company.who, mailbox=ann, grace=GRACE)
    assert last_change() == MailboxGone(address="ann@ann.example")
    removed = queries.mailbox_named(company.actor, "ann@ann.example", removed=True)
    services.restore_mailbox(**company.who, mailbox=removed)
    put, again = feed_of()[-2:]
    assert isinstance(put, MailboxPut)
    assert put.store == ann.store
    assert again == RulesPut(address="ann@ann.example", rules=rules)


def test_a_removed_address_can_be_given_again_and_then_not_restored(
    company: Company, ann: Mailbox
) -> None:
    services.remove_mailbox(**company.who, mailbox=ann, grace=GRACE)
    new = company.mailbox("ann@ann.example")
    assert new.store != ann.store
    with refused("mailbox-exists"):
        services.restore_mailbox(**company.who, mailbox=ann)


def test_a_new_owner_of_an_address_never_gets_an_old_credential(
    company: Company, ann: Mailbox
) -> None:
    """A submission session opened by the old owner must not become the new owner's."""
    services.set_password(**company.who, mailbox=ann, hashed=HASH)
    used = ann.credential
    services.remove_mailbox(**company.who, mailbox=ann, grace=GRACE)
    company.now += dt.timedelta(minutes=5)
    assert company.mailbox("ann@ann.example").credential > used


def test_a_new_owner_never_gets_an_old_credential_after_the_purge_either(
    company: Company, ann: Mailbox
) -> None:
    services.set_password(**company.who, mailbox=ann, hashed=HASH)
    used = ann.credential
    services.remove_mailbox(**company.who, mailbox=ann, grace=dt.timedelta(0))
    services.purge_expired(company.now)
    company.now += dt.timedelta(minutes=5)
    assert company.mailbox("ann@ann.example").credential > used


def test_nothing_happens_to_a_removed_mailbox(company: Company, ann: Mailbox) -> None:
    services.remove_mailbox(**company.who, mailbox=ann, grace=GRACE)
    said = len(feed_of())
    with refused("mailbox-removed"):
        services.update_mailbox(**company.who, mailbox=ann, quota=1)
    with refused("mailbox-removed"):
        services.set_password(**company.who, mailbox=ann, hashed=HASH)
    with refused("mailbox-removed"):
        services.suspend_mailbox(**company.who, mailbox=ann, what="login", reason="x")
    with refused("mailbox-removed"):
        services.remove_mailbox(**company.who, mailbox=ann, grace=GRACE)
    with refused("mailbox-removed"):
        services.set_rules(**company.who, mailbox=ann, rules=())
    assert len(feed_of()) == said


def test_a_change_does_not_undo_what_happened_since_the_row_was_read(
    company: Company, ann: Mailbox
) -> None:
    """Two people look at a mailbox; the second to save must not write back what the first saw."""
    stale = queries.mailbox_named(company.actor, "ann@ann.example")
    services.set_password(**company.who, mailbox=ann, password=PASSWORD)
    Mailbox.objects.filter(pk=ann.pk).update(usage_bytes=1000)
    services.update_mailbox(**company.who, mailbox=stale, quota=99)
    put = last_change()
    assert isinstance(put, MailboxPut)
    assert put.quota == 99
    assert verify(PASSWORD, put.secret)
    assert put.credential == ann.credential
    assert Mailbox.objects.get(pk=ann.pk).usage_bytes == 1000


def test_the_purge_comes_after_the_grace_period_and_not_before(
    company: Company, ann: Mailbox
) -> None:
    services.remove_mailbox(**company.who, mailbox=ann, grace=GRACE)
    assert services.purge_expired(company.now + GRACE - dt.timedelta(seconds=1)) == 0
    assert services.purge_expired(company.now + GRACE) == 1
    assert last_change() == StorePurged(address="ann@ann.example", store=ann.store)
    with refused("mailbox-unknown"):
        queries.mailbox_named(company.actor, "ann@ann.example")


def test_a_size_that_is_none_is_refused(company: Company, ann: Mailbox) -> None:
    for quota in (-1, 2**60):
        with refused("size-invalid"):
            services.update_mailbox(**company.who, mailbox=ann, quota=quota)
