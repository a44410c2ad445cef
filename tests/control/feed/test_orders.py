"""Orders: handed out until they are answered, answered once, given up when they are too old."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.test import Client

from mailstead.control.feed import queries, services
from mailstead.control.feed.models import NodeSample, Order
from mailstead.control.feed.tide import Tide
from mailstead.wire import codec
from mailstead.wire.changes import VERSION, AnyChange, DomainGone
from mailstead.wire.events import NodeSeen
from mailstead.wire.orders import (
    AnswerBatch,
    Answered,
    EndSessions,
    NodeState,
    SessionsEnded,
)

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
ANN = "ann@a.example"
pytestmark = pytest.mark.django_db


def ask(address: str = ANN, now: dt.datetime = NOW) -> Order:
    order = EndSessions(address=address)
    return services.ask(server="n", order=order, key=address, actor_name="olga", now=now)


def answer(row: Order, count: int, server: str = "n") -> int:
    answered = Answered(number=row.pk, answer=SessionsEnded(count=count))
    return services.record_answers(server=server, answers=[answered], now=NOW)


def test_an_order_is_handed_out_until_it_is_answered() -> None:
    first, second = ask(), ask("bob@a.example")
    for _ in range(2):
        page = services.hand_out("n", NOW + dt.timedelta(minutes=1))
        assert [given.number for given in page.orders] == [first.pk, second.pk]
        assert page.orders[0].order == EndSessions(address=ANN)
        assert page.orders[0].left == 540
    assert services.hand_out("other", NOW).orders == ()
    assert answer(first, 3) == 1
    assert [given.number for given in services.hand_out("n", NOW).orders] == [second.pk]


def test_the_first_answer_counts_and_only_from_the_server_that_was_asked() -> None:
    row = ask()
    assert answer(row, 9, server="other") == 0
    assert (answer(row, 3), answer(row, 5)) == (1, 0)
    found = queries.newest_answer("n", "EndSessions", ANN)
    assert found is not None
    assert queries.answer_of(found) == SessionsEnded(count=3)


def test_what_an_order_carried_is_forgotten_with_its_answer() -> None:
    row = ask()
    answer(row, 1)
    row.refresh_from_db()
    assert row.payload == ""


def test_an_old_order_is_given_up_and_not_handed_out() -> None:
    row = ask(now=NOW - services.ORDER_LIVES)
    fresh = ask()
    assert [given.number for given in services.hand_out("n", NOW).orders] == [fresh.pk]
    services.hand_out("n", NOW + dt.timedelta(seconds=1))
    row.refresh_from_db()
    assert "nothing was done" in row.words
    assert answer(row, 1) == 0, "a late answer changes nothing"
    assert queries.newest_answer("n", "EndSessions", ANN) is None


def test_orders_are_kept_for_a_day() -> None:
    ask(now=NOW - services.KEEP_ORDERS - dt.timedelta(minutes=1))
    kept = ask(now=NOW - dt.timedelta(hours=23))
    services.compact(NOW)
    assert list(Order.objects.values_list("pk", flat=True)) == [kept.pk]


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_an_answer_gets_it_when_it_comes() -> None:
    row = ask()
    assert queries.wait_for(row.pk, 0) is None

    def node() -> None:
        answer(row, 2)
        connection.close()

    thread = threading.Thread(target=node)
    thread.start()
    found = queries.wait_for(row.pk, 20)
    thread.join()
    assert found is not None and queries.answer_of(found) == SessionsEnded(count=2)


@pytest.mark.django_db(transaction=True)
def test_a_node_that_waits_hears_of_an_order_at_once() -> None:
    services.open_feed("n")
    services.open_feed("other")

    async def wait() -> list[bool]:
        tide = Tide()
        before = await tide.brings_order("n", 0.3)
        task = asyncio.create_task(tide.brings_order("n", 20))
        await sync_to_async(ask)()
        found = [before, await task, await tide.brings_order("other", 0.3)]
        await sync_to_async(connections.close_all)()
        return found

    assert asyncio.run(wait()) == [False, True, False]


@pytest.fixture
def node() -> Client:
    return Client(headers={"host": "panel.example"})


@pytest.mark.urls("mailstead.control.project.feed_urls")
def test_orders_and_answers_over_http(node: Client) -> None:
    row = services.ask(server="n", order=NodeState(), key="", actor_name="o", now=_now())
    page = codec.decode_orders(node.get("/feed/v1/n/orders?wait=5").content)
    assert [given.number for given in page.orders] == [row.pk]
    batch = AnswerBatch(version=VERSION, answers=(Answered(number=row.pk, words="No disk."),))
    sent = node.post("/feed/v1/n/answers", codec.encode(batch), content_type="application/json")
    assert sent.status_code == 204
    row.refresh_from_db()
    assert (row.words, row.answer) == ("No disk.", "")
    assert codec.decode_orders(node.get("/feed/v1/n/orders").content).orders == ()


@pytest.mark.urls("mailstead.control.project.feed_urls")
@pytest.mark.parametrize("body", [b"", b'{"version": 1, "answers": [{"number": "x"}]}'])
def test_answers_that_are_none_are_refused(node: Client, body: bytes) -> None:
    sent = node.post("/feed/v1/n/answers", body, content_type="application/json")
    assert sent.status_code == 422
    assert node.get("/feed/v1/n/orders?wait=soon").status_code == 422


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def seen(at: dt.datetime, **figures: int) -> NodeSeen:
    return NodeSeen(id=at.isoformat(), at=at, seconds=60, **figures)


def record(*events: NodeSeen) -> None:
    services.record_events(server="n", events=events, handle=lambda _: None, now=NOW)


def test_a_node_has_one_sample_a_minute_with_the_lag_of_that_moment() -> None:
    services.open_feed("n")
    for minutes in (1, 2, 30):
        services.publish(
            server="n",
            changes=[_change(minutes)],
            now=NOW + dt.timedelta(minutes=minutes),
        )
    late = NOW + dt.timedelta(minutes=5, seconds=7)
    record(seen(late, revision=1, inbound=4), seen(late + dt.timedelta(seconds=9), inbound=9))
    sample = NodeSample.objects.get()
    assert sample.at == NOW + dt.timedelta(minutes=5)
    assert (sample.figures["lag"], sample.figures["inbound"]) == (1, 4)


def _change(number: int) -> AnyChange:
    return DomainGone(name=f"d{number}.example")


def test_samples_add_counts_up_and_keep_the_last_of_what_is_a_level() -> None:
    services.open_feed("n")
    record(
        *(
            seen(NOW + dt.timedelta(minutes=n), inbound=n, queue_deferred=100 - n)
            for n in range(60)
            if n < 20 or n >= 30
        )
    )
    found = queries.samples("n", NOW, NOW + dt.timedelta(hours=1), 6)
    assert [int((bucket.at - NOW).total_seconds() // 60) for bucket in found] == [0, 10, 30, 40, 50]
    assert found[1].figures["inbound"] == sum(range(10, 20))
    assert found[1].figures["queue_deferred"] == 81
    assert found[1].samples == 10
    assert len(queries.samples("n", NOW, NOW + dt.timedelta(hours=1), 1000)) == 50


def test_samples_are_kept_for_a_month() -> None:
    services.open_feed("n")
    record(seen(NOW - services.KEEP_SAMPLES - dt.timedelta(minutes=2)), seen(NOW))
    services.compact(NOW)
    assert [row.at for row in NodeSample.objects.all()] == [NOW]
