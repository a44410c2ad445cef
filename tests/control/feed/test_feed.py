"""The feed: numbers without gaps, the same story as a snapshot, each event counted once."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection, connections, transaction
from django.test import Client
from pytest_django import Settings

from mailstead.control.feed import queries, services, tide
from mailstead.control.feed.models import FeedHead, FeedRow, RecordedEvent
from mailstead.control.feed.tide import Tide
from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Mailbox
from mailstead.wire import codec
from mailstead.wire.changes import VERSION, AnyChange, DomainGone, FeedPage, Route
from mailstead.wire.events import AnyEvent, Applied, ApplyFailed, EventBatch, UsageSeen
from tests.control.company import GRACE, Company, replayed, snapshot_state

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def change(number: int) -> AnyChange:
    return DomainGone(name=f"d{number}.example")


def publish(*changes: AnyChange, now: dt.datetime = NOW) -> None:
    with transaction.atomic():
        services.publish(server="n", changes=changes, now=now)


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_leave_no_gap_and_readers_see_none() -> None:
    services.open_feed("n")
    seen: list[list[int]] = []
    done = threading.Event()

    def write(first: int) -> None:
        for number in range(10):
            publish(change(first + number), change(first + number + 1000))
        connection.close()

    def read() -> None:
        while not done.is_set():
            seen.append([row.number for row in queries.page("n", 0).revisions])
        connection.close()

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(100 * n,)) for n in range(4)]
    reader.start()
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert [row.number for row in queries.page("n", 0).revisions] == list(range(1, 81))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seen)


@pytest.mark.django_db(transaction=True)
def test_what_is_taken_back_leaves_no_number_behind() -> None:
    services.open_feed("n")
    publish(change(1))

    def write_and_fail() -> None:
        with transaction.atomic():
            services.publish(server="n", changes=[change(2)], now=NOW)
            raise RuntimeError("taken back")

    with pytest.raises(RuntimeError, match="taken back"):
        write_and_fail()
    publish(change(3))
    assert [row.number for row in queries.page("n", 0).revisions] == [1, 2]


@pytest.mark.django_db
def test_publishing_outside_a_transaction_or_to_nobody_is_a_defect() -> None:
    with pytest.raises(RuntimeError, match="never opened"):
        publish(change(1))


def test_a_snapshot_tells_what_the_feed_has_told(company: Company) -> None:
    company.domain("a.example", dkim=True)
    company.domain("b.example")
    ann = company.mailbox("ann@a.example")
    company.mailbox("bob@a.example")
    company.forward("info@a.example", "ann@a.example", keep=True)
    company.route("no@a.example", Route(action="fail", text="No."))
    company.answer("ann@a.example")
    company.catch_all(company.at("b.example"), "ann@a.example")
    hosting.suspend_mailbox(**company.who, mailbox=ann, what="sending", reason="spam")
    hosting.remove_mailbox(**company.who, mailbox=company_mailbox("bob"), grace=GRACE)
    hosting.suspend_domain(**company.who, domain=company.at("a.example"), reason="unpaid")
    hosting.set_domain_forwarder(**company.who, domain=company.at("a.example"), target="b.example")
    told = [revision.change for revision in queries.page("node1", 0).revisions]
    assert replayed(told) == snapshot_state()


def company_mailbox(local: str) -> Mailbox:
    return Mailbox.objects.select_related("domain__server").get(local=local)


@pytest.mark.django_db
def test_who_was_away_longer_than_the_feed_reaches_back_takes_a_snapshot() -> None:
    services.open_feed("n")
    publish(change(1), change(2), now=NOW - services.KEEP - dt.timedelta(hours=1))
    publish(change(3))
    assert services.compact(NOW) == 2
    assert queries.page("n", 1).rebuild
    page = queries.page("n", 2)
    assert not page.rebuild
    assert [row.number for row in page.revisions] == [3]
    assert queries.page("n", 99).rebuild, "a node that knows more than we do"


def applied(number: str, revision: int) -> Applied:
    return Applied(id=number, at=NOW, revision=revision)


@pytest.mark.django_db
def test_an_event_counts_once_however_often_it_is_sent() -> None:
    services.open_feed("n")
    handled: list[AnyEvent] = []
    batch = [applied("e1", 1), UsageSeen(id="e2", at=NOW, store="s", bytes=5, messages=1)]
    for expected in (2, 0):
        new = services.record_events(server="n", events=batch, handle=handled.append, now=NOW)
        assert new == expected
    assert [event.id for event in handled] == ["e1", "e2"]
    assert RecordedEvent.objects.count() == 2


@pytest.mark.django_db
def test_a_failure_is_shown_until_the_node_has_got_over_it() -> None:
    services.open_feed("n")
    failed = ApplyFailed(id="e1", at=NOW, revision=4, words="disk full")
    services.record_events(server="n", events=[failed], handle=lambda _: None, now=NOW)
    head = queries.head("n")
    assert head is not None and (head.failed_revision, head.failed_words) == (4, "disk full")
    services.record_events(server="n", events=[applied("e2", 4)], handle=lambda _: None, now=NOW)
    head = queries.head("n")
    assert head is not None and (head.failed_revision, head.failed_words) == (None, "")
    assert head.acked == 4


@pytest.mark.django_db(transaction=True)
def test_who_knows_more_than_the_last_look_saw_waits_for_news() -> None:
    services.open_feed("n")

    async def wait() -> list[bool]:
        waiter = Tide()
        await sync_to_async(publish)(change(1))
        first = await waiter.rise_above("n", 0, 10)
        # Nobody waits while this one comes; the node has it from its own question.
        await sync_to_async(publish)(change(2))
        rest = [await waiter.rise_above("n", 2, 0.3), await waiter.rise_above("n", 1, 10)]
        # The thread that asked has a connection of its own.
        await sync_to_async(connections.close_all)()
        return [first, *rest]

    assert asyncio.run(wait()) == [True, False, True]


@pytest.mark.django_db(transaction=True)
def test_who_waits_is_told_though_one_look_at_the_database_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services.open_feed("n")
    looks: list[str] = []

    def busy_at_first() -> dict[str, queries.Mark]:
        looks.append("look")
        if len(looks) == 1:
            raise OperationalError("database is locked")
        return queries.marks()

    async def wait() -> bool:
        monkeypatch.setattr(tide, "marks", busy_at_first)
        waiting = asyncio.create_task(Tide().rise_above("n", 0, 20))
        await sync_to_async(publish)(change(1))
        told = await asyncio.wait_for(waiting, 10)
        await sync_to_async(connections.close_all)()
        return told

    assert asyncio.run(wait())


@pytest.fixture
def client(settings: Settings) -> Client:
    settings.ROOT_URLCONF = "mailstead.control.project.feed_urls"
    settings.MIDDLEWARE = []
    return Client(headers={"host": settings.ALLOWED_HOSTS[0]})


def test_the_feed_over_http(company: Company, client: Client) -> None:
    company.domain("a.example")
    answer = client.get("/feed/v1/node1/changes?after=0&wait=0")
    page = codec.decode_page(answer.content)
    assert isinstance(page, FeedPage)
    assert (page.version, page.head, len(page.revisions)) == (VERSION, 2, 2)
    events = EventBatch(version=VERSION, events=(applied("e1", 1),))
    sent = client.post(
        "/feed/v1/node1/events", codec.encode(events), content_type="application/json"
    )
    assert sent.status_code == 204
    assert FeedHead.objects.get(server="node1").acked == 1


@pytest.mark.parametrize("query", ["after=x", "after=1&wait=soon"])
def test_a_wrong_question_is_answered_with_what_is_wrong(
    company: Company, client: Client, query: str
) -> None:
    answer = client.get(f"/feed/v1/node1/changes?{query}")
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert "must be numbers" in answer.json()["title"]


@pytest.mark.parametrize("body", [b"", b"{", b'{"version": 1, "events": [{"type": "Nothing"}]}'])
def test_events_that_are_none_change_nothing(company: Company, client: Client, body: bytes) -> None:
    answer = client.post("/feed/v1/node1/events", body, content_type="application/json")
    assert answer.status_code == 422, answer.content
    assert not RecordedEvent.objects.exists()


def test_rows_and_head_agree(company: Company) -> None:
    for number in range(3):
        company.domain(f"d{number}.example")
    head = queries.head("node1")
    assert head is not None
    assert FeedRow.objects.filter(server="node1").count() == head.revision == 6
