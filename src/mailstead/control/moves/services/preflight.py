"""Asking the home server of a move what it has room for. Not inside a transaction."""

from __future__ import annotations

import datetime as dt

from mailstead.control.hosting import services as hosting
from mailstead.control.moves import preflight
from mailstead.control.moves.models import Move, PlanRow
from mailstead.control.moves.queries import inventory_of
from mailstead.control.moves.services.common import permit
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

FOLDERS = 8
"""Of a mailbox, where the control plane does not know: the house's own five, INBOX, and some."""


def load_of(move: Move) -> preflight.Load:
    """What the plan of a move brings."""
    rows = PlanRow.objects.filter(move=move).exclude(grade="refused")
    mail = list(rows.filter(kind="mail").values_list("messages", "octets"))
    if move.origin == "node":
        folders = FOLDERS * len(mail)
    else:
        stores = (store for box in inventory_of(move).mailboxes() for store in box.stores)
        folders = sum(len(store.folders) + 1 for store in stores)
    return preflight.Load(
        mailboxes=rows.filter(kind="mailbox").count(),
        messages=sum(one[0] for one in mail),
        octets=sum(one[1] for one in mail),
        folders=folders,
    )


def check_node(*, actor: Actor, now: dt.datetime, move: Move) -> list[preflight.Check]:
    """Every limit of the home server beside what is needed. Raises `Refusal` (`node-…`)."""
    permit(actor, "move.plan", move)
    if move.server is None:
        raise Refusal("server-missing", "The home server of this move is gone.")
    seen = hosting.limits_of(actor=actor, now=now, server=move.server)
    return preflight.checks(load_of(move), seen.answer)
