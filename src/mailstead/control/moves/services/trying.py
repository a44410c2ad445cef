"""Trying the log-ins of an IMAP move before it starts, some at a time; the plan follows from it.

The home server of the move tries them. What it finds stands in the inventory, at each mailbox; a
log-in that is refused asks in the plan. None of this in a transaction: a server may take its time.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext

from mailstead.control.feed import services as feed
from mailstead.control.hosting.services.node_orders import answered
from mailstead.control.moves import life
from mailstead.control.moves.models import Move, Stock
from mailstead.control.moves.plan import stock
from mailstead.control.moves.queries import inventory_of
from mailstead.control.moves.services import imap
from mailstead.control.moves.services.common import claimed, locked
from mailstead.control.moves.services.planning import keep_inventory
from mailstead.control.people.actor import Actor
from mailstead.foreign.imap import Tried, untried, with_tried
from mailstead.foreign.inventory import ImapSeen, Inventory
from mailstead.standards.refusal import Refusal
from mailstead.wire.orders import MOST_LOG_INS, AnyOrder, ImapFound, ImapTried, TryImap

PATIENCE = 60.0
"""Seconds in which a node answers for one lot, whatever the other server does."""
DEAD_AFTER = dt.timedelta(minutes=3)
_KEY = "move "
_SILENT = "The home server does not answer; the log-ins were not tried."


def try_due(now: dt.datetime) -> int:
    """Try one lot of the move that has waited longest; returns how many log-ins were tried."""
    dead = Q(reading="reading", reading_at__lt=now - DEAD_AFTER)
    due = Move.objects.filter(Q(reading="asked") | dead, origin="imap")
    move = due.order_by(F("reading_at").asc(nulls_first=True), "pk").first()
    if move is None:
        return 0
    if not claimed(move, now):
        return 0
    try:
        return _lot(move, now)
    except Refusal as refusal:
        _end(move, refusal.say(gettext))
        return 0


def try_all(move: Move) -> None:
    """Try all that is left, at once, for whoever waits at the keyboard. Raises `Refusal`."""
    while _lot(move, dt.datetime.now(dt.UTC)):
        move.refresh_from_db()
        if move.reading == "failed":
            break
    move.refresh_from_db()
    if move.reading == "failed":
        raise Refusal("trial-failed", move.reading_words, remedy="Look at it, and try again.")


def _lot(move: Move, now: dt.datetime) -> int:
    found = inventory_of(move)
    addresses = untried(found)[:MOST_LOG_INS]
    if not addresses or move.state not in life.TABLE["plan"] or move.server is None:
        _end(move, "")
        return 0
    imap.sources(move, addresses)
    order = TryImap(sources=tuple(imap.told_source(move, one) for one in addresses))
    key = f"{_KEY}{move.pk}"
    row = feed.ask(server=move.server.name, order=order, key=key, actor_name="system", now=now)
    answer = answered(row, PATIENCE)
    if not isinstance(answer, ImapTried) or not answer.found:
        feed.give_up(row)
        _end(move, _SILENT)
        return 0
    tried = dict(zip(addresses, answer.found, strict=False))
    away = next((one.problem for one in tried.values() if one.away), "")
    _keep(move, {address: _tried(one) for address, one in tried.items() if not one.away})
    if away or not untried(inventory_of(move)):
        _end(move, away)
    return len(tried)


def complete_order(key: str, order: AnyOrder) -> AnyOrder:
    """An order with the passwords that it needs: they are in no row. Raises `Refusal`."""
    if not isinstance(order, TryImap) or not key.startswith(_KEY):
        return order
    move = Move.objects.filter(pk=int(key.removeprefix(_KEY))).first()
    if move is None:
        raise Refusal("gone", "It was removed in the meantime.")
    return TryImap(sources=tuple(imap.sources(move, [one.user for one in order.sources])))


@transaction.atomic
def _keep(move: Move, tried: dict[str, Tried | None]) -> None:
    """What was found so far; the plan is made once, at the end."""
    locked(move)
    found = with_tried(inventory_of(move), tried)
    Stock.objects.filter(move=move).update(inventory=stock.written(found))
    move.reading, move.reading_at = "asked", dt.datetime.now(dt.UTC)
    move.reading_done += len(tried)
    move.save(update_fields=["reading", "reading_at", "reading_done"])


def _end(move: Move, words: str) -> None:
    """No more is tried; with `words` because it cannot be."""
    now = dt.datetime.now(dt.UTC)
    if not Move.objects.filter(pk=move.pk).exists():
        return
    move.refresh_from_db()
    if move.state in life.TABLE["plan"]:
        keep_inventory(actor=Actor.system(), now=now, move=move, inventory=inventory_of(move))
    reading = "failed" if words else "read"
    Move.objects.filter(pk=move.pk).update(reading=reading, reading_words=words[:1000])


def _tried(found: ImapFound) -> Tried:
    if found.problem:
        return Tried(problem=found.problem)
    seen = ImapSeen(
        capabilities=found.capabilities,
        prefix=found.prefix,
        separator=found.separator,
        uses=found.uses,
        cut=found.cut,
    )
    return Tried(found.messages, found.octets, found.folders, seen)


def forgotten(found: Inventory) -> Inventory:
    """The account with what is to be tried again: what went wrong, or all where nothing did."""
    left = [box.address for box in found.mailboxes() if not all(one.seen for one in box.stores)]
    every = [box.address for box in found.mailboxes()]
    return with_tried(found, dict.fromkeys(left or every))
