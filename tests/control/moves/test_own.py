"""Moves between own servers: what both are told through the whole life, and the way back."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.models import Domain, LeftStore
from mailstead.control.moves import queries, services, words
from mailstead.control.moves.models import Copy, NodeDoor, PlanRow, Step
from mailstead.control.people.models import AuditEntry, OutgoingMail
from mailstead.wire.changes import (
    AutoresponderPut,
    CopyGone,
    CopyPut,
    DomainGone,
    ForwarderPut,
    MailboxPut,
    PeersPut,
    StorePurged,
)
from mailstead.wire.events import DoorSeen
from mailstead.wire.moves import NodeSource
from tests.control.company import HASH, Company, feed_of, refused
from tests.control.moves.own import (
    HOME,
    OTHER,
    Moving,
    agree,
    domain_at,
    fresh,
    number,
    peers_of,
    told,
)


@pytest.fixture
def moving(company: Company) -> Moving:
    """A customer with a domain, its alias, two mailboxes and more, on the first of two servers."""
    ann = company.domain("ann.example")
    alias = company.domain("ann-too.example")
    hosting.make_domain_alias(**company.who, domain=alias, target=ann)
    company.mailbox("info@ann.example", quota=5000)
    company.mailbox("bob@ann.example")
    company.forward("sales@ann.example", "info@ann.example", "far@away.example")
    company.catch_all(company.at("x@ann.example"), "info@ann.example")
    company.answer("bob@ann.example")
    company.domain("other.example")
    company.mailbox("stays@other.example")
    moving = Moving(company)
    moving.open_door()
    return moving


def rounds() -> set[int]:
    return set(Copy.objects.values_list("round", flat=True))


def ann(company: Company) -> Domain:
    return Domain.objects.select_related("server", "second").get(name="ann.example")


def test_the_plan_has_a_row_for_each_thing(moving: Moving, company: Company) -> None:
    gone = company.mailbox("gone@ann.example")
    hosting.remove_mailbox(**company.who, mailbox=gone, grace=dt.timedelta(days=9))
    move = moving.move(domains=[ann(company)], customer=None)
    assert move.state == "planned" and move.customer == company.customer
    rows = {row.key: row for row in queries.rows(move)}
    # An alias goes with its domain; another domain of the customer does not.
    assert "domain:ann-too.example" in rows and "domain:other.example" not in rows
    for key in ("mailbox:info@ann.example", "mail:bob@ann.example", "forwarder:sales@ann.example",
                "default:@ann.example", "autoresponder:bob@ann.example"):  # fmt: skip
        assert rows[key].grade == "carried", key
    assert rows["remark:removed-ann.example"].facts["number"] == "1"
    assert "mailbox:gone@ann.example" not in rows
    for row in rows.values():
        assert ("{" not in words.why(row) and words.why(row) != row.code) or not row.code
    assert not [row for row in rows.values() if row.grade == "asks"]


def test_a_server_that_lets_nobody_in_is_told_before_anything_begins(
    moving: Moving, company: Company
) -> None:
    moving.tell(HOME, DoorSeen(id=number(), at=company.now))
    move = moving.move()
    assert queries.rows(move).get(key="remark:door").code == "own-closed"
    with refused("node-closed"):
        services.start(**company.who, move=move)
    assert fresh(move).state == "planned" and ann(company).second is None


def test_what_cannot_be_moved_is_refused(moving: Moving, company: Company) -> None:
    with refused("domains-missing"):
        moving.move(server=company.server)
    with refused("domain-at-home"):
        moving.move(customer=None, domains=[ann(company)], server=company.server)
    other = company.domain("bea.example", company.add_customer("Bea's Books"))
    with refused("domains-of-several"):
        moving.move(customer=None, domains=[ann(company), other])
    moving.move()
    with refused("move-exists"):
        moving.move(customer=None, domains=[ann(company)])


def test_while_mail_is_copied_both_servers_know_all_and_mail_stays(
    moving: Moving, company: Company
) -> None:
    move = moving.copied(customer=None, domains=[ann(company)])
    first, second = domain_at(HOME), domain_at(OTHER)
    assert first and second and (first.home, second.home) == ("", "node1.host.example")
    agree()
    told_boxes = {one.address for one in told(OTHER, MailboxPut)}
    assert told_boxes == {"info@ann.example", "bob@ann.example"}
    puts = [one for one in told(OTHER, CopyPut) if isinstance(one, CopyPut)]
    assert {(one.address, one.round, one.merge) for one in puts} == {
        ("info@ann.example", 1, False),
        ("bob@ann.example", 1, False),
    }
    source = puts[0].source
    assert isinstance(source, NodeSource)
    # How to get in is told to nobody but who asks when a run begins.
    assert (source.server, source.host, source.password) == (HOME, "", "")
    asked = services.source_of_copy(OTHER, puts[0].job)
    assert isinstance(asked, NodeSource)
    assert (asked.host, asked.port, asked.password, asked.certificate) == (
        "node1.host.example", 24245, "between us", "PEM",
    )  # fmt: skip
    assert not told(HOME, CopyPut)
    assert "between us" not in NodeDoor.objects.get().sealed
    assert domain_at(OTHER, "other.example") is None and move.state == "copying"


def test_what_is_changed_meanwhile_reaches_both(moving: Moving, company: Company) -> None:
    moving.copied(customer=None, domains=[ann(company)])
    bob = company.mailbox("cara@ann.example")
    hosting.set_password(**company.who, mailbox=bob, hashed=HASH.replace("a" * 86, "b" * 86))
    company.forward("new@ann.example", "cara@ann.example")
    company.answer("new@ann.example")
    hosting.suspend_customer(**company.who, customer=company.customer, reason="bill")
    for server in (HOME, OTHER):
        box = [one for one in told(server, MailboxPut) if isinstance(one, MailboxPut)][-1]
        assert box.address == "cara@ann.example" and box.secret.endswith("b" * 86)
        assert told(server, ForwarderPut)[-1].address == "new@ann.example"
        assert told(server, AutoresponderPut)[-1].address == "new@ann.example"
        put = domain_at(server)
        assert put and not put.active
    assert domain_at(OTHER).home == "node1.host.example"  # type: ignore[union-attr]
    agree()


def test_mail_waits_only_for_the_last_round(moving: Moving, company: Company) -> None:
    move = moving.copied(customer=None, domains=[ann(company)])
    services.switch(**company.who, move=move)
    assert not ann(company).held and fresh(move).own.phase == "near"
    moving.finish(move)
    # Now it waits, on both; nothing goes on before both have said that they know.
    assert ann(company).held and domain_at(HOME).held and domain_at(OTHER).held  # type: ignore[union-attr]
    assert domain_at(HOME, "ann-too.example").held  # type: ignore[union-attr]
    before = len(told(OTHER, CopyPut))
    moving.acknowledge(OTHER)
    moving.later(seconds=1)
    assert fresh(move).own.phase == "held" and len(told(OTHER, CopyPut)) == before
    moving.acknowledge(HOME)
    assert fresh(move).own.phase == "last"
    rounds = [one for one in told(OTHER, CopyPut)[before:] if isinstance(one, CopyPut)]
    assert {(one.round, one.merge, one.urgent) for one in rounds} == {(3, True, True)}
    assert fresh(move).state == "copying" and ann(company).server == company.server
    moving.company.now += dt.timedelta(seconds=4)
    moving.finish(move)
    move = fresh(move)
    assert move.state == "switched" and move.own.phase == ""
    assert move.own.held_seconds == pytest.approx(5)
    home = ann(company)
    assert (home.server.name, home.second and home.second.name, home.held) == (OTHER, HOME, False)
    first, second = domain_at(HOME), domain_at(OTHER)
    assert first and second and (first.home, second.home) == ("node2.host.example", "")
    assert not first.held and not second.held
    agree()
    # Afterwards nothing waits for a round any more.
    moving.later(minutes=2)
    again = [one for one in told(OTHER, CopyPut) if isinstance(one, CopyPut)][-1]
    assert again.round == 4 and not again.urgent
    acts = list(Step.objects.filter(move=move).order_by("pk").values_list("act", flat=True))
    assert acts == ["plan", "start", "near", "hold", "switch"]
    letters = OutgoingMail.objects.filter(subject__contains="node2.host.example")
    assert letters.filter(recipient="info@ann.example").exists()


def test_a_round_that_takes_too_long_ends_the_hold(moving: Moving, company: Company) -> None:
    move = moving.copied()
    services.switch(**company.who, move=move)
    moving.finish(move)
    moving.acknowledge()
    moving.later(seconds=200)
    assert fresh(move).own.phase == "last" and ann(company).held
    moving.later(seconds=101)
    move = fresh(move)
    assert (move.state, move.own.phase) == ("copying", "")
    assert "longer than 300 seconds" in move.own.words
    assert not ann(company).held and ann(company).server == company.server
    assert domain_at(HOME).held is False and domain_at(OTHER).home  # type: ignore[union-attr]
    assert Step.objects.filter(move=move, act="give-up").exists()
    # It can be asked for again.
    moving.finish(move)
    services.switch(**company.who, move=move)
    moving.hand_over(move)
    assert fresh(move).state == "switched"


def test_a_node_that_does_not_answer_ends_the_hold(moving: Moving, company: Company) -> None:
    move = moving.copied()
    services.switch(**company.who, move=move)
    moving.finish(move)
    moving.later(seconds=301)
    assert fresh(move).own.phase == "" and not ann(company).held


def test_a_copy_that_fails_in_the_last_round_ends_the_hold(
    moving: Moving, company: Company
) -> None:
    move = moving.copied(customer=None, domains=[ann(company)])
    services.switch(**company.who, move=move)
    moving.finish(move)
    moving.acknowledge()
    moving.finish(move, "failed", "no route to host")
    assert "no route to host" in fresh(move).own.words and not ann(company).held
    assert fresh(move).state == "copying"


def test_a_server_that_closes_its_door_meanwhile_stops_the_move_and_nothing_else(
    moving: Moving, company: Company
) -> None:
    move = moving.copied(customer=None, domains=[ann(company)])
    services.switch(**company.who, move=move)
    moving.finish(move)
    moving.tell(HOME, DoorSeen(id=number(), at=company.now))
    moving.acknowledge()
    moving.later(seconds=1)
    move = fresh(move)
    assert (move.state, move.own.phase) == ("copying", "") and "moves.listen" in move.own.words
    assert not ann(company).held
    # A node that has lost everything is told all the rest.
    assert any(isinstance(one, PeersPut) for one in services.snapshot(OTHER))


def test_a_mailbox_made_meanwhile_is_copied_before_mail_waits(
    moving: Moving, company: Company
) -> None:
    move = moving.copied(customer=None, domains=[ann(company)])
    services.switch(**company.who, move=move)
    company.mailbox("late@ann.example")
    moving.finish(move)
    assert fresh(move).own.phase == "near" and not ann(company).held
    assert Copy.objects.get(address="late@ann.example").round == 1
    moving.finish(move)
    assert ann(company).held
    # One that is made while mail waits has none yet: it comes after the exchange.
    company.mailbox("latest@ann.example")
    moving.acknowledge()
    moving.finish(move)
    assert fresh(move).state == "switched"
    moving.later(seconds=1)
    assert Copy.objects.get(address="latest@ann.example").round == 1


def test_a_mailbox_removed_meanwhile_stops_nothing(moving: Moving, company: Company) -> None:
    move = moving.copied(customer=None, domains=[ann(company)])
    bob = Copy.objects.get(address="bob@ann.example").mailbox
    assert bob is not None
    hosting.remove_mailbox(**company.who, mailbox=bob, grace=dt.timedelta(days=9))
    services.switch(**company.who, move=move)
    moving.hand_over(move)
    assert fresh(move).state == "switched"
    agree()


def test_after_the_switch_both_meet_again_and_again(moving: Moving, company: Company) -> None:
    move = moving.switched(customer=None, domains=[ann(company)])
    before = rounds()
    moving.later(seconds=45)
    assert min(rounds()) == max(before) + 1
    moving.finish(move)
    moving.later(seconds=59)
    assert min(rounds()) == max(before) + 1
    moving.later(seconds=1)
    assert min(rounds()) == max(before) + 2
    moving.later(minutes=10)
    moving.finish(move)
    moving.later(minutes=4)
    assert min(rounds()) == max(before) + 2
    moving.later(minutes=1)
    assert min(rounds()) == max(before) + 3
    company.forward("after@ann.example", "info@ann.example")
    for server in (HOME, OTHER):
        assert told(server, ForwarderPut)[-1].address == "after@ann.example"


def test_when_it_is_finished_the_old_server_forgets(moving: Moving, company: Company) -> None:
    move = moving.switched(customer=None, domains=[ann(company)])
    services.verify(**company.who, move=move)
    services.confirm(**company.who, move=fresh(move))
    moving.later(minutes=5)
    with refused("move-not-same"):
        services.finish(**company.who, move=fresh(move))
    moving.finish(move)
    services.finish(**company.who, move=fresh(move))
    assert fresh(move).state == "done"
    assert domain_at(HOME) is None and ann(company).second is None
    assert not told(HOME, StorePurged) and told(OTHER, CopyGone)
    agree()
    # Its mail goes as that of removed mailboxes does.
    assert LeftStore.objects.count() == 2
    moving.company.now += dt.timedelta(days=29)
    assert hosting.purge_left(moving.now) == 0
    moving.company.now += dt.timedelta(days=2)
    assert hosting.purge_left(moving.now) == 2
    purged = {one.address for one in told(HOME, StorePurged)}
    assert purged == {"info@ann.example", "bob@ann.example"} and not told(OTHER, StorePurged)
    company.forward("later@ann.example", "info@ann.example")
    assert isinstance(feed_of(HOME)[-1], StorePurged)
    # The domain can move on, or home again, with nothing of before in its way.
    moving.open_door(OTHER)
    again = moving.move(server=company.server, customer=None, domains=[ann(company)])
    services.start(**company.who, move=again)
    assert domain_at(HOME).home == "node2.host.example"  # type: ignore[union-attr]


def test_what_was_left_is_deleted_before_the_domain_comes_again(
    moving: Moving, company: Company
) -> None:
    move = moving.switched(customer=None, domains=[ann(company)])
    services.verify(**company.who, move=move)
    services.confirm(**company.who, move=fresh(move))
    services.finish(**company.who, move=fresh(move))
    moving.open_door(OTHER)
    again = moving.move(server=company.server, customer=None, domains=[ann(company)])
    services.start(**company.who, move=again)
    kinds = [type(one) for one in feed_of(HOME)]
    last = len(kinds) - 1 - kinds[::-1].index(StorePurged)
    boxes = [at for at, kind in enumerate(kinds) if kind is MailboxPut]
    assert max(at for at, kind in enumerate(kinds) if kind is DomainGone) < last < max(boxes)


def test_both_servers_know_each_other_as_long_as_both_have_a_domain(
    moving: Moving, company: Company
) -> None:
    moving.tell(OTHER, DoorSeen(id=number(), at=company.now, addresses=("192.0.2.2",)))
    move = moving.copied(customer=None, domains=[ann(company)])
    assert (peers_of(HOME), peers_of(OTHER)) == (("192.0.2.2",), ("192.0.2.1",))
    moving.tell(OTHER, DoorSeen(id=number(), at=company.now, addresses=("192.0.2.3",)))
    assert peers_of(HOME) == ("192.0.2.3",)
    services.switch(**company.who, move=move)
    moving.hand_over(move)
    # What the second was passing on when they changed places still comes to the first.
    assert (peers_of(HOME), peers_of(OTHER)) == (("192.0.2.3",), ("192.0.2.1",))
    assert [one for one in services.snapshot(OTHER) if isinstance(one, PeersPut)] == [
        PeersPut(addresses=("192.0.2.1",))
    ]
    services.verify(**company.who, move=fresh(move))
    services.confirm(**company.who, move=fresh(move))
    services.finish(**company.who, move=fresh(move))
    assert (peers_of(HOME), peers_of(OTHER)) == ((), ())


def test_it_is_taken_back_by_the_same_way(moving: Moving, company: Company) -> None:
    move = moving.switched(customer=None, domains=[ann(company)])
    services.back(**company.who, move=move)
    moving.finish(move)
    assert ann(company).held and ann(company).server.name == OTHER
    moving.acknowledge()
    moving.finish(move)
    move = fresh(move)
    home = ann(company)
    assert move.state == "back" and home.server.name == HOME and not home.held
    first, second = domain_at(HOME), domain_at(OTHER)
    assert first and second and (first.home, second.home) == ("", "node1.host.example")
    agree()
    assert all(one.merge for one in Copy.objects.filter(move=move))
    # They go on to meet: what came to the second meanwhile comes home.
    before = rounds()
    moving.later(seconds=45)
    assert min(rounds()) == max(before) + 1
    moving.finish(move)
    moving.later(days=8)
    moving.finish(move)
    moving.later(seconds=1)
    assert domain_at(OTHER) is None and ann(company).second is None
    agree()


def test_before_the_switch_it_is_simply_forgotten(moving: Moving, company: Company) -> None:
    move = moving.copied(customer=None, domains=[ann(company)])
    services.switch(**company.who, move=move)
    moving.finish(move)
    services.back(**company.who, move=fresh(move))
    assert fresh(move).state == "back" and not ann(company).held
    assert domain_at(OTHER) is None and domain_at(HOME).held is False  # type: ignore[union-attr]
    agree()
    # And begun anew, with nothing left there.
    services.ask_reading(**company.who, move=fresh(move))
    services.start(**company.who, move=fresh(move))
    assert {one.address for one in told(OTHER, StorePurged)} == {
        "info@ann.example", "bob@ann.example",
    }  # fmt: skip
    moving.later(seconds=1)
    moving.finish(move)
    services.switch(**company.who, move=fresh(move))
    moving.hand_over(move)
    assert fresh(move).state == "switched"


def test_the_grace_ends_by_itself(moving: Moving, company: Company) -> None:
    move = moving.switched(customer=None, domains=[ann(company)])
    moving.later(days=31)
    assert domain_at(HOME) is not None, "a round is due first"
    moving.finish(move)
    moving.later(seconds=1)
    assert domain_at(HOME) is None and fresh(move).own.left
    with refused("grace-over"):
        services.back(**company.who, move=fresh(move))


def test_a_server_with_a_second_domain_stays(moving: Moving, company: Company) -> None:
    moving.copied(customer=None, domains=[ann(company)])
    with refused("server-in-use"):
        hosting.remove_server(**company.who, server=moving.other)


def test_every_step_is_in_the_trail_and_no_secret(moving: Moving, company: Company) -> None:
    moving.switched(customer=None, domains=[ann(company)])
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"move.create", "move.start", "move.switch", "domain.add-second", "domain.hold",
            "domain.exchange"} <= verbs  # fmt: skip
    for entry in AuditEntry.objects.all():
        assert "between us" not in f"{entry.before}{entry.after}{entry.reason}"
    assert not PlanRow.objects.filter(outcome="failed").exists()
