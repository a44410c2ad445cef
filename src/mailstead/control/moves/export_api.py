"""Exports, for programs."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from mailstead.control.hosting import queries as hosting
from mailstead.control.moves import queries, services
from mailstead.control.moves.models import Export
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Page, Turn, paged
from mailstead.control.web.files import file_answer

router = Router(tags=["Exports"])


class ExportOut(Schema):
    """An archive of an account, asked for, being made, or there to be fetched."""

    id: int
    customer: int
    domain: str = Field(description="Only this one; empty: all of the customer's.")
    with_mail: bool
    state: str = Field(description="waiting, making, stopped, done or failed.")
    words: str
    percent: int
    octets: int = Field(description="Of mail that is packed.")
    octets_all: int
    messages: int
    address: str = Field(description="Mailbox that is packed now.")
    name: str = Field(description="Of the file, once it is whole.")
    size: int
    created_at: dt.datetime
    created_by: str
    finished_at: dt.datetime | None
    expires_at: dt.datetime | None


class ExportIn(Schema):
    """An archive to be made."""

    customer: int
    domain: str = Field("", max_length=253, description="Only this one; empty: all.")
    with_mail: bool = False


def _export(row: Export) -> dict[str, object]:
    plain = {name: getattr(row, name) for name in ExportOut.model_fields if name != "customer"}
    return plain | {"customer": row.customer_id}


@router.get("/exports", response=Page[ExportOut], summary="List exports")
@operation("export.view")
def list_exports(request: HttpRequest, find: Query[Turn]) -> object:
    """The newest first."""
    return paged(queries.exports(caller(request)), find, _export, newest_first=True)


@router.post("/exports", response=ExportOut, summary="Make an export")
@operation("export.create")
def create_export(request: HttpRequest, body: ExportIn) -> object:
    """In the background; look at it until its state is `done`, then fetch its file."""
    actor = caller(request)
    return _export(
        services.create_export(
            actor=actor,
            now=timezone.now(),
            customer=hosting.customer_numbered(actor, body.customer),
            domain=body.domain,
            with_mail=body.with_mail,
        )
    )


@router.get("/exports/{number}", response=ExportOut, summary="Show an export")
@operation("export.view")
def show_export(request: HttpRequest, number: int) -> object:
    """With how far it is."""
    return _export(queries.export_numbered(caller(request), number))


@router.post("/exports/{number}/stop", response=ExportOut, summary="Stop an export")
@operation("export.stop")
def stop_export(request: HttpRequest, number: int) -> object:
    """Where it is; it can go on."""
    actor = caller(request)
    row = queries.export_numbered(actor, number)
    services.stop_export(actor=actor, now=timezone.now(), export=row)
    return _export(queries.export_numbered(actor, number))


@router.post("/exports/{number}/resume", response=ExportOut, summary="Go on with an export")
@operation("export.resume")
def resume_export(request: HttpRequest, number: int) -> object:
    """Where it was stopped or has failed."""
    actor = caller(request)
    row = queries.export_numbered(actor, number)
    services.resume_export(actor=actor, now=timezone.now(), export=row)
    return _export(queries.export_numbered(actor, number))


@router.delete("/exports/{number}", response={204: None}, summary="Remove an export")
@operation("export.remove")
def remove_export(request: HttpRequest, number: int) -> object:
    """The archive goes at once."""
    actor = caller(request)
    row = queries.export_numbered(actor, number)
    services.remove_export(actor=actor, now=timezone.now(), export=row)
    return Status(204, None)


@router.get("/exports/{number}/file", summary="Fetch an export's archive", response={200: None})
@operation("export.download", waits=True)
def fetch_export(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """The file itself. It holds hashes of passwords and private keys."""
    actor = caller(request)
    row = queries.export_numbered(actor, number)
    path = services.fetch_export(actor=actor, now=timezone.now(), export=row)
    return file_answer(request, path, row.name)
