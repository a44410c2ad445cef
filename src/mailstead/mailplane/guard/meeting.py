"""Where the guards of a fleet meet: a file for one guard, written by the node's launcher.

The settings are not for the guard's eyes, and a command line can be read by everybody.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec


class Meeting(msgspec.Struct, frozen=True):
    """The Redis that all of them reach, and as whom this guard comes."""

    url: str
    node: str


def write(path: Path, meeting: Meeting | None, user: str) -> None:
    """Tell the guard, and it alone; None: it keeps to itself."""
    # The folder is the guard's own: whatever lies there under this name is not written through.
    path.unlink(missing_ok=True)
    if meeting is not None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        with os.fdopen(descriptor, "wb") as out:
            out.write(msgspec.json.encode(meeting))
        shutil.chown(path, user, user)


def read(path: Path) -> Meeting:
    """What the launcher has said; raises `OSError`, `msgspec.MsgspecError`."""
    return msgspec.json.decode(path.read_bytes(), type=Meeting)
