"""The delivery log in a database: fills it, records batches as a node's come, and searches it.

A process of its own, because Django is set up once in a process: `python -m bench.log_rows ROWS
EVENTS TRIALS` with `MAILSTEAD_TEST_DATABASE_URL` set prints what it found as JSON. The database is
migrated first; rows are made by the database itself, events recorded as the feed records them. A
database that has so many already is not filled again.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from mailstead.control.project.bootstrap import setup
from mailstead.wire import codec
from mailstead.wire.changes import VERSION
from mailstead.wire.events import AnyEvent, AttemptSeen, EventBatch, MessageSeen

CUSTOMERS = 2_000
BOXES = 10
"""Mailboxes of each customer's one domain."""
BATCH = 500
DAYS = 30
_CUSTOMER = f"floor({CUSTOMERS} * power(random(), 3))::bigint"
# The first customer has a twelfth of all rows; four in a hundred messages have come back.
_ROWS = f"""
CREATE TEMP TABLE told AS
SELECT g AS n, now() - interval '{DAYS} days' * (1 - g::float / %(rows)s) AS at, {_CUSTOMER} AS c,
       floor({BOXES} * random())::bigint AS b, floor(300000 * random())::bigint AS far,
       (ARRAY['no-mailbox', 'full', 'policy', 'content', 'later'])[1 + g %% 125] AS cause
FROM generate_series(%(first)s, %(last)s) g;
INSERT INTO delivery_message (id, server, queue, at, direction, message_id, subject, sender, client,
  size)
SELECT n, 'bench', 'q' || n, at, 'in', n || '@far.example', substr(md5((n / 3)::text), 1, 16),
       'f' || far || '@far.example', '192.0.2.1', 4000 FROM told;
INSERT INTO delivery_delivery (id, message_id, at, side, first, first_of_customer, customer, domain,
  mailbox, sender, recipient, original, state, updated, tries, client, relay, dsn, reply, cause,
  folder, forwarded)
SELECT n, n, at, 'in', true, true, %(customer)s + c, %(domain)s + c, %(mailbox)s + c * {BOXES} + b,
       'f' || far || '@far.example', 'box' || b || '@d' || c || '.example', '',
       CASE WHEN cause IS NULL THEN 'filed' ELSE 'bounced' END, at, 1, '192.0.2.1', 'node.example',
       '2.0.0', '250 2.0.0 <box> 5Kx/Ew7sBWuiNQAAg+zDdQ Saved', coalesce(cause, ''), 'INBOX', '[]'
FROM told;
INSERT INTO delivery_attempt (message_id, recipient, original, at, outcome, relay, dsn, reply,
  cause, folder, forwarded, source)
SELECT n, 'box' || b || '@d' || c || '.example', '', at, 'filed', 'node.example', '2.0.0',
       '250 2.0.0 <box> 5Kx/Ew7sBWuiNQAAg+zDdQ Saved', '', 'INBOX', '[]', ''
FROM told;
DROP TABLE told;
"""
_LOT = 500_000


class Found(msgspec.Struct):
    """What was measured."""

    rows: int
    fill: float
    """Seconds."""
    ingest: float
    """Events a second."""
    searches: dict[str, list[float]]
    """Kind to milliseconds of each."""
    prune: float
    """Rows a second."""


def _population() -> tuple[int, int, int]:
    """Makes customers, domains, mailboxes; returns the first number of each."""
    from mailstead.control.hosting.models import Customer, Domain, Mailbox, Server

    server = Server.objects.create(name="bench", hostname="node.example")
    customers = Customer.objects.bulk_create(Customer(name=f"c{n}") for n in range(CUSTOMERS))
    domains = Domain.objects.bulk_create(
        Domain(name=f"d{n}.example", customer=one, server=server) for n, one in enumerate(customers)
    )
    boxes = Mailbox.objects.bulk_create(
        Mailbox(domain=domain, local=f"box{n}", credential=1)
        for domain in domains
        for n in range(BOXES)
    )
    return customers[0].pk, domains[0].pk, boxes[0].pk


