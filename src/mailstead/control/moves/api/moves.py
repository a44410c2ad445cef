"""Moves and their acts, and batches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from mailstead.control.hosting import queries as hosting
from mailstead.control.moves import queries, services, words
from mailstead.control.moves.models import BringBack, Copy, Move, PlanRow
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Page, Turn, paged

router = Router(tags=["Moves"])


class MoveOut(Schema):
    """An account that is brought in."""

    id: int
    customer: int | None
    customer_name: str
    server: str
    place: str
    old_host: str
    batch: str
    panel: str
    account: str
    state: str
    since: dt.datetime
    paused: bool
    reading: str
    reading_words: str
    asks: int = Field(description="Questions of the plan that wait for an answer.")
    copies: int
    percent: int
    octets: int
    octets_all: int
    rate: float = Field(description="Bytes each second.")
    left: float | None = Field(description="Seconds until the end of the round.")
    failed: int = Field(description="Copies that have failed.")
    window_from: dt.datetime | None
    window_until: dt.datetime | None
    time_zone: str
    note: str = Field(description="What the announcement says besides.")
    octets_per_second: int = Field(description="Of each of its copies; 0: as fast as it goes.")
    switched_at: dt.datetime | None
    grace_until: dt.datetime | None
    origin: str = Field(description="`files`, `imap`, or `node`: another server of ours.")
    phase: str = Field(
        description="Of a change of home between own servers: `near`, `held` or `last`; else empty."
    )
    phase_words: str = Field(description="Why the last change of home did not come about.")
    confirmed_at: dt.datetime | None
    confirmed_by: str


class MoveFind(Turn):
    """Which ones."""

    q: str = Field("", max_length=200, description="Part of the account, customer or place.")
    state: str = Field("", max_length=9, description="A state, `open`, or empty for all.")
    batch: str = Field("", max_length=80)


class MoveIn(Schema):
    """A move to be made."""

    place: str = Field(max_length=500, description="Name below the server's `moves/incoming/`.")
    server: str = Field(max_length=63)
    customer: int | None = None
    customer_name: str = Field("", max_length=120, description="Of a customer to be made.")
    old_host: str = Field("", max_length=253)
    batch: str = Field("", max_length=80)
    account: str = Field("", max_length=255, description="One of a live server's.")


class OwnMoveIn(Schema):
    """A move to another server of ours."""

    server: str = Field(max_length=63, description="The new home server.")
    customer: int | None = Field(None, description="Whose domains; the others of theirs stay.")
    domains: list[str] = Field([], max_length=500, description="Only these; their aliases too.")
    batch: str = Field("", max_length=80)


class RowOut(Schema):
    """One thing of the plan."""

    id: int
    key: str
    kind: str
    domain: str
    subject: str
    grade: str
    code: str
    why: str
    choices: list[str]
    makes: str
    octets: int
    messages: int
    outcome: str
    outcome_words: str


class PlanDomainOut(Schema):
    """One domain of the plan; without a name: what belongs to the account."""

    domain: str
    mailboxes: int
    messages: int
    octets: int
    carried: int
    differs: int
    refused: int
    asks: int


class RowFind(Turn):
    """Which ones."""

    grade: str = Field("", max_length=8, description="`notable`: all that are not `carried`.")
    domain: str = Field("", max_length=253)
    kind: str = Field("", max_length=20)


class RedirectOut(Schema):
    """One old address that leads here."""

    host: str
    via: str = Field(description="Old port, old path or both; `/`: neither; empty: nobody came.")
    hits: int
    last_seen: dt.datetime | None
    expires_at: dt.datetime


class RedirectIn(Schema):
    """Another name of the old panel."""

    host: str = Field(max_length=253)
    days: int = Field(90, ge=1, le=730)


class CopyOut(Schema):
    """One mailbox's mail."""

    id: int
    address: str
    round: int
    state: str
    paused: bool
    messages: int
    messages_all: int
    octets: int
    octets_all: int
    folder: str
    seconds: float
    words: str
    uids_kept: bool


class ReturnOut(Schema):
    """One mailbox's mail on its way to the old server again."""

    id: int
    address: str
    state: str = Field(description="waiting, returning, done or failed (tried again later).")
    settled: bool = Field(description="A later look has found nothing more.")
    arrived: int = Field(description="Messages delivered here since the switch.")
    saved: int = Field(description="Messages that were sent or saved here since then.")
    returned: int
    failed: int
    kept: int = Field(description="Messages in the file of what is not at the old server.")
    kept_octets: int
    words: str


class AnswersIn(Schema):
    """What was decided."""

    answers: dict[str, str] = Field(description="Key of a row to one of its choices.")


class ReasonIn(Schema):
    """Why."""

    reason: str = Field("", max_length=400)


