"""What was asked of a move can be changed, and how fast nodes copy; it holds at once."""

from __future__ import annotations

import pytest

from mailstead.control.hosting.models import Domain
from mailstead.control.moves import queries, services
from mailstead.control.moves.models import Copy, Move, PlanRow
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry
from mailstead.wire.changes import CopyPacePut, CopyPut
from tests.control.company import Company, feed_of, last_change, refused
from tests.control.moves.stocks import everything
from tests.control.moves.test_install import ANSWERS, a_move, install


@pytest.fixture
def copying(company: Company) -> Move:
    """A move of which everything was made, and whose copies run."""
    move = a_move(company, everything(), old_host="old.host.example")
    services.answer(**company.who, move=move, answers=ANSWERS)
    services.start(**company.who, move=move)
    install(company, move)
    services.installed(move=move)
    services.advance_due(company.now)
    move.refresh_from_db()
    return move


def test_a_node_copies_as_much_as_was_said(company: Company) -> None:
    server = company.server
    assert queries.pace_of(server.name) == CopyPacePut(at_once=2)
    services.set_pace(**company.who, server=server, at_once=5, octets_per_second=10**6)
    services.set_pace(**company.who, server=server, octets_per_second=2 * 10**6)
    wanted = CopyPacePut(at_once=5, octets_per_second=2 * 10**6)
    assert last_change(server.name) == wanted
    assert wanted in list(services.snapshot(server.name))
    # The same again is no news, in the feed nor in the trail.
    before = len(feed_of(server.name)), AuditEntry.objects.filter(verb="move.pace").count()
    services.set_pace(**company.who, server=server, at_once=5)
    assert (len(feed_of(server.name)), before[1]) == (before[0], 2)
    for values in ({"at_once": 0}, {"at_once": 65}, {"octets_per_second": -1}):
        with refused("pace-invalid"):
            services.set_pace(**company.who, server=server, **values)
    (told,) = queries.paces(Actor.operator("olga"))
    assert (told.server, told.at_once, told.copying) == (server.name, 5, 0)


def test_the_pace_of_a_move_reaches_copies_that_run(company: Company, copying: Move) -> None:
    services.update_move(**company.who, move=copying, octets_per_second=123_456)
    puts = [row for row in feed_of(company.server.name) if isinstance(row, CopyPut)]
    wanted = set(Copy.objects.filter(move=copying).values_list("pk", flat=True))
    latest = {put.job: put for put in puts}
    assert set(latest) == wanted
    assert {put.octets_per_second for put in latest.values()} == {123_456}
    rounds = {put.round for put in latest.values()}
    assert rounds == {1}


def test_another_old_server_gets_the_mail(company: Company, copying: Move) -> None:
    services.update_move(**company.who, move=copying, old_host="new.host.example")
    names = copying.things.filter(kind="domain").values("object_id")
    relays = set(
        Domain.objects.filter(pk__in=names, alias_of=None).values_list("relay_to", flat=True)
    )
    assert "new.host.example" in relays and "old.host.example" not in relays
    with refused("old-host-late"):
        services.update_move(**company.who, move=copying, old_host="")


def test_somebody_else_gets_it_until_something_was_made(company: Company) -> None:
    move = a_move(company, everything())
    services.update_move(
        **company.who, move=move, customer=company.customer, note_words="Soon", no_batch=True
    )
    assert (move.customer, move.note) == (company.customer, "Soon")
    # Planned anew: an old customer keeps its limits.
    limits = PlanRow.objects.get(move=move, kind="limits")
    assert limits.code in ("limits-stay", "limit-mailboxes")
    services.update_move(**company.who, move=move, customer_name=" The  New ")
    assert (move.customer, move.customer_name) == (None, "The New")
    with refused("customer-name-empty"):
        services.update_move(**company.who, move=move, customer_name=" ")


def test_what_has_begun_stays_with_its_customer(company: Company, copying: Move) -> None:
    with refused("move-begun"):
        services.update_move(**company.who, move=copying, customer_name="Another")
    # To say the same again changes nothing.
    count = AuditEntry.objects.filter(verb="move.update").count()
    services.update_move(**company.who, move=copying, customer=copying.customer)
    assert AuditEntry.objects.filter(verb="move.update").count() == count


def test_only_the_company_sets_the_pace(company: Company) -> None:
    carl = Actor(kind="customer", name="carl", customer=company.customer.pk)
    with refused("forbidden"):
        services.set_pace(actor=carl, now=company.now, server=company.server, at_once=9)
    assert queries.paces(carl) == []
