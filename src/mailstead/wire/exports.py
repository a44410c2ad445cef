"""The words about exports: what a node packs for the control plane on the same machine.

Both read and write `<home>/exports/NUMBER/`: the control plane puts there `job.json` (`Job`) and
the files that come first, the node `progress.json` (`Packed`) and the archive. An order
(`wire.orders.PackMail`) only says that there is something to do.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from mailstead.standards.pieces import Packing

JOB, PROGRESS, ARCHIVE, STOP = "job.json", "progress.json", "archive", "stop"
"""Names in the directory of an export; while the last one is there, nothing is packed."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the parts."""


class Box(Part, frozen=True, kw_only=True):
    """A mailbox whose mail is packed."""

    address: str
    place: str
    """Of its Maildir in the archive."""
    sieve_place: str
    """Of the Sieve scripts that its user has made."""


class Job(Part, frozen=True, kw_only=True):
    """What is to be packed."""

    packing: Packing
    head: tuple[str, ...] = ()
    """Files in the same directory that come first, in order."""
    boxes: tuple[Box, ...] = ()
    octets: int = 0
    """About how much mail it is."""


class Packed(Part, frozen=True, kw_only=True):
    """How far it is."""

    state: Literal["packing", "stopped", "done", "failed"]
    octets: int = 0
    """Packed so far, as they lay in the mailboxes."""
    messages: int = 0
    address: str = ""
    """Of the mailbox that is packed now."""
    size: int = 0
    """Of the archive."""
    at: float = 0.0
    """When this was written, seconds since 1970."""
    words: str = ""
    """Why it failed."""
