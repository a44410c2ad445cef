"""What a node does by itself from time to time, in a thread of the agent.

Every few minutes: begin new log files and throw away old ones; start engines anew whose programs
Debian's security updates have replaced, once dpkg has ended its work; once a day, send the DMARC
reports.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
from http.client import HTTPException
from pathlib import Path
from xmlrpc.client import Fault

import structlog

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.engines.processes import EngineError
from mailstead.mailplane.node import logs, renewal, supervise
from mailstead.mailplane.node.dmarc_reports import DmarcReports
from mailstead.mailplane.node.lock import one_at_a_time
from mailstead.standards.refusal import Refusal

EVERY = 300.0
"""Seconds."""
SETTLED = 3600
"""Seconds for which a process must have run: whatever goes wrong, none is restarted in a circle."""

log = structlog.get_logger("upkeep")


class Upkeep:
    """One node's upkeep."""

    def __init__(self, settings: Settings, root: Path) -> None:
        self._settings = settings
        self._home = Home(root)
        self._reports = DmarcReports(settings, self._home)

    def run(self, stopping: threading.Event) -> None:
        """Work until told to stop."""
        while not stopping.wait(EVERY):
            try:
                self.once()
            except (EngineError, OSError, Refusal, Fault, HTTPException) as error:
                log.error("cannot do the upkeep", words=str(error))

    def once(self) -> None:
        """Do all that is due. Raises `EngineError`, `OSError`, `Refusal`, `Fault`."""
        pids = {
            process.name: process.pid
            for process in supervise.status(self._home)
            if process.state == "RUNNING"
        }
        keep = dt.timedelta(days=self._settings.log.keep_days)
        for name in logs.rotate_due(self._home, pids, dt.datetime.now(dt.UTC), keep):
            log.info("began a new log", engine=name)
        self._renew()
        self._report(dt.datetime.now(dt.UTC).astimezone())

    def _report(self, now: dt.datetime) -> None:
        days = self._reports.due(now)
        if days:
            log.info("sent DMARC reports", days=days, words=self._reports.send(days))

    def _renew(self) -> None:
        if renewal.packages_change():
            return
        with one_at_a_time(self._home.root):
            updated = renewal.updated_under(self._home, SETTLED)
            for name in updated:
                if name != "agent":
                    log.info("starting anew: its program was updated", process=name)
                    supervise.restart(self._home, name)
        if "agent" in updated:
            # The supervisor starts this process again; it cannot ask for that itself.
            log.info("ending, to be started anew: the program was updated")
            os.kill(os.getpid(), signal.SIGTERM)
