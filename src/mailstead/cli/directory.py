"""`mailstead directory`: what this node answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

import typer

from mailstead.cli.session import OK, PARTLY, SESSION, to_json
from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.directory import check as checking
from mailstead.mailplane.engines.postfix.control import Postmap
from mailstead.mailplane.engines.postfix.model import MAP_NAMES
from mailstead.mailplane.node.feed_client import FeedClient
from mailstead.mailplane.node.maps import NodeMaps
from mailstead.standards.refusal import Refusal

app = typer.Typer(help="The compiled answers of this node.", no_args_is_help=True)

REBUILD_SECONDS = 600.0


def _client(settings: Settings) -> FeedClient:
    return FeedClient(Home(settings.home).web_socket, settings.server)


def _differences(settings: Settings) -> Iterator[str]:
    home = Home(settings.home)
    with _client(settings).snapshot() as (_, changes):
        yield from checking.compare(home, Postmap(home), changes)
    yield from NodeMaps(home).differences()


@app.command("check")
def check(limit: int = typer.Option(100, "--limit", help="Differences to print.")) -> int:
    """Compare every answer with the source of truth; exit code 3 when something differs."""
    settings = SESSION.settings()
    found = list(islice(_differences(settings), limit))
    if SESSION.json:
        print(to_json({"differences": found}))
    else:
        print("\n".join(found) or "Every answer is right.")
    return PARTLY if found else OK


@app.command("rebuild")
def rebuild() -> None:
    """Build the directory anew from the source of truth, while mail flows."""
    settings = SESSION.settings()
    request = Home(settings.home).event_spool.parent / "rebuild"
    request.touch()
    started = time.monotonic()
    # Ends the agent's long poll: any new revision would, but there may be none.
    from mailstead.mailplane.node import supervise

    supervise.restart(Home(settings.home), "agent")
    while request.exists():
        if time.monotonic() - started > REBUILD_SECONDS:
            raise Refusal(
                "rebuild-slow",
                "The agent has not finished the rebuild yet.",
                remedy=f"Look into {settings.home}/log/agent.out.",
                permanent=False,
            )
        time.sleep(0.1)
    seconds = round(time.monotonic() - started, 1)
    SESSION.done(f"Built the directory anew in {seconds} s.", {"seconds": seconds})


@app.command("show")
def show(key: str) -> None:
    """Show what the maps hold for one key: an address, a domain, @domain, an SMTP log-in."""
    settings = SESSION.settings()
    maps = Postmap(Home(settings.home))
    found = {name: maps.query(name, [key.lower()]).get(key.lower()) for name in MAP_NAMES}
    SESSION.print_row(found)
