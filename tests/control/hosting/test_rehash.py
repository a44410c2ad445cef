"""A hash from elsewhere gives way to the house's, and nothing takes it for another password."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from django.db import OperationalError

from mailstead.control.feed import services as feed
from mailstead.control.feed.models import FeedRow
from mailstead.control.hosting import services
from mailstead.control.hosting.models import Mailbox
from mailstead.control.hosting.services import rehash
from mailstead.control.people.models import AuditEntry, OutgoingMail
from mailstead.standards import password as passwords
from mailstead.wire.changes import MailboxPut
from mailstead.wire.events import PasswordRehashed
from tests.control.company import last_change
from tests.control.conftest import OPERATOR
from tests.control.world import World

pytestmark = pytest.mark.django_db
_numbers = itertools.count()
PASSWORD = "old one"
FOUND = passwords._crypt(PASSWORD.encode(), "$1$saltsalt$")
MADE = passwords.rehashed(PASSWORD.encode())
VERB = "mailbox.rehash-password"


@pytest.fixture
def mia(world: World) -> Mailbox:
    """Mia's mailbox has come from elsewhere."""
    mailbox = read(world)
    services.set_password(actor=OPERATOR, now=world.now, mailbox=mailbox, hashed=FOUND)
    return read(world)


def read(world: World) -> Mailbox:
    rows = Mailbox.objects.select_related("domain__customer", "domain__server")
    return rows.get(pk=world.mailboxes["main"].pk)


def tell(world: World, mailbox: Mailbox, *, server: str = "", **facts: Any) -> None:
    """The node says that it has made the house's hash of a password that was right."""
    said = {"address": mailbox.address, "credential": mailbox.credential, "secret": MADE, **facts}
    said["mailbox"] = said.pop("address")
    event = PasswordRehashed(id=f"h{next(_numbers)}", at=world.now, **said)
    feed.record_events(
        server=server or world.server.name,
        events=[event],
        handle=services.handle_event,
        record=services.record_rehashed,
        now=world.now,
    )


def heads(world: World) -> int:
    return FeedRow.objects.filter(server=world.server.name).count()


def test_it_is_stored_and_the_node_is_told_with_one_entry(world: World, mia: Mailbox) -> None:
    before = heads(world)
    tell(world, mia)
    now = read(world)
    assert now.secret == MADE
    assert heads(world) == before + 1
    change = last_change(world.server.name)
    assert isinstance(change, MailboxPut)
    assert (change.secret, change.credential) == (MADE, mia.credential)
    (entry,) = AuditEntry.objects.filter(verb=VERB)
    assert (entry.actor, entry.mailbox) == ("system", mia.pk)
    assert entry.before == {"secret": "(hidden)"}
    assert entry.after == {"secret": "(hidden)"}


def test_all_else_stays_as_it_is(world: World, mia: Mailbox) -> None:
    Mailbox.objects.filter(pk=mia.pk).update(
        leaked_credential=mia.credential,
        leaked_at=world.now,
        leaked_due=world.now + dt.timedelta(days=3),
        leaked_step="stopped",
        sending_suspended="Its password is known from leaks.",
        recovery_address="mia@outside.example",
    )
    before = Mailbox.objects.filter(pk=mia.pk).values().get()
    letters = OutgoingMail.objects.count()
    tell(world, mia)
    after = Mailbox.objects.filter(pk=mia.pk).values().get()
    assert {key for key in after if after[key] != before[key]} == {"secret"}
    assert read(world).password_leaked
    assert OutgoingMail.objects.count() == letters
    assert not AuditEntry.objects.filter(verb="mailbox.set-password", at__gt=world.now).exists()


def test_a_panel_session_goes_on(world: World) -> None:
    client = world.client("mailbox")
    Mailbox.objects.filter(pk=world.mailboxes["main"].pk).update(secret="{MD5-CRYPT}" + FOUND)
    tell(world, read(world))
    assert read(world).secret == MADE
    assert client.get("/my/rules/").status_code == 200


def test_the_second_of_two_changes_nothing(world: World, mia: Mailbox) -> None:
    tell(world, mia)
    before = heads(world)
    tell(world, mia, secret=passwords.rehashed(PASSWORD.encode()))
    assert read(world).secret == MADE
    assert heads(world) == before
    assert AuditEntry.objects.filter(verb=VERB).count() == 1


