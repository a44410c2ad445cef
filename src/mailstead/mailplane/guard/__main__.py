"""Starts the guard: `python -m mailstead.mailplane.guard --home H --pages URL`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import structlog

from mailstead.home import Home
from mailstead.mailplane.directory.sending import SendingBook
from mailstead.mailplane.guard.desk import Desk
from mailstead.mailplane.guard.server import listen, serve
from mailstead.mailplane.guard.store import Store


def main(arguments: list[str]) -> int:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="guard")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--pages", required=True, help="where the pages that explain begin")
    given = parser.parse_args(arguments)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    home = Home(given.home)
    desk = Desk(
        store=Store(home.guard_database),
        sending=SendingBook(home.directory_database),
        pages=given.pages,
    )
    asyncio.run(serve(desk, listen(home.guard_socket)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
