"""`mailstead queue`: messages that wait."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from mailstead.cli.session import SESSION, Row
from mailstead.home import Home
from mailstead.mailplane.engines.postfix import control

app = typer.Typer(help="Messages that wait to be delivered.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List the messages in the queue."""
    SESSION.print_rows(_there() if SESSION.client is not None else _here())


def _there() -> list[Row]:
    """Those of every node of another server."""
    from mailstead.cli.remote import queries

    return [
        {
            "queue_id": entry["id"],
            "queue": entry["queue"],
            "since": datetime.fromisoformat(entry["arrived"]),
            "sender": entry["sender"],
            "recipients": [item["address"] for item in entry["recipients"]],
            "reason": next((item["reason"] for item in entry["recipients"]), ""),
        }
        for server in queries.servers(None)
        for entry in queries.queue(server.name)
    ]


def _here() -> list[Row]:
    settings = SESSION.settings()
    rows: list[Row] = []
    for entry in control.queue(Home(settings.home)):
        recipients = entry.get("recipients")
        assert isinstance(recipients, list)
        rows.append(
            {
                "queue_id": entry["queue_id"],
                "queue": entry["queue_name"],
                "since": datetime.fromtimestamp(float(str(entry["arrival_time"])), UTC),
                "sender": entry["sender"],
                "recipients": [item["address"] for item in recipients],
                "reason": next((item.get("delay_reason", "") for item in recipients), ""),
            }
        )
    return rows


@app.command("flush")
def flush() -> None:
    """Try every waiting message now."""
    SESSION.refuse_server()
    control.flush(Home(SESSION.settings().home))
    SESSION.done("Every waiting message is tried now.", {"flushed": True})
