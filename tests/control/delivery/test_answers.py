"""How receivers answer to each address: counted from what nodes tell, the company's own matter."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.control.delivery import queries, services
from mailstead.control.delivery.models import ReceiverDay
from mailstead.control.delivery.queries import ReceiverAnswers
from mailstead.control.feed import services as feed
from mailstead.control.people.actor import Actor
from mailstead.wire.events import AttemptSeen
from tests.control.api.caller import caller
from tests.control.world import World

pytestmark = pytest.mark.django_db
_numbers = iter(range(10_000))
LISTED = "550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus"


def tell(world: World, *said: tuple[str, str, str, str], after: int = 0) -> None:
    """The node tells of attempts: source, recipient, outcome and reply of each."""
    at = world.now + dt.timedelta(days=after)
    events = [
        AttemptSeen(
            id=f"a{next(_numbers)}", at=at, queue="Q1", recipient=recipient, outcome=outcome,  # type: ignore[arg-type]
            source=source, relay="mx.far.test" if source else "", dsn=reply[4:9], reply=reply,
        )
        for source, recipient, outcome, reply in said
    ]  # fmt: skip
    feed.record_events(
        server=world.server.name,
        events=events,
        handle=lambda _: None,
        record=services.record,
        now=at,
    )


def answers(world: World, **options: object) -> list[ReceiverAnswers]:
    operator = Actor.operator("olga")
    return queries.receiver_answers(operator, world.now.date(), **options)  # type: ignore[arg-type]


def test_attempts_are_counted_by_way_receiver_and_what_became_of_them(world: World) -> None:
    ok = "250 2.0.0 taken"
    tell(world, ("out-1", "a@gmail.com", "sent", ok), ("out-1", "b@gmail.com", "sent", ok))
    tell(
        world,
        ("out-1", "c@googlemail.com", "deferred", LISTED),
        ("out-2", "a@gmail.com", "sent", ok),
        ("direct", "a@far.test", "bounced", "550 5.1.1 no such user"),
        ("", "ann@cars.test", "filed", "250 2.0.0 saved"),
    )
    found = {
        (one.source, one.receiver): (one.attempts, one.accepted, one.reputation, one.other)
        for one in answers(world)
    }
    assert found == {
        ("out-1", "google"): (3, 2, 1, 0),
        ("out-2", "google"): (1, 1, 0, 0),
        ("direct", "far.test"): (1, 0, 0, 1),
    }
    first = answers(world)[0]
    assert (first.source, first.refused_share) == ("out-1", pytest.approx(1 / 3))


def test_days_are_added_up_and_narrowed(world: World) -> None:
    for after in (-8, -1, 0):
        tell(world, ("out-1", "a@gmail.com", "sent", "250 2.0.0 taken"), after=after)
    assert [one.attempts for one in answers(world, days=1)] == [1]
    assert [one.attempts for one in answers(world, days=7)] == [2]
    assert [one.attempts for one in answers(world, days=30, search="out-1")] == [3]
    assert answers(world, search="microsoft") == []


def test_they_are_forgotten_after_three_months(world: World) -> None:
    tell(world, ("out-1", "a@gmail.com", "sent", "250 2.0.0 taken"))
    assert services.drop_old_answers(world.now + dt.timedelta(days=90)) == 0
    assert services.drop_old_answers(world.now + dt.timedelta(days=91)) == 1
    assert not ReceiverDay.objects.exists()


def test_customers_hear_nothing_of_it(world: World) -> None:
    tell(world, ("out-1", "a@gmail.com", "sent", "250 2.0.0 taken"))
    for role in ("reseller", "customer", "domain_admin", "mailbox"):
        assert queries.receiver_answers(world.actor(role), world.now.date()) == []


def test_the_operator_sees_it_as_a_page_as_a_file_and_in_the_api(world: World) -> None:
    tell(world, ("out-1", "a@gmail.com", "sent", "250 2.0.0 taken"))
    tell(world, ("out-1", "a@gmail.com", "deferred", LISTED))
    client = world.client("operator")
    page = client.get("/reputation/receivers/?days=90").content.decode()
    assert "google" in page and "out-1" in page
    whole = client.get("/reputation/receivers/?days=90&export=csv")
    lines = whole.content.decode().splitlines()
    assert lines[1:] == [f"{world.server.name},out-1,,google,2,1,1,0,0,0,0"]
    got = caller(world, "operator").get("/reputation/receivers?days=90").body
    assert [(row["receiver"], row["reputation"]) for row in got] == [("google", 1)]
    assert client.get("/reputation/receivers/?days=x&q=nobody").status_code == 200
