"""Blocked log-ins, for programs."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from mailstead.control.people.api.door import caller, operation
from mailstead.control.people.api.paging import Page, Turn, paged
from mailstead.control.protection import queries, services
from mailstead.control.protection.models import LoginBlock

router = Router(tags=["Protection"])


class BlockOut(Schema):
    """Log-ins that a node refuses."""

    id: int
    server: str
    client: str = Field(
        description="Network address, or an IPv6 network; empty: strangers from everywhere."
    )
    account: str = Field(
        description="As it was typed; empty: every one at which the client never logged in."
    )
    reason: str = Field(
        description="`passwords`: many wrong ones at one account; `accounts`: wrong ones at many; "
        "`attack`: many strangers guess, who come one by one."
    )
    since: dt.datetime
    until: dt.datetime
    count: int = Field(description="Log-ins that were refused.")
    ended: dt.datetime | None
    end: str = Field(description="`over`, `lifted`; empty: it holds.")
    ended_by: str


class BlockFind(Turn):
    """Which ones."""

    q: str = Field("", max_length=320, description="Part of a client or account.")
    which: Literal["held", "ended", "all"] = Field("held", description="Those that hold, or not.")


class LiftIn(Schema):
    """What is to be lifted."""

    client: str = Field("", max_length=45, description="Empty: strangers at the account.")
    account: str = Field("", max_length=320, description="Empty: all blocks of the client.")


class LiftOut(Schema):
    """What was."""

    lifted: int = Field(description="Blocks that ended.")


_HELD = {"held": True, "ended": False, "all": None}


def _block(row: LoginBlock) -> dict[str, object]:
    return {name: getattr(row, name) for name in BlockOut.model_fields}


@router.get("/blocks", response=Page[BlockOut], summary="List blocked log-ins")
@operation("block.view")
def list_blocks(request: HttpRequest, find: Query[BlockFind]) -> object:
    """Whose log-ins are refused, the newest first."""
    held = _HELD[find.which]
    rows = queries.blocks(caller(request), now=timezone.now(), search=find.q, held=held)
    return paged(rows, find, _block, newest_first=True)


@router.post("/blocks/lift", response=LiftOut, summary="Let somebody log in again")
@operation("block.lift")
def lift_blocks(request: HttpRequest, body: LiftIn) -> object:
    """End a block, or all of a client; the nodes follow within seconds."""
    count = services.lift_block(
        actor=caller(request), now=timezone.now(), client=body.client, account=body.account
    )
    return {"lifted": count}
