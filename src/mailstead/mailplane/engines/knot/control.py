"""Knot's own commands, and the hands that give it its zones."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Collection, Mapping
from pathlib import Path

import structlog

from mailstead.home import Home
from mailstead.mailplane.engines.knot.model import KnotModel
from mailstead.mailplane.engines.knot.render import (
    USER,
    config_file,
    zone_file,
    zone_list,
    zone_text,
    zones_file,
)
from mailstead.mailplane.engines.processes import EngineError, run
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import ZonePut

# A query for the root's SOA (RFC 1035 §4.1), id 0x4d53: refused or not, it is an answer.
_QUERY = b"\x4d\x53\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x01"


def command(model: KnotModel) -> list[str]:
    """What the supervisor runs."""
    return ["/usr/sbin/knotd", "-c", str(config_file(model.home))]


def prepare(model: KnotModel) -> None:
    """Make the directories; let Knot judge its file."""
    folder = model.home.knot
    for path in (folder, folder / "zones", folder / "run"):
        path.mkdir(parents=True, exist_ok=True)
    shutil.chown(folder / "run", USER, USER)
    if not zones_file(model.home).exists():
        zones_file(model.home).write_text(zone_list(()), encoding="ascii")
    log = model.home.log / "knot.log"
    log.touch()
    shutil.chown(log, USER, USER)
    check_config(model)


def check_config(model: KnotModel) -> None:
    """Let Knot judge its file; raises `EngineError`."""
    run(["/usr/sbin/knotc", "-c", str(config_file(model.home)), "conf-check"])


def reopen_log(home: Home, pid: int) -> None:
    """Write to the log that now has its name: knotd(8) opens it when it reloads."""
    os.kill(pid, signal.SIGHUP)


def answers(model: KnotModel) -> bool:
    """Whether the server answers."""
    address = model.addresses[0]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        try:
            client.sendto(_QUERY, (address, model.port))
            return client.recv(512)[:2] == _QUERY[:2]
        except OSError:
            return False


class ZoneFiles:
    """The zones of this node: one file each, and the list of them.

    A zone that Knot does not want stays as it was there, and what it said stands in the logs: the
    feed goes on, for it brings mailboxes too.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    def update(self, puts: Mapping[str, ZonePut], gone: Collection[str]) -> None:
        """Serve these as they are now, and those no more."""
        changed = [name for name, zone in puts.items() if self._write(name, zone)]
        for name in gone:
            zone_file(self._home, name).unlink(missing_ok=True)
        if self._list():
            self._tell("reload")
        for name in changed:
            self._tell("zone-reload", f"{name}.")

    def replace(self, zones: Mapping[str, ZonePut]) -> None:
        """Serve exactly these."""
        folder = zone_file(self._home, "x").parent
        there = {path.name.removesuffix(".zone") for path in folder.glob("*.zone")}
        self.update(zones, there - set(zones))

    def _write(self, name: str, zone: ZonePut) -> bool:
        path = zone_file(self._home, name)
        try:
            text = zone_text(zone)
        except Refusal as refusal:
            structlog.get_logger("agent").error(
                "zone left as it was", zone=name, words=str(refusal)
            )
            return False
        if path.exists() and path.read_text(encoding="ascii") == text:
            return False
        _put(path, text)
        return True

    def _list(self) -> bool:
        """Bring the list to the files; returns whether it has changed."""
        folder = zone_file(self._home, "x").parent
        names = [path.name.removesuffix(".zone") for path in folder.glob("*.zone")]
        path, text = zones_file(self._home), zone_list(names)
        if (path.read_text(encoding="ascii") if path.exists() else zone_list(())) == text:
            return False
        _put(path, text)
        return True

    def _tell(self, *words: str) -> None:
        """Let Knot read anew while it answers; one that does not run reads at its start."""
        if not (self._home.knot / "run" / "knot.sock").exists():
            return
        try:
            run(["/usr/sbin/knotc", "-c", str(config_file(self._home)), "-b", *words], timeout=30)
        except EngineError as error:
            structlog.get_logger("agent").error("knot refuses", words=str(error))


def _put(path: Path, text: str) -> None:
    """A reader sees the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="ascii")
    part.chmod(0o644)
    part.replace(path)
