"""Queue, folders and sessions over the API, with a node that answers and one that does not."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from mailstead.control.hosting.api import nodes
from mailstead.wire.orders import (
    AnyAnswer,
    AnyOrder,
    Count,
    EndSessions,
    Folder,
    FoldersListed,
    Happening,
    HoldMail,
    ListFolders,
    ListQueue,
    MailMoved,
    QueuedMessage,
    QueuedRecipient,
    QueueListed,
    RulesTested,
    SessionsEnded,
    TestRules,
)
from tests.control.api.caller import caller
from tests.control.hosting.test_node_orders import node
from tests.control.world import World, make_world

ID = "4jYmxT3LbbzJMkr"


@pytest.fixture
def committed(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world that another thread sees, and patience with its node."""
    monkeypatch.setattr(nodes, "PATIENCE", 20.0)
    return make_world(timezone.now())


def _answer(order: AnyOrder) -> AnyAnswer | str:
    match order:
        case ListQueue():
            message = QueuedMessage(
                id=ID,
                queue="deferred",
                arrived=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
                size=5,
                sender="mia@cars.example",
                recipients=(QueuedRecipient(address="a@far.example", reason="busy"),),
                recipient_count=1,
            )
            counts = (Count(name="far.example", count=1),)
            return QueueListed(
                messages=(message,),
                matching=1,
                total=4,
                queues=(),
                domains=counts,
                reasons=(),
            )
        case HoldMail():
            return MailMoved(done=order.ids)
        case ListFolders():
            return FoldersListed(folders=(Folder(name="INBOX", bytes=7, messages=1),))
        case EndSessions():
            return SessionsEnded(count=2)
        case TestRules():
            return RulesTested(happenings=(Happening(do="file", value="Bills"),))
    return "cannot"


def test_a_node_is_asked_and_answers(committed: World) -> None:
    olga, carl = caller(committed, "operator"), caller(committed, "customer")
    path = "/mailboxes/mia@cars.example"
    with node(_answer):
        queue = olga.get("/servers/node1/queue?queue=deferred&limit=5").body
        held = olga.post("/servers/node1/queue/hold", {"ids": [ID]}, Idempotency_Key="k1")
        again = olga.post("/servers/node1/queue/hold", {"ids": [ID]}, Idempotency_Key="k1")
        folders = carl.get(f"{path}/folders").body
        ended = carl.post(f"{path}/end-sessions").body
        tried = carl.post(f"{path}/rules/test", {"rules": [], "message": "Subject: bill"}).body
        wrong = olga.get("/servers/node1/state")
    assert (queue["total"], queue["messages"][0]["recipients"][0]["reason"]) == (4, "busy")
    assert held.body == {"done": [ID], "missing": [], "under_way": False}
    assert again.headers["Idempotent-Replayed"] == "true"
    assert folders["folders"][0]["name"] == "INBOX"
    assert (folders["late"], ended) == (False, {"count": 2})
    assert tried["happenings"] == [{"do": "file", "value": "Bills", "flags": []}]
    assert wrong.code == "node-cannot"


def test_a_node_that_keeps_silent_is_said_to(world: World) -> None:
    olga = caller(world, "operator")
    silent = olga.get("/servers/node1/queue")
    assert (silent.status, silent.code) == (409, "node-silent")
    assert silent.headers["Retry-After"] == "30"
    assert olga.post("/servers/node1/queue/hold", {"ids": [ID]}).body["under_way"] is True
    assert olga.post("/servers/node1/queue/hold", {"ids": ["; rm -rf /"]}).status == 422
    assert caller(world, "customer").get("/servers/node1/queue").status == 403
