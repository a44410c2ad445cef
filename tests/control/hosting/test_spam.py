"""What a mailbox wants of the spam filter."""

from __future__ import annotations

import pytest

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.models import Mailbox, SpamSettings
from mailstead.control.people.actor import Actor
from mailstead.control.people.queries import audit_trail
from mailstead.wire.changes import MailboxPut, SpamSettingsPut
from tests.control.company import (
    GRACE,
    Company,
    feed_of,
    last_change,
    refused,
    replayed,
    snapshot_state,
)


@pytest.fixture
def ann(company: Company) -> Mailbox:
    company.domain("ann.example")
    return company.mailbox("ann@ann.example")


def settle(company: Company, mailbox: Mailbox, level: str, **lists: list[str]) -> SpamSettings:
    return services.set_spam_settings(**company.who, mailbox=mailbox, level=level, **lists)


def test_without_a_say_the_houses_own_holds(company: Company, ann: Mailbox) -> None:
    found = queries.spam_settings(company.actor, ann)
    assert (found.level, found.allow, found.deny) == ("normal", [], [])


def test_lists_are_normalised_and_reach_the_node(company: Company, ann: Mailbox) -> None:
    settle(
        company,
        ann,
        "strict",
        allow=[" Bob@Far.Example ", "@MÜLLER.example", "bob@far.example"],
        deny=["shop.example"],
    )
    put = last_change()
    assert put == SpamSettingsPut(
        address="ann@ann.example",
        level="strict",
        allow=("bob@far.example", "@xn--mller-kva.example"),
        deny=("@shop.example",),
    )
    found = queries.spam_settings(company.actor, ann)
    assert (found.level, found.deny) == ("strict", ["@shop.example"])


def test_the_last_word_holds_and_the_trail_has_both(company: Company, ann: Mailbox) -> None:
    settle(company, ann, "strict", deny=["@shop.example"])
    settle(company, ann, "lenient")
    entry = audit_trail(company.actor)[0]
    assert (entry.verb, entry.kind, entry.mailbox) == ("spam.set", "spam", ann.pk)
    assert (entry.before, entry.after) == (
        {"deny": ["@shop.example"], "level": "strict"},
        {"deny": [], "level": "lenient"},
    )
    assert SpamSettings.objects.filter(mailbox=ann).count() == 1


@pytest.mark.parametrize(
    ("level", "lists", "code"),
    [
        ("harsh", {}, "level-invalid"),
        ("normal", {"allow": ["no address"]}, "domain-invalid"),
        ("normal", {"allow": ['"a b"@far.example']}, "address-invalid"),
        ("normal", {"deny": ["a\n@far.example"]}, "address-invalid"),
        ("normal", {"allow": ["@far.example"], "deny": ["far.example"]}, "sender-in-both"),
        ("normal", {"allow": [f"a{n}@far.example" for n in range(501)]}, "senders-many"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    company: Company, ann: Mailbox, level: str, lists: dict[str, list[str]], code: str
) -> None:
    with refused(code):
        settle(company, ann, level, **lists)
    assert isinstance(last_change(), MailboxPut)
    assert not SpamSettings.objects.exists()


def test_nobody_settles_it_for_a_mailbox_that_they_do_not_see(
    company: Company, ann: Mailbox
) -> None:
    bob = company.mailbox("bob@ann.example")
    stranger = Actor(kind="mailbox", name=bob.address, mailbox=bob.pk)
    settle(company, ann, "off")
    with refused("object-unknown"):
        services.set_spam_settings(actor=stranger, now=company.now, mailbox=ann, level="strict")
    assert queries.spam_settings(stranger, ann).level == "normal"


def test_they_go_and_come_back_with_the_mailbox(company: Company, ann: Mailbox) -> None:
    settle(company, ann, "off", allow=["@far.example"])
    settle(company, company.mailbox("bob@ann.example"), "strict")
    services.create_app_password(**company.who, mailbox=ann, name="Phone")
    assert replayed(feed_of()) == snapshot_state()
    services.remove_mailbox(**company.who, mailbox=ann, grace=GRACE)
    assert replayed(feed_of()) == snapshot_state()
    assert ("SpamSettings", "ann@ann.example") not in snapshot_state()
    services.restore_mailbox(**company.who, mailbox=ann)
    assert replayed(feed_of()) == snapshot_state()
    assert ("SpamSettings", "ann@ann.example") in snapshot_state()
