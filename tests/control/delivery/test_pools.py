"""Sending addresses: what the operator sets reaches the node, what the node tells is shown."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from mailstead.control.delivery import queries, services
from mailstead.control.delivery.models import AddressRest, SendingAddress, SentCount
from mailstead.control.delivery.queries import pools
from mailstead.control.feed import services as feed
from mailstead.control.feed.models import FeedRow
from mailstead.control.people.models import AuditEntry
from mailstead.standards.refusal import Refusal
from mailstead.wire import codec
from mailstead.wire.changes import SendingPlanPut
from mailstead.wire.events import AddressRested, AddressReturned, RouteChosen, SentToday
from mailstead.wire.pools import CEILINGS, SendingPlan
from tests.control.conftest import OPERATOR
from tests.control.world import ROLES, World

_numbers = itertools.count()
HOUR = dt.timedelta(hours=1)


def make(world: World, ipv4: str = "192.0.2.10", **more: object) -> SendingAddress:
    values = {"helo": "out1.example.net", "classes": ["own"], **more}
    return services.create_address(
        actor=OPERATOR, now=world.now, server=world.server, ipv4=ipv4, **values
    )


def told(world: World) -> SendingPlan:
    """The plan that the node was told last."""
    row = FeedRow.objects.filter(server=world.server.name).order_by("-number").first()
    assert row is not None
    change = codec.decode_change(row.payload.encode())
    assert isinstance(change, SendingPlanPut)
    return change.plan


def tell(world: World, *events: object) -> None:
    feed.record_events(
        server="node1", events=events, handle=lambda _: None, record=services.record, now=world.now
    )


def rested(world: World, address: int, **more: object) -> AddressRested:
    values = {"receiver": "google", "kind": "reputation", "until": world.now + HOUR, **more}
    return AddressRested(id=f"r{next(_numbers)}", at=world.now, address=address, **values)


def test_a_node_without_addresses_is_told_nothing(world: World) -> None:
    assert list(pools.snapshot("node1")) == []


def test_an_address_reaches_the_node_and_the_trail(world: World) -> None:
    row = make(world, note="from the first provider")
    (address,) = told(world).addresses
    assert (address.number, address.ipv4, address.helo) == (row.pk, "192.0.2.10", row.helo)
    assert (address.state, address.warm_since) == ("warming", world.now.date())
    assert told(world).ceilings == CEILINGS
    assert list(pools.snapshot("node1")) == [SendingPlanPut(plan=told(world))]
    entry = AuditEntry.objects.filter(verb="sending.create").get()
    assert entry.label == "out1.example.net"


def test_a_removed_address_is_told_too(world: World) -> None:
    row = make(world)
    tell(world, rested(world, row.pk))
    services.remove_address(actor=OPERATOR, now=world.now, address=row)
    assert told(world).addresses == ()
    assert list(queries.rests(OPERATOR, world.now)) == []


def test_warming_begins_with_the_day_on_which_it_is_chosen(world: World) -> None:
    row = make(world, state="active")
    later = world.now + dt.timedelta(days=3)
    services.update_address(actor=OPERATOR, now=later, address=row, state="warming")
    assert told(world).addresses[0].warm_since == later.date()
    services.update_address(
        actor=OPERATOR, now=later + dt.timedelta(days=2), address=row, state="warming"
    )
    assert told(world).addresses[0].warm_since == later.date(), "it does not begin anew"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ipv4": "192.0.2.300"}, "sending-address-invalid"),
        ({"ipv4": "2001:db8::1"}, "sending-address-invalid"),
        ({"ipv4": ""}, "sending-address-missing"),
        ({"ipv4": "192.0.2.10"}, "sending-address-exists"),
        ({"ipv4": "192.0.2.11", "classes": []}, "sending-class-invalid"),
        ({"ipv4": "192.0.2.11", "classes": ["own", "nonsense"]}, "sending-class-invalid"),
        ({"ipv4": "192.0.2.11", "helo": "two words"}, "domain-invalid"),
        ({"ipv4": "192.0.2.11", "state": "gone"}, "sending-state-invalid"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    world: World, more: dict[str, object], code: str
) -> None:
    make(world)
    with pytest.raises(Refusal) as refused:
        make(world, **more)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_nobody_else_may(world: World) -> None:
    row = make(world)
    for role in ROLES[1:]:
        actor = world.actor(role)
        with pytest.raises(Refusal):
            services.update_address(actor=actor, now=world.now, address=row, state="paused")
        assert list(queries.sending_addresses(actor)) == ([row] if role == "staff" else [])


def test_the_relays_password_reaches_the_node_and_never_the_trail(world: World) -> None:
    services.set_relay(
        actor=OPERATOR, now=world.now, server=world.server, host="relay.example.net",
        login="us", password="s3cret",
    )  # fmt: skip
    relay = told(world).relay
    assert relay is not None and relay.password == "s3cret"
    services.set_relay(
        actor=OPERATOR, now=world.now, server=world.server, host="relay2.example.net", login="us"
    )
    relay = told(world).relay
    assert relay is not None and (relay.host, relay.password) == ("relay2.example.net", "s3cret")
    entries = AuditEntry.objects.filter(verb="sending.set-relay")
    assert entries.count() == 2
    assert "s3cret" not in "".join(f"{one.before}{one.after}" for one in entries)
    services.set_relay(actor=OPERATOR, now=world.now, server=world.server, host="")
    assert told(world).relay is None


@pytest.mark.parametrize("login", ["a:b", "a b", "ä"])
def test_a_log_in_that_postfix_cannot_read_is_refused(world: World, login: str) -> None:
    with pytest.raises(Refusal):
        services.set_relay(
            actor=OPERATOR, now=world.now, server=world.server, host="relay.example.net",
            login=login, password="x",
        )  # fmt: skip


def test_a_marked_sender_reaches_every_node_until_it_is_unmarked(world: World) -> None:
    mark = services.mark_sender(
        actor=OPERATOR, now=world.now, sender="@Odd.Example", to="suspect", reason="complaints"
    )
    assert [(one.sender, one.to) for one in told(world).marks] == [("@odd.example", "suspect")]
    services.unmark_sender(actor=OPERATOR, now=world.now, mark=mark)
    assert told(world).marks == ()


def test_what_rests_is_shown_until_it_is_back(world: World) -> None:
    row = make(world)
    tell(world, rested(world, row.pk, kind="rate"))
    tell(world, rested(world, row.pk, times=2, until=world.now + 4 * HOUR, reply="550 no"))
    (shown,) = queries.rests(OPERATOR, world.now)
    assert (shown.kind, shown.times, shown.reply) == ("reputation", 2, "550 no")
    tell(
        world,
        AddressReturned(
            id="b1", at=world.now + HOUR, address=row.pk, receiver="google", kind="reputation"
        ),
    )
    assert list(queries.rests(OPERATOR, world.now)) == []
    assert queries.past_rests(OPERATOR, row.pk).count() == 2


def test_counts_of_a_day_are_the_last_that_was_told(world: World) -> None:
    row = make(world)
    day = world.now.date()
    for number, count in enumerate((3, 9)):
        event = SentToday(
            id=f"c{number}", at=world.now, address=row.pk, receiver="google", day=day,
            count=count, ceiling=50,
        )  # fmt: skip
        tell(world, event)
    assert [one.count for one in queries.counts(OPERATOR, day)] == [9]


def test_decisions_are_kept_for_a_month(world: World) -> None:
    row = make(world)
    turned = RouteChosen(
        id="t1", at=world.now, mail_class="own", receiver="google", way="wait", why="x rests"
    )
    tell(world, turned, rested(world, row.pk))
    assert [one.why for one in queries.choices(OPERATOR)] == ["x rests"]
    SentCount.objects.create(address=1, receiver="x", day=world.now.date(), count=1)
    assert services.drop_old_rests(world.now + dt.timedelta(days=20)) == 0
    assert services.drop_old_rests(world.now + dt.timedelta(days=40)) == 3
    assert AddressRest.objects.count() == 0
