"""Lists: every one searches, sorts, pages and exports in the same way.

A page of a list is asked for by its number; a count is made only where it is cheap, so that a list
of hundreds of thousands of rows opens as fast as a short one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

M = TypeVar("M", bound=Model)
PER_PAGE = 50
COUNTED = 10_000
"""Up to so many rows are counted; beyond the list says that there are many."""
COUNTED_OF_VAST = 1_000
"""The same where rows lie far apart, and each that is counted may be one more read of the disk."""
DEEPEST = 2_000
"""Pages; who looks further searches."""
CSV = "text/csv; charset=utf-8"


@dataclass
class Listing(Generic[M]):
    """One page of a list and what its template needs."""

    rows: list[M]
    number: int
    following: int | None
    previous: int | None
    total: int | None
    """None: more than are worth counting."""
    search: str
    hint: str
    export: bool
    kept: list[tuple[str, str]] = field(default_factory=list)


def listing(
    request: HttpRequest,
    query: QuerySet[M],
    *,
    sorts: Mapping[str, Sequence[str]],
    default: str,
    hint: str = "",
    export: bool = True,
    vast: bool = False,
) -> Listing[M]:
    """The page of `query` that the request asks for; `sorts` are names to columns.

    The search itself is the query's matter: it has been made with `request.GET["q"]`. A `vast`
    list is counted along its order, which must be an index's: PostgreSQL would else gather all
    rows that fit before it stops at the bound.
    """
    asked = request.GET.get("sort", "")
    bare = asked.removeprefix("-")
    chosen = asked if bare in sorts else default
    columns = sorts[chosen.removeprefix("-")]
    down = chosen.startswith("-")
    order = [(f"-{c}" if down else c) for c in columns]
    text = request.GET.get("page", "1")
    number = min(max(int(text), 1), DEEPEST) if text.isascii() and text.isdigit() else 1
    start = (number - 1) * PER_PAGE
    found = list(query.order_by(*order)[start : start + PER_PAGE + 1])
    total: int | None
    if number == 1 and len(found) <= PER_PAGE:
        total = len(found)
    else:
        most = COUNTED_OF_VAST if vast else COUNTED
        total = query.order_by(*(order if vast else ()))[: most + 1].count()
        if total > most:
            total = None
    return Listing(
        rows=found[:PER_PAGE],
        number=number,
        following=number + 1 if len(found) > PER_PAGE else None,
        previous=number - 1 if number > 1 else None,
        total=total,
        search=request.GET.get("q", ""),
        hint=hint,
        export=export,
        kept=[(k, str(v)) for k, v in request.GET.items() if k not in ("q", "page", "export")],
    )


def wants_csv(request: HttpRequest) -> bool:
    """Whether the whole list is asked for as a file."""
    return request.GET.get("export") == "csv"


def csv_file(
    name: str, heads: Sequence[str], rows: QuerySet[M], line: Callable[[M], Sequence[Any]]
) -> StreamingHttpResponse:
    """A list as a CSV file, sent row by row."""
    parts = _csv(heads, (line(row) for row in rows.iterator(2000)))
    response = StreamingHttpResponse(parts, content_type=CSV)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def csv_text(heads: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    """The text of a CSV file that is short enough to be made at once."""
    return "".join(_csv(heads, lines))


def download(name: str, content: str | bytes, kind: str = CSV) -> HttpResponse:
    """A file that the browser keeps under `name`; `kind` is its media type."""
    response = HttpResponse(content, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _csv(heads: Sequence[str], lines: Iterable[Sequence[Any]]) -> Iterator[str]:
    """CSV line by line; cells that a spreadsheet would run are made harmless."""
    yield _line(heads)
    for line in lines:
        yield _line([_harmless(cell) for cell in line])


def _line(cells: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _harmless(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: `=`, `+`, `-`, `@`, tab and CR lead none."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + cell
    return cell
