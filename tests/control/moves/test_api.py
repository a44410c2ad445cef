"""Moves from IMAP servers, log-ins, changes and paces over the API."""

from __future__ import annotations

from mailstead.control.moves.models import Copy, Move
from mailstead.control.moves.services import imap
from tests.control.api.caller import caller
from tests.control.world import World

BODY = {
    "host": "mail.old.example",
    "mailboxes": [
        {"address": "ann@imap.example", "password": "her secret", "user": "ann"},
        {"address": "bob@imap.example", "password": "his secret"},
    ],
    "server": "node1",
    "customer_name": "Acme",
}


def test_a_move_from_an_imap_server_begins(world: World) -> None:
    olga = caller(world, "operator")
    made = olga.post("/imap-moves", BODY)
    assert made.status == 200, made.body
    assert (made.body["state"], made.body["reading"]) == ("planned", "asked")
    assert made.body["place"] == "mail.old.example:993"
    move = Move.objects.get(pk=made.body["id"])
    (bob,) = imap.sources(move, ["bob@imap.example"])
    assert (bob.user, bob.password) == ("bob@imap.example", "his secret")
    rows = olga.all(f"/moves/{move.pk}/rows?kind=mail")
    assert [row["code"] for row in rows] == ["from-imap", "from-imap"]
    assert "secret" not in str(made.body) + str(rows)
    text = {**BODY, "mailboxes": [], "csv": "eve@imap.example,x y z\n"}
    assert olga.post("/imap-moves", text).body["place"] == "mail.old.example:993"


def test_what_is_wrong_is_named(world: World) -> None:
    olga = caller(world, "operator")
    for changed, code in (
        ({"mailboxes": [], "csv": "ann@imap.example,x\nnobody,y"}, "csv-invalid"),
        ({"csv": "ann@imap.example,x"}, "csv-beside"),
        ({"mailboxes": []}, "csv-size"),
        ({"mailboxes": [{"address": "ann@imap.example"}]}, "password-missing"),
        ({"master_user": "admin"}, "master-half"),
        ({"host": "nowhere at all"}, "domain-invalid"),
        ({"customer_name": ""}, "customer-name-empty"),
    ):
        answer = olga.post("/imap-moves", {**BODY, **changed})
        assert (answer.status, answer.code) == (422, code), answer.body
        assert "secret" not in str(answer.body)
    assert not Move.objects.filter(origin="imap").exists()


def test_log_ins_and_all_that_was_asked_are_changed(world: World) -> None:
    olga = caller(world, "operator")
    number = olga.post("/imap-moves", BODY).body["id"]
    logins = {"mailboxes": [{"address": "bob@imap.example", "password": "another"}]}
    assert olga.post(f"/moves/{number}/logins", logins).status == 200
    move = Move.objects.get(pk=number)
    assert imap.sources(move, ["bob@imap.example"])[0].password == "another"
    olga.post("/batches", {"name": "London"})
    changed = {
        "batch": "London",
        "note": "Soon",
        "octets_per_second": 1000,
        "old_host": "192.0.2.7",
    }
    told = olga.call("PATCH", f"/moves/{number}", changed).body
    assert {name: told[name] for name in changed} == changed
    customer = world.customers["customer"]
    told = olga.call("PATCH", f"/moves/{number}", {"customer": customer.pk, "batch": ""}).body
    assert (told["customer"], told["batch"], told["note"]) == (customer.pk, "", "Soon")


def test_paces_are_shown_and_set(world: World) -> None:
    olga = caller(world, "operator")
    (one,) = [row for row in olga.get("/copy-paces").body if row["server"] == world.server.name]
    assert (one["at_once"], one["octets_per_second"]) == (2, 0)
    path = f"/servers/{world.server.name}/copy-pace"
    told = olga.call("PATCH", path, {"octets_per_second": 5_000_000}).body
    assert (told["at_once"], told["octets_per_second"]) == (2, 5_000_000)
    batch = olga.post("/batches", {"name": "Paris"}).body["id"]
    assert olga.call("PATCH", f"/batches/{batch}", {"at_once": 9}).body["at_once"] == 9
    assert not Copy.objects.filter(wanted=True, state="copying").exists()
