"""What a node is asked: its queue, its state, the folders and sessions of a mailbox.

An answer may be older than the question: `as_of` says from when it is, `late` that the node does
not answer at the moment.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeVar

import msgspec
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from mailstead.control.hosting import queries, services
from mailstead.control.hosting.api.found import Named, mailbox_in
from mailstead.control.hosting.api.inside import RuleModel
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.schemas import In
from mailstead.wire.orders import LARGEST_MESSAGE, Answer, ListQueue

router = Router(tags=["Queue and nodes"])
PATIENCE = services.PATIENCE
"""Seconds for which an answer of a node is waited for."""
S = TypeVar("S", bound=Schema)
A = TypeVar("A", bound=Answer)


class Looked(Schema):
    """From when an answer is."""

    as_of: dt.datetime
    late: bool = Field(description="The node does not answer now: this is what it said before.")


class QueueLook(Schema):
    """Which messages."""

    queue: Literal["", "active", "deferred", "hold", "incoming"] = ""
    sender_domain: str = Field("", max_length=253, description="`<>` finds bounces.")
    recipient_domain: str = Field("", max_length=253)
    reason: str = Field("", max_length=253, description="Part of the other side's words.")
    older_than: int = Field(0, ge=0, le=10**8, description="Seconds.")
    newest_first: bool = False
    limit: int = Field(200, ge=0, le=1000)


class Recipient(Schema):
    """One recipient whom the message has not reached."""

    address: str
    reason: str


class Message(Schema):
    """One message that waits."""

    id: str
    queue: str
    arrived: dt.datetime
    size: int
    sender: str
    recipients: list[Recipient] = Field(description="The first of `recipient_count`.")
    recipient_count: int


class Count(Schema):
    """How many messages have a name in common."""

    name: str
    count: int


class Queue(Looked):
    """Which messages wait, and why."""

    messages: list[Message]
    matching: int
    total: int
    queues: list[Count]
    domains: list[Count]
    reasons: list[Count]
    cut: bool = Field(description="The queue was longer than what was looked at.")


class Ids(In):
    """Messages in the queue."""

    ids: list[str] = Field(min_length=1, max_length=1000)


class Moved(Schema):
    """With which messages it was done."""

    done: list[str]
    missing: list[str]
    under_way: bool = Field(description="The node has not answered yet.")


class Process(Schema):
    """A process of a node."""

    name: str
    state: str
    pid: int
    seconds: int


class NodeNow(Looked):
    """How a node is."""

    processes: list[Process]
    disk_free: int
    disk_total: int
    load: list[float] = Field(description="Of the last 1, 5 and 15 minutes.")
    cores: int
    memory_available: int
    memory_total: int
    versions: dict[str, str]
    revision: int


class FolderOut(Schema):
    """One folder."""

    name: str
    bytes: int
    messages: int
    unseen: int


class Folders(Looked):
    """The folders of a mailbox."""

    folders: list[FolderOut]
    cut: bool


class SessionOut(Schema):
    """An IMAP, POP3 or ManageSieve session."""

    address: str
    protocol: str
    ip: str
    pid: int


class Sessions(Looked):
    """Who is connected to a mailbox."""

    sessions: list[SessionOut]
    total: int
    cut: bool


class Ended(Schema):
    """How many sessions were ended."""

    count: int | None = Field(description="Null: the node has not answered yet.")


class RulesTry(In):
    """Rules and a message to try them with."""

    rules: list[RuleModel] = Field(max_length=200)
    message: str = Field(min_length=1, max_length=LARGEST_MESSAGE)


class HappeningOut(Schema):
    """One thing that would happen."""

    do: str
    value: str
    flags: list[str]


class Tried(Schema):
    """What rules would do with a message."""

    happenings: list[HappeningOut]
    error: str


def _shown(kind: type[S], seen: services.Seen[A]) -> S:
    plain = msgspec.to_builtins(seen.answer)
    return kind.model_validate(plain | {"as_of": seen.as_of, "late": seen.late})


@router.get("/servers/{server}/queue", response=Queue, summary="Show the queue")
@operation("queue.view")
def show_queue(request: HttpRequest, server: Named, look: Query[QueueLook]) -> Queue:
    """Messages that wait on a node, and what they have in common."""
    actor = caller(request)
    found = queries.server_named(actor, server)
    seen = services.queue(
        actor=actor,
        now=timezone.now(),
        server=found,
        look=msgspec.convert(look.model_dump(), ListQueue),
        seconds=PATIENCE,
    )
    return _shown(Queue, seen)


@router.post("/servers/{server}/queue/hold", response=Moved, summary="Hold messages")
@operation("queue.hold", waits=True)
def hold_mail(request: HttpRequest, server: Named, body: Ids) -> Moved:
    """Keep them in the queue until they are released."""
    return _moved(request, server, body, services.hold_mail)


@router.post("/servers/{server}/queue/release", response=Moved, summary="Release messages")
@operation("queue.release", waits=True)
def release_mail(request: HttpRequest, server: Named, body: Ids) -> Moved:
    """Let held messages go on."""
    return _moved(request, server, body, services.release_mail)


@router.post("/servers/{server}/queue/delete", response=Moved, summary="Delete messages")
@operation("queue.delete", waits=True)
def delete_mail(request: HttpRequest, server: Named, body: Ids) -> Moved:
    """For ever; neither sender nor recipient is told."""
    return _moved(request, server, body, services.delete_mail)


@router.post("/servers/{server}/queue/requeue", response=Moved, summary="Try messages now")
@operation("queue.requeue", waits=True)
def requeue_mail(request: HttpRequest, server: Named, body: Ids) -> Moved:
    """Try deferred messages now."""
    return _moved(request, server, body, services.requeue_mail)


def _moved(request: HttpRequest, server: str, body: Ids, act: services.Move) -> Moved:
    actor = caller(request)
    found = queries.server_named(actor, server)
    acted = act(actor=actor, now=timezone.now(), server=found, ids=body.ids, seconds=PATIENCE)
    return Moved(done=list(acted.done), missing=list(acted.missing), under_way=acted.under_way)


@router.get("/servers/{server}/state", response=NodeNow, summary="Show how a node is")
@operation("server.view")
def show_state(request: HttpRequest, server: Named) -> NodeNow:
    """Processes, disk, load, memory and versions."""
    actor = caller(request)
    found = queries.server_named(actor, server)
    seen = services.node_state(actor=actor, now=timezone.now(), server=found, seconds=PATIENCE)
    return _shown(NodeNow, seen)


@router.get("/mailboxes/{mailbox}/folders", response=Folders, summary="List folders")
@operation("folder.view")
def list_folders(request: HttpRequest, mailbox: Named) -> Folders:
    """The folders of a mailbox with their sizes."""
    actor, found = mailbox_in(request, mailbox)
    seen = services.folders(actor=actor, now=timezone.now(), mailbox=found, seconds=PATIENCE)
    return _shown(Folders, seen)


@router.get("/mailboxes/{mailbox}/sessions", response=Sessions, summary="List sessions")
@operation("sign-in.view")
def list_sessions(request: HttpRequest, mailbox: Named) -> Sessions:
    """Who is connected to a mailbox by IMAP, POP3 and ManageSieve."""
    actor, found = mailbox_in(request, mailbox)
    seen = services.sessions(actor=actor, now=timezone.now(), mailbox=found, seconds=PATIENCE)
    return _shown(Sessions, seen)


@router.post("/mailboxes/{mailbox}/end-sessions", response=Ended, summary="End sessions")
@operation("mailbox.end-sessions", waits=True)
def end_sessions(request: HttpRequest, mailbox: Named) -> Ended:
    """Its programs may log in again."""
    actor, found = mailbox_in(request, mailbox)
    count = services.end_sessions(actor=actor, now=timezone.now(), mailbox=found, seconds=PATIENCE)
    return Ended(count=count)


@router.post("/mailboxes/{mailbox}/rules/test", response=Tried, summary="Try rules out")
@operation("rules.test", waits=True)
def try_rules(request: HttpRequest, mailbox: Named, body: RulesTry) -> Tried:
    """What these rules would do with a message; nothing is stored or sent."""
    actor, found = mailbox_in(request, mailbox)
    tried = services.test_rules(
        actor=actor,
        now=timezone.now(),
        mailbox=found,
        rules=services.parse_rules(body.model_dump()["rules"]),
        message=body.message,
        seconds=PATIENCE,
    )
    return Tried.model_validate(msgspec.to_builtins(tried))
