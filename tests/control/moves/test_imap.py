"""Moves from any IMAP server: passwords that people have go on working, and nobody reads them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from mailstead.control.feed import services as feed
from mailstead.control.feed.models import FeedRow, Order
from mailstead.control.hosting.models import Mailbox
from mailstead.control.moves import services, words
from mailstead.control.moves.models import Copy, Move, PlanRow, SourceLogin
from mailstead.control.moves.queries import inventory_of
from mailstead.control.moves.services import imap
from mailstead.control.people.models import AuditEntry
from mailstead.foreign.imap import Tried, with_tried
from mailstead.foreign.inventory import ImapSeen
from mailstead.standards import password as passwords
from mailstead.wire import codec
from mailstead.wire.changes import CopyPut
from mailstead.wire.moves import ImapSource
from mailstead.wire.orders import AnyOrder, ImapFound, ImapTried, TryImap
from tests.control.company import Company, feed_of, refused
from tests.control.hosting.test_node_orders import node
from tests.control.moves.test_install import install

CSV = """# address,password,user
ann@imap.example,"a, long secret",ann.old
bob@imap.example,another secret
"""


def test_mailboxes_of_a_file_come_with_their_passwords(company: Company) -> None:
    login = services.ImapLogin(host="mail.old.example", prefix="INBOX.")
    move = services.create_imap_move(
        **company.who,
        login=login,
        rows=services.read_csv(CSV),
        server=company.server,
        customer=company.customer,
    )
    install(company, move)
    ann = Mailbox.objects.get(local="ann")
    assert passwords.verify("a, long secret", ann.secret)
    copy = Copy.objects.select_related("move").get(address="ann@imap.example")
    Copy.objects.update(wanted=True)
    source = services.source_of_copy(copy.server, copy.pk)
    assert source == ImapSource(
        host="mail.old.example",
        port=993,
        tls="imaps",
        user="ann.old",
        password="a, long secret",
        prefix="INBOX.",
    )
    assert "long secret" not in SourceLogin.objects.get().sealed
    assert "secret" not in str(list(AuditEntry.objects.filter(kind="move").values()))
    assert "secret" not in str(copy.source)


def test_a_master_user_logs_in_for_everybody(company: Company) -> None:
    login = services.ImapLogin(
        host="mail.old.example", master_user="admin", master_password="the key"
    )
    move = services.create_imap_move(
        **company.who,
        login=login,
        rows=[services.ImapRow("ann@imap.example", "")],
        server=company.server,
        customer=company.customer,
    )
    install(company, move)
    (source,) = imap.sources(move, ["ann@imap.example"])
    assert (source.user, source.master_user, source.password) == (
        "ann@imap.example",
        "admin",
        "the key",
    )
    # Nobody knows a password for it: it waits for one.
    assert Mailbox.objects.get(local="ann").login_suspended


def a_move(company: Company, text: str = CSV) -> Move:
    return services.create_imap_move(
        **company.who,
        login=services.ImapLogin(host="mail.old.example"),
        rows=services.read_csv(text),
        server=company.server,
        customer=company.customer,
    )


def test_no_password_is_in_the_feed(company: Company) -> None:
    move = a_move(company)
    install(company, move)
    Move.objects.filter(pk=move.pk).update(state="copying", job=None)
    services.advance_due(company.now)
    puts = [row for row in feed_of(company.server.name) if isinstance(row, CopyPut)]
    assert len(puts) == 2
    assert all(isinstance(put.source, ImapSource) and not put.source.password for put in puts)
    assert "long secret" not in str(list(FeedRow.objects.values_list("payload", flat=True)))
    assert "long secret" not in str(list(services.snapshot(company.server.name)))
    copy = Copy.objects.get(address="ann@imap.example")
    found = services.source_of_copy(company.server.name, copy.pk)
    assert isinstance(found, ImapSource) and found.password == "a, long secret"
    # Another node is told nothing, nor this one when the copy is over.
    with refused("copy-unknown"):
        services.source_of_copy("other", copy.pk)
    Copy.objects.update(wanted=False)
    with refused("copy-unknown"):
        services.source_of_copy(company.server.name, copy.pk)


@pytest.mark.urls("mailstead.control.project.feed_urls")
def test_a_node_asks_over_http(company: Company) -> None:
    move = a_move(company)
    install(company, move)
    Copy.objects.update(wanted=True)
    copy = Copy.objects.get(address="bob@imap.example")
    client = Client(headers={"host": "panel.example"})
    told = client.get(f"/feed/v1/{copy.server}/copies/{copy.pk}")
    source = codec.decode_source(told.content)
    assert isinstance(source, ImapSource) and source.password == "another secret"
    assert told["Cache-Control"] == "no-store"
    gone = client.get(f"/feed/v1/{copy.server}/copies/999999")
    assert gone.status_code == 422 and "not wanted" in gone.json()["title"]


@pytest.mark.urls("mailstead.control.project.feed_urls")
def test_passwords_are_added_when_an_order_is_handed_out(company: Company) -> None:
    move = a_move(company)
    asked = TryImap(sources=(imap.told_source(move, "bob@imap.example"),))
    for key in (f"move {move.pk}", "move 999999"):
        feed.ask(
            server=company.server.name,
            order=asked,
            key=key,
            actor_name="system",
            now=dt.datetime.now(dt.UTC),
        )
    client = Client(headers={"host": "panel.example"})
    page = codec.decode_orders(client.get(f"/feed/v1/{company.server.name}/orders").content)
    (given,) = page.orders
    assert isinstance(given.order, TryImap)
    assert given.order.sources[0].password == "another secret"
    rows = list(Order.objects.order_by("pk").values_list("payload", "words"))
    assert "secret" not in rows[0][0]
    assert rows[1] == ("", "It was removed in the meantime.")


def test_short_passwords_that_people_have_go_on_working(company: Company) -> None:
    move = a_move(company, "ann@imap.example,abc\n")
    install(company, move)
    assert passwords.verify("abc", Mailbox.objects.get(local="ann").secret)


HANDED: list[list[str]] = []
WRONG = "mail.old.example refuses the log-in of 'bob@imap.example': Authentication failed."


def tried(order: AnyOrder) -> ImapTried:
    """What a node says of a server that knows another password of Bob's."""
    # As it is handed out; in its row there are no passwords.
    assert isinstance(order, TryImap) and not any(one.password for one in order.sources)
    move = Move.objects.get(origin="imap")
    order = services.complete_order(f"move {move.pk}", order)
    assert isinstance(order, TryImap)
    HANDED.append([one.password for one in order.sources])
    good = ImapFound(
        capabilities=("IMAP4REV1", "NAMESPACE"),
        prefix="INBOX.",
        separator=".",
        uses=(("Sent Items", "Sent"),),
        folders=("Sent Items", "Work"),
        messages=12,
        octets=34_000,
    )
    bad = ImapFound(problem=WRONG)
    return ImapTried(
        found=tuple(bad if one.password == "another secret" else good for one in order.sources)
    )


