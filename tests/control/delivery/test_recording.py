"""What nodes tell of messages: recorded once, seen by each side only, forgotten after a month."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from django.conf import settings

from mailstead.control.delivery import queries, services
from mailstead.control.delivery.models import Attempt, Delivery, Message, Suppression
from mailstead.control.feed import services as feed
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal
from mailstead.standards.subject import subject_hash
from mailstead.wire.events import (
    AnyEvent,
    AttemptSeen,
    MessageSeen,
    RefusalSeen,
    ReturnedRecipient,
    ReturnSeen,
)
from tests.control.world import World

MIA, BOX, EVE = "mia@cars.example", "box@trucks.example", "box@shop.example"
FAR = "far@away.example"
_numbers = itertools.count()


def message(queue: str, at: dt.datetime, **more: Any) -> MessageSeen:
    values = {"direction": "in", "sender": FAR, "client": "192.0.2.7", "size": 900, **more}
    return MessageSeen(id=f"e{next(_numbers)}", at=at, queue=queue, **values)


def attempt(queue: str, at: dt.datetime, recipient: str, outcome: str, **more: Any) -> AttemptSeen:
    values = {"recipient": recipient, "outcome": outcome, **more}
    return AttemptSeen(id=f"e{next(_numbers)}", at=at, queue=queue, **values)


def refusal(at: dt.datetime, sender: str, recipient: str, **more: Any) -> RefusalSeen:
    words = f"550 5.1.1 <{recipient}>: Recipient address rejected: There is no such mailbox"
    values = {"client": "192.0.2.7", "sender": sender, "recipient": recipient, "words": words}
    return RefusalSeen(id=f"e{next(_numbers)}", at=at, **{**values, **more})


def tell(world: World, *events: AnyEvent) -> int:
    return feed.record_events(
        server="node1",
        events=events,
        handle=lambda _: None,
        record=services.record,
        now=world.now,
    )


def seen(actor: Actor, **find: Any) -> list[tuple[str, str, str]]:
    """Of messages of the test, not of the world."""
    rows = queries.deliveries(actor, **find)
    return [
        (r.side, r.recipient, r.state) for r in rows if not r.sender.endswith("outside.example")
    ]


def test_a_batch_that_comes_twice_is_recorded_once(world: World) -> None:
    batch = (message("Q1", world.now), attempt("Q1", world.now, MIA, "filed", folder="INBOX"))
    assert tell(world, *batch) == 2
    assert tell(world, *batch) == 0
    assert seen(world.actor("mailbox")) == [("in", MIA, "filed")]


def test_each_recipients_owner_sees_that_recipient_only(world: World) -> None:
    now = world.now
    tell(
        world,
        message("Q1", now),
        attempt("Q1", now, MIA, "filed"),
        attempt("Q1", now, EVE, "filed"),
    )
    assert seen(world.actor("customer")) == [("in", MIA, "filed")]
    assert seen(world.actor("stranger")) == [("in", EVE, "filed")]
    (row,) = Delivery.objects.filter(recipient=EVE, message__queue="Q1")
    for role in ("mailbox", "customer", "reseller", "domain_admin"):
        with pytest.raises(Refusal):
            queries.delivery_numbered(world.actor(role), row.pk)
    own = next(iter(queries.deliveries(world.actor("mailbox"))))
    assert [r.recipient for r in queries.recipients_of(world.actor("mailbox"), own)] == [MIA]


def test_both_sides_of_a_message_between_customers_see_it(world: World) -> None:
    now = world.now
    tell(
        world,
        message("Q1", now, direction="submitted", login=MIA, sender=MIA),
        attempt("Q1", now, EVE, "filed"),
        attempt("Q1", now, FAR, "sent", relay="mx.away.example"),
    )
    assert sorted(seen(world.actor("mailbox"))) == [("out", EVE, "filed"), ("out", FAR, "sent")]
    assert seen(world.actor("stranger")) == [("in", EVE, "filed")]
    assert len(seen(world.actor("operator"))) == 2
    assert sorted(seen(world.actor("domain_admin"))) == sorted(seen(world.actor("mailbox")))


def test_a_senders_address_that_nobody_proved_makes_nobody_an_owner(world: World) -> None:
    now = world.now
    tell(
        world,
        message("Q1", now, sender=MIA),
        attempt("Q1", now, EVE, "filed"),
        refusal(now, MIA, FAR),
        message("Q2", now, direction="handed-back", sender=MIA, login=MIA),
        attempt("Q2", now, FAR, "sent"),
    )
    assert seen(world.actor("customer")) == []
    assert len(seen(world.actor("operator"))) == 3


def test_what_a_rule_forwarded_is_seen_by_the_mailbox_with_the_rule(world: World) -> None:
    now = world.now
    tell(
        world, message("Q1", now, direction="handed-back"), attempt("Q1", now, FAR, "sent", by=MIA)
    )
    assert seen(world.actor("mailbox")) == [("out", FAR, "sent")]
    assert seen(world.actor("stranger")) == []


def test_an_address_that_leads_elsewhere_shows_where(world: World) -> None:
    now = world.now
    tell(world, message("Q1", now), attempt("Q1", now, EVE, "filed", original="info@cars.example"))
    assert seen(world.actor("customer")) == [("in", EVE, "filed")]
    assert seen(world.actor("stranger")) == [("in", EVE, "filed")]
    assert seen(world.actor("mailbox")) == []


def test_mail_among_ones_own_is_one_line(world: World) -> None:
    now = world.now
    tell(
        world,
        message("Q1", now, direction="submitted", login=MIA, sender=MIA),
        attempt("Q1", now, BOX, "filed"),
    )
    assert seen(world.actor("customer")) == [("out", BOX, "filed")]
    assert seen(world.actor("mailbox")) == [("out", BOX, "filed")]
    box = world.mailboxes["other"].pk
    assert seen(world.actor("customer"), mailbox=box) == [("in", BOX, "filed")]


def test_a_sub_address_is_the_mailboxs(world: World) -> None:
    now, sub = world.now, "mia+lists@cars.example"
    tell(world, message("Q1", now), attempt("Q1", now, sub, "filed"))
    assert seen(world.actor("mailbox")) == [("in", sub, "filed")]


def test_a_refusal_is_seen_by_who_missed_the_mail_and_by_who_was_proved(world: World) -> None:
    now = world.now
    tell(world, refusal(now, FAR, MIA), refusal(now, MIA, "no@away.example", submitted=True))
    assert sorted(seen(world.actor("mailbox"))) == [
        ("in", MIA, "refused"),
        ("out", "no@away.example", "refused"),
    ]
    assert {r.dsn for r in Delivery.objects.filter(state="refused")} == {"5.1.1"}


def test_a_message_waits_then_is_tried_again_and_again(world: World) -> None:
    now, later = world.now - dt.timedelta(hours=2), world.now - dt.timedelta(hours=1)
    tell(world, message("Q1", now, direction="submitted", login=MIA, sender=MIA))
    assert seen(world.actor("mailbox")) == [("out", "", "queued")]
    tell(world, attempt("Q1", now, FAR, "deferred", dsn="4.2.2", next_try=later))
    tell(world, attempt("Q1", later, FAR, "sent", dsn="2.0.0"))
    assert seen(world.actor("mailbox")) == [("out", FAR, "sent")]
    row = Delivery.objects.get(recipient=FAR)
    assert (row.tries, row.next_try, row.at) == (2, None, now)
    assert [a.outcome for a in queries.attempts_of(row)] == ["deferred", "sent"]


def test_what_holds_for_all_reaches_only_who_still_waits(world: World) -> None:
    now = world.now
    tell(
        world,
        message("Q1", now, direction="submitted", login=MIA, sender=MIA),
        attempt("Q1", now, EVE, "filed"),
        attempt("Q1", now, FAR, "deferred"),
        attempt("Q1", now, "", "held"),
    )
    assert sorted(seen(world.actor("mailbox"))) == [("out", EVE, "filed"), ("out", FAR, "held")]
    tell(world, attempt("Q1", now, "", "released"))
    assert ("out", FAR, "queued") in seen(world.actor("mailbox"))
    tell(world, attempt("Q1", now, "", "expired"))
    assert ("out", FAR, "expired") in seen(world.actor("mailbox"))


def test_an_attempt_without_its_message_is_kept(world: World) -> None:
    tell(world, attempt("Q9", world.now, MIA, "filed"), attempt("Q8", world.now, "", "held"))
    assert seen(world.actor("mailbox")) == [("in", MIA, "filed")]


def test_texts_that_are_too_long_or_hold_nul_stop_nothing(world: World) -> None:
    now = world.now
    tell(
        world,
        message("Q" * 60, now, message_id="x" * 900, sender="y" * 900),
        attempt("Q1", now, MIA, "filed", reply="a\x00b" * 900, folder="f" * 900, relay="r" * 900),
    )
    assert seen(world.actor("mailbox")) == [("in", MIA, "filed")]


@pytest.mark.parametrize(
    ("search", "count"),
    [
        (MIA, 1),
        ("MIA@Cars.Example", 1),
        (FAR, 2),
        ("<id-1@away.example>", 2),
        ("id-1@away.example", 2),
        ("4jYtqy27ZpzLsnY", 2),
        ("info@cars.example", 1),
        ("someone@else.example", 0),
        ("id-2@away.example", 0),
    ],
)
def test_search_by_address_message_id_and_queue_number(
    world: World, search: str, count: int
) -> None:
    now, queue = world.now, "4jYtqy27ZpzLsnY"
    tell(
        world,
        message(queue, now, message_id="id-1@away.example"),
        attempt(queue, now, MIA, "filed"),
        attempt(queue, now, BOX, "filed", original="info@cars.example"),
        attempt(queue, now, EVE, "filed"),
        message("Q2", now, message_id="id-2@away.example", sender="s@x.example"),
        attempt("Q2", now, EVE, "filed"),
    )
    assert len(seen(world.actor("customer"), search=search)) == count


def test_search_by_subject_finds_the_whole_conversation(world: World) -> None:
    now = world.now
    hashed = subject_hash("Offer for Tuesday", settings.SUBJECT_KEY)
    tell(
        world,
        message("Q1", now, subject=hashed),
        attempt("Q1", now, MIA, "filed"),
        message("Q2", now),
        attempt("Q2", now, MIA, "filed"),
    )
    assert len(seen(world.actor("mailbox"), search="Re: offer  for tuesday")) == 1
    assert seen(world.actor("stranger"), search="Offer for Tuesday") == []
    assert seen(world.actor("mailbox"), search="Offer for") == []


@pytest.mark.parametrize(
    ("find", "count"),
    [
        ({"state": "bounced"}, 1),
        ({"state": "trouble"}, 2),
        ({"cause": "full"}, 1),
        ({"cause": "no-mailbox"}, 1),
        ({"state": "bounced", "cause": "full"}, 0),
        ({"domain": "away.example"}, 2),
        ({"domain": "@AWAY.example", "cause": "full"}, 1),
        ({"domain": "cars.example"}, 3),
        ({"domain": "shop.example"}, 0),
        ({"state": "nonsense"}, 0),
    ],
)
def test_narrowed_by_state_class_and_domain(world: World, find: dict[str, str], count: int) -> None:
    now = world.now
    sent = {"direction": "submitted", "login": MIA, "sender": MIA}
    tell(
        world,
        message("Q1", now, **sent),
        attempt("Q1", now, FAR, "bounced", dsn="5.1.1", reply="550 5.1.1 User unknown"),
        message("Q2", now, **sent),
        attempt("Q2", now, FAR, "deferred", dsn="4.2.2", reply="452 4.2.2 Mailbox full"),
        message("Q3", now, **sent),
        attempt("Q3", now, FAR, "sent"),
    )
    assert len(seen(world.actor("customer"), **find)) == count


def test_a_message_that_comes_back_later_says_so_and_stops_nothing(world: World) -> None:
    now = world.now
    words = "550 5.1.1 User unknown"
    one = ReturnedRecipient(recipient=FAR, status="5.1.1", words=words)
    for number in (1, 2):
        at = now - dt.timedelta(hours=3 * number)
        tell(
            world,
            message(f"Q{number}", at, direction="submitted", login=MIA, message_id=f"m{number}@x"),
            attempt(f"Q{number}", at, FAR, "sent", relay="mx.away.example"),
            ReturnSeen(
                id=f"r{number}", at=at, queue="D1", message_id=f"m{number}@x",
                host="mx.away.example", recipients=(one,),
            ),
            ReturnSeen(
                id=f"s{number}", at=at, queue="D2", message_id="other@x",
                host="mx.away.example", recipients=(one,),
            ),
        )  # fmt: skip
    rows = Delivery.objects.filter(recipient=FAR)
    assert {(row.state, row.cause, row.reply) for row in rows} == {
        ("returned", "no-mailbox", words)
    }
    assert [a.outcome for a in queries.attempts_of(rows[0])] == ["sent", "returned"]
    assert not Suppression.objects.filter(recipient=FAR).exists()
    assert queries.signals(world.mailboxes["main"].pk, now - dt.timedelta(days=1)).hard_bounces == 2


def test_time_bounds_a_search(world: World) -> None:
    now, old = world.now, world.now - dt.timedelta(days=3)
    tell(world, message("Q1", old), attempt("Q1", now, MIA, "filed"))
    actor, day = world.actor("mailbox"), dt.timedelta(days=1)
    assert seen(actor, until=now - day) == [("in", MIA, "filed")]
    assert seen(actor, since=now - day) == []
    assert seen(actor, since=old - day, until=old + day, search=FAR) == [("in", MIA, "filed")]


def test_who_gets_the_address_later_sees_nothing_of_before(world: World) -> None:
    tell(world, message("Q1", world.now), attempt("Q1", world.now, EVE, "filed"))
    shop = world.domains["stranger"]
    type(shop).objects.filter(pk=shop.pk).update(customer=world.customers["customer"])
    assert seen(world.actor("customer")) == []


def test_a_month_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services.log, "LOT", 3)
    before = Delivery.objects.count()
    old = world.now - dt.timedelta(days=31)
    Message.objects.all().delete()
    Attempt.objects.all().delete()
    Delivery.objects.all().delete()
    for number in range(8):
        tell(world, message(f"Q{number}", old), attempt(f"Q{number}", old, MIA, "filed"))
    tell(world, message("Q9", world.now), attempt("Q9", world.now, MIA, "filed"))
    assert services.drop_old(world.now) == 24
    assert before and Delivery.objects.count() == Message.objects.count() == 1
    assert services.drop_old(world.now) == 0


def test_a_node_whose_clock_is_ahead_keeps_nothing_for_ever(world: World) -> None:
    ahead = world.now + dt.timedelta(days=900)
    tell(world, message("Q1", ahead), attempt("Q1", ahead, MIA, "filed"))
    (row,) = Delivery.objects.filter(message__queue="Q1")
    assert row.at == world.now
