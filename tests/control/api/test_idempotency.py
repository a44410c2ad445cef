"""A request with an idempotency key is done once, and its secret is not kept."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connections
from django.utils import timezone

from mailstead.control.hosting.models import Mailbox
from mailstead.control.people.models import IdempotencyKey
from mailstead.control.people.services import drop_keys, idempotency
from tests.control.api.caller import Answer, caller
from tests.control.world import World, make_world

BODY = {"address": "new@cars.example"}


def test_the_same_request_again_is_answered_and_not_done(world: World) -> None:
    carl = caller(world, "customer")
    first = carl.post("/mailboxes", BODY, Idempotency_Key="k1")
    again = carl.post("/mailboxes", BODY, Idempotency_Key="k1")
    assert (first.status, again.status) == (201, 201)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.body["password"]
    assert again.body == first.body | {"password": None}
    assert Mailbox.objects.filter(local="new").count() == 1
    assert first.body["password"] not in IdempotencyKey.objects.get().body


def test_the_text_of_a_token_is_not_kept_either(world: World) -> None:
    carl = caller(world, "customer")
    body = {"name": "x", "scopes": ["read"]}
    first = carl.post("/tokens", body, Idempotency_Key="k1")
    again = carl.post("/tokens", body, Idempotency_Key="k1")
    assert again.body == first.body | {"token": None}


def test_another_request_with_the_same_key_is_refused(world: World) -> None:
    carl, dora = caller(world, "customer"), caller(world, "customer")
    carl.post("/mailboxes", BODY, Idempotency_Key="k1")
    other = carl.post("/mailboxes", {"address": "z@cars.example"}, Idempotency_Key="k1")
    assert (other.status, other.code) == (422, "key-reused")
    mine = dora.post("/mailboxes", {"address": "z@cars.example"}, Idempotency_Key="k1")
    assert mine.status == 201


def test_what_was_refused_may_be_tried_again_with_its_key(world: World) -> None:
    carl = caller(world, "customer")
    refused = carl.post("/mailboxes", {"address": "x@new.example"}, Idempotency_Key="k1")
    assert refused.code == "domain-unknown"
    carl.post("/domains", {"name": "new.example", "dkim": False})
    again = carl.post("/mailboxes", {"address": "x@new.example"}, Idempotency_Key="k1")
    assert (again.status, again.headers.get("Idempotent-Replayed")) == (201, None)


def test_while_the_first_runs_the_second_is_asked_to_wait(world: World) -> None:
    carl = caller(world, "customer")
    first = carl.post("/mailboxes", BODY, Idempotency_Key="k1")
    assert first.status == 201
    IdempotencyKey.objects.update(status=None)
    busy = carl.post("/mailboxes", BODY, Idempotency_Key="k1")
    assert (busy.status, busy.code) == (409, "key-busy")
    assert busy.headers["Retry-After"] == "1"
    # Its process has died, and with it what it had begun.
    IdempotencyKey.objects.update(created_at=timezone.now() - idempotency.LOST * 2)
    assert carl.post("/mailboxes", BODY, Idempotency_Key="k1").code == "mailbox-exists"


@pytest.mark.parametrize("key", ["", "x" * 101, "a\tb"])
def test_what_is_no_key_is_refused(world: World, key: str) -> None:
    assert caller(world, "customer").post("/mailboxes", BODY, Idempotency_Key=key).code in (
        "key-invalid",
        "",
    )


def test_answers_are_kept_for_a_day(world: World) -> None:
    caller(world, "customer").post("/mailboxes", BODY, Idempotency_Key="k1")
    assert drop_keys(timezone.now()) == 0
    assert drop_keys(timezone.now() + dt.timedelta(hours=25)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_at_the_same_time_one_is_done() -> None:
    world = make_world(timezone.now())
    carl = caller(world, "customer")
    answers: list[Answer] = []
    start = threading.Barrier(6)

    def ask() -> None:
        start.wait(timeout=20)
        try:
            answers.append(carl.post("/mailboxes", BODY, Idempotency_Key="k1"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    statuses = sorted(answer.status for answer in answers)
    assert len(statuses) == 6
    assert set(statuses) <= {201, 409}
    done = [a for a in answers if a.status == 201 and "Idempotent-Replayed" not in a.headers]
    assert len(done) == 1
    assert Mailbox.objects.filter(local="new").count() == 1
