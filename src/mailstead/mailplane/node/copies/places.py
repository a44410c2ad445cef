"""Where the mailbox of a copy and what is beside it lie."""

from __future__ import annotations

import os
from pathlib import Path

from mailstead.wire.changes import CopyPut


class Places:
    """Where one copy's mailbox and what is beside it lie."""

    def __init__(self, mail: Path, put: CopyPut) -> None:
        local, _, domain = put.address.rpartition("@")
        self.mail = mail
        self.box = mail / domain / local
        self.target = self.box / "Maildir"
        self.side = mail / ".copies" / str(put.job)
        self.stage = self.side / "Maildir"
        self.mirror = self.side / "mirror"
        self.raw = self.side / "raw"


def make_folders(path: Path, mail: Path) -> None:
    """Make a directory below the store with those above it, owned as the store is."""
    status = mail.stat()
    for one in (*reversed(path.relative_to(mail).parents), path.relative_to(mail)):
        made = mail / one
        if not made.exists():
            made.mkdir(mode=0o700, exist_ok=True)
            if os.geteuid() == 0:
                os.chown(made, status.st_uid, status.st_gid)


def is_there(name: str, at: int) -> bool:
    try:
        os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
