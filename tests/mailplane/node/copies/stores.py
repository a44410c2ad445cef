"""Hand-made mail stores, as other hosts have them, and the means to copy them."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from mailstead.home import Home
from mailstead.mailplane.node.copies.book import Book, book_path
from mailstead.mailplane.node.copies.pace import Progress
from mailstead.mailplane.node.copies.work import Done, work
from mailstead.wire.changes import CopyPut
from mailstead.wire.moves import AnySource, FilesSource

DATE = 1_600_000_000


class Maildir:
    """A Maildir++ of another host."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.folder("")

    def folder(self, directory: str) -> Path:
        """The directory of a folder, made where it is missing."""
        path = self.root / directory
        for part in ("cur", "new", "tmp"):
            (path / part).mkdir(parents=True, exist_ok=True)
        return path

    def put(
        self,
        number: int,
        directory: str = "",
        flags: str | None = "",
        text: bytes | None = None,
        raw: bytes | None = None,
    ) -> str:
        """A message; `flags` None: it is new. Returns its name without flags."""
        text = text if text is not None else message(number)
        base = f"{DATE + number}.M{number}P1.old,S={len(text)}"
        name = f"new/{base}" if flags is None else f"cur/{base}:2,{flags}"
        path = self.folder(directory) / name
        path.write_bytes(raw if raw is not None else text)
        os.utime(path, (DATE + number, DATE + number))
        return base

    def list(
        self,
        uids: Sequence[tuple[int, str, str]],
        directory: str = "",
        validity: int = 1234567,
        next_uid: int = 0,
    ) -> None:
        """`dovecot-uidlist`: UID, other words, name."""
        last = max((uid for uid, _, _ in uids), default=0)
        lines = [f"3 V{validity} N{next_uid or last + 1} G{_guid(directory)}"]
        lines += [f"{uid}{' ' + more if more else ''} :{base}" for uid, more, base in uids]
        (self.folder(directory) / "dovecot-uidlist").write_text("\n".join(lines) + "\n")

    def flag(self, base: str, flags: str, directory: str = "") -> None:
        """Give a message other flags."""
        folder = self.folder(directory)
        (old,) = [*folder.glob(f"cur/{base}*"), *folder.glob(f"new/{base}*")]
        old.rename(folder / "cur" / f"{base}:2,{flags}")

    def remove(self, base: str, directory: str = "") -> None:
        """Delete a message."""
        folder = self.folder(directory)
        (old,) = [*folder.glob(f"cur/{base}*"), *folder.glob(f"new/{base}*")]
        old.unlink()


def _guid(directory: str) -> str:
    return hashlib.md5(directory.encode()).hexdigest()


def message(number: int) -> bytes:
    """A message as Maildirs hold it."""
    return (
        f"From: a@far.example\nMessage-ID: <{number}@far.example>\n"
        f"Subject: number {number}\nDate: Mon, 14 Sep 2020 12:00:00 +0000\n\nBody {number}\n"
    ).encode()


def everything(path: Path) -> dict[str, list[str]]:
    """The messages of a Maildir by folder: names with flags, sorted."""
    return {
        folder.name if folder != path else "": sorted(
            one.name for part in ("cur", "new") for one in (folder / part).glob("*")
        )
        for folder in (path, *path.glob(".*"))
        if (folder / "cur").is_dir()
    }


class Copying:
    """A copy of one mailbox, in this process."""

    def __init__(self, home: Home, address: str, source: AnySource | Path, job: int = 1) -> None:
        if isinstance(source, Path):
            source = FilesSource(path=str(source), names="ambiguous")
        home.mail.mkdir(parents=True, exist_ok=True)
        self.home, self.round = home, 0
        self.put = CopyPut(job=job, address=address, source=source, round=1)
        local, _, domain = address.rpartition("@")
        self.maildir = home.mail / domain / local / "Maildir"
        self.book = Book(book_path(home))

    def run(self, progress: Progress | None = None, **changes: object) -> Done:
        """One round."""
        self.round += 1
        self.put = msgspec.structs.replace(self.put, round=self.round, **changes)
        self.book.set_state(self.put.job, self.round, "copying")
        self.progress = progress or Progress(lambda progress: None, time.monotonic)
        return work(self.home, self.put, self.book, self.progress)
