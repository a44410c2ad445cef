"""A move that is taken back is done when what has come here is at the old server."""

from __future__ import annotations

import datetime as dt
from itertools import count

import pytest
from django.conf import settings

from mailstead.control.hosting.models import Domain, Mailbox
from mailstead.control.moves import queries, services
from mailstead.control.moves.models import BringBack, Copy, Move, Step
from mailstead.control.people.models import AuditEntry
from mailstead.home import Home
from mailstead.wire.changes import BringBackGone, BringBackPut, CopyGone, CopyPut, DomainPut
from mailstead.wire.events import BringBackSeen
from mailstead.wire.moves import FilesSource
from tests.control.company import Company, feed_of, refused
from tests.control.moves.test_life import finish_round, planned, tell, work
from tests.control.world import World

_NUMBERS = count()
BOXES = 4
COPIES = 5
"""One mailbox had two stores."""


def seen(company: Company, row: BringBack, state: str, **more: object) -> BringBackSeen:
    values = {"job": row.pk, "round": row.round, "state": state, "at": company.now} | more
    return BringBackSeen(id=f"back-{next(_NUMBERS)}", **values)  # type: ignore[arg-type]


def done(company: Company, move: Move, **more: object) -> None:
    """Each mailbox's present round ends."""
    for row in BringBack.objects.filter(move=move).exclude(state="done"):
        tell(company, seen(company, row, "done", **more))


@pytest.fixture
def switched(company: Company) -> Move:
    move = planned(company)
    services.start(**company.who, move=move)
    work(company)
    finish_round(company, move)
    move.refresh_from_db()
    services.switch(**company.who, move=move)
    finish_round(company, move)
    move.refresh_from_db()
    return move


def taken_back(company: Company, move: Move) -> Move:
    services.back(**company.who, move=move)
    return move


def test_routing_comes_first_and_each_mailbox_is_asked_for_what_has_come(
    company: Company, switched: Move
) -> None:
    before = len(feed_of())
    at = switched.switched_at
    taken_back(company, switched)
    assert switched.state == "returning"
    told = feed_of()[before:]
    kinds = [type(one) for one in told]
    first = kinds.index(BringBackPut)
    assert max(n for n, kind in enumerate(kinds) if kind is DomainPut) < first
    puts = {one.address: one for one in told if isinstance(one, BringBackPut)}
    assert len(puts) == BOXES
    info = puts["info@moved.example"]
    copy = Copy.objects.get(address="info@moved.example")
    assert (info.host, info.since, info.round) == ("old.host.example", at, 1)
    (source,) = info.sources
    assert source.copy == copy.pk and isinstance(source.source, FilesSource)
    # What the copies know tells what the old server has: they stop, and are not forgotten yet.
    assert not [one for one in told if isinstance(one, CopyGone)]
    assert all(one.paused for one in told if isinstance(one, CopyPut))
    again = [one for one in services.snapshot("node1") if isinstance(one, BringBackPut)]
    assert {one.address: one for one in again} == puts


def test_it_is_done_when_a_later_look_has_found_nothing_more(
    company: Company, switched: Move
) -> None:
    taken_back(company, switched)
    done(company, switched, arrived=2, returned=2)
    switched.refresh_from_db()
    assert switched.state == "returning"
    found = queries.returned(list(queries.brought_back(switched)))
    assert (found.arrived, found.returned, found.settled) == (2 * BOXES, 2 * BOXES, 0)
    assert services.advance_due(company.now) == 0
    assert services.advance_due(company.now + services.LAST_LOOK) == BOXES
    # In one of them a message was on its way when the routing changed.
    row = BringBack.objects.get(move=switched, address="info@moved.example")
    tell(company, seen(company, row, "done", arrived=3, returned=3))
    done(company, switched, arrived=2, returned=2)
    switched.refresh_from_db()
    assert switched.state == "returning"
    assert services.advance_due(company.now + services.LAST_LOOK) == 1
    row.refresh_from_db()
    tell(company, seen(company, row, "done", arrived=3, returned=3))
    switched.refresh_from_db()
    assert switched.state == "back"
    last = Step.objects.filter(move=switched).order_by("-pk")[0]
    assert (last.act, last.by) == ("returned", "system")
    assert services.advance_due(company.now + dt.timedelta(days=1)) == 0


def test_an_old_server_that_is_away_is_asked_again_with_growing_pauses(
    company: Company, switched: Move
) -> None:
    taken_back(company, switched)
    row = BringBack.objects.filter(move=switched).order_by("pk")[0]
    pauses = []
    for _ in range(3):
        tell(company, seen(company, row, "failed", arrived=1, kept=1, words="No route to host."))
        row.refresh_from_db()
        assert row.due_at is not None
        pauses.append(row.due_at - company.now)
        services.advance_due(row.due_at)
        row.refresh_from_db()
    assert pauses == sorted(set(pauses))
    assert row.words == "No route to host." and row.round == 4
    # The operator decides to wait no longer; the file stays.
    services.end_returning(**company.who, move=switched, reason="It was switched off.")
    assert switched.state == "back"
    assert services.advance_due(company.now + dt.timedelta(days=2)) == 0
    row.refresh_from_db()
    assert row.wanted and row.kept == 1


