"""App passwords: random, shown once, in the feed as a digest, ended alone."""

from __future__ import annotations

import hashlib
import re

import pytest

from mailstead.control.hosting import messages, queries, services
from mailstead.control.hosting.models import AppPassword, Mailbox
from mailstead.control.people.actor import Actor
from mailstead.control.people.queries import audit_trail
from mailstead.wire.changes import MailboxPut
from tests.control.company import GRACE, Company, feed_of, last_change, refused


@pytest.fixture
def ann(company: Company) -> Mailbox:
    company.domain("ann.example")
    return company.mailbox("ann@ann.example")


def add(company: Company, mailbox: Mailbox, name: str, *protocols: str) -> tuple[AppPassword, str]:
    return services.create_app_password(
        **company.who, mailbox=mailbox, name=name, protocols=protocols
    )


def last_put() -> MailboxPut:
    put = last_change()
    assert isinstance(put, MailboxPut)
    return put


def test_it_is_random_and_reaches_the_node_as_its_digest(company: Company, ann: Mailbox) -> None:
    texts = {add(company, ann, f"Phone {n}")[1] for n in range(20)}
    assert len(texts) == 20
    for text in texts:
        assert re.fullmatch(r"(?:[a-km-np-z2-9]{4}-){5}[a-km-np-z2-9]{4}", text), text
    digests = {app.digest for app in last_put().app_passwords}
    assert digests == {hashlib.sha256(text.encode()).hexdigest() for text in texts}


def test_each_has_a_credential_of_its_own(company: Company, ann: Mailbox) -> None:
    add(company, ann, "Phone")
    add(company, ann, "Printer", "smtp", "imap")
    put = last_put()
    numbers = [put.credential, *(app.credential for app in put.app_passwords)]
    assert len(set(numbers)) == 3
    assert [app.protocols for app in put.app_passwords] == [(), ("imap", "smtp")]


def test_one_ends_alone_and_all_end_together(company: Company, ann: Mailbox) -> None:
    for name in ("Phone", "Tablet", "Printer"):
        add(company, ann, name)
    phone = queries.app_passwords(company.actor, ann).get(name="Phone")
    services.remove_app_password(**company.who, app_password=phone)
    assert [app.name for app in queries.app_passwords(company.actor, ann)] == ["Tablet", "Printer"]
    assert len(last_put().app_passwords) == 2
    assert services.remove_all_app_passwords(**company.who, mailbox=ann) == 2
    assert last_put().app_passwords == ()


def test_the_trail_tells_of_it_and_hides_the_digest(company: Company, ann: Mailbox) -> None:
    app, text = add(company, ann, "Phone")
    digest = app.digest
    services.remove_app_password(**company.who, app_password=app)
    entries = list(audit_trail(company.actor)[:2])
    assert {entry.verb for entry in entries} == {"app-password.create", "app-password.remove"}
    for entry in entries:
        assert (entry.kind, entry.label) == ("app-password", "ann@ann.example: Phone")
        assert entry.mailbox == ann.pk
        shown = str(entry.before) + str(entry.after)
        assert digest not in shown and text not in shown and "(hidden)" in shown


@pytest.mark.parametrize(
    ("name", "protocols", "code"),
    [
        ("Phone", (), "app-password-exists"),
        ("  ", (), "name-missing"),
        ("x" * 61, (), "text-invalid"),
        ("Pho\nne\0", (), "text-invalid"),
        ("Other", ("ftp",), "protocol-unknown-here"),
    ],
)
def test_what_cannot_be_one_is_refused(
    company: Company, ann: Mailbox, name: str, protocols: tuple[str, ...], code: str
) -> None:
    add(company, ann, "Phone")
    said = len(feed_of())
    with refused(code):
        add(company, ann, name, *protocols)
    assert len(feed_of()) == said


def test_there_are_no_more_than_anybody_needs(company: Company, ann: Mailbox) -> None:
    for number in range(50):
        add(company, ann, f"Phone {number}")
    with refused("app-passwords-many"):
        add(company, ann, "One more")


def test_only_who_sees_the_mailbox_sees_and_makes_them(company: Company, ann: Mailbox) -> None:
    bob = company.mailbox("bob@ann.example")
    add(company, ann, "Phone")
    stranger = Actor(kind="mailbox", name=bob.address, mailbox=bob.pk)
    assert not queries.app_passwords(stranger, ann).exists()
    with refused("object-unknown"):
        services.create_app_password(actor=stranger, now=company.now, mailbox=ann, name="Mine")
    owner = Actor(kind="mailbox", name=ann.address, mailbox=ann.pk)
    assert queries.app_passwords(owner, ann).count() == 1
    operator = company.actor.standing_in(owner, "a question")
    with refused("forbidden-for-another"):
        services.create_app_password(actor=operator, now=company.now, mailbox=ann, name="Theirs")


def test_a_removed_mailbox_keeps_them_for_its_return(company: Company, ann: Mailbox) -> None:
    add(company, ann, "Phone")
    services.remove_mailbox(**company.who, mailbox=ann, grace=GRACE)
    with refused("mailbox-removed"):
        add(company, ann, "Tablet")
    services.restore_mailbox(**company.who, mailbox=ann)
    (put,) = [change for change in feed_of()[-1:] if isinstance(change, MailboxPut)]
    assert len(put.app_passwords) == 1


def test_a_snapshot_asks_no_more_for_many_mailboxes_than_for_one(
    company: Company, ann: Mailbox, django_assert_max_num_queries: object
) -> None:
    for number in range(20):
        add(company, company.mailbox(f"m{number}@ann.example"), "Phone")
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        told = list(messages.snapshot("node1"))
    boxes = [change for change in told if isinstance(change, MailboxPut)]
    assert sum(len(box.app_passwords) for box in boxes) == 20