def _there(rows: int) -> tuple[int, int, int] | None:
    """The first numbers of a database that was filled before; None: it was not."""
    from mailstead.control.delivery.models import Delivery
    from mailstead.control.hosting.models import Customer, Domain, Mailbox

    last = Delivery.objects.order_by("-pk").values_list("pk", flat=True).first()
    if last is None or last < rows:
        return None
    customer, domain, mailbox = (
        model._default_manager.order_by("pk").values_list("pk", flat=True)[0]
        for model in (Customer, Domain, Mailbox)
    )
    return customer, domain, mailbox


def _fill(rows: int, customer: int, domain: int, mailbox: int) -> float:
    """Fill the tables, their indexes made afterwards; returns seconds."""
    from django.db import connection

    from mailstead.control.delivery.models import Delivery, Message

    begun = time.perf_counter()
    indexes = [(model, index) for model in (Delivery, Message) for index in model._meta.indexes]
    with connection.schema_editor() as editor:
        for model, index in indexes:
            editor.remove_index(model, index)
    with connection.cursor() as cursor:
        for first in range(1, rows + 1, _LOT):
            values = {"rows": rows, "first": first, "last": min(first + _LOT - 1, rows)}
            cursor.execute(
                _ROWS, {**values, "customer": customer, "domain": domain, "mailbox": mailbox}
            )
    with connection.schema_editor() as editor:
        for model, index in indexes:
            editor.add_index(model, index)
    with connection.cursor() as cursor:
        for table in ("message", "delivery"):
            name = f"delivery_{table}"
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {rows})")
        cursor.execute("VACUUM ANALYZE")
        # What the fill has left to write would else be written while the recording is measured.
        cursor.execute("CHECKPOINT")
    return time.perf_counter() - begun


def _batches(events: int) -> list[bytes]:
    """As a node sends them: one message in ten goes at its second try, one in ten has two
    recipients, one in five is sent by one of ours."""
    chance = random.Random(1)
    now = dt.datetime.now(dt.UTC)
    told: list[AnyEvent] = []
    run = f"{int(now.timestamp()):x}-"
    number = 0
    while len(told) < events:
        number += 1
        queue = f"{run}{number}"
        box = f"box{chance.randrange(BOXES)}@d{chance.randrange(CUSTOMERS)}.example"
        far = f"f{chance.randrange(300_000)}@far.example"
        ours = number % 5 == 0
        to = far if ours else box
        told.append(
            MessageSeen(
                id=f"m{run}{number}",
                at=now,
                queue=queue,
                direction="submitted" if ours else "in",
                login=box if ours else "",
                sender=box if ours else far,
                message_id=f"{run}{number}@far.example",
                client="192.0.2.1",
                size=4_000,
                subject=f"{number % 400:016x}",
            )
        )
        tries = ["deferred", "sent"] if number % 10 == 0 else ["sent" if ours else "filed"]
        names = [to, f"box0@d{number % CUSTOMERS}.example"] if number % 10 == 1 else [to]
        told += [
            AttemptSeen(
                id=f"a{run}{number}-{place}-{turn}",
                at=now,
                queue=queue,
                outcome=outcome,  # type: ignore[arg-type]
                recipient=name,
                relay="mx.far.example",
                dsn="2.0.0",
                reply="250 2.0.0 Ok: queued as 4jYtqy27ZpzLsnY",
            )
            for place, name in enumerate(names)
            for turn, outcome in enumerate(tries)
        ]
    return [
        codec.encode(EventBatch(version=VERSION, events=tuple(told[at : at + BATCH])))
        for at in range(0, len(told), BATCH)
    ]


def _ingest(events: int) -> float:
    from mailstead.control.delivery.services import record
    from mailstead.control.feed.models import FeedHead
    from mailstead.control.feed.services import open_feed, record_events
    from mailstead.control.hosting.services import handle_event

    if not FeedHead.objects.filter(server="bench").exists():
        open_feed("bench")
    batches = _batches(events)
    begun, count = time.perf_counter(), 0
    for body in batches:
        batch = codec.decode_events(body)
        count += record_events(
            server="bench",
            events=batch.events,
            handle=handle_event,
            record=record,
            now=dt.datetime.now(dt.UTC),
        )
    return count / (time.perf_counter() - begun)


