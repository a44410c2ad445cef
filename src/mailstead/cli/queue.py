"""`mailstead queue`: messages that wait."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from mailstead.cli.session import SESSION
from mailstead.home import Home
from mailstead.mailplane.engines.postfix import control

app = typer.Typer(help="Messages that wait to be delivered.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List the messages in the queue."""
    settings = SESSION.settings()
    rows = []
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
    SESSION.print_rows(rows)


@app.command("flush")
def flush() -> None:
    """Try every waiting message now."""
    control.flush(Home(SESSION.settings().home))
    SESSION.done("Every waiting message is tried now.", {"flushed": True})
