"""Lists in pages: `limit` and `after`, the cursor of the page before."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from ninja import Field, Query, Schema

from mailstead.standards.refusal import Refusal

M = TypeVar("M", bound=Model)
T = TypeVar("T")
MOST = 500
HIGHEST = 2**63 - 1
"""What the database holds as a number."""
Number = Annotated[int, Field(ge=1, le=HIGHEST)]


class Page(Schema, Generic[T]):
    """Some of the objects, and the cursor with which the next ones are asked for."""

    items: list[T]
    next: str | None = Field(description="For `after` of the next page; null: this is the last.")


class Turn(Schema):
    """Which page."""

    limit: int = Field(50, ge=1, le=MOST, description="Objects on the page.")
    after: str | None = Field(None, max_length=60, description="`next` of the page before.")


Turning = Annotated[Turn, Query()]
"""The parameters of every list."""


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(f"k{number}".encode()).decode().rstrip("=")


def _place(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        number = int(text[1:]) if text[:1] == "k" and text[1:].isdigit() else 0
    except (binascii.Error, ValueError):
        number = 0
    if not 1 <= number <= HIGHEST:
        raise _no_cursor()
    return number


def _no_cursor() -> Refusal:
    return Refusal(
        "cursor-invalid",
        "'after' is no cursor of this list.",
        remedy="Take it from 'next' of the page before.",
    )


def paged(
    rows: QuerySet[M], turn: Turn, shown: Callable[[M], Any], *, newest_first: bool = False
) -> dict[str, Any]:
    """A page of rows in the order of their numbers, each as `shown` makes it."""
    rows = rows.order_by("-pk" if newest_first else "pk")
    if turn.after is not None:
        place = _place(turn.after)
        rows = rows.filter(pk__lt=place) if newest_first else rows.filter(pk__gt=place)
    return _page(rows, turn, shown)


def paged_by_time(
    rows: QuerySet[M], turn: Turn, shown: Callable[[M], Any], *, field: str = "at"
) -> dict[str, Any]:
    """A page of rows in the order of a time, the newest first; for lists of millions."""
    rows = rows.order_by(f"-{field}", "-pk")
    if turn.after is not None:
        place = _place(turn.after)
        at = rows.model._default_manager.filter(pk=place).values_list(field, flat=True).first()
        if at is None:
            raise _no_cursor()
        earlier = Q(**{f"{field}__lt": at}) | Q(pk__lt=place)
        rows = rows.filter(earlier, **{f"{field}__lte": at})
    return _page(rows, turn, shown)


def _page(rows: QuerySet[M], turn: Turn, shown: Callable[[M], Any]) -> dict[str, Any]:
    found = list(rows[: turn.limit + 1])
    more = len(found) > turn.limit
    kept = found[: turn.limit]
    return {
        "items": [shown(row) for row in kept],
        "next": _cursor(kept[-1].pk) if more else None,
    }
