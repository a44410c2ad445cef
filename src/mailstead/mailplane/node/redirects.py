"""Old panels' host names and ports: nginx is brought to what is wanted, and visits are told.

Purpose: a thread of the agent. Once a minute it tells by which old addresses people have come.
Files: `<home>/nginx/redirects.conf`, there only while it is needed; reads
    `<home>/log/nginx-redirects.log`, which has a line for each visit.
Security: a name of the panel or of the node itself is never taken over, whoever says so.
Diagnostics: JSON lines; `RedirectUsed` and `OldPortSeen` to the control plane. A port that somebody
    else has is left alone and looked at again; the others are served.
Known limits: only where nginx runs, on the machine of the control plane.
Settings: `ports`, `web.hostnames`, `hostname`.
"""

from __future__ import annotations

import datetime as dt
import socket
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import structlog

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.engines import files
from mailstead.mailplane.engines.nginx import control, model, redirects
from mailstead.mailplane.engines.nginx.redirects import OldHost
from mailstead.mailplane.engines.processes import EngineError
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.ports import holder, is_free
from mailstead.mailplane.node.tail import Place, lines_since
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import RedirectPut
from mailstead.wire.events import AnyEvent, OldPortSeen, RedirectUsed

EVERY = 2.0
"""Seconds between two looks at what is wanted."""
TELL_EVERY = 60.0
_PLACE = "redirects"

log = structlog.get_logger("redirects")


class Redirects:
    """The redirects of one node."""

    def __init__(self, settings: Settings, home: Home) -> None:
        self._settings = settings
        self._home = home
        self._offset = settings.ports.offset
        self._taken: dict[int, str] = {}
        self._told: dict[int, str] = {}

    def run(self, stopping: threading.Event) -> None:
        """Work until told to stop."""
        if self._settings.control != "here":
            return
        spool = EventSpool(self._home.event_spool)
        due, followed = 0.0, ""
        while not stopping.wait(EVERY):
            try:
                over = time.monotonic() >= due
                # The whole look reads every redirect: it waits for a reason, or for its minute.
                mark = self._mark()
                if over or mark != followed:
                    followed = mark
                    wanted = self.follow(dt.datetime.now(dt.UTC))
                    # As it should be and not as it is: somebody may have removed it by now.
                    followed = f"{mark.partition(' ')[0]} {wanted}" if mark else ""
                if over:
                    due = time.monotonic() + TELL_EVERY
                    self.tell(spool)
            except (EngineError, Refusal, OSError, ValueError, sqlite3.Error) as error:
                log.error("cannot follow the redirects", words=str(error))
        spool.close()

    def _mark(self) -> str:
        """Another word when something else may be wanted, or the file has gone."""
        if not self._home.directory_database.exists():
            return ""
        rows = self._asked("SELECT value FROM meta WHERE name = 'revision'")
        return f"{rows[0][0] if rows else 0} {redirects.path(self._home).exists()}"

    def _asked(self, query: str) -> list[tuple[Any, ...]]:
        """What the node's directory answers; nothing where there is none yet."""
        if not self._home.directory_database.exists():
            return []
        path = f"file:{self._home.directory_database}?mode=ro"
        with closing(sqlite3.connect(path, uri=True, timeout=5)) as reader:
            return reader.execute(query).fetchall()

    def follow(self, now: dt.datetime) -> bool:
        """Let nginx answer what is wanted; returns whether there is anything.

        Raises `EngineError`, `OSError`, `sqlite3.Error`.
        """
        if not self._home.nginx.exists():
            return False
        file = redirects.path(self._home)
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        hosts = self._hosts(now)
        if not hosts:
            self._taken = {}
            if before:
                file.unlink()
                self._reload()
            return False
        ports = self._look_at_ports(before)
        made = redirects.file(
            model.from_settings(self._settings, self._home), hosts, ports, offset=self._offset
        )
        if made.text == before:
            return True
        files.write([made])
        try:
            control.judge(self._home)
        except EngineError:
            # What nginx does not take must not be there when it starts anew.
            if before:
                files.write([files.File(file, before)])
            else:
                file.unlink()
            raise
        self._reload()
        return True

    def _reload(self) -> None:
        if control.runs(self._home):
            control.reload(self._home)

    def _hosts(self, now: dt.datetime) -> list[OldHost]:
        rows = self._asked("SELECT body FROM thing WHERE kind = 'redirect' ORDER BY key")
        puts = [msgspec.json.decode(row[0], type=RedirectPut) for row in rows]
        ours = {self._settings.hostname, *model.panel_hostnames(self._settings)}
        return [
            OldHost(name=put.host, panel=put.panel, webmail=put.webmail)
            for put in puts
            if put.until > now and put.host not in ours
        ]

    def _look_at_ports(self, before: str) -> list[int]:
        """The old ports that can be had; who has the others is kept to be told."""
        own = redirects.ports_in(before) if control.runs(self._home) else []
        ports: list[int] = []
        taken: dict[int, str] = {}
        for port in redirects.PORTS:
            there = port + self._offset
            if port in own or _is_free(there):
                ports.append(port)
            else:
                taken[port] = self._taken.get(port) or holder(there)
        for port in taken.keys() - self._taken.keys():
            log.warning("an old port is taken", port=port + self._offset, by=taken[port])
        self._taken = taken
        return ports

    def tell(self, spool: EventSpool) -> None:
        """Tell of visits and of ports. Raises `OSError`, `sqlite3.Error`."""
        events: list[AnyEvent] = []
        for port in sorted(self._taken.keys() | self._told.keys()):
            words = self._taken.get(port, "")
            if self._told.get(port, "") != words:
                number, at = EventSpool.identity()
                events.append(OldPortSeen(id=number, at=at, port=port + self._offset, holder=words))
        place = spool.places().get(_PLACE, Place(0, 0))
        lines, reached = lines_since(redirects.log(self._home), place)
        events += _visits(lines)
        if events or reached != place:
            spool.add(events, {_PLACE: reached})
        self._told = dict(self._taken)


def _is_free(port: int) -> bool:
    families = [socket.AF_INET]
    if Path("/proc/net/if_inet6").exists():
        families.append(socket.AF_INET6)
    return all(is_free("", port, family=family) for family in families)


def _visits(lines: Sequence[bytes]) -> list[AnyEvent]:
    counts: dict[tuple[str, str], tuple[int, dt.datetime]] = {}
    for line in lines:
        parts = line.decode("ascii", "replace").split(" ")
        try:
            at, host, via = dt.datetime.fromisoformat(parts[0]), parts[1], parts[2]
        except (ValueError, IndexError):
            # The end of a file that a crash has cut.
            continue
        count, last = counts.get((host, via), (0, at))
        counts[host, via] = count + 1, max(last, at)
    events: list[AnyEvent] = []
    for (host, via), (count, last) in counts.items():
        number, now = EventSpool.identity()
        events.append(
            RedirectUsed(
                id=number, at=now, host=host, via=via, count=count, last=last.astimezone(dt.UTC)
            )
        )
    return events
