"""Which messages of a mailbox its old server does not have.

Those that a copy has brought are known by their files' names (the copies' book, the source as it is
now). A message that was moved or copied here has another name and the same text, which is looked
for at the source. What is left was delivered here or saved by the user; what is older than the
return's `since` was here before the move and is left alone.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.node.bringback import trace
from mailstead.mailplane.node.bringback.book import BringBackBook, Item, Kind
from mailstead.mailplane.node.copies import scan
from mailstead.mailplane.node.copies.book import Book
from mailstead.mailplane.node.copies.files import Odd, chunks, open_path, opened
from mailstead.mailplane.node.copies.pace import Progress
from mailstead.mailplane.node.copies.scan import Message
from mailstead.mailplane.node.copies.texts import Texts, read
from mailstead.standards import maildir
from mailstead.standards.maildir import INBOX
from mailstead.wire.changes import BringBackPut
from mailstead.wire.moves import FilesSource, NodeSource

_LEEWAY = dt.timedelta(minutes=5)
"""By which this node's clock may differ from the control plane's."""


@dataclass(frozen=True)
class Text:
    """A message as it lies in the mailbox now."""

    data: bytes
    flags: str
    keywords: tuple[str, ...]
    at: dt.datetime
    """When it was received, as IMAP tells it."""


def target(home: Home, address: str) -> Path:
    """The mailbox's Maildir."""
    local, _, domain = address.rpartition("@")
    return home.mail / domain / local / "Maildir"


class Finder:
    """Looks through one mailbox."""

    def __init__(
        self, home: Home, put: BringBackPut, hostname: str, book: BringBackBook, copies: Book
    ) -> None:
        self._home, self._put, self._hostname = home, put, hostname
        self._book, self._copies = book, copies
        self._since = put.since - _LEEWAY
        self._there = Texts()
        self._roots: list[int] = []
        self.remarks: list[str] = []
        self.missed = False
        """A message was moved while it was looked at: one more look is needed."""

    def look(self, progress: Progress) -> None:
        """Note each message that is to be returned; raises `OSError`, `Stopped`."""
        path = target(self._home, self._put.address)
        if not path.exists():
            return
        known, names = self._known(), self._book.names(self._put.job)
        made: dict[str, str] = {}
        items: list[Item] = []
        here: set[str] = set()
        with contextlib.ExitStack() as stack:
            root = open_path(path)
            stack.callback(os.close, root)
            stack.callback(self._close)
            tree = scan.look(root, "mutf-7")
            for folder in tree.folders:
                progress.folder = folder.name
                with tree.open(folder) as at:
                    for base, message in scan.messages(at).items():
                        progress.check()
                        if base in known:
                            continue
                        key, kind = names.get(base), None
                        if key is None:
                            try:
                                key, kind = self._judge(at, base, message)
                            except Odd as odd:
                                name = ascii(message.name)
                                self.remarks.append(f"The message {name} cannot be read: {odd}.")
                                continue
                            except FileNotFoundError:
                                self.missed = True
                                continue
                        made[base] = key
                        if key:
                            here.add(key)
                            items.append(Item(key, kind or "saved", folder.name, base))
        self._book.find(self._put.job, made, items)
        for item in self._book.items(self._put.job):
            if item.state == "found" and item.key not in here:
                self._book.set_item(self._put.job, item.key, "gone")

    def _judge(self, at: int, base: str, message: Message) -> tuple[str, Kind | None]:
        """The message's key and what it is; an empty key: the old server need not get it."""
        name = f"{message.part}/{message.name}"
        size, digest, head = read(at, name)
        if self._there.has(size, digest):
            return "", None
        found = trace.delivered(head, self._put.address, self._hostname)
        if found:
            return (digest, "arrived") if found.at >= self._since else ("", None)
        # The name of a file begins with the time at which it was saved.
        if maildir.arrival(base)[0] < self._since.timestamp():
            return "", None
        return digest, "saved"

    # What the source has

    def _known(self) -> set[str]:
        """The names of all messages that have come from the source."""
        made: set[str] = set()
        for one in self._put.sources:
            for seen in self._copies.seen(one.copy).values():
                made |= seen.flags().keys()
        for path, names in self._places():
            try:
                root = open_path(path)
            except OSError as error:
                self.remarks.append(f"The source cannot be looked at any more: {error.strerror}.")
                continue
            self._roots.append(root)
            made |= self._there.add(scan.look(root, names))
        return made

    def _places(self) -> Iterator[tuple[Path, str]]:
        for one in self._put.sources:
            if isinstance(one.source, NodeSource):
                continue
            if isinstance(one.source, FilesSource) and one.source.kind == "maildir":
                yield Path(one.source.path), one.source.names
                continue
            mirror = self._home.mail / ".copies" / str(one.copy) / "mirror"
            if mirror.exists():
                yield mirror, "mutf-7"

    def _close(self) -> None:
        for root in self._roots:
            os.close(root)
        self._roots.clear()


class Mailbox:
    """Reads messages of one mailbox; its folders stay open, and are listed once."""

    def __init__(self, home: Home, address: str) -> None:
        self._path = target(home, address)
        self._stack = contextlib.ExitStack()
        self._folders: dict[str, int] = {}
        self._seen: dict[str, dict[str, Message]] = {}

    def close(self) -> None:
        """Close the folders."""
        self._stack.close()

    def text(self, item: Item) -> Text | None:
        """The message as it is now; None: its user has moved or deleted it.

        Raises `OSError`, `Odd`.
        """
        for fresh in (False, True):
            # Whoever reads or marks a message renames its file.
            with contextlib.suppress(FileNotFoundError):
                found = self._text(item, fresh=fresh)
                if found is not None:
                    return found
        return None

    def _text(self, item: Item, *, fresh: bool) -> Text | None:
        at = self._folder(item.folder)
        if fresh or item.folder not in self._seen:
            self._seen[item.folder] = scan.messages(at)
        message = self._seen[item.folder].get(item.base)
        if message is None:
            return None
        with opened(message.part, at) as part:
            data = b"".join(chunks(message.name, part))
            seconds = os.stat(message.name, dir_fd=part, follow_symlinks=False).st_mtime
        words = scan.keywords(at)
        keywords = tuple(sorted(words[one] for one in message.flags if one in words))
        return Text(data, message.flags, keywords, dt.datetime.fromtimestamp(seconds, dt.UTC))

    def _folder(self, folder: str) -> int:
        if folder not in self._folders:
            if INBOX not in self._folders:
                self._folders[INBOX] = open_path(self._path)
                self._stack.callback(os.close, self._folders[INBOX])
            if folder != INBOX:
                directory = maildir.directory(folder)
                number = self._stack.enter_context(opened(directory, self._folders[INBOX]))
                self._folders[folder] = number
        return self._folders[folder]
