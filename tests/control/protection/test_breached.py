"""A mailbox opened with a leaked password: marked until it has another one, told once, shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailstead.control.feed import services as feed
from mailstead.control.hosting import queries as hosting_queries
from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Customer, Mailbox
from mailstead.control.people.models import AuditEntry, OutgoingMail
from mailstead.control.protection import queries, services
from mailstead.standards.refusal import Refusal
from mailstead.wire.events import BreachedPasswordSeen
from tests.control.api.caller import caller
from tests.control.conftest import OPERATOR
from tests.control.doors import node_door
from tests.control.people.test_breached_passwords import FRESH, LEAKED, House
from tests.control.people.test_breached_passwords import house as house  # a fixture
from tests.control.world import OUTSIDE, World

pytestmark = pytest.mark.django_db
_numbers = iter(range(10_000))
NOTICE = "known from leaks"


@pytest.fixture(autouse=True)
def _contact(world: World) -> Iterator[None]:
    """Carl has a contact address."""
    Customer.objects.filter(pk=world.customers["customer"].pk).update(email=f"carl@{OUTSIDE}")
    yield


def mia(world: World) -> Mailbox:
    rows = Mailbox.objects.select_related("domain__customer", "domain__server")
    return rows.get(pk=world.mailboxes["main"].pk)


def tell(
    world: World,
    mailbox: Mailbox | None = None,
    *,
    after: dt.timedelta = dt.timedelta(0),
    server: str = "",
    **facts: Any,
) -> None:
    """The node says that a mailbox was opened with a leaked password."""
    mailbox = mailbox or mia(world)
    at = world.now + after
    said = {"address": mailbox.address, "credential": mailbox.credential, **facts}
    said["mailbox"] = said.pop("address")
    with node_door():
        feed.record_events(
            server=server or world.server.name,
            events=[BreachedPasswordSeen(id=f"b{next(_numbers)}", at=at, **said)],
            handle=lambda _: None,
            record=services.record,
            now=at,
        )


def letters(recipient: str) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(recipient=recipient).order_by("pk"))


def listed(world: World, role: str = "operator") -> list[str]:
    return [row.address for row in queries.breached(world.actor(role))]


def neighbour(world: World, number: int = 1) -> Mailbox:
    """Another mailbox of the same customer."""
    made = hosting.create_mailbox(
        actor=OPERATOR,
        now=world.now,
        domain=mia(world).domain,
        address=f"next{number}@cars.example",
        hashed="$6$saltsalt$" + "a" * 86,
    )
    return Mailbox.objects.select_related("domain__customer").get(pk=made.pk)


def test_it_is_marked_and_told_once(world: World) -> None:
    tell(world)
    tell(world, after=dt.timedelta(days=3))
    assert listed(world) == ["mia@cars.example"]
    assert mia(world).leaked_at == world.now
    (letter,) = letters("mia@cars.example")
    assert "/my/password/" in letter.text
    (letter,) = letters(f"carl@{OUTSIDE}")
    assert "/protection/breached/" in letter.text
    (entry,) = AuditEntry.objects.filter(verb="mailbox.password-leaked")
    assert entry.customer == world.customers["customer"].pk


def test_the_user_is_told_outside_where_that_is_possible(world: World) -> None:
    Mailbox.objects.filter(pk=mia(world).pk).update(recovery_address=f"mia@{OUTSIDE}")
    tell(world)
    assert len(letters(f"mia@{OUTSIDE}")) == 1
    assert letters("mia@cars.example") == []


def test_a_new_password_ends_it_and_a_leaked_one_begins_it_anew(world: World) -> None:
    tell(world)
    hosting.set_password(actor=OPERATOR, now=world.now, mailbox=mia(world), password=FRESH)
    assert listed(world) == []
    assert not mia(world).password_leaked
    tell(world, after=dt.timedelta(days=2))
    assert listed(world) == ["mia@cars.example"]
    assert len(letters("mia@cars.example")) == 2
    assert len(letters(f"carl@{OUTSIDE}")) == 2


@pytest.mark.parametrize(
    "facts", [{"credential": 999_999}, {"address": "nobody@cars.example"}, {"address": "x"}]
)
def test_what_is_not_the_password_now_marks_nothing(world: World, facts: dict[str, Any]) -> None:
    tell(world, **facts)
    assert listed(world) == []
    assert letters("mia@cars.example") == []


def test_a_node_speaks_only_of_its_own_mailboxes(world: World) -> None:
    hosting.create_server(actor=OPERATOR, now=world.now, name="other", hostname="o.node.example")
    tell(world, server="other")
    assert listed(world) == []


def test_a_removed_mailbox_is_not_told(world: World) -> None:
    mailbox = mia(world)
    hosting.remove_mailbox(
        actor=OPERATOR, now=world.now, mailbox=mailbox, grace=dt.timedelta(days=30)
    )
    tell(world, mailbox)
    assert letters("mia@cars.example") == []


def test_a_wave_is_one_letter_to_the_customer(world: World) -> None:
    tell(world)
    for number in range(1, 4):
        tell(world, neighbour(world, number), after=dt.timedelta(hours=20 * number))
    assert len(letters(f"carl@{OUTSIDE}")) == 1
    tell(world, neighbour(world, 9), after=dt.timedelta(hours=61 + 25))
    assert len(letters(f"carl@{OUTSIDE}")) == 2
    assert all(len(letters(f"next{number}@cars.example")) == 1 for number in (1, 2, 3, 9))


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("operator", True),
        ("staff", True),
        ("reseller", True),
        ("customer", True),
        ("domain_admin", True),
        ("stranger", False),
    ],
)
def test_the_list_shows_each_their_own(world: World, role: str, *, seen: bool) -> None:
    tell(world)
    client = world.client(role)
    page = client.get("/protection/breached/").content.decode()
    assert ("mia@cars.example" in page) == seen
    file = client.get("/protection/breached/?export=csv")
    content = b"".join(file.streaming_content).decode()  # type: ignore[attr-defined]
    assert ("mia@cars.example" in content) == seen
    assert (listed(world, role) == ["mia@cars.example"]) == seen


def test_the_pages_of_the_mailbox_say_it_until_it_is_over(world: World) -> None:
    tell(world)
    number = mia(world).pk
    pages = [
        ("mailbox", "/"),
        ("mailbox", "/my/password/"),
        ("customer", f"/mailboxes/{number}/"),
        ("customer", "/"),
    ]
    for role, path in pages:
        assert NOTICE in world.client(role).get(path).content.decode(), path
    hosting.set_password(actor=OPERATOR, now=world.now, mailbox=mia(world), password=FRESH)
    for role, path in pages:
        if role != "mailbox":
            assert NOTICE not in world.client(role).get(path).content.decode(), path


def test_programs_read_the_list(world: World) -> None:
    tell(world)
    answer = caller(world, "customer").get("/breached-mailboxes")
    (row,) = answer.body["items"]
    assert (row["address"], row["customer"]) == (
        "mia@cars.example",
        world.customers["customer"].pk,
    )
    shown = caller(world, "customer").get("/mailboxes/mia@cars.example").body
    assert shown["password_leaked"] is True
    assert caller(world, "stranger").get("/breached-mailboxes").body["items"] == []


# A customer's rule


@pytest.mark.parametrize(
    ("house_word", "rule", "refused", "warned"),
    [
        ("off", "", False, False),
        ("off", "warn", False, True),
        ("off", "refuse", True, False),
        ("warn", "", False, True),
        ("warn", "refuse", True, False),
        ("refuse", "warn", True, False),
        ("refuse", "", True, False),
    ],
)
def test_the_stricter_of_house_and_customer_holds(
    world: World, house: House, house_word: str, rule: str, *, refused: bool, warned: bool
) -> None:
    house(house_word)
    customer = world.customers["customer"]
    hosting.set_password_rule(actor=OPERATOR, now=world.now, customer=customer, rule=rule)
    mailbox = mia(world)
    act = {"actor": OPERATOR, "now": world.now}
    if refused:
        with pytest.raises(Refusal, match="known from leaks"):
            hosting.set_password(**act, mailbox=mailbox, password=LEAKED)
        with pytest.raises(Refusal, match="known from leaks"):
            hosting.create_mailbox(
                **act, domain=mailbox.domain, address="new@cars.example", password=LEAKED
            )
        return
    hosting.set_password(**act, mailbox=mailbox, password=LEAKED)
    assert mailbox.breached == warned


def test_an_import_follows_the_customers_rule(world: World, house: House) -> None:
    house("warn")
    customer = world.customers["customer"]
    hosting.set_password_rule(actor=OPERATOR, now=world.now, customer=customer, rule="refuse")
    rows = [hosting.MailboxRow(address="one@cars.example", password=LEAKED)]
    (result,) = hosting.import_mailboxes(actor=OPERATOR, now=world.now, rows=rows)
    assert isinstance(result, Refusal)
    assert result.code == "password-breached"


def test_a_customer_chooses_on_a_page(world: World, house: House) -> None:
    house("warn")
    number = world.customers["customer"].pk
    client = world.client("customer")
    assert f"/customers/{number}/passwords/" in client.get("/protection/breached/").content.decode()
    client.post(f"/customers/{number}/passwords/", {"rule": "refuse"})
    assert Customer.objects.get(pk=number).password_rule == "refuse"
    assert AuditEntry.objects.filter(verb="customer.set-password-rule").count() == 1
    client.post(f"/customers/{number}/passwords/", {"rule": "whatever"})
    assert Customer.objects.get(pk=number).password_rule == "refuse"
    client.post(f"/customers/{number}/passwords/", {"rule": ""})
    assert Customer.objects.get(pk=number).password_rule == ""


def test_the_rule_of_another_is_not_there(world: World) -> None:
    number = world.customers["stranger"].pk
    answer = world.client("customer").post(f"/customers/{number}/passwords/", {"rule": "warn"})
    assert answer.status_code == 404


def test_programs_set_the_rule(world: World) -> None:
    number = world.customers["customer"].pk
    carl = caller(world, "customer")
    answer = carl.put(f"/customers/{number}/password-rule", {"rule": "refuse"})
    assert (answer.status, answer.body["password_rule"]) == (200, "refuse")
    assert carl.put(f"/customers/{number}/password-rule", {"rule": "never"}).status == 422


def test_no_such_rule_is_refused(world: World) -> None:
    with pytest.raises(Refusal) as caught:
        hosting.set_password_rule(
            actor=OPERATOR, now=world.now, customer=world.customers["customer"], rule="never"
        )
    assert caught.value.code == "password-rule-invalid"


def test_nothing_of_a_password_is_told(world: World, house: House, tmp_path: Path) -> None:
    house("warn")
    hosting.set_password(actor=OPERATOR, now=world.now, mailbox=mia(world), password=LEAKED)
    tell(world)
    texts = [row.subject + row.text for row in OutgoingMail.objects.all()]
    texts += [f"{row.before}{row.after}{row.reason}" for row in AuditEntry.objects.all()]
    assert texts
    assert not [text for text in texts if LEAKED in text]
    assert hosting_queries.mailboxes(OPERATOR).filter(leaked_at__isnull=False).count() == 1