def test_what_was_refused_is_tried_again_when_asked(company: Company, switched: Move) -> None:
    with refused("move-not-back"):
        services.bring_back_again(**company.who, move=switched)
    taken_back(company, switched)
    done(company, switched, arrived=1, failed=1, kept=1)
    assert services.bring_back_again(**company.who, move=switched) == BOXES
    last = [one for one in feed_of() if isinstance(one, BringBackPut)][-1]
    assert (last.anew, last.round) == (True, 2)
    # The look after it tries nothing again by itself.
    done(company, switched, arrived=1, returned=1)
    services.advance_due(company.now + services.LAST_LOOK)
    last = [one for one in feed_of() if isinstance(one, BringBackPut)][-1]
    assert (last.anew, last.round) == (False, 3)


def test_what_an_older_round_says_counts_no_more(company: Company, switched: Move) -> None:
    taken_back(company, switched)
    row = BringBack.objects.filter(move=switched).order_by("pk")[0]
    late = seen(company, row, "done", arrived=7)
    services.bring_back_again(**company.who, move=switched)
    done(company, switched)
    services.advance_due(company.now + services.LAST_LOOK)
    tell(company, late)
    row.refresh_from_db()
    assert (row.state, row.arrived) == ("waiting", 0)


def test_a_move_whose_mail_never_came_here_is_back_at_once(company: Company) -> None:
    move = planned(company)
    services.start(**company.who, move=move)
    work(company)
    services.back(**company.who, move=move)
    assert move.state == "back"
    assert not BringBack.objects.exists()
    assert len([one for one in feed_of() if isinstance(one, CopyGone)]) == COPIES


def test_without_an_old_server_what_came_since_the_start_goes_there(company: Company) -> None:
    move = planned(company)
    Move.objects.filter(pk=move.pk).update(old_host="")
    move.refresh_from_db()
    services.start(**company.who, move=move)
    work(company)
    with refused("old-host-missing"):
        services.back(**company.who, move=move)
    services.back(**company.who, move=move, old_host="198.51.100.9")
    assert move.state == "returning"
    put = next(one for one in feed_of() if isinstance(one, BringBackPut))
    assert (put.host, put.since) == ("198.51.100.9", company.now)
    assert Domain.objects.get(name="moved.example").relay_to == "198.51.100.9"


def test_mailboxes_that_were_made_here_are_looked_at_too(company: Company, switched: Move) -> None:
    domain = Domain.objects.get(name="moved.example")
    box = Mailbox.objects.filter(domain=domain).order_by("pk")[0]
    Mailbox.objects.create(
        **{
            field.attname: getattr(box, field.attname)
            for field in Mailbox._meta.concrete_fields
            if field.name not in ("id", "local", "store")
        },
        local="fresh",
        **({"store": "fresh-store"} if hasattr(box, "store") else {}),
    )
    taken_back(company, switched)
    put = [
        one
        for one in feed_of()
        if isinstance(one, BringBackPut) and one.address == "fresh@moved.example"
    ]
    assert [one.sources for one in put] == [()]


def test_files_are_kept_until_the_grace_period_is_over(company: Company, switched: Move) -> None:
    late = company.now + dt.timedelta(days=29)
    services.back(actor=company.actor, now=late, move=switched)
    assert switched.grace_until == late + dt.timedelta(days=14)
    services.end_returning(actor=company.actor, now=late, move=switched)
    assert services.advance_due(late + dt.timedelta(days=13)) == 0
    services.advance_due(late + dt.timedelta(days=15))
    told = feed_of()
    assert len([one for one in told if isinstance(one, BringBackGone)]) == BOXES
    assert len([one for one in told if isinstance(one, CopyGone)]) == COPIES
    assert not [one for one in services.snapshot("node1") if isinstance(one, BringBackPut)]


def test_a_move_that_begins_once_more_brings_nothing_back(company: Company, switched: Move) -> None:
    taken_back(company, switched)
    services.end_returning(**company.who, move=switched)
    services.make_plan(**company.who, move=switched)
    services.start(**company.who, move=switched)
    assert len([one for one in feed_of() if isinstance(one, BringBackGone)]) == BOXES
    work(company)
    last = [one for one in feed_of() if isinstance(one, CopyPut)][-1]
    assert not last.paused
    assert Copy.objects.filter(move=switched, wanted=True).count() == COPIES
    # Its mail goes to the old server meanwhile: nothing has come that could go back.
    services.back(**company.who, move=switched)
    assert switched.state == "back" and not switched.returns.filter(wanted=True).exists()


def test_copies_do_not_go_on_while_mail_is_brought_back(company: Company, switched: Move) -> None:
    taken_back(company, switched)
    with refused("move-not-copying"):
        services.go_on(**company.who, move=switched)
    with refused("move-not-copying"):
        services.copy_again(**company.who, move=switched)


def test_the_customer_fetches_the_file_and_nobody_else_does(world: World) -> None:
    move = world.moves["main"]
    row = BringBack.objects.create(
        move=move,
        server="node1",
        address="mia@shop.example",
        host="old.host.example",
        since=world.now,
        kept=2,
        kept_octets=9,
    )
    path = Home(settings.MAILSTEAD.home).moves / "returns" / f"{row.pk}.zip"
    carl, eve = world.actor("customer"), world.actor("stranger")
    with refused("file-elsewhere"):
        services.fetch_kept(actor=carl, now=world.now, move=move, number=row.pk)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PK")
    try:
        found = services.fetch_kept(actor=carl, now=world.now, move=move, number=row.pk)
        assert found == (row, path)
        assert AuditEntry.objects.filter(verb="move.fetch-kept").count() == 1
        with refused("object-unknown"):
            services.fetch_kept(actor=eve, now=world.now, move=move, number=row.pk)
        with refused("file-unknown"):
            services.fetch_kept(
                actor=carl, now=world.now, move=world.moves["stranger"], number=row.pk
            )
    finally:
        path.unlink()
