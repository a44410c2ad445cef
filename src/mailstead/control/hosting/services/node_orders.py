"""What a node is asked to do for a person: messages in its queue, sessions of a mailbox.

Each act is audited when it is asked for. The node does it within a moment; who does not want to
wait longer is told that it is under way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db import transaction

from mailstead.control.feed import queries as feed_queries
from mailstead.control.feed import services as feed
from mailstead.control.feed.models import Order
from mailstead.control.hosting.models import Mailbox, Server
from mailstead.control.hosting.services.common import permit
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal
from mailstead.wire.orders import (
    AnyAnswer,
    AnyOrder,
    DeleteMail,
    EndSessions,
    HoldMail,
    MailMoved,
    ReleaseMail,
    RequeueMail,
    SessionsEnded,
    queue_ids,
)

PATIENCE = 8.0
"""Seconds for which a person waits."""


@dataclass(frozen=True)
class Acted:
    """With which messages it was done, and which were not there."""

    done: tuple[str, ...]
    missing: tuple[str, ...]
    under_way: bool = False
    """The node has not answered yet; it will still do it, or it is given up after ten minutes."""


class Move(Protocol):
    """One of the four acts on messages."""

    def __call__(
        self,
        *,
        actor: Actor,
        now: dt.datetime,
        server: Server,
        ids: Sequence[str],
        seconds: float = PATIENCE,
    ) -> Acted:
        """Do it with the messages of these ids."""


def hold_mail(
    *, actor: Actor, now: dt.datetime, server: Server, ids: Sequence[str], seconds: float = PATIENCE
) -> Acted:
    """Keep messages in the queue until they are released. Raises `Refusal` (`node-…`)."""
    order = HoldMail(ids=queue_ids(tuple(ids)))
    return _moved(actor, now, server, "hold", order, seconds)


def release_mail(
    *, actor: Actor, now: dt.datetime, server: Server, ids: Sequence[str], seconds: float = PATIENCE
) -> Acted:
    """Let held messages go on. Raises `Refusal` (`node-…`)."""
    order = ReleaseMail(ids=queue_ids(tuple(ids)))
    return _moved(actor, now, server, "release", order, seconds)


def delete_mail(
    *, actor: Actor, now: dt.datetime, server: Server, ids: Sequence[str], seconds: float = PATIENCE
) -> Acted:
    """Remove messages for ever; neither sender nor recipient is told. Raises `Refusal`."""
    order = DeleteMail(ids=queue_ids(tuple(ids)))
    return _moved(actor, now, server, "delete", order, seconds)


def requeue_mail(
    *, actor: Actor, now: dt.datetime, server: Server, ids: Sequence[str], seconds: float = PATIENCE
) -> Acted:
    """Try deferred messages now. Raises `Refusal` (`node-…`)."""
    order = RequeueMail(ids=queue_ids(tuple(ids)))
    return _moved(actor, now, server, "requeue", order, seconds)


def _moved(
    actor: Actor,
    now: dt.datetime,
    server: Server,
    verb: str,
    order: HoldMail | ReleaseMail | DeleteMail | RequeueMail,
    seconds: float,
) -> Acted:
    with transaction.atomic():
        owner = permit(actor, f"queue.{verb}", server)
        people.record(
            actor=actor,
            verb=f"queue.{verb}",
            kind="queue",
            label=server.name,
            object_id=server.pk,
            now=now,
            after={"ids": list(order.ids)},
            owner=owner,
        )
        row = _ask(actor, now, server, order, "")
    answer = answered(row, seconds)
    if not isinstance(answer, MailMoved):
        return Acted((), (), under_way=True)
    return Acted(answer.done, answer.missing)


def end_sessions(
    *, actor: Actor, now: dt.datetime, mailbox: Mailbox, seconds: float = PATIENCE
) -> int | None:
    """End the IMAP, POP3 and ManageSieve sessions of a mailbox; its programs may log in again.

    Returns how many there were; None when the node has not answered yet. Raises `Refusal`.
    """
    with transaction.atomic():
        owner = permit(actor, "mailbox.end-sessions", mailbox)
        people.record(
            actor=actor,
            verb="mailbox.end-sessions",
            kind="mailbox",
            label=mailbox.address,
            object_id=mailbox.pk,
            now=now,
            owner=owner,
        )
        order = EndSessions(address=mailbox.address)
        if mailbox.domain.second is not None:
            _ask(actor, now, mailbox.domain.second, order, mailbox.address)
        row = _ask(actor, now, mailbox.domain.server, order, mailbox.address)
    answer = answered(row, seconds)
    return answer.count if isinstance(answer, SessionsEnded) else None


def _ask(actor: Actor, now: dt.datetime, server: Server, order: AnyOrder, key: str) -> Order:
    return feed.ask(server=server.name, order=order, key=key, actor_name=str(actor), now=now)


def answered(row: Order, seconds: float) -> AnyAnswer | None:
    """The answer to an order that was asked; None when there is none after `seconds`.

    Raises `Refusal` (`node-cannot`) with the node's words. Not inside a transaction.
    """
    found = feed_queries.wait_for(row.pk, seconds)
    if found is None:
        return None
    if found.words:
        raise Refusal(
            "node-cannot",
            "The server could not do it: {answer}",
            remedy="Look at its state, and try again.",
            answer=found.words.rstrip(".") + ".",
            permanent=False,
        )
    return feed_queries.answer_of(found)
