"""The pages and the API of a move between own servers."""

from __future__ import annotations

from mailstead.control.hosting import services as hosting
from mailstead.control.moves.models import Move
from mailstead.control.moves.services import record
from mailstead.control.people.actor import Actor
from mailstead.wire.events import DoorSeen
from tests.control.moves.own import fresh, number
from tests.control.world import World


def other_server(world: World) -> None:
    hosting.create_server(
        actor=Actor.operator("olga"), now=world.now, name="node9", hostname="node9.host.example"
    )
    door = DoorSeen(id=number(), at=world.now, host="mx.example", port=24245, password="word")
    record(world.server.name, [door], world.now)


def test_the_operator_plans_and_runs_it(world: World) -> None:
    other_server(world)
    client = world.client("operator")
    form = client.get("/moves/new/own/").content.decode()
    assert "node9" in form
    answer = client.post(
        "/moves/new/own/", {"customer": world.customers["customer"].pk, "server": "node9"}
    )
    assert answer.status_code == 302
    move = Move.objects.get(origin="node")
    plan = client.get(f"/moves/{move.pk}/plan/").content.decode()
    assert "After the change its records should name node9.host.example" in plan
    start = client.get(f"/moves/{move.pk}/start/").content.decode()
    assert "What is changed meanwhile holds on both servers" in start
    assert client.post(f"/moves/{move.pk}/start/", {}).status_code == 302
    assert fresh(move).state == "copying"
    switch = client.get(f"/moves/{move.pk}/switch/").content.decode()
    assert "mail waits for the seconds of a last round" in switch
    # Not yet: no mailbox was copied once.
    refused = client.post(f"/moves/{move.pk}/switch/", {}).content.decode()
    assert "Not every mailbox has been copied once" in refused
    for page in ("", "parity/", "progress/", "back/"):
        assert client.get(f"/moves/{move.pk}/{page}").status_code == 200, page


def test_a_form_that_names_nothing_says_what_is_missing(world: World) -> None:
    other_server(world)
    client = world.client("operator")
    answer = client.post("/moves/new/own/", {"server": "node9"}).content.decode()
    assert "There is no domain that could be moved to node9" in answer
    unknown = {"server": "node9", "domains": "nobody.example"}
    assert client.post("/moves/new/own/", unknown).status_code == 200
    assert not Move.objects.filter(origin="node").exists()


def test_nobody_but_the_company_moves_between_servers(world: World) -> None:
    other_server(world)
    for who in ("customer", "reseller"):
        assert world.client(who).get("/moves/new/own/").status_code in (403, 404)
