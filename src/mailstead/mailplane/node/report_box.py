"""Reports that come by mail to the node's own addresses, sent up one by one.

Postfix puts them into a Maildir for each kind. A file is removed when the control plane has it and
not before, so nothing is lost while that is away. What is too large to be a report is kept aside,
and so is what a full box makes room from: both bounded, and `mailstead doctor` speaks of them.

Files: `<home>/reports/<kind>/new/`, `<home>/reports/aside/`.
"""

from __future__ import annotations

import datetime as dt
import threading
from hashlib import sha256
from pathlib import Path

import structlog

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.node.away import Away
from mailstead.mailplane.node.feed_client import FeedClient
from mailstead.standards import mime
from mailstead.standards.refusal import Refusal
from mailstead.wire.events import REPORT_KINDS, ReportKind, ReportReceived

EVERY = 3.0
"""Seconds between two looks."""
LARGEST = mime.MAX_OCTETS
"""Bytes of a message; of a longer one not all would be read."""
MOST = 20_000
"""Messages that wait, of one kind."""
MOST_ASIDE = 100
AT_ONCE = 50

log = structlog.get_logger("reports")


class ReportBox:
    """The boxes of one node."""

    def __init__(self, settings: Settings, home: Home) -> None:
        self._home = home
        self._server = settings.server

    def run(self, stopping: threading.Event) -> None:
        """Work until told to stop."""
        feed = FeedClient(self._home.web_socket, self._server)
        while not stopping.wait(EVERY):
            try:
                self.hand_in(feed)
            except Away:
                continue
            except (OSError, Refusal) as error:
                log.warning("cannot hand in reports", words=str(error))
        feed.close()

    def hand_in(self, feed: FeedClient) -> int:
        """Send up what has come, the oldest first; returns how many. Raises `Away`, `Refusal`."""
        count = 0
        for kind in REPORT_KINDS:
            waiting = _oldest_first(self._home.reports / kind / "new")
            for path in waiting[: max(0, len(waiting) - MOST)]:
                self._put_aside(path)
            for path in waiting[max(0, len(waiting) - MOST) :][:AT_ONCE]:
                count += self._send(feed, kind, path)
        return count

    def _send(self, feed: FeedClient, kind: ReportKind, path: Path) -> int:
        status = path.stat()
        if status.st_size > LARGEST:
            log.warning("too large for a report", kind=kind, octets=status.st_size)
            self._put_aside(path)
            return 0
        # Made of the file's name, so that what is sent twice is recorded once.
        number = sha256(f"{kind}/{path.name}".encode()).hexdigest()[:32]
        at = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
        feed.push([ReportReceived(id=number, at=at, kind=kind, raw=path.read_bytes())])
        path.unlink()
        return 1

    def _put_aside(self, path: Path) -> None:
        folder = self._home.reports / "aside"
        folder.mkdir(mode=0o700, exist_ok=True)
        path.rename(folder / path.name)
        for old in _oldest_first(folder)[:-MOST_ASIDE]:
            old.unlink()


def _oldest_first(folder: Path) -> list[Path]:
    try:
        files = [(path.stat().st_mtime_ns, path) for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    return [path for _, path in sorted(files)]
