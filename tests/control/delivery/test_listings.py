"""DNS lists: the operator hears once when an entry begins and once when it ends."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.control.delivery import queries, services
from mailstead.control.feed import services as feed
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry, OutgoingMail
from mailstead.wire.events import ListingSeen
from tests.control.doors import node_door
from tests.control.world import World

pytestmark = pytest.mark.django_db
ZONE = "bl.test"
ADDRESS = "192.0.2.25"
_numbers = iter(range(10_000))


def tell(world: World, *, listed: bool, after: int = 0, **facts: object) -> None:
    """The node says that the list names the address, or no longer does."""
    at = world.now + dt.timedelta(minutes=after)
    said = {"subject": ADDRESS, "zone": ZONE, "since": world.now, **facts}
    event = ListingSeen(id=f"l{next(_numbers)}", at=at, listed=listed, **said)
    with node_door():
        feed.record_events(
            server=world.server.name,
            events=[event],
            handle=lambda _: None,
            record=services.record,
            now=at,
        )


def letters(world: World) -> list[str]:
    """Subjects of what was written to the operators."""
    operator = world.people["operator"].email
    rows = OutgoingMail.objects.filter(recipient=operator).order_by("pk")
    return [row.subject for row in rows if ZONE in row.subject]


def test_the_operator_hears_of_an_entry_once_and_of_its_end(world: World) -> None:
    tell(world, listed=True, answers=("127.0.0.2",), words="see https://bl.test/q")
    tell(world, listed=True)
    (row,) = queries.listings(Actor.operator("olga"), open_only=True)
    assert (row.subject, row.zone, row.answers) == (ADDRESS, ZONE, ["127.0.0.2"])
    assert letters(world) == [f"{ADDRESS} is on the list {ZONE}"]
    tell(world, listed=False, after=90)
    tell(world, listed=False, after=91)
    assert letters(world)[1:] == [f"{ADDRESS} is no longer on {ZONE}"]
    assert not queries.listings(Actor.operator("olga"), open_only=True)
    (row,) = queries.listings(Actor.operator("olga"))
    assert row.ended == world.now + dt.timedelta(minutes=90)
    verbs = AuditEntry.objects.filter(kind="listing").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["reputation.listed", "reputation.delisted"]


def test_an_entry_that_comes_back_is_told_anew(world: World) -> None:
    for after, listed in enumerate((True, False, True)):
        tell(world, listed=listed, after=after)
    assert len(letters(world)) == 3
    assert len(queries.listings(Actor.operator("olga"))) == 2


def test_customers_do_not_see_the_companys_entries(world: World) -> None:
    tell(world, listed=True)
    for role in ("reseller", "customer", "domain_admin", "mailbox"):
        assert not queries.listings(world.actor(role))


def test_a_listing_is_forgotten_a_year_after_its_end(world: World) -> None:
    tell(world, listed=True)
    tell(world, listed=False, after=5)
    assert services.drop_old_listings(world.now + dt.timedelta(days=364)) == 0
    tell(world, listed=True, after=10)
    assert services.drop_old_listings(world.now + dt.timedelta(days=366)) == 1
    assert queries.listings(Actor.operator("olga")).count() == 1, "what is still there is kept"
