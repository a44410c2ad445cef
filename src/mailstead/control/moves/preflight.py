"""Whether a node has room for what is going to arrive, before a byte is copied; pure.

A mailbox that is read on two devices holds two IMAP connections that wait for news: each takes an
inotify instance of the mail user, a watch for its folder, a process and some open files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mailstead.wire.orders import LimitsLooked

State = Literal["good", "warn", "bad"]
DEVICES = 2
"""Connections of each mailbox that wait at the same time, at a busy hour."""
FILES = 12
"""Open files of one of them."""
SPARE = 0.10
"""Of the disk, which stays free."""
MEMORY = 4 * 2**20
"""Bytes of one IMAP process."""


@dataclass(frozen=True)
class Load:
    """What comes."""

    mailboxes: int
    messages: int
    octets: int
    folders: int


@dataclass(frozen=True)
class Check:
    """One limit; `needed` is with what is used already."""

    name: str
    needed: int
    limit: int

    @property
    def state(self) -> State:
        """`warn` from four fifths on; a limit that the system does not tell is good."""
        if self.limit <= 0:
            return "good"
        if self.needed > self.limit:
            return "bad"
        return "warn" if self.needed > 0.8 * self.limit else "good"


def checks(load: Load, node: LimitsLooked) -> list[Check]:
    """Every limit with what is needed of it."""
    idle = load.mailboxes * DEVICES
    free = int(node.disk_free - SPARE * node.disk_total)
    return [
        Check("disk", load.octets, max(free, 1) if node.disk_total else 0),
        Check("inodes", load.messages + 8 * load.folders, node.inodes_free),
        Check("memory", idle * MEMORY, node.memory_available),
        Check("inotify-instances", node.inotify_instances_used + idle, node.inotify_instances),
        Check("inotify-watches", node.inotify_watches_used + 2 * idle, node.inotify_watches),
        Check("open-files", node.open_files_used + FILES * idle, node.open_files),
        Check("processes", node.processes_used + idle, node.processes),
        Check("imap-sessions", (node.mailboxes + load.mailboxes) * DEVICES, node.imap_sessions),
    ]
