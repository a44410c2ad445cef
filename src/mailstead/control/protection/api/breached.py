"""Mailboxes whose password is known from leaks, for programs."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mailstead.control.hosting.models import Mailbox
from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Page, Turn, paged
from mailstead.control.protection import queries

router = Router(tags=["Protection"])


class BreachedOut(Schema):
    """A mailbox that is opened with a password known from leaks."""

    id: int
    address: str
    customer: int
    customer_name: str
    leaked_at: dt.datetime = Field(description="When it was seen.")
    leaked_due: dt.datetime | None = Field(
        description="When it sends nothing more, unless the password is changed; null: never."
    )


class BreachedFind(Turn):
    """Which ones."""

    q: str = Field("", max_length=320, description="Part of an address.")


def _row(row: Mailbox) -> dict[str, object]:
    return {
        "id": row.pk,
        "address": row.address,
        "customer": row.domain.customer_id,
        "customer_name": row.domain.customer.name,
        "leaked_at": row.leaked_at,
        "leaked_due": row.leaked_due,
    }


@router.get("/breached-mailboxes", response=Page[BreachedOut], summary="List leaked passwords")
@operation("breached.view")
def list_breached(request: HttpRequest, find: Query[BreachedFind]) -> object:
    """Mailboxes that still have a password with which they were opened and that leaks know."""
    rows = queries.breached(caller(request), search=find.q)
    return paged(rows, find, _row, newest_first=True)