class AnnounceIn(Schema):
    """When it will happen."""

    window_from: dt.datetime
    window_until: dt.datetime
    time_zone: str = Field("UTC", max_length=40)
    note: str = Field("", max_length=4000)
    to_mailboxes: bool = True


class BackIn(Schema):
    """Where mail is to go."""

    old_host: str = Field("", max_length=253)
    reason: str = Field("", max_length=400)


class LossIn(Schema):
    """What is missing."""

    words: str = Field(max_length=4000)


class SwitchIn(Schema):
    """How."""

    force: bool = Field(False, description="Though some mailbox has not been copied once.")
    reason: str = Field("", max_length=400)


class CopyIn(Schema):
    """How."""

    anew: bool = Field(
        False,
        description="Both sides are compared whole; what is not here any more comes again, also "
        "what its user has deleted.",
    )
    mailbox: str = Field("", max_length=320, description="Only this one's; empty: all.")
    reason: str = Field("", max_length=400)


class ReportOut(Schema):
    """The parity report in short, and what is not as it was."""

    state: str
    counts: dict[str, int]
    mailboxes: list[dict[str, object]]
    forwarders: list[dict[str, str]]


class BatchOut(Schema):
    """Moves that belong together."""

    id: int
    name: str
    at_once: int


class BatchIn(Schema):
    """A batch to be made."""

    name: str = Field(max_length=80)
    at_once: int = Field(3, ge=1, le=100)


def move_out(move: Move) -> dict[str, object]:
    """A move as programs see it, with how far it is."""
    found = queries.progress(list(queries.copies(move)))
    plain = {
        name: getattr(move, name)
        for name in MoveOut.model_fields
        if hasattr(move, name) and name not in ("copies", "customer", "server", "batch")
    }
    own = move.own if move.origin == "node" else None
    return plain | {
        "phase": own.phase if own else "",
        "phase_words": own.words if own else "",
        "customer": move.customer_id,
        "server": move.server.name if move.server else "",
        "batch": move.batch.name if move.batch else "",
        "asks": queries.rows(move, grade="asks").count(),
        "copies": found.copies,
        "percent": found.percent,
        "octets": found.octets,
        "octets_all": found.octets_all,
        "rate": found.rate,
        "left": found.left,
        "failed": found.failed,
    }


def _acted(
    request: HttpRequest, number: int, act: Callable[..., object], **given: object
) -> dict[str, object]:
    """Take a move further by one of the services' acts, and tell how it stands."""
    actor = caller(request)
    move = queries.move_numbered(actor, number)
    act(actor=actor, now=timezone.now(), move=move, **given)
    return move_out(move)


def _row(row: PlanRow) -> dict[str, object]:
    plain = {name: getattr(row, name, "") for name in RowOut.model_fields}
    return plain | {"why": words.why(row)}


def _redirect(one: queries.OldAddress) -> dict[str, object]:
    return {name: getattr(one, name) for name in RedirectOut.model_fields}


def _copy(row: Copy) -> dict[str, object]:
    return {name: getattr(row, name) for name in CopyOut.model_fields}


@router.get("/moves", response=Page[MoveOut], summary="List moves")
@operation("move.view")
def list_moves(request: HttpRequest, find: Query[MoveFind]) -> object:
    """The newest first."""
    found = queries.moves(caller(request), state=find.state, search=find.q, batch=find.batch)
    return paged(found, find, move_out, newest_first=True)


@router.post("/moves", response=MoveOut, summary="Begin a move")
@operation("move.create")
def create_move(request: HttpRequest, body: MoveIn) -> object:
    """From an archive or a tree below the server's `moves/incoming/`; it is read at once."""
    actor = caller(request)
    move = services.create_move(
        actor=actor,
        now=timezone.now(),
        place=services.incoming(body.place),
        server=hosting.server_named(actor, body.server),
        customer=hosting.customer_numbered(actor, body.customer) if body.customer else None,
        customer_name=body.customer_name,
        old_host=body.old_host,
        account=body.account,
        batch=queries.batch_named(actor, body.batch) if body.batch else None,
    )
    return move_out(move)


@router.post("/own-moves", response=MoveOut, summary="Begin a move to another own server")
@operation("move.create")
def create_own_move(request: HttpRequest, body: OwnMoveIn) -> object:
    """Of a customer's domains, or of some of them; it is planned at once."""
    actor = caller(request)
    move = services.create_own_move(
        actor=actor,
        now=timezone.now(),
        server=hosting.server_named(actor, body.server),
        customer=hosting.customer_numbered(actor, body.customer) if body.customer else None,
        domains=[hosting.domain_named(actor, name) for name in body.domains],
        batch=queries.batch_named(actor, body.batch) if body.batch else None,
    )
    return move_out(move)