def _searches(rows: int, trials: int, customer: int, mailbox: int) -> dict[str, list[float]]:
    """Each kind of question, as the page asks it: 50 rows, and whether there are many."""
    from django.test import RequestFactory

    from mailstead.control.delivery import queries
    from mailstead.control.people.actor import Actor
    from mailstead.control.web.listing import listing

    chance = random.Random(2)
    olga = Actor.operator("olga")
    now = dt.datetime.now(dt.UTC)

    def some_customer() -> int:
        return int(CUSTOMERS * chance.random() ** 3)

    def owner(number: int) -> Actor:
        return Actor(kind="customer", name="c", customer=customer + number)

    def user(number: int) -> Actor:
        box = mailbox + number * BOXES + chance.randrange(BOXES)
        return Actor(kind="mailbox", name="m", mailbox=box)

    def box(number: int) -> str:
        return f"box{chance.randrange(BOXES)}@d{number}.example"

    def far() -> str:
        return f"f{chance.randrange(300_000)}@far.example"

    def week() -> dict[str, object]:
        until = now - dt.timedelta(days=chance.uniform(0, DAYS - 8))
        return {"since": until - dt.timedelta(days=7), "until": until}

    kinds: dict[str, Callable[[], tuple[Actor, dict[str, object]]]] = {
        "a mailbox user's list": lambda: (user(some_customer()), {}),
        "the largest customer's list": lambda: (owner(0), {}),
        "a customer's own address": lambda: (owner(c := some_customer()), {"search": box(c)}),
        "a customer's search for an address elsewhere": lambda: (
            owner(some_customer()),
            {"search": far()},
        ),
        "the largest customer's search of an old week": lambda: (owner(0), week()),
        "the same for an address": lambda: (owner(0), {"search": box(0), **week()}),
        "the operator's list": lambda: (olga, {}),
        "the operator's search for an address": lambda: (olga, {"search": box(some_customer())}),
        "the operator's search for a Message-ID": lambda: (
            olga,
            {"search": f"<{chance.randrange(1, rows)}@far.example>"},
        ),
        "the operator's search of an old week": lambda: (olga, week()),
        "the operator's search for a subject": lambda: (olga, {"search": "Re: Offer of Tuesday"}),
        "the largest customer's full mailboxes": lambda: (owner(0), {"cause": "full"}),
        "a mailbox user's mail that came back": lambda: (
            user(some_customer()),
            {"state": "bounced"},
        ),
        "the operator's trouble with a domain elsewhere": lambda: (olga, {"domain": "far.example"}),
        "the operator's list of a hosted domain": lambda: (
            olga,
            {"domain": f"d{some_customer()}.example"},
        ),
    }
    found = {}
    request = RequestFactory().get("/")
    for kind, ask in kinds.items():
        times = []
        for _ in range(trials + 3):
            actor, asked = ask()
            begun = time.perf_counter()
            page = queries.deliveries(actor, **asked)  # type: ignore[arg-type]
            listing(request, page, sorts={"time": ("at", "pk")}, default="-time", vast=True)
            times.append((time.perf_counter() - begun) * 1000)
        found[kind] = times[3:]
    return found


def _prune() -> float:
    from mailstead.control.delivery import services

    begun = time.perf_counter()
    # As if a day had passed: a thirtieth of all is too old.
    dropped = services.drop_old(dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
    return dropped / (time.perf_counter() - begun)


def main(rows: int, events: int, trials: int) -> None:
    """Measure and print."""
    setup(Path("/nonexistent"))
    from django.core.management import call_command

    # Now, not after the half hour of the fill: what cannot be loaded is told at once.
    import mailstead.control.delivery.services  # noqa: F401

    call_command("migrate", verbosity=0)
    known = _there(rows)
    customer, domain, mailbox = known or _population()
    fill = 0.0 if known else _fill(rows, customer, domain, mailbox)
    print(f"{rows:,} rows are in after {fill:.0f} s", file=sys.stderr, flush=True)
    ingest = _ingest(events)
    searches = _searches(rows, trials, customer, mailbox)
    found = Found(rows=rows, fill=fill, ingest=ingest, searches=searches, prune=_prune())
    sys.stdout.write(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:4]))
