"""The pages of a move: for the company to run it, for the customer to look and to answer."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailstead.control.moves import queries, services
from mailstead.control.moves.models import BringBack, Loss, Move, Webmail
from mailstead.control.moves.services import imap
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


FORM = {
    "host": "mail.old.example",
    "port": "993",
    "tls": "imaps",
    "verify": "on",
    "server": "node1",
    "customer_name": "Acme",
}


def test_mailboxes_of_an_imap_server_are_typed(world: World) -> None:
    client = world.client("operator")
    assert "/moves/new/imap/" in client.get("/moves/new/").content.decode()
    wrong = {
        **FORM,
        "mailboxes": "ann@imap.example,her secret,ann.old\nnobody,his secret",
        "folder_prefix": "INBOX.",
        "master_user": "admin",
        "master_password": "the master key",
    }
    shown = client.post("/moves/new/imap/", wrong).content.decode()
    assert "Line 2 is no row of a mailbox" in shown
    # Nothing that was typed is lost, and no password is shown.
    for text in ("mail.old.example", "ann@imap.example,,ann.old", "nobody,", "INBOX.", "admin"):
        assert text in shown, text
    for secret in ("her secret", "his secret", "the master key"):
        assert secret not in shown
    assert not Move.objects.filter(origin="imap").exists()
    right = {**FORM, "mailboxes": "ann@imap.example,her secret,ann.old"}
    answer = client.post("/moves/new/imap/", right)
    move = Move.objects.get(origin="imap")
    assert answer.headers["Location"] == f"/moves/{move.pk}/"
    page = client.get(f"/moves/{move.pk}/").content.decode()
    assert "The log-ins are tried: 0 of 1." in page


def test_mailboxes_of_an_imap_server_come_as_a_file(world: World) -> None:
    client = world.client("operator")
    file = SimpleUploadedFile("boxes.csv", "\ufeffann@imap.example;x y z;ann\n".encode())
    assert client.post("/moves/new/imap/", {**FORM, "file": file}).status_code == 302
    move = Move.objects.get(origin="imap")
    (ann,) = imap.sources(move, ["ann@imap.example"])
    assert (ann.user, ann.password) == ("ann", "x y z")
    file = SimpleUploadedFile("boxes.csv", "ann@imap.example;grün".encode("latin-1"))
    shown = client.post("/moves/new/imap/", {**FORM, "file": file}).content.decode()
    assert "Save the file as UTF-8." in shown
    file = SimpleUploadedFile("boxes.csv", b"ann@imap.example,x")
    both = {**FORM, "file": file, "mailboxes": "bob@imap.example,secret"}
    shown = client.post("/moves/new/imap/", both).content.decode()
    assert "not both" in shown and "secret" not in shown


def test_a_wrong_password_is_mended_on_a_page(world: World) -> None:
    client = world.client("operator")
    client.post("/moves/new/imap/", {**FORM, "mailboxes": "ann@imap.example,wrong"})
    move = Move.objects.get(origin="imap")
    path = f"/moves/{move.pk}/logins/"
    page = client.get(path).content.decode()
    assert "mail.old.example" in page and "wrong" not in page
    given = {**FORM, "host": "imap.old.example", "mailboxes": "ann@imap.example,right"}
    assert client.post(path, given).status_code == 302
    (ann,) = imap.sources(move, ["ann@imap.example"])
    assert (ann.host, ann.password) == ("imap.old.example", "right")


def test_what_was_asked_is_changed_on_a_page(world: World, move: Move) -> None:
    client = world.client("operator")
    page = client.get(f"/moves/{move.pk}/change/").content.decode()
    assert "old.host.example" in page
    given = {
        "customer": "",
        "customer_name": "Somebody new",
        "old_host": "192.0.2.9",
        "octets_per_second": "5 MiB",
        "note": "Soon",
    }
    assert client.post(f"/moves/{move.pk}/change/", given).status_code == 302
    move.refresh_from_db()
    assert (move.customer, move.customer_name, move.old_host, move.octets_per_second) == (
        None, "Somebody new", "192.0.2.9", 5 * 2**20,
    )  # fmt: skip
    Move.objects.filter(pk=move.pk).update(state="copying")
    assert "Somebody new" not in client.get(f"/moves/{move.pk}/change/").content.decode().replace(
        str(move), ""
    )


def test_the_pace_is_set_on_a_page(world: World) -> None:
    client = world.client("operator")
    path = f"/moves/pace/{world.server.name}/"
    assert path in client.get("/moves/pace/").content.decode()
    given = {"at_once": "7", "octets_per_second": "20 MiB"}
    assert client.post(path, given).status_code == 302
    told = queries.pace_of(world.server.name)
    assert (told.at_once, told.octets_per_second) == (7, 20 * 2**20)
    assert "20.0 MiB" in client.get("/moves/pace/").content.decode()


def test_the_page_of_batches_asks_the_same_number_of_times(world: World) -> None:
    client = world.client("operator")
    olga = {"actor": Actor.operator("olga"), "now": world.now}

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/moves/batches/").status_code == 200
        return len(asked)

    for name in ("One", "Two"):
        services.create_batch(**olga, name=name)  # type: ignore[arg-type]
    few = count()
    for number in range(8):
        batch = services.create_batch(**olga, name=f"More {number}")  # type: ignore[arg-type]
        Move.objects.filter(pk=world.moves["main"].pk).update(batch=batch)
    assert count() == few
    assert client.post(f"/moves/batches/{batch.pk}/", {"at_once": "9"}).status_code == 302
    batch.refresh_from_db()
    assert batch.at_once == 9


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
