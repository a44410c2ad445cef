"""Recipients who are not there are written to no more, and nobody else."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.control.delivery import queries, services
from mailstead.control.delivery.bounces import nobody_there
from mailstead.control.delivery.models import Suppression
from mailstead.control.feed.models import FeedRow
from mailstead.control.hosting import services as hosting
from mailstead.control.people.models import AuditEntry
from mailstead.control.project.feed_urls import snapshot
from mailstead.standards.refusal import Refusal
from mailstead.wire import codec
from mailstead.wire.changes import SuppressionGone, SuppressionPut
from tests.control.api.caller import caller
from tests.control.delivery.test_recording import BOX, FAR, MIA, attempt, message, refusal, tell
from tests.control.world import World

HOST = "host mx.away.example[192.0.2.25] said: "
AT_RCPT = " (in reply to RCPT TO command)"
GONE = f"{HOST}550 5.1.1 <{FAR}>: Recipient address rejected: User unknown{AT_RCPT}"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def send(
    world: World,
    queue: str,
    at: dt.datetime,
    *,
    outcome: str = "bounced",
    reply: str = GONE,
    dsn: str = "5.1.1",
    login: str = MIA,
    recipient: str = FAR,
    direction: str = "submitted",
    **more: object,
) -> None:
    tell(
        world,
        message(queue, at, direction=direction, login=login, sender=login),
        attempt(
            queue, at, recipient, outcome, dsn=dsn, reply=reply, relay="mx.away.example", **more
        ),
    )


def twice(world: World, **more: object) -> None:
    send(world, "B1", world.now - 3 * HOUR, **more)  # type: ignore[arg-type]
    send(world, "B2", world.now - HOUR, **more)  # type: ignore[arg-type]


def held(world: World) -> list[tuple[str, str]]:
    rows = Suppression.objects.filter(ended=None, recipient=FAR).order_by("pk")
    return [(row.address, row.recipient) for row in rows]


def told(world: World) -> list[SuppressionPut | SuppressionGone]:
    """What the node was told of suppressions, in order."""
    rows = FeedRow.objects.filter(server="node1").order_by("number")
    changes = [codec.decode_change(row.payload.encode()) for row in rows]
    ours = [one for one in changes if isinstance(one, SuppressionPut | SuppressionGone)]
    return [one for one in ours if one.recipient == FAR]


@pytest.mark.parametrize(
    ("dsn", "reply", "proof"),
    [
        ("5.1.1", GONE, True),
        ("5.1.1", f"{HOST}550-5.1.1 The email account that you tried to reach does not exist"
         f" 550 5.1.1 typos{AT_RCPT}", True),
        ("5.0.0", f"{HOST}550 No such user here{AT_RCPT}", True),
        ("5.1.1", GONE.removesuffix(AT_RCPT) + " (in reply to end of DATA command)", False),
        ("5.1.1", f"{HOST}550 5.1.1 <a@b.example>: User unkn", False),
        ("5.1.1", "unknown user: \"far\"", False),
        ("4.1.1", f"{HOST}450 4.1.1 <a@b.example>: User unknown{AT_RCPT}", False),
        ("5.7.1", f"{HOST}550 5.7.1 Unknown user, or blocked{AT_RCPT}", False),
        ("5.2.1", f"{HOST}550 5.2.1 The mailbox is disabled{AT_RCPT}", False),
        ("5.2.2", f"{HOST}552 5.2.2 Mailbox full{AT_RCPT}", False),
        ("5.7.1", f"{HOST}554 5.7.1 Client host [192.0.2.1] blocked using x.org{AT_RCPT}", False),
        ("5.4.1", f"{HOST}550 5.4.1 Recipient address rejected: Access denied{AT_RCPT}", False),
        ("5.1.1", f"{HOST}550 5.1.1 Greylisted, user unknown for now{AT_RCPT}", False),
        ("5.0.0", f"{HOST}550 go away{AT_RCPT}", False),
        ("5.4.4", "Host or domain name not found. Name service error for name=x.example", False),
    ],
)  # fmt: skip
def test_only_the_recipients_own_server_proves_that_nobody_is_there(
    dsn: str, reply: str, proof: bool
) -> None:
    assert nobody_there(dsn, reply) is proof


def test_two_bounces_stop_mail_from_that_mailbox_to_that_recipient(world: World) -> None:
    send(world, "B1", world.now - 3 * HOUR)
    assert held(world) == []
    send(world, "B2", world.now - HOUR)
    assert held(world) == [(MIA, FAR)]
    (put,) = told(world)
    assert isinstance(put, SuppressionPut)
    row = Suppression.objects.get(recipient=FAR)
    assert (put.mailbox, put.recipient) == (MIA, FAR) and put.until == row.until
    assert put.until - world.now == 30 * DAY
    assert f"/delivery/unreachable/{row.pk}/" in put.words and put.words.isascii()
    assert put in list(snapshot("node1"))


@pytest.mark.parametrize(
    "what",
    ["at once", "old", "not submitted", "alias", "other mailbox", "deferred", "later refusal"],
)
def test_what_does_not_stop_mail(world: World, what: str) -> None:
    now = world.now
    if what == "at once":
        send(world, "B1", now - HOUR)
        send(world, "B2", now - HOUR / 2)
    elif what == "old":
        send(world, "B1", now - 40 * DAY)
        send(world, "B2", now)
    elif what == "not submitted":
        twice(world, direction="handed-back")
    elif what == "alias":
        twice(world, original="info@cars.example")
    elif what == "other mailbox":
        send(world, "B1", now - 3 * HOUR)
        send(world, "B2", now, login=BOX)
    elif what == "deferred":
        twice(world, outcome="deferred")
    else:
        twice(world, reply=GONE.replace("RCPT TO", "end of DATA"))
    assert held(world) == []


def test_the_same_batch_told_twice_counts_once(world: World) -> None:
    batch = (
        message("B1", world.now - 3 * HOUR, direction="submitted", login=MIA, sender=MIA),
        attempt("B1", world.now - 3 * HOUR, FAR, "bounced", dsn="5.1.1", reply=GONE),
    )
    tell(world, *batch)
    tell(world, *batch)
    assert held(world) == []


def test_who_was_reached_before_needs_days_of_bounces(world: World) -> None:
    now = world.now
    send(world, "B0", now - 20 * DAY, outcome="sent", dsn="2.0.0", reply="250 OK", login=BOX)
    send(world, "B1", now - 4 * DAY)
    send(world, "B2", now - 2 * DAY)
    assert held(world) == [], "their server may have lost its list for a day"
    send(world, "B3", now)
    assert held(world) == [(MIA, FAR)]


def test_bounces_before_somebody_reached_them_count_no_more(world: World) -> None:
    now = world.now
    send(world, "B1", now - 9 * DAY)
    send(world, "B2", now - 5 * DAY, outcome="sent", dsn="2.0.0", reply="250 OK")
    send(world, "B3", now)
    assert held(world) == []


def test_a_server_that_does_not_trust_us_proves_nothing(world: World) -> None:
    blocked = f"{HOST}554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org{AT_RCPT}"
    send(world, "B0", world.now - HOUR, reply=blocked, dsn="5.7.1", recipient="x@away.example")
    twice(world)
    assert held(world) == []


def test_who_is_reached_by_anybody_may_be_written_to_again(world: World) -> None:
    twice(world)
    send(world, "B3", world.now, outcome="sent", dsn="2.0.0", reply="250 OK", login=BOX)
    assert held(world) == []
    assert Suppression.objects.get(recipient=FAR).end == "delivered"
    assert [type(one) for one in told(world)] == [SuppressionPut, SuppressionGone]


def test_it_ends_by_itself_and_the_next_lasts_longer(world: World) -> None:
    twice(world)
    later = world.now + 31 * DAY
    assert services.end_due(later) >= 1
    assert held(world) == [] and isinstance(told(world)[-1], SuppressionGone)
    world.now = later
    send(world, "B3", later - 3 * HOUR)
    send(world, "B4", later)
    (row,) = Suppression.objects.filter(ended=None, recipient=FAR)
    assert row.turn == 2 and row.until - later == 90 * DAY


def test_it_ends_with_its_mailbox(world: World) -> None:
    twice(world)
    hosting.remove_mailbox(
        actor=world.actor("customer"), now=world.now, mailbox=world.mailboxes["main"], grace=DAY
    )
    services.end_due(world.now)
    assert held(world) == []
    assert {one.mailbox for one in snapshot("node1") if isinstance(one, SuppressionPut)} & {
        MIA
    } == set()


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("mailbox", True), ("customer", True), ("domain_admin", True), ("reseller", True),
        ("operator", True), ("staff", True), ("stranger", False),
    ],
)  # fmt: skip
def test_who_may_let_it_go(world: World, role: str, may: bool) -> None:
    twice(world)
    row = Suppression.objects.get(recipient=FAR)
    client = world.client(role)
    answer = client.post(f"/delivery/unreachable/{row.pk}/")
    assert answer.status_code == (302 if may else 404)
    row.refresh_from_db()
    assert (row.end == "released") is may
    assert isinstance(told(world)[-1], SuppressionGone) is may
    assert AuditEntry.objects.filter(verb="suppression.release").exists() is may


def test_another_mailbox_of_the_same_customer_does_not_see_it(world: World) -> None:
    twice(world, login=BOX)
    row = Suppression.objects.get(recipient=FAR)
    with pytest.raises(Refusal):
        queries.suppression_numbered(world.actor("mailbox"), row.pk)


def test_the_pages_tell_why_and_the_file_has_the_rows(world: World) -> None:
    twice(world)
    row = Suppression.objects.get(recipient=FAR)
    client = world.client("mailbox")
    page = client.get("/delivery/unreachable/").content.decode()
    assert FAR in page and f"/delivery/unreachable/{row.pk}/" in page
    page = client.get(f"/delivery/unreachable/{row.pk}/").content.decode()
    assert "User unknown" in page and "Allow it again" in page
    answer = client.get("/delivery/unreachable/?export=csv")
    assert FAR in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert FAR not in world.client("stranger").get("/delivery/unreachable/").content.decode()


def test_programs_list_and_release(world: World) -> None:
    twice(world)
    program = caller(world, "customer", scopes=["mailboxes"])
    (row,) = program.get(f"/suppressions?q={FAR}").body["items"]
    assert (row["address"], row["recipient"]) == (MIA, FAR)
    assert program.post(f"/suppressions/{row['id']}/release").body["end"] == "released"
    assert program.get(f"/suppressions?q={FAR}").body["items"] == []
    assert len(program.get("/suppressions?which=ended").body["items"]) == 1
    assert caller(world, "stranger").get(f"/suppressions/{row['id']}").status == 404


def test_signals_count_what_others_said(world: World) -> None:
    twice(world)
    send(world, "B3", world.now, recipient="no@away.example")
    tell(world, refusal(world.now, MIA, "nobody@shop.example", submitted=True))
    tell(world, refusal(world.now, FAR, MIA))
    found = queries.signals(world.mailboxes["main"].pk, world.now - DAY)
    assert (found.hard_bounces, found.unknown_recipients, found.complaints) == (3, 3, 0)
    assert queries.signals(world.mailboxes["main"].pk, world.now + HOUR).hard_bounces == 0
