"""The pages of a move: for the company to run it, for the customer to look and to answer."""

from __future__ import annotations

import pytest

from mailstead.control.moves import queries, services
from mailstead.control.moves.models import Loss, Move, Webmail
from mailstead.control.people.actor import Actor
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


def test_a_plan_shows_first_what_needs_a_look_and_sums_up_each_domain(
    world: World, move: Move
) -> None:
    client = world.client("operator")
    plain = move.rows.filter(grade="carried", kind="mailbox").first()
    assert plain is not None
    first = client.get(f"/moves/{move.pk}/plan/").content.decode()
    # In its cell: the head of a row ends with it.
    cell = f'<span class="whole">{plain.subject}</span></th>'
    assert f"Mailbox: {cell}" not in first
    everything = client.get(f"/moves/{move.pk}/plan/?grade=").content.decode()
    assert f"Mailbox: {cell}" in everything
    one = client.get(f"/moves/{move.pk}/plan/?grade=&domain=nowhere.example").content.decode()
    assert f"Mailbox: {cell}" not in one
    parts = {part.domain: part for part in queries.by_domain(move)}
    assert sum(sum(part.grades.values()) for part in parts.values()) == move.rows.count()
    mail = move.rows.filter(kind="mail", domain=plain.domain).exclude(grade="refused")
    assert parts[plain.domain].octets == sum(row.octets for row in mail)
    boxes = move.rows.filter(kind="mailbox", domain=plain.domain).exclude(grade="refused")
    assert parts[plain.domain].mailboxes == boxes.count() > 0


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