@router.get("/moves/{number}", response=MoveOut, summary="Show a move")
@operation("move.view")
def show_move(request: HttpRequest, number: int) -> object:
    """With how far its copies are."""
    return move_out(queries.move_numbered(caller(request), number))


@router.delete("/moves/{number}", response={204: None}, summary="Forget a move")
@operation("move.remove")
def remove_move(request: HttpRequest, number: int) -> object:
    """One that has not begun."""
    actor = caller(request)
    move = queries.move_numbered(actor, number)
    services.remove_move(actor=actor, now=timezone.now(), move=move)
    return Status(204, None)


@router.get("/moves/{number}/rows", response=Page[RowOut], summary="List a move's plan")
@operation("move.view")
def list_move_rows(request: HttpRequest, number: int, find: Query[RowFind]) -> object:
    """One row for each thing that was found."""
    move = queries.move_numbered(caller(request), number)
    domain = find.domain or None
    found = queries.rows(move, grade=find.grade, domain=domain, kind=find.kind)
    return paged(found, find, _row)


@router.get(
    "/moves/{number}/domains", response=list[PlanDomainOut], summary="A move's plan by domain"
)
@operation("move.view")
def list_move_domains(request: HttpRequest, number: int) -> object:
    """What comes for each, and how many rows come how."""
    move = queries.move_numbered(caller(request), number)
    return [one.told() for one in queries.by_domain(move)]


@router.get("/moves/{number}/copies", response=Page[CopyOut], summary="List a move's copies")
@operation("move.view")
def list_move_copies(request: HttpRequest, number: int, find: Query[Turn]) -> object:
    """How far each is in its round."""
    return paged(queries.copies(queries.move_numbered(caller(request), number)), find, _copy)


@router.get(
    "/moves/{number}/redirects", response=list[RedirectOut], summary="List a move's redirects"
)
@operation("move.view")
def list_move_redirects(request: HttpRequest, number: int) -> object:
    """The old addresses that lead here, and how many have come by each."""
    move = queries.move_numbered(caller(request), number)
    return [_redirect(one) for one in queries.old_addresses(move)]


@router.post(
    "/moves/{number}/redirects", response=list[RedirectOut], summary="Redirect another name"
)
@operation("move.redirect")
def add_move_redirect(request: HttpRequest, number: int, body: RedirectIn) -> object:
    """A name of the old panel leads here, or one that does for longer."""
    actor = caller(request)
    move = queries.move_numbered(actor, number)
    services.add_redirect(
        actor=actor, now=timezone.now(), move=move, host=body.host, days=body.days
    )
    return [_redirect(one) for one in queries.old_addresses(move)]


@router.delete("/moves/{number}/redirects/{host}", response={204: None}, summary="End a redirect")
@operation("move.end-redirect")
def end_move_redirect(request: HttpRequest, number: int, host: str) -> object:
    """The name is not answered any more."""
    actor = caller(request)
    move = queries.move_numbered(actor, number)
    services.end_redirect(actor=actor, now=timezone.now(), move=move, host=host)
    return Status(204, None)


@router.get("/moves/{number}/report", response=ReportOut, summary="Show a move's parity report")
@operation("move.view")
def show_move_report(request: HttpRequest, number: int) -> object:
    """Counts, and each mailbox and forwarder with its state."""
    found = queries.report(queries.move_numbered(caller(request), number))
    return {
        "state": found.state,
        "counts": found.counts,
        "mailboxes": [
            {
                "address": one.copy.address,
                "state": one.state,
                "lines": {line.kind: f"{line.source} / {line.target}" for line in one.lines},
            }
            for part in found.parts
            for one in part.compared
        ],
        "forwarders": [
            {"address": one.row.subject, "answer": one.answer, "state": one.state}
            for part in found.parts
            for one in part.looked
        ],
    }


@router.post("/moves/{number}/answers", response=MoveOut, summary="Answer a plan's questions")
@operation("move.answer")
def answer_move(request: HttpRequest, number: int, body: AnswersIn) -> object:
    """The plan is made anew with them."""
    return _acted(request, number, services.answer, answers=body.answers)


@router.post("/moves/{number}/read", response=MoveOut, summary="Read a move's source again")
@operation("move.read")
def read_move(request: HttpRequest, number: int) -> object:
    """What was found before is replaced."""
    return _acted(request, number, services.ask_reading)


@router.post("/moves/{number}/announce", response=MoveOut, summary="Announce a move")
@operation("move.announce")
def announce_move(request: HttpRequest, number: int, body: AnnounceIn) -> object:
    """Owner and mailbox users are written to."""
    return _acted(request, number, services.announce, **body.dict())


@router.post("/moves/{number}/start", response=MoveOut, summary="Start a move")
@operation("move.start")
def start_move(request: HttpRequest, number: int, body: ReasonIn) -> object:
    """Everything is made here, then the mail is copied."""
    return _acted(request, number, services.start, reason=body.reason)


