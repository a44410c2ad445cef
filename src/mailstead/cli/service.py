"""`mailstead service`: start at boot."""

from __future__ import annotations

import typer

from mailstead.cli.session import SESSION
from mailstead.home import Home
from mailstead.mailplane.node import bringup
from mailstead.mailplane.node import service as units

app = typer.Typer(help="Start the instance at boot (systemd).", no_args_is_help=True)


@app.command("install")
def install() -> None:
    """Write and enable the one unit that starts the instance."""
    bringup.refuse_without_root()
    path = units.install(Home(SESSION.settings().home))
    SESSION.done(f"Wrote {path}; the instance starts at boot.", {"unit": str(path)})


@app.command("remove")
def remove() -> None:
    """Disable and delete the unit."""
    bringup.refuse_without_root()
    gone = units.remove(Home(SESSION.settings().home))
    words = "The instance no longer starts at boot." if gone else "There was no unit."
    SESSION.done(words, {"removed": gone})


@app.command("show")
def show() -> None:
    """Print the unit without writing it."""
    print(units.render(Home(SESSION.settings().home)), end="")
