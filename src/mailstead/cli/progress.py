"""How long commands show how far they are."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from mailstead.cli.session import SESSION


def progress_bar() -> Progress:
    """A bar on standard error, for people at a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        disable=SESSION.json or not sys.stderr.isatty(),
        console=Console(stderr=True),
    )