@router.post("/moves/{number}/pause", response=MoveOut, summary="Pause a move's copies")
@operation("move.pause")
def pause_move(request: HttpRequest, number: int, body: ReasonIn) -> object:
    """They stop where they stand."""
    return _acted(request, number, services.pause, paused=True, reason=body.reason)


@router.post("/moves/{number}/resume", response=MoveOut, summary="Go on with a move's copies")
@operation("move.resume")
def resume_move(request: HttpRequest, number: int, body: ReasonIn) -> object:
    """Where they stopped; what could not be made is tried again."""
    return _acted(request, number, services.go_on, reason=body.reason)


@router.post("/moves/{number}/copy", response=MoveOut, summary="Copy what has changed")
@operation("move.copy")
def copy_move(request: HttpRequest, number: int, body: CopyIn | None = None) -> object:
    """Another round of every copy that has ended."""
    given = body.dict() if body else {}
    return _acted(request, number, services.copy_again, **given)


@router.post("/moves/{number}/switch", response=MoveOut, summary="Switch a move")
@operation("move.switch")
def switch_move(request: HttpRequest, number: int, body: SwitchIn) -> object:
    """Mail is delivered here from now on."""
    return _acted(request, number, services.switch, **body.dict())


@router.post("/moves/{number}/verify", response=MoveOut, summary="Show the customer the report")
@operation("move.verify")
def verify_move(request: HttpRequest, number: int, body: ReasonIn) -> object:
    """The parity report is ready to be read."""
    return _acted(request, number, services.verify, reason=body.reason)


@router.post("/moves/{number}/confirm", response=MoveOut, summary="Confirm a move")
@operation("move.confirm")
def confirm_move(request: HttpRequest, number: int, body: ReasonIn) -> object:
    """All is there."""
    return _acted(request, number, services.confirm, reason=body.reason)


@router.post("/moves/{number}/losses", response=MoveOut, summary="Report a loss")
@operation("move.report-loss")
def report_move_loss(request: HttpRequest, number: int, body: LossIn) -> object:
    """Something is missing: the move is open again."""
    return _acted(request, number, services.report_loss, words=body.words)


@router.post("/moves/{number}/finish", response=MoveOut, summary="Finish a move")
@operation("move.finish")
def finish_move(request: HttpRequest, number: int, body: ReasonIn) -> object:
    """The old server is needed no more."""
    return _acted(request, number, services.finish, reason=body.reason)


@router.post("/moves/{number}/back", response=MoveOut, summary="Take a move back")
@operation("move.back")
def back_move(request: HttpRequest, number: int, body: BackIn) -> object:
    """Mail goes to the old server again, and what has come here since the switch too."""
    return _acted(request, number, services.back, old_host=body.old_host, reason=body.reason)


@router.get(
    "/moves/{number}/returns",
    response=Page[ReturnOut],
    summary="List what is brought to the old server",
)
@operation("move.view")
def list_move_returns(request: HttpRequest, number: int, find: Query[Turn]) -> object:
    """Mailbox by mailbox, of a move that was taken back."""
    rows = queries.brought_back(queries.move_numbered(caller(request), number))
    return paged(rows, find, _return)


@router.post(
    "/moves/{number}/returns", response=MoveOut, summary="Try again what is left to bring back"
)
@operation("move.return")
def return_again(request: HttpRequest, number: int, body: ReasonIn) -> object:
    """Each mailbox is looked at once more, and what was refused is tried again."""
    return _acted(request, number, services.bring_back_again, reason=body.reason)


@router.post(
    "/moves/{number}/returned", response=MoveOut, summary="Wait no longer for the old server"
)
@operation("move.returned")
def end_returning(request: HttpRequest, number: int, body: ReasonIn) -> object:
    """What it does not have stays in the files."""
    return _acted(request, number, services.end_returning, reason=body.reason)


def _return(row: BringBack) -> dict[str, object]:
    return {name: getattr(row, name) for name in ReturnOut.model_fields}


@router.get("/batches", response=Page[BatchOut], summary="List batches of moves")
@operation("batch.view")
def list_batches(request: HttpRequest, find: Query[Turn]) -> object:
    """In the order in which they were made."""
    return paged(queries.batches(caller(request)), find, batch_out)


@router.post("/batches", response=BatchOut, summary="Make a batch of moves")
@operation("batch.create")
def create_batch(request: HttpRequest, body: BatchIn) -> object:
    """Moves that belong together, of which only some copy at the same time."""
    return batch_out(
        services.create_batch(
            actor=caller(request), now=timezone.now(), name=body.name, at_once=body.at_once
        )
    )


def batch_out(row: object) -> dict[str, object]:
    """A batch as programs see it."""
    return {name: getattr(row, name) for name in BatchOut.model_fields}
