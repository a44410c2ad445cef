"""`mailstead audit`: who did what."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mailstead.cli import options
from mailstead.cli.session import SESSION, Row, place, to_json

app = typer.Typer(help="The audit trail.", no_args_is_help=True)


def _row(entry: Any) -> Row:
    return {
        "id": entry.pk,
        "at": entry.at,
        "actor": entry.actor,
        "verb": entry.verb,
        "label": entry.label,
        "before": entry.before if SESSION.json else to_json(entry.before or {}),
        "after": entry.after if SESSION.json else to_json(entry.after or {}),
        "reason": entry.reason,
    }


@app.callback()
def _group() -> None:
    """The audit trail."""


@app.command("list")
def list_(
    label: Annotated[str, typer.Option("--label", help="Only of this object.")] = "",
    limit: options.Limit = 20,
    before: Annotated[str, typer.Option("--before", help="Cursor of the page before.")] = "",
) -> None:
    """List what was done, the newest first."""
    SESSION.control()
    from mailstead.cli.door import people

    found = people.audit_trail(SESSION.actor(), label=label)
    if SESSION.client is not None:
        items, cursor = found.page(limit, before)  # type: ignore[attr-defined]
        SESSION.print_rows([_row(item) for item in items], next_after=cursor, option="--before")
        return
    if before:
        found = found.filter(pk__lt=place(before))
    entries = list(found[: limit + 1])
    following = entries[limit - 1].pk if len(entries) > limit else None
    rows = [_row(entry) for entry in entries[:limit]]
    SESSION.print_rows(rows, next_after=following, option="--before")
