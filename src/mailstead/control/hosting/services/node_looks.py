"""What a node is asked to look up for a person, and how old the answer is.

A node that does not answer in time is not waited for longer: what it said the last time is shown
with its age, where it has said it at all.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Generic, TypeVar

from mailstead.control.feed import queries as feed_queries
from mailstead.control.feed import services as feed
from mailstead.control.hosting.models import Mailbox, Server
from mailstead.control.hosting.queries import scope
from mailstead.control.hosting.services.node_orders import PATIENCE, answered
from mailstead.control.hosting.services.rules import checked_rules
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal
from mailstead.wire import codec
from mailstead.wire.changes import Rule
from mailstead.wire.orders import (
    LARGEST_MESSAGE,
    Answer,
    AnyOrder,
    FoldersListed,
    LimitsLooked,
    ListFolders,
    ListQueue,
    ListSessions,
    LookAtLimits,
    NodeSeenNow,
    NodeState,
    QueueListed,
    RulesTested,
    SessionsListed,
    TestRules,
)
from mailstead.wire.sieve_rules import rules_script

A = TypeVar("A", bound=Answer)


@dataclass(frozen=True)
class Seen(Generic[A]):
    """What a node has seen, and when."""

    answer: A
    as_of: dt.datetime
    late: bool = False
    """The node does not answer at the moment: this is what it said before."""


def queue(
    *,
    actor: Actor,
    now: dt.datetime,
    server: Server,
    look: ListQueue | None = None,
    seconds: float = PATIENCE,
) -> Seen[QueueListed]:
    """The messages that wait on a server; `look` narrows. Raises `Refusal` (`node-…`)."""
    roles.require(actor, "queue.view")
    order = look or ListQueue()
    key = hashlib.sha256(codec.encode(order)).hexdigest()
    return _seen(actor, now, server, order, key, QueueListed, seconds)


def node_state(
    *, actor: Actor, now: dt.datetime, server: Server, seconds: float = PATIENCE
) -> Seen[NodeSeenNow]:
    """Processes, disk, load, memory and versions of a server. Raises `Refusal` (`node-…`)."""
    roles.require(actor, "server.view")
    return _seen(actor, now, server, NodeState(), "", NodeSeenNow, seconds)


def limits_of(
    *, actor: Actor, now: dt.datetime, server: Server, seconds: float = PATIENCE
) -> Seen[LimitsLooked]:
    """What a server has room for. Raises `Refusal` (`node-…`)."""
    roles.require(actor, "server.view")
    return _seen(actor, now, server, LookAtLimits(), "", LimitsLooked, seconds)


def folders(
    *, actor: Actor, now: dt.datetime, mailbox: Mailbox, seconds: float = PATIENCE
) -> Seen[FoldersListed]:
    """The folders of a mailbox with their sizes. Raises `Refusal` (`node-…`)."""
    _may_look(actor, "folder.view", mailbox)
    order = ListFolders(address=mailbox.address)
    return _seen(actor, now, mailbox.domain.server, order, _key(mailbox), FoldersListed, seconds)


def sessions(
    *, actor: Actor, now: dt.datetime, mailbox: Mailbox, seconds: float = PATIENCE
) -> Seen[SessionsListed]:
    """Who is connected to a mailbox by IMAP, POP3 and ManageSieve. Raises `Refusal` (`node-…`)."""
    _may_look(actor, "sign-in.view", mailbox)
    order = ListSessions(address=mailbox.address)
    return _seen(actor, now, mailbox.domain.server, order, _key(mailbox), SessionsListed, seconds)


def sieve_text(rules: tuple[Rule, ...]) -> str:
    """The Sieve script that these rules become on the node. Raises `Refusal` (`rule-invalid`)."""
    return rules_script(checked_rules(rules))


def test_rules(
    *,
    actor: Actor,
    now: dt.datetime,
    mailbox: Mailbox,
    rules: tuple[Rule, ...],
    message: str,
    seconds: float = PATIENCE,
) -> RulesTested:
    """What these rules would do with a message, given as text with its header.

    Nothing is stored or sent, and the message is forgotten with the answer. Raises `Refusal`.
    """
    _may_look(actor, "rules.test", mailbox)
    if not message.strip() or len(message) > LARGEST_MESSAGE:
        raise Refusal(
            "message-size",
            "The message must have between 1 and {most} characters.",
            remedy="Paste the header and the beginning of its text.",
            most=LARGEST_MESSAGE,
        )
    order = TestRules(script=sieve_text(rules), message=message, recipient=mailbox.address)
    found = _asked(actor, now, mailbox.domain.server, order, _key(mailbox), RulesTested, seconds)
    if found is None:
        raise _silent()
    return found.answer


test_rules.__test__ = False  # type: ignore[attr-defined]  # not a test, whatever its name


def _may_look(actor: Actor, rule: str, mailbox: Mailbox) -> None:
    roles.require(actor, rule)
    if not scope.sees_mailbox(actor, mailbox):
        raise Refusal("object-unknown", "There is no such thing here.")


def _key(mailbox: Mailbox) -> str:
    """A later mailbox of the same address is another one."""
    return mailbox.store


def _seen(
    actor: Actor,
    now: dt.datetime,
    server: Server,
    order: AnyOrder,
    key: str,
    kind: type[A],
    seconds: float,
) -> Seen[A]:
    fresh = _asked(actor, now, server, order, key, kind, seconds)
    if fresh is not None:
        return fresh
    row = feed_queries.newest_answer(server.name, type(order).__name__, key)
    if row is None or row.answered_at is None:
        raise _silent()
    answer = feed_queries.answer_of(row)
    if not isinstance(answer, kind):
        raise _silent()
    return Seen(answer, row.answered_at, late=True)


def _asked(
    actor: Actor,
    now: dt.datetime,
    server: Server,
    order: AnyOrder,
    key: str,
    kind: type[A],
    seconds: float,
) -> Seen[A] | None:
    row = feed.ask(server=server.name, order=order, key=key, actor_name=str(actor), now=now)
    answer = answered(row, seconds)
    return Seen(answer, now) if isinstance(answer, kind) else None


def _silent() -> Refusal:
    return Refusal(
        "node-silent",
        "The server does not answer at the moment.",
        remedy="Try again in a minute.",
        permanent=False,
    )
