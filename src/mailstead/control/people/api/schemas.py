"""What the API's schemas have in common."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from ninja import Field, Schema
from pydantic import AfterValidator, ConfigDict

Text = Annotated[str, Field(max_length=500)]
Size = Annotated[int, Field(ge=0, le=2**53, description="Bytes; 0: no limit.")]
Limit = Annotated[int, Field(ge=0, le=1_000_000, description="How many; null: no limit.")]


def _zoned(moment: dt.datetime) -> dt.datetime:
    """UTC where no zone is said."""
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


Moment = Annotated[
    dt.datetime, AfterValidator(_zoned), Field(description="ISO 8601; UTC where no zone is given.")
]


class In(Schema):
    """What a request brings; a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Problem(Schema):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str = Field(description="One sentence for people.")
    status: int
    code: str = Field(description="A stable word for programs.")
    remedy: str = Field("", description="What to do.")
    instance: str = Field(description="The request's number, as it stands in the log.")
    errors: list[FieldError] = Field(default=[], description="Each field that is wrong.")


class FieldError(Schema):
    """What is wrong with one field."""

    field: str
    words: str


Problem.model_rebuild()
