"""The delivery log in the panel, as a file and in the API."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.control.delivery.models import Delivery
from tests.control.api.caller import caller
from tests.control.delivery.test_recording import EVE, FAR, MIA, attempt, message, refusal, tell
from tests.control.world import World

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def told(world: World) -> World:
    """Mia writes to Google and to Eve, and is written to."""
    now = world.now
    tell(
        world,
        message("Q1", now - HOUR, direction="submitted", login=MIA, sender=MIA, message_id="m1@x"),
        attempt("Q1", now - HOUR, "joe@gmail.example", "deferred", dsn="4.7.1",
                relay="gmail-smtp-in.l.google.com", reply="450 4.7.1 Greylisted <b>x</b>",
                next_try=now),
        attempt("Q1", now, "joe@gmail.example", "sent", dsn="2.0.0",
                relay="gmail-smtp-in.l.google.com", reply="250 2.0.0 OK 17"),
        attempt("Q1", now, EVE, "filed", folder="INBOX", reply="250 2.0.0 Saved"),
        refusal(now, FAR, "nobody@cars.example"),
    )  # fmt: skip
    return world


@pytest.mark.parametrize(
    ("role", "path"),
    [("mailbox", "/my/delivery/"), ("customer", "/delivery/"), ("operator", "/delivery/")],
)
def test_the_list_tells_what_became_of_it(told: World, role: str, path: str) -> None:
    page = told.client(role).get(path).content.decode()
    assert "joe@gmail.example" in page and "Google accepted it" in page
    assert ("nobody@cars.example" in page) == (role != "mailbox")


def test_a_message_shows_every_try_and_the_raw_reply(told: World) -> None:
    client = told.client("mailbox")
    row = Delivery.objects.get(recipient="joe@gmail.example")
    page = client.get(f"/my/delivery/{row.pk}/").content.decode()
    assert "Google did not take it yet" in page and "at the second try only" in page
    assert "<details>" in page and "450 4.7.1 Greylisted &lt;b&gt;x&lt;/b&gt;" in page
    assert "To box@shop.example" in page


def test_the_recipient_does_not_learn_of_other_recipients(told: World) -> None:
    client = told.client("stranger")
    (row,) = Delivery.objects.filter(recipient=EVE, side="in", sender=MIA)
    page = client.get(f"/delivery/{row.pk}/").content.decode()
    assert EVE in page and "joe@gmail.example" not in page
    other = Delivery.objects.get(recipient="joe@gmail.example")
    assert client.get(f"/delivery/{other.pk}/").status_code == 404


def test_search_and_time(told: World) -> None:
    client = told.client("customer")
    for query, there in (
        ("q=joe@gmail.example", True),
        ("q=%3Cm1@x%3E", True),
        ("q=joe@gmail.exampl", False),
        ("since=2020-01-01T00:00", True),
        ("until=2020-01-01T00:00", False),
        ("until=nonsense&since=9999-99", True),
        ("since=0001-01-01T00:00&until=9999-12-31T23:59", True),
    ):
        answer = client.get(f"/delivery/?{query}")
        assert answer.status_code == 200
        assert ("Google accepted it" in answer.content.decode()) == there, query


def test_a_list_without_rows_says_what_will_stand_there(world: World) -> None:
    Delivery.objects.all().delete()
    assert "No message yet" in world.client("mailbox").get("/my/delivery/").content.decode()


def test_the_mailbox_tab_shows_one_mailbox(told: World) -> None:
    client, mia = told.client("customer"), told.mailboxes["main"].pk
    page = client.get(f"/mailboxes/{mia}/messages/").content.decode()
    assert "joe@gmail.example" in page and "nobody@cars.example" not in page
    refused = Delivery.objects.get(recipient="nobody@cars.example")
    assert client.get(f"/mailboxes/{mia}/messages/{refused.pk}/").status_code == 404


def test_the_file_has_the_rows_and_no_formula(told: World) -> None:
    tell(
        told,
        message("Q5", told.now, sender="=cmd@x.example"),
        attempt("Q5", told.now, MIA, "filed"),
    )
    answer = told.client("mailbox").get("/my/delivery/?export=csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "joe@gmail.example" in text and "'=cmd@x.example" in text and "m1@x" in text
    assert EVE in text


def test_the_api_pages_backwards_through_all(told: World) -> None:
    for number in range(7):
        at = told.now - HOUR * (number % 3)
        tell(told, message(f"P{number}", at), attempt(f"P{number}", at, MIA, "filed"))
    program = caller(told, "customer")
    rows = program.all("/deliveries", limit=3)
    assert (
        len({row["id"] for row in rows})
        == len(rows)
        == Delivery.objects.filter(customer=told.customers["customer"].pk).count()
    )
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)


def test_the_api_shows_one_message_and_not_anothers(told: World) -> None:
    program = caller(told, "customer")
    (row,) = program.get("/deliveries?q=joe@gmail.example").body["items"]
    found = program.get(f"/deliveries/{row['id']}").body
    assert [a["outcome"] for a in found["recipients"][0]["attempts"]] == ["deferred", "sent"]
    assert row["words"].startswith("Google accepted it")
    stranger = caller(told, "stranger")
    assert stranger.get(f"/deliveries/{row['id']}").status == 404