@pytest.mark.parametrize("hashed", [FOUND, passwords._crypt(b"next one", "$1$saltsalt$")])
def test_a_password_that_was_set_meanwhile_wins(world: World, mia: Mailbox, hashed: str) -> None:
    services.set_password(actor=OPERATOR, now=world.now, mailbox=read(world), hashed=hashed)
    before = heads(world)
    tell(world, mia)
    assert read(world).secret == "{MD5-CRYPT}" + hashed
    assert heads(world) == before
    assert not AuditEntry.objects.filter(verb=VERB).exists()


@pytest.mark.parametrize(
    "facts",
    [
        {"address": "nobody@cars.example"},
        {"address": "x"},
        {"credential": 999_999},
        {"secret": ""},
        {"secret": "{SHA512-CRYPT}$6$short$x"},
        {"secret": "{PLAIN}guess"},
        {"secret": MADE + "\n"},
        {"secret": "{MD5-CRYPT}" + FOUND},
    ],
)
def test_what_is_not_this_password_in_the_houses_scheme_is_not_stored(
    world: World, mia: Mailbox, facts: dict[str, Any]
) -> None:
    tell(world, mia, **facts)
    assert read(world).secret == mia.secret
    assert not AuditEntry.objects.filter(verb=VERB).exists()


def test_a_node_speaks_only_of_its_own_mailboxes(world: World, mia: Mailbox) -> None:
    services.create_server(actor=OPERATOR, now=world.now, name="other", hostname="o.node.example")
    tell(world, mia, server="other")
    assert read(world).secret == mia.secret


def test_one_that_may_not_log_in_by_now_is_left_alone(world: World, mia: Mailbox) -> None:
    who = {"actor": OPERATOR, "now": world.now}
    services.suspend_mailbox(**who, mailbox=read(world), what="login", reason="x")
    tell(world, mia)
    assert read(world).secret == mia.secret
    services.resume_mailbox(**who, mailbox=read(world), what="login")
    services.remove_mailbox(**who, mailbox=read(world), grace=dt.timedelta(days=1))
    tell(world, mia)
    assert read(world).secret == mia.secret


def test_a_locked_hash_stays_locked(world: World) -> None:
    services.set_password(actor=OPERATOR, now=world.now, mailbox=read(world), hashed="!" + FOUND)
    locked = read(world)
    tell(world, locked)
    assert read(world).secret == locked.secret
    assert sign_in(world, locked.address, PASSWORD) != 302
    assert read(world).secret == locked.secret


def sign_in(world: World, address: str, password: str) -> int:
    """The status with which the panel answers."""
    sent = {"login": address, "password": password}
    return int(world.client(None).post("/account/login/", sent).status_code)


def test_signing_in_to_the_panel_does_it_at_once(world: World, mia: Mailbox) -> None:
    before = heads(world)
    assert sign_in(world, mia.address, "a wrong one") == 200
    assert read(world).secret == mia.secret
    assert sign_in(world, mia.address, PASSWORD) == 302
    now = read(world)
    assert passwords.is_made_here(now.secret)
    assert now.credential == mia.credential
    assert heads(world) == before + 1
    assert AuditEntry.objects.filter(verb=VERB, actor="system").count() == 1
    assert sign_in(world, mia.address, PASSWORD) == 302
    assert read(world).secret == now.secret


def test_nobody_is_kept_out_of_the_panel_by_a_fault_of_it(
    world: World, mia: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**_: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(rehash, "commit", busy)
    assert sign_in(world, mia.address, PASSWORD) == 302
    assert read(world).secret == mia.secret
    assert not AuditEntry.objects.filter(verb=VERB).exists()


def test_the_nodes_door_stores_it(world: World, mia: Mailbox) -> None:
    from mailstead.control.project import feed_urls

    event = PasswordRehashed(
        id="door", at=world.now, mailbox=mia.address, credential=mia.credential, secret=MADE
    )
    feed_urls.record(world.server.name, [event], world.now)
    assert read(world).secret == MADE
