"""A password that is known from leaks: its owner is told, or it is refused, as the house says."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mailstead.breached import lists
from mailstead.breached.build import build
from mailstead.config import Passwords
from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Mailbox
from mailstead.control.hosting.rows import MailboxRow
from mailstead.control.people import services as people
from mailstead.control.people.models import AuditEntry, Person
from mailstead.home import Home
from mailstead.standards.refusal import Refusal
from tests.control.api.caller import caller
from tests.control.conftest import OPERATOR
from tests.control.pages.test_lost_passwords import ask, link_in_the_last_mail
from tests.control.world import OUTSIDE, PASSWORD, World

LEAKED = "sunshine and rain 77"
FRESH = "no list has this sentence"
WARNING = "known from leaks"
House = Callable[[str], Path]


@pytest.fixture
def house(settings: Any, tmp_path: Path) -> House:
    """A house with a policy and an index in which there is one password."""
    home = Home(tmp_path)

    def policy(word: str) -> Path:
        settings.MAILSTEAD = msgspec.structs.replace(
            settings.MAILSTEAD, home=tmp_path, passwords=Passwords(breached=word)
        )
        path = tmp_path / "list.txt"
        path.write_text(hashlib.sha1(LEAKED.encode()).hexdigest() + ":4\n")
        build([lists.source(path)], home.breached_index)
        return home.breached_index

    return policy


def mailbox_of(world: World) -> Mailbox:
    return Mailbox.objects.get(pk=world.mailboxes["main"].pk)


def set_password(world: World, password: str) -> bool:
    mailbox = mailbox_of(world)
    hosting.set_password(actor=OPERATOR, now=world.now, mailbox=mailbox, password=password)
    return mailbox.breached


def last_reason(verb: str) -> str:
    return AuditEntry.objects.filter(verb=verb).latest("pk").reason


def test_a_house_that_warns_takes_the_password_and_says_so(world: World, house: House) -> None:
    house("warn")
    assert set_password(world, LEAKED)
    assert last_reason("mailbox.set-password") == people.KNOWN_FROM_LEAKS
    assert not set_password(world, FRESH)
    assert last_reason("mailbox.set-password") == ""


def test_a_house_that_refuses_changes_nothing(world: World, house: House) -> None:
    house("refuse")
    before = mailbox_of(world).secret
    with pytest.raises(Refusal) as caught:
        set_password(world, LEAKED)
    assert caught.value.code == "password-breached"
    assert caught.value.remedy
    assert LEAKED not in caught.value.sentence
    assert mailbox_of(world).secret == before
    assert not set_password(world, FRESH)


def test_a_house_that_does_not_look_knows_nothing(world: World, house: House) -> None:
    house("off")
    assert not set_password(world, LEAKED)


@pytest.mark.parametrize("content", [None, b"no index at all"])
def test_without_a_usable_index_everything_goes_on(
    world: World, house: House, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    path = house("refuse")
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert not set_password(world, LEAKED)
    # A broken one is told in the log, once; that there is none is nobody's fault.
    assert not set_password(world, LEAKED)
    said = [record.getMessage() for record in caplog.records if "breached" in record.name]
    assert len(said) == (content is not None)


def test_an_imported_hash_is_not_judged(world: World, house: House) -> None:
    house("refuse")
    mailbox = mailbox_of(world)
    hosting.set_password(
        actor=OPERATOR, now=world.now, mailbox=mailbox, hashed="$6$saltsalt$" + "a" * 86
    )
    assert not mailbox.breached


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_import_refuses_the_row_and_goes_on(world: World, house: House, dry_run: bool) -> None:
    house("refuse")
    rows = [
        MailboxRow(address="one@cars.example", password=LEAKED),
        MailboxRow(address="two@cars.example", password=FRESH),
    ]
    first, second = hosting.import_mailboxes(
        actor=OPERATOR, now=world.now, rows=rows, dry_run=dry_run
    )
    assert isinstance(first, Refusal)
    assert (first.code, second) == ("password-breached", "made")


def test_an_import_in_a_house_that_warns_leaves_a_trace(world: World, house: House) -> None:
    house("warn")
    rows = [MailboxRow(address="one@cars.example", password=LEAKED)]
    assert hosting.import_mailboxes(actor=OPERATOR, now=world.now, rows=rows) == ["made"]
    assert last_reason("mailbox.import") == people.KNOWN_FROM_LEAKS


def test_the_mailbox_user_reads_the_warning(world: World, house: House) -> None:
    house("warn")
    client = world.client("mailbox")
    page = client.post("/my/password/", {"password": LEAKED, "again": LEAKED}, follow=True)
    assert WARNING in page.content.decode()
    page = client.post("/my/password/", {"password": FRESH, "again": FRESH}, follow=True)
    assert WARNING not in page.content.decode()


def test_the_mailbox_user_reads_the_refusal(world: World, house: House) -> None:
    house("refuse")
    client = world.client("mailbox")
    page = client.post("/my/password/", {"password": LEAKED, "again": LEAKED}).content.decode()
    assert WARNING in page
    assert "Choose one that you use nowhere else" in page
    assert LEAKED not in page


@pytest.mark.parametrize("policy", ["warn", "refuse"])
def test_whoever_sets_it_for_others_is_told_as_well(
    world: World, house: House, policy: str
) -> None:
    house(policy)
    client = world.client("customer")
    number = mailbox_of(world).pk
    page = client.post(f"/mailboxes/{number}/password/", {"password": LEAKED}, follow=True)
    assert WARNING in page.content.decode()
    values = {"local": "nora", "domain": "cars.example", "password": LEAKED}
    page = client.post("/mailboxes/add/", values, follow=True)
    assert WARNING in page.content.decode()


def test_the_api_says_it_beside_the_mailbox(world: World, house: House) -> None:
    house("warn")
    carl = caller(world, "customer")
    made = carl.post("/mailboxes", {"address": "new@cars.example", "password": LEAKED})
    assert (made.status, made.body["breached"]) == (201, True)
    changed = carl.post("/mailboxes/new@cars.example/password", {"password": FRESH})
    assert (changed.status, changed.body["breached"]) == (200, False)
    house("refuse")
    refused = carl.post("/mailboxes/new@cars.example/password", {"password": LEAKED})
    assert (refused.status, refused.code) == (422, "password-breached")


@pytest.mark.parametrize("policy", ["warn", "refuse"])
def test_a_lost_mailbox_is_won_back_with_the_same_rule(
    world: World, house: House, policy: str
) -> None:
    house(policy)
    mia = mailbox_of(world)
    mia.recovery_address = f"mia.private@{OUTSIDE}"
    mia.save()
    ask(world, "mia@cars.example")
    link = link_in_the_last_mail(f"mia.private@{OUTSIDE}")
    page = world.client(None).post(link, {"password": LEAKED, "again": LEAKED}, follow=True)
    assert WARNING in page.content.decode()
    assert (mailbox_of(world).credential != mia.credential) == (policy == "warn")


@pytest.mark.parametrize("policy", ["warn", "refuse"])
def test_a_person_changes_their_password_under_the_same_rule(
    world: World, house: House, policy: str
) -> None:
    house(policy)
    client = world.client("customer")
    values = {"oldpassword": PASSWORD, "password1": LEAKED, "password2": LEAKED}
    page = client.post("/account/password/change/", values, follow=True)
    assert WARNING in page.content.decode()
    carl = Person.objects.get(pk=world.people["customer"].pk)
    assert carl.check_password(LEAKED) == (policy == "warn")
    if policy == "warn":
        assert last_reason("person.set-password") == people.KNOWN_FROM_LEAKS


@pytest.mark.parametrize("policy", ["warn", "refuse"])
def test_who_takes_an_invitation_is_held_to_it(world: World, house: House, policy: str) -> None:
    house(policy)
    people.invite(
        actor=OPERATOR,
        now=dt.datetime.now(dt.UTC),
        email=f"nina@{OUTSIDE}",
        role="customer",
        customer=world.customers["customer"].pk,
    )
    link = link_in_the_last_mail(f"nina@{OUTSIDE}")
    values = {"name": "Nina", "password": LEAKED, "again": LEAKED}
    page = world.client(None).post(link, values, follow=True)
    assert WARNING in page.content.decode()
    assert Person.objects.filter(email=f"nina@{OUTSIDE}").exists() == (policy == "warn")
    if policy == "warn":
        assert last_reason("person.accept") == people.KNOWN_FROM_LEAKS


def test_a_first_operator_is_held_to_it_too(db: None, house: House) -> None:
    house("refuse")
    with pytest.raises(Refusal) as caught:
        people.create_member(
            actor=OPERATOR,
            now=dt.datetime.now(dt.UTC),
            email=f"olga@{OUTSIDE}",
            password=LEAKED,
            role="operator",
            customer=None,
        )
    assert caught.value.code == "password-breached"
