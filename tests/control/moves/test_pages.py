"""The pages of a move: for the company to run it, for the customer to look and to answer."""

from __future__ import annotations

import pytest
from django.conf import settings

from mailstead.control.moves import services
from mailstead.control.moves.models import BringBack, Loss, Move, Webmail
from mailstead.control.people.actor import Actor
from mailstead.home import Home
from tests.control.moves.stocks import everything
from tests.control.world import World

ANSWERS = {"domain:pointer.example": "alias", "routing:remote.example": "elsewhere"}


@pytest.fixture
def move(world: World) -> Move:
    """A move with everything in it, for Carl, planned."""
    olga = {"actor": Actor.operator("olga"), "now": world.now}
    made = services.create_move(
        **olga,  # type: ignore[arg-type]
        place="/root/acct.tar.gz",
        server=world.server,
        customer=world.customers["customer"],
        old_host="old.host.example",
    )
    services.keep_inventory(**olga, move=made, inventory=everything())  # type: ignore[arg-type]
    return made


def test_the_operator_decides_and_runs_it(world: World, move: Move) -> None:
    client = world.client("operator")
    plan = client.get(f"/moves/{move.pk}/plan/").content.decode()
    assert "hook@moved.example" in plan
    assert "A program of the old server cannot run here" in plan
    rows = {row.key: f"row-{row.number}" for row in move.rows.all()}
    answer = client.post(
        f"/moves/{move.pk}/plan/", {rows[key]: choice for key, choice in ANSWERS.items()}
    )
    assert answer.status_code == 302
    assert move.rows.filter(grade="asks").count() == 0
    for page in ("", "plan/?grade=refused", "parity/", "progress/", "start/", "announce/"):
        assert client.get(f"/moves/{move.pk}/{page}").status_code == 200, page
    assert client.post(f"/moves/{move.pk}/start/", {"reason": "now"}).status_code == 302
    move.refresh_from_db()
    assert move.state == "copying"
    after = -1
    while (
        last := services.install_next(
            actor=Actor.operator("olga"), now=world.now, move=move, after=after
        )
    ) is not None:
        after = last
    for page in ("", "plan/", "parity/"):
        assert client.get(f"/moves/{move.pk}/{page}").status_code == 200, page
    kept = Webmail.objects.get()
    card = client.get(f"/mailboxes/{kept.mailbox_id}/contacts/").content.decode()
    assert "ann@x.example" in card and card.startswith("BEGIN:VCARD")


def test_a_customer_sees_nothing_before_it_is_announced(world: World, move: Move) -> None:
    client = world.client("customer")
    assert client.get(f"/moves/{move.pk}/").status_code == 404
    Move.objects.filter(pk=move.pk).update(state="announced")
    page = client.get(f"/moves/{move.pk}/").content.decode()
    assert "announced" in page
    assert "/root/" not in page
    assert client.get(f"/moves/{move.pk}/plan/").status_code == 403


def test_a_customer_confirms_or_reports_a_loss(world: World) -> None:
    move = world.moves["main"]
    client = world.client("customer")
    assert "All is there" in client.get(f"/moves/{move.pk}/parity/").content.decode()
    words = {"words": "The folder Bills is missing."}
    assert client.post(f"/moves/{move.pk}/loss/", words).status_code == 302
    move.refresh_from_db()
    assert (move.state, Loss.objects.get().words) == ("switched", words["words"])
    Move.objects.filter(pk=move.pk).update(state="verified")
    assert client.post(f"/moves/{move.pk}/confirm/", {}).status_code == 302
    move.refresh_from_db()
    assert move.state == "watched"
    assert move.confirmed_by.startswith("customer:")


def test_the_customer_sees_what_goes_back_and_fetches_the_rest(world: World) -> None:
    move = world.moves["main"]
    Move.objects.filter(pk=move.pk).update(state="returning", grace_until=world.now)
    row = BringBack.objects.create(
        move=move, server="node1", address="mia@shop.example", host="old.host.example",
        since=world.now, state="done", arrived=12, saved=2, returned=11, failed=1, kept=3,
        kept_octets=9, words="old.host.example says: 550 5.7.1 refused",
    )  # fmt: skip
    client = world.client("customer")
    shown = client.get(f"/moves/{move.pk}/").content.decode()
    for words in ("12 messages have arrived", "11 brought to the old server", "550 5.7.1 refused"):
        assert words in shown
    path = Home(settings.MAILSTEAD.home).moves / "returns" / f"{row.pk}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PK...")
    try:
        answer = client.post(f"/moves/{move.pk}/back/{row.pk}/file/")
        assert b"".join(answer.streaming_content) == b"PK..."  # type: ignore[attr-defined]
        assert "mia@shop.example.zip" in answer["Content-Disposition"]
        other = world.moves["stranger"].pk
        assert client.post(f"/moves/{other}/back/{row.pk}/file/").status_code == 404
    finally:
        path.unlink()
    assert client.post(f"/moves/{move.pk}/back/again/").status_code in (403, 404)
    olga = world.client("operator")
    assert olga.post(f"/moves/{move.pk}/back/again/").status_code == 302
    question = olga.get(f"/moves/{move.pk}/back/end/").content.decode()
    assert "Nothing more is brought to the old server" in question
    assert olga.post(f"/moves/{move.pk}/back/end/", {"reason": "off"}).status_code == 302
    move.refresh_from_db()
    assert move.state == "back"


def test_the_question_before_a_way_back_says_what_happens(world: World, move: Move) -> None:
    shown = world.client("operator").get(f"/moves/{move.pk}/back/").content.decode()
    assert "is brought to the old server, each message once" in shown
    assert "fetched as a file" in shown
