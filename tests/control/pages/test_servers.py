"""Pages of the company's machines: servers, queue, metrics; and the overview of all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from mailstead.control.feed.models import FeedHead, NodeSample
from mailstead.control.hosting import services
from mailstead.control.hosting.models import Customer, Server
from mailstead.control.hosting.views import server_states
from mailstead.control.jobs.models import Job
from mailstead.wire.orders import (
    AnyAnswer,
    AnyOrder,
    Count,
    DeleteMail,
    HoldMail,
    ListQueue,
    MailMoved,
    NodeProcess,
    NodeSeenNow,
    NodeState,
    QueuedMessage,
    QueuedRecipient,
    QueueListed,
    ReleaseMail,
    RequeueMail,
)
from tests.control.pages.node import node
from tests.control.world import World

Bounded = Callable[[int], Any]
HOSTILE = '"><script>alert(1)</script>'


def text(client: Client, path: str, **values: Any) -> str:
    answer = client.get(path, values)
    assert answer.status_code == 200, (path, answer.status_code)
    body: str = answer.content.decode()
    return body


def message(number: int, queue: str = "deferred", **more: Any) -> QueuedMessage:
    values = {
        "id": f"4Xyz{number:06}abc",
        "queue": queue,
        "arrived": dt.datetime.now(dt.UTC) - dt.timedelta(hours=number),
        "size": 1024 * number,
        "sender": "ann@cars.example",
        "recipients": (QueuedRecipient(address="bob@far.example", reason="452 full"),),
        "recipient_count": 1,
    }
    return QueuedMessage(**{**values, **more})


HELD = [
    message(1),
    message(2, "hold"),
    message(
        3,
        sender=f"{HOSTILE}@x.example",
        recipients=(QueuedRecipient(address="=cmd@far.example", reason=HOSTILE),),
    ),
]


def listed(order: AnyOrder) -> AnyAnswer | str:
    """A node with three messages in its queue."""
    if isinstance(order, ListQueue):
        found = tuple(m for m in HELD if order.queue in ("", m.queue))
        return QueueListed(
            messages=found[: order.limit],
            matching=len(found),
            total=3,
            queues=(Count(name="deferred", count=2), Count(name="hold", count=1)),
            domains=(Count(name="far.example", count=3),),
            reasons=(Count(name="452 full", count=2), Count(name=HOSTILE, count=1)),
        )
    if isinstance(order, HoldMail | ReleaseMail | RequeueMail | DeleteMail):
        return MailMoved(done=order.ids[:1], missing=order.ids[1:])
    if isinstance(order, NodeState):
        return NodeSeenNow(
            processes=(
                NodeProcess(name="postfix", state="RUNNING", pid=7, seconds=4000),
                NodeProcess(name="rspamd", state="FATAL", pid=0, seconds=0),
            ),
            disk_free=2**30,
            disk_total=4 * 2**30,
            load=(0.1, 0.2, 0.3),
            cores=2,
            memory_available=2**30,
            memory_total=2 * 2**30,
            versions={"postfix": "3.7.11"},
            revision=5,
        )
    return "not known"


class TestServers:
    """The list of servers and one of them."""

    def test_each_says_in_words_how_it_stands(self, world: World) -> None:
        who = {"actor": world.actor("operator"), "now": world.now}
        for name in ("fine", "behind", "away", "broken", "silent"):
            services.create_server(**who, name=name, hostname=f"{name}.example")
        now = dt.datetime.now(dt.UTC)
        FeedHead.objects.filter(server="fine").update(last_seen=now)
        FeedHead.objects.filter(server="behind").update(last_seen=now, revision=5, acked=3)
        FeedHead.objects.filter(server="away").update(last_seen=now - dt.timedelta(hours=3))
        FeedHead.objects.filter(server="broken").update(
            last_seen=now, failed_revision=7, failed_words=HOSTILE
        )
        page = text(world.client("staff"), "/servers/")
        for words in ("up to date", "2 changes behind", "3 hours ago", "Revision 7", "never seen"):
            assert words in page
        assert "<script>alert" not in page

    def test_its_processes_are_asked_of_the_node_itself(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server_states, "PATIENCE", 0.2)
        page = text(world.client("operator"), "/servers/node1/now/")
        assert "does not answer at the moment" in page

    def test_staff_changes_no_server(self, world: World) -> None:
        client = world.client("staff")
        assert "Change the host name" not in text(client, "/servers/node1/")
        assert client.post("/servers/node1/edit/", {"hostname": "x.example"}).status_code == 403

    def test_the_operator_changes_a_host_name_adds_and_removes(self, world: World) -> None:
        client = world.client("operator")
        client.post("/servers/node1/edit/", {"hostname": "mx.example"})
        assert Server.objects.get(name="node1").hostname == "mx.example"
        client.post("/servers/add/", {"name": "node2", "hostname": "node2.example"})
        assert "never seen" in text(client, "/servers/node2/")
        refused = client.post("/servers/node1/remove/").content.decode()
        assert "There are domains on the server node1" in refused
        client.post("/servers/node2/remove/")
        assert not Server.objects.filter(name="node2").exists()

    def test_the_list_asks_few_questions(
        self, world: World, django_assert_max_num_queries: Bounded
    ) -> None:
        who = {"actor": world.actor("operator"), "now": world.now}
        for n in range(30):
            services.create_server(**who, name=f"s{n}", hostname=f"s{n}.example")
        client = world.client("operator")
        client.get("/servers/")
        client.get("/")
        with django_assert_max_num_queries(12):
            client.get("/servers/")
        client.get("/")
        with django_assert_max_num_queries(20):
            client.get("/")

    @pytest.mark.parametrize("role", ["reseller", "customer", "domain_admin", "mailbox"])
    def test_nobody_else_sees_machines(self, world: World, role: str) -> None:
        client = world.client(role)
        for path in ("/servers/", "/servers/node1/", "/queue/", "/metrics/"):
            assert client.get(path).status_code == 403


@pytest.mark.django_db(transaction=True)
class TestWithANode:
    """What a node in a thread answers."""

    def test_processes_are_shown_with_states_in_words(self, world: World) -> None:
        with node("node1", listed):
            page = text(world.client("operator"), "/servers/node1/now/")
        for words in ("running", "given up", "1 h 6 min", "3.0 GiB of 4.0 GiB", "3.7.11"):
            assert words in page

    def test_the_queue_is_shown_as_text_with_its_totals(self, world: World) -> None:
        client = world.client("staff")
        with node("node1", listed) as got:
            page = text(client, "/queue/")
            held = text(client, "/queue/", queue="hold", domain="Far.Example", reason="full")
            lines = client.get("/queue/", {"export": "csv"}).content.decode().splitlines()
        assert "3 messages wait" in page and "far.example" in page and "452 full" in page
        assert "<script>alert" not in page and "&lt;script&gt;" in page
        assert "4Xyz000002abc" in held and "4Xyz000001abc" not in held
        assert got[1] == ListQueue(
            queue="hold", recipient_domain="far.example", reason="full", limit=200
        )
        assert len(lines) == 4 and "'=cmd@far.example" in lines[3]

    def test_an_act_says_how_many_before_it_is_done(self, world: World) -> None:
        client = world.client("staff")
        chosen = {"server": "node1", "act": "hold", "id": [HELD[0].id, HELD[1].id]}
        with node("node1", listed) as got:
            asked = text(client, "/queue/act/", **chosen)
            assert "Hold 2 messages" in asked and got == []
            ids = f"{HELD[0].id},{HELD[1].id}"
            done = client.post(
                "/queue/act/", {"server": "node1", "act": "hold", "ids": ids}, follow=True
            ).content.decode()
        assert "1 message is held." in done and "1 was not in the queue any more." in done
        assert got[0] == HoldMail(ids=(HELD[0].id, HELD[1].id))

    def test_all_that_match_are_counted_on_the_node(self, world: World) -> None:
        client = world.client("operator")
        with node("node1", listed) as got:
            asked = text(client, "/queue/delete/", server="node1", all="1", queue="deferred")
        assert "Delete 2 messages for ever" in asked
        assert isinstance(got[0], ListQueue) and got[0].queue == "deferred"

    def test_ids_that_are_none_are_refused(self, world: World) -> None:
        answer = world.client("operator").post("/queue/delete/", {"server": "node1", "ids": "ALL"})
        assert answer.status_code == 422
        assert "is not the number of a message" in answer.content.decode()


def test_a_queue_whose_node_is_away_says_so_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Who waited would wait for an hour.
    monkeypatch.setattr(server_states, "PATIENCE", 3600.0)
    away = world.now - server_states.SILENT - dt.timedelta(minutes=1)
    FeedHead.objects.filter(server="node1").update(last_seen=away)
    page = text(world.client("operator"), "/queue/")
    assert "does not answer at the moment" in page


def test_nothing_chosen_is_said(world: World) -> None:
    answer = world.client("operator").get("/queue/act/", {"server": "node1", "act": "hold"})
    assert answer.headers["Location"].startswith("/queue/?server=node1")


def sample(at: dt.datetime, **figures: float) -> None:
    NodeSample.objects.create(
        server="node1", at=at.replace(second=0, microsecond=0), figures=figures
    )


class TestMetrics:
    """Charts of what nodes have counted."""

    def test_without_figures_the_page_says_when_they_come(self, world: World) -> None:
        assert "once a minute" in text(world.client("staff"), "/metrics/")

    @pytest.mark.parametrize("length", ["1h", "24h", "7d", "31d", "nonsense"])
    def test_each_range_is_drawn_with_its_numbers(self, world: World, length: str) -> None:
        now = dt.datetime.now(dt.UTC)
        for minutes in (2, 3, 4):
            sample(
                now - dt.timedelta(minutes=minutes),
                inbound=10,
                submitted=1,
                queue_hold=2,
                disk_free=25,
                disk_total=100,
                lag=1,
            )
        page = text(world.client("staff"), "/metrics/", range=length, server="node1")
        assert 'role="img"' in page and "<strong>30</strong>" in page
        assert "<strong>75</strong>" in page, "three quarters of the disk are in use"

    def test_what_the_guard_did_is_shown_and_how_long_it_took(self, world: World) -> None:
        now = dt.datetime.now(dt.UTC)
        for minutes in (30, 2):
            sample(
                now - dt.timedelta(minutes=minutes),
                **{"guard_asked": 60, "guard_held": 21, "guard_took_1": 98, "guard_took_4": 2},
                queue_hold=42,
            )
        page = text(world.client("staff"), "/metrics/", range="1h", server="node1")
        for words in ("Stopped by the guard", "<strong>120</strong>", "<strong>42</strong>"):
            assert words in page
        # 98 of 100 between 0.25 and 0.5 ms, the others between 2 and 5.
        assert "<strong>0.4</strong>" in page and "<strong>3.5</strong>" in page

    def test_a_chart_asks_few_questions(
        self, world: World, django_assert_max_num_queries: Bounded
    ) -> None:
        client = world.client("operator")
        client.get("/metrics/")
        with django_assert_max_num_queries(12):
            client.get("/metrics/")


class TestOverview:
    """The first page of operator, staff and resellers."""

    def test_the_company_sees_machines_and_who_is_at_a_limit(self, world: World) -> None:
        Customer.objects.filter(pk=world.customers["stranger"].pk).update(mailbox_limit=1)
        Job.objects.create(
            kind="k", title="A lost job", actor={}, state="failed", words=HOSTILE,
            created_at=world.now,
        )  # fmt: skip
        FeedHead.objects.filter(server=world.server.name).update(last_seen=None)
        page = text(world.client("staff"), "/")
        for words in ("node1", "never seen", "All mailboxes that it may have", "A lost job"):
            assert words in page
        assert "<script>alert" not in page

    def test_a_reseller_sees_the_own_business_alone(self, world: World) -> None:
        Customer.objects.filter(pk=world.customers["stranger"].pk).update(pool_full=True)
        Customer.objects.filter(pk=world.customers["customer"].pk).update(
            pool_full=True, quota=2**30
        )
        page = text(world.client("reseller"), "/")
        assert "Carl&#x27;s Cars" in page and "1.0 GiB" in page
        assert "Eve" not in page and "node1" not in page


@pytest.mark.parametrize("role", ["operator", "reseller", "customer", "mailbox"])
def test_the_style_page_shows_every_component(world: World, role: str) -> None:
    page = text(world.client(role), "/style/")
    for part in ("swatch token-accent", "state-bad", "meter-warn", 'class="chart"', "empty"):
        assert part in page
