"""The audit trail."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from mailstead.control.hosting import queries
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Number, Page, Turn, paged
from mailstead.standards.refusal import Refusal

router = Router(tags=["Audit trail"])


class Entry(Schema):
    """One act; secrets in it are masked."""

    id: int
    at: dt.datetime
    actor: str = Field(description="Who really did it.")
    acting_as: str = Field(description="In whose place; empty: their own.")
    verb: str
    kind: str
    label: str = Field(description="The object as people call it.")
    object_id: int
    customer: int | None
    domain: int | None
    mailbox: int | None
    before: dict[str, object] | None
    after: dict[str, object] | None
    reason: str
    address: str
    request: str


class EntryFind(Turn):
    """Which entries."""

    q: str = Field(
        "", max_length=320, description="The beginning of a name, or a whole log-in or address."
    )
    kind: str = Field("", max_length=30, description="Only of this kind of object.")
    label: str = Field("", max_length=320, description="Only of this object.")
    verb: str = Field("", max_length=60, description="Only this verb.")


@router.get("/audit", response=Page[Entry], summary="List what was done")
@operation("audit.view")
def list_entries(request: HttpRequest, find: Query[EntryFind]) -> object:
    """Who did what, the newest first."""
    rows = queries.trail(caller(request), kind=find.kind, label=find.label, search=find.q)
    if find.verb:
        rows = rows.filter(verb=find.verb)
    return paged(rows, find, lambda row: row, newest_first=True)


@router.get("/audit/{number}", response=Entry, summary="Show an act")
@operation("audit.view")
def show_entry(request: HttpRequest, number: Path[Number]) -> object:
    """One of them."""
    found = queries.trail(caller(request)).filter(pk=number).first()
    if found is None:
        raise Refusal("entry-unknown", "There is no such entry.")
    return found
