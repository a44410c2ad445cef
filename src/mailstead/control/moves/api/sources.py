"""IMAP servers from which moves come, what was asked of a move, and how fast nodes copy."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Schema

from mailstead.control.hosting import queries as hosting
from mailstead.control.moves import queries, services
from mailstead.control.moves.api.moves import (
    BatchOut,
    MoveOut,
    batch_out,
    move_out,
    router,
)
from mailstead.control.people.api.door import caller, operation
from mailstead.standards.refusal import Refusal


class LoginIn(Schema):
    """How to log in to one mailbox at the old server."""

    address: str = Field(max_length=320, description="The mailbox here.")
    password: str = Field("", max_length=200, description="Empty with a master user.")
    user: str = Field("", max_length=200, description="There; empty: the address.")


class ImapServer(Schema):
    """An IMAP server."""

    host: str = Field(max_length=253)
    port: int = Field(993, ge=1, le=65535)
    tls: Literal["imaps", "starttls", "none"] = "imaps"
    prefix: str = Field(
        "", max_length=60, description="Of its folders, as `INBOX.`; empty: what the server says."
    )
    verify: bool = Field(True, description="Whether its certificate must be valid.")
    master_user: str = Field("", max_length=320, description="Logs in for all mailboxes.")
    master_password: str = Field("", max_length=200)


class ImapMoveIn(ImapServer):
    """Mailboxes of an IMAP server that are to come."""

    mailboxes: list[LoginIn] = Field([], max_length=1000)
    csv: str = Field(
        "", description="Instead of `mailboxes`: `address,password,user` in each line."
    )
    server: str = Field(max_length=63, description="The home server.")
    customer: int | None = None
    customer_name: str = Field("", max_length=120, description="Of a customer to be made.")
    old_host: str = Field("", max_length=253)
    batch: str = Field("", max_length=80)


class LoginsIn(Schema):
    """What is other than it was."""

    mailboxes: list[LoginIn] = Field([], max_length=1000)
    csv: str = ""
    source: ImapServer | None = Field(None, description="Another server; empty: the same.")


class MoveChangeIn(Schema):
    """What is to be changed; what is left out stays."""

    customer: int | None = None
    customer_name: str | None = Field(None, max_length=120)
    old_host: str | None = Field(None, max_length=253)
    batch: str | None = Field(None, max_length=80, description="Empty: none.")
    note: str | None = Field(None, max_length=4000)
    octets_per_second: int | None = Field(
        None, ge=0, description="Of each of its copies; 0: as fast as it goes."
    )


class PaceOut(Schema):
    """How much a node copies at once."""

    server: str
    at_once: int
    octets_per_second: int = Field(description="Of all copies together; 0: no bound.")
    copying: int
    waiting: int


class PaceIn(Schema):
    """What is to be changed; what is left out stays."""

    at_once: int | None = Field(None, ge=1, le=64)
    octets_per_second: int | None = Field(None, ge=0)


class BatchChangeIn(Schema):
    """How many of a batch's moves copy at the same time."""

    at_once: int = Field(ge=1, le=100)


def _rows(mailboxes: list[LoginIn], csv: str) -> list[services.ImapRow]:
    if mailboxes and csv:
        raise Refusal("csv-beside", "Give the mailboxes or the CSV text.", remedy="Leave one out.")
    if csv:
        return services.read_csv(csv)
    return [services.ImapRow(one.address, one.password, one.user) for one in mailboxes]


def _login(body: ImapServer) -> services.ImapLogin:
    return services.ImapLogin(**{name: getattr(body, name) for name in ImapServer.model_fields})


@router.post("/imap-moves", response=MoveOut, summary="Begin a move from an IMAP server")
@operation("move.create")
def create_imap_move(request: HttpRequest, body: ImapMoveIn) -> object:
    """It is planned at once; the home server then tries the log-ins, and the plan says what it has
    found. Passwords are kept encrypted until the move is done."""
    actor = caller(request)
    move = services.create_imap_move(
        actor=actor,
        now=timezone.now(),
        login=_login(body),
        rows=_rows(body.mailboxes, body.csv),
        server=hosting.server_named(actor, body.server),
        customer=hosting.customer_numbered(actor, body.customer) if body.customer else None,
        customer_name=body.customer_name,
        old_host=body.old_host,
        batch=queries.batch_named(actor, body.batch) if body.batch else None,
    )
    return move_out(move)


@router.post("/moves/{number}/logins", response=MoveOut, summary="Change a move's log-ins")
@operation("move.update")
def change_move_logins(request: HttpRequest, number: int, body: LoginsIn) -> object:
    """Other passwords for some mailboxes, or another server; they hold from the next run of each
    copy. A user that is left out stays, and so does a master password."""
    actor = caller(request)
    move = queries.move_numbered(actor, number)
    services.update_logins(
        actor=actor,
        now=timezone.now(),
        move=move,
        rows=_rows(body.mailboxes, body.csv),
        login=_login(body.source) if body.source else None,
    )
    return move_out(move)


@router.patch("/moves/{number}", response=MoveOut, summary="Change a move")
@operation("move.update")
def change_move(request: HttpRequest, number: int, body: MoveChangeIn) -> object:
    """Who gets it can be changed until something was made. The pace holds for copies that run."""
    actor = caller(request)
    move = queries.move_numbered(actor, number)
    services.update_move(
        actor=actor,
        now=timezone.now(),
        move=move,
        customer=hosting.customer_numbered(actor, body.customer) if body.customer else None,
        customer_name=body.customer_name,
        old_host=body.old_host,
        batch=queries.batch_named(actor, body.batch) if body.batch else None,
        no_batch=body.batch == "",
        note_words=body.note,
        octets_per_second=body.octets_per_second,
    )
    return move_out(move)


@router.get("/copy-paces", response=list[PaceOut], summary="Show how fast nodes copy")
@operation("move.pace")
def list_copy_paces(request: HttpRequest) -> object:
    """Of each server, with how many copies run and wait there."""
    return [asdict(one) for one in queries.paces(caller(request))]


@router.patch(
    "/servers/{server}/copy-pace", response=PaceOut, summary="Change how fast a node copies"
)
@operation("move.pace")
def change_copy_pace(request: HttpRequest, server: str, body: PaceIn) -> object:
    """It holds for copies that run, at once."""
    actor = caller(request)
    services.set_pace(
        actor=actor,
        now=timezone.now(),
        server=hosting.server_named(actor, server),
        at_once=body.at_once,
        octets_per_second=body.octets_per_second,
    )
    return next(asdict(one) for one in queries.paces(actor) if one.server == server)


@router.patch("/batches/{number}", response=BatchOut, summary="Change a batch of moves")
@operation("batch.update")
def change_batch(request: HttpRequest, number: int, body: BatchChangeIn) -> object:
    """How many of its moves copy at the same time."""
    actor = caller(request)
    batch = queries.batch_numbered(actor, number)
    services.update_batch(actor=actor, now=timezone.now(), batch=batch, at_once=body.at_once)
    return batch_out(batch)
