"""Writing an engine's files: whole, atomic, and only when something changed."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class File:
    """One rendered file: full text, mode and owner."""

    path: Path
    text: str
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"


def write(files: Iterable[File]) -> list[Path]:
    """Bring the files on disk to what is rendered; returns the paths whose text changed.

    Each file is replaced by rename after fsync, so that a reader sees the old or the new one.
    """
    changed: list[Path] = []
    for file in files:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        data = file.text.encode()
        if not file.path.exists() or file.path.read_bytes() != data:
            _replace(file.path, data)
            changed.append(file.path)
        file.path.chmod(file.mode)
        os.chown(file.path, pwd.getpwnam(file.owner).pw_uid, grp.getgrnam(file.group).gr_gid)
    return changed


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    # Owner-only from the first byte on: some of these files hold secrets.
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