@pytest.mark.django_db(transaction=True)
def test_log_ins_are_tried_and_the_plan_says_what_was_found(company: Company) -> None:
    move = a_move(company)
    key = "mail:bob@imap.example"
    with node(tried):
        assert services.try_due(company.now) == 2
    assert HANDED.pop() == ["a, long secret", "another secret"]
    assert "secret" not in str(list(Order.objects.values()))
    move.refresh_from_db()
    assert (move.state, move.reading, move.reading_done) == ("planned", "read", 2)
    rows = {row.key: row for row in PlanRow.objects.filter(move=move)}
    ann, bob = rows["mail:ann@imap.example"], rows[key]
    assert (ann.grade, ann.messages, ann.octets) == ("carried", 12, 34_000)
    assert "INBOX." in words.why(ann) and "Sent Items → Sent" in words.why(ann)
    assert "NAMESPACE" in words.why(rows["account:mail.old.example"])
    assert (bob.grade, words.why(bob)) == ("asks", WRONG)
    with refused("move-asks"):
        services.start(**company.who, move=move)
    # The right password is tried, and nothing else is.
    services.update_logins(
        **company.who, move=move, rows=[services.ImapRow("bob@imap.example", "right")]
    )
    HANDED.clear()
    with node(tried):
        services.try_due(company.now)
    assert HANDED == [["right"]]
    assert PlanRow.objects.get(move=move, key=key).grade == "carried"
    move.refresh_from_db()
    install(company, move)
    assert passwords.verify("right", Mailbox.objects.get(local="bob").secret)


@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_away_is_asked_once(company: Company) -> None:
    move = a_move(company)
    away = "mail.old.example cannot be reached: timed out"
    with node(lambda _: ImapTried(found=(ImapFound(problem=away, away=True),))) as done:
        services.try_due(company.now)
        assert services.try_due(company.now) == 0
    move.refresh_from_db()
    assert (move.reading, move.reading_words, len(done)) == ("failed", away, 1)
    services.ask_reading(**company.who, move=move)
    assert move.reading == "asked"


def test_a_problem_may_be_left_or_tried_later(company: Company) -> None:
    move = a_move(company)
    seen = ImapSeen(prefix="INBOX.", separator=".", capabilities=("IDLE",))
    found = with_tried(
        inventory_of(move),
        {"ann@imap.example": Tried(problem="no"), "bob@imap.example": Tried(seen=seen)},
    )
    services.keep_inventory(**company.who, move=move, inventory=found)
    account = PlanRow.objects.get(move=move, kind="account")
    assert "'INBOX.'" in words.why(account) and "IDLE" in words.why(account)
    key = "mail:ann@imap.example"
    for choice, grade in (("leave", "refused"), ("anyway", "differs"), ("", "asks")):
        services.answer(**company.who, move=move, answers={key: choice})
        assert PlanRow.objects.get(move=move, key=key).grade == grade


def test_other_passwords_hold_while_it_copies(company: Company) -> None:
    move = a_move(company)
    install(company, move)
    Move.objects.filter(pk=move.pk).update(state="copying")
    login = services.ImapLogin(host="new.old.example", port=143, tls="starttls")
    services.update_logins(
        **company.who, move=move, rows=[services.ImapRow("ann@imap.example", "other")], login=login
    )
    found = imap.sources(move, ["ann@imap.example", "bob@imap.example"])
    assert [(one.host, one.user, one.password) for one in found] == [
        ("new.old.example", "ann.old", "other"),
        ("new.old.example", "bob@imap.example", "another secret"),
    ]
    with refused("address-other"):
        rows = [services.ImapRow("eve@imap.example", "x")]
        services.update_logins(**company.who, move=move, rows=rows)
    assert "'other'" not in str(list(AuditEntry.objects.filter(kind="move").values("after")))


def test_what_cannot_be_logged_in_is_refused(company: Company) -> None:
    with refused("password-missing"):
        services.create_imap_move(
            **company.who,
            login=services.ImapLogin(host="mail.old.example"),
            rows=[services.ImapRow("ann@imap.example", "")],
            server=company.server,
            customer=company.customer,
        )
    with refused("csv-invalid"):
        services.read_csv("nobody,secret\n")
    with refused("csv-size"):
        services.read_csv("# nothing\n")
