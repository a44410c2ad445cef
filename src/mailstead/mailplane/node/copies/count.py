"""The independent pass: what source and mailbox hold after a round, each counted anew.

It shares no memory with the copy. The mailbox is counted through Dovecot, as clients will see it;
a Maildir source from its files; other stores through doveadm; an IMAP source over IMAP. What it has
counted itself is kept by what it saw then, so that counting costs in proportion to what changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from mailstead.mailplane.engines.dovecot.control import DOVEADM
from mailstead.mailplane.engines.dovecot.model import MAIL_USER
from mailstead.mailplane.engines.processes import run
from mailstead.mailplane.node.copies import imap, scan
from mailstead.mailplane.node.copies.book import Book
from mailstead.mailplane.node.copies.files import is_packed, open_path, opened
from mailstead.standards import maildir
from mailstead.standards.maildir import HOUSE_UIDL, INBOX
from mailstead.wire.moves import FolderCount, ImapSource

_SECONDS = 3600.0
_STATUS = "messages uidnext uidvalidity highestmodseq guid"
_FIELDS = "mailbox uid size.physical size.virtual flags pop3.uidl"
Name = Callable[[str], str | None]
"""What a folder of the source is called here; None: it stayed behind."""
Row = tuple[int, int, list[str], str]
"""UID, octets, flags, what POP3 calls it."""


class _Folder:
    """Adds up one folder; rows come in the order of the UIDs."""

    def __init__(self) -> None:
        self.messages = self.octets = 0
        self.flags: dict[str, int] = {}
        self._uids, self._uidls = hashlib.sha256(), hashlib.sha256()

    def add(self, row: Row) -> None:
        uid, octets, flags, uidl = row
        self.messages += 1
        self.octets += octets
        for flag in flags:
            self.flags[flag] = self.flags.get(flag, 0) + 1
        self._uids.update(b"%d %d\n" % (uid, octets))
        self._uidls.update(f"{uidl}\n".encode("utf-8", "surrogateescape"))

    def count(self, folder: str, validity: int, next_uid: int, *, uidls: bool) -> FolderCount:
        return FolderCount(
            folder=folder,
            messages=self.messages,
            octets=self.octets,
            uid_validity=validity,
            uid_next=next_uid,
            flags=self.flags,
            uids=self._uids.hexdigest() if validity else "",
            uidls=self._uidls.hexdigest() if uidls and validity else "",
        )


class Counter:
    """Counts for one copy, with a memory of its own."""

    def __init__(self, book: Book, job: int) -> None:
        self._book, self._job = book, job

    def _known(
        self, side: str, folder: str, seen: str, make: Callable[[], FolderCount]
    ) -> FolderCount:
        name = f"count {side} {folder}"
        stored = self._book.value(self._job, name)
        if seen and stored:
            before, count = msgspec.json.decode(stored, type=tuple[str, FolderCount])
            if before == seen:
                return count
        made = make()
        self._book.set_value(self._job, name, msgspec.json.encode((seen, made)))
        return made

    # Source

    def files(self, path: Path, names: str, uidl: str, name: Name) -> tuple[FolderCount, ...]:
        """A Maildir; raises `OSError`."""
        root = open_path(path)
        try:
            tree = scan.look(root, names)
            made = []
            for folder in tree.folders:
                target = name(folder.name)
                if target is None:
                    continue
                with tree.open(folder) as at:
                    form = uidl if target == INBOX else HOUSE_UIDL
                    one = self._known(
                        "source",
                        folder.name,
                        scan.signature(at) + form + target,
                        lambda at=at, t=target, f=form: _files(at, t, f),  # type: ignore[misc]
                    )
                made.append(_named(one, folder.name, folder.name in tree.subscribed))
            return tuple(made)
        finally:
            os.close(root)

    def imap(self, source: ImapSource, name: Name) -> tuple[FolderCount, ...]:
        """An IMAP server; sizes are those that IMAP tells. Raises `ImapError`."""
        client = imap.connect(source)
        try:
            found, subscribed, _ = imap.folders(client, source.prefix)
            made = []
            for remote in found:
                target = name(remote.name)
                if target is None:
                    continue
                chosen = client.select_folder(remote.theirs, readonly=True)
                rows: dict[int, dict[bytes, Any]] = {}
                if chosen.get(b"EXISTS"):
                    rows = imap.all_messages(client, ["FLAGS", "RFC822.SIZE"])
                total = _Folder()
                for uid in sorted(rows):
                    flags = [flag.decode("utf-8", "replace") for flag in rows[uid][b"FLAGS"]]
                    flags = [flag for flag in flags if flag.lower() != "\\recent"]
                    total.add((uid, int(rows[uid][b"RFC822.SIZE"]), flags, ""))
                count = total.count(
                    target,
                    int(chosen[b"UIDVALIDITY"]),
                    int(chosen.get(b"UIDNEXT") or 0),
                    uidls=False,
                )
                made.append(_named(count, remote.name, remote.name in subscribed))
            return tuple(made)
        finally:
            with contextlib.suppress(Exception):
                client.shutdown()

    def store(self, conf: Path, side: Path, name: Name) -> tuple[FolderCount, ...]:
        """A store that doveadm reads with a configuration of its own. Raises `EngineError`."""
        base = ["/usr/bin/env", f"USER={MAIL_USER}", f"HOME={side}", DOVEADM, "-c", str(conf)]
        return self._doveadm("source", base, [], name, virtual=True, as_mail=True)

    # Mailbox

    def mailbox(self, conf: Path, address: str, *, virtual: bool) -> tuple[FolderCount, ...]:
        """The mailbox here, through Dovecot; `virtual`: sizes as IMAP tells them.

        Raises `EngineError`.
        """
        base = [DOVEADM, "-c", str(conf)]
        return self._doveadm("target", base, ["-u", address], lambda one: one, virtual=virtual)

    def _doveadm(
        self,
        side: str,
        base: list[str],
        user: list[str],
        name: Name,
        *,
        virtual: bool,
        as_mail: bool = False,
    ) -> tuple[FolderCount, ...]:
        as_user = MAIL_USER if as_mail else None

        def ask(*words: str) -> Iterator[list[str]]:
            done = run([*base, "-f", "tab", *words], user=as_user, timeout=_SECONDS)
            for line in done.out.splitlines()[1:]:
                yield line.split("\t")

        status = {
            row[0]: row[1:]
            for row in ask("mailbox", "status", *user, _STATUS, "*")
            if len(row) == 6
        }
        subscribed = {row[0] for row in ask("mailbox", "list", *user, "-s")}
        made = []
        for folder, (_, next_uid, validity, modseq, guid) in sorted(status.items()):
            target = name(folder)
            if target is None:
                continue

            def count(
                guid: str = guid,
                v: int = int(validity),
                n: int = int(next_uid),
                t: str = target,
            ) -> FolderCount:
                # By its GUID: a name may hold `*`, which a query would take for a pattern.
                rows = ask("fetch", *user, _FIELDS, "mailbox-guid", guid, "all")
                return _fetched(rows, t, v, n, virtual=virtual)

            seen = f"{validity} {next_uid} {modseq} {virtual} {target}"
            one = self._known(side, folder, seen, count)
            made.append(_named(one, folder, folder in subscribed))
        return tuple(made)


def _named(count: FolderCount, found_as: str, subscribed: bool) -> FolderCount:
    other = found_as if found_as != count.folder else ""
    return msgspec.structs.replace(count, found_as=other, subscribed=subscribed)


def _fetched(
    rows: Iterable[list[str]], target: str, validity: int, next_uid: int, *, virtual: bool
) -> FolderCount:
    total = _Folder()
    for row in rows:
        if len(row) != 6:
            continue
        _, uid, physical, size, words, uidl = row
        flags = [word for word in words.split(" ") if word and word.lower() != "\\recent"]
        uidl = uidl or maildir.uidl(HOUSE_UIDL, int(uid), validity)
        total.add((int(uid), int(size if virtual else physical), flags, uidl))
    return total.count(target, validity, next_uid, uidls=True)


def _files(at: int, target: str, uidl: str) -> FolderCount:
    found, uids, words = scan.messages(at), scan.uid_list(at), scan.keywords(at)
    if uids.validity:
        scan.number_all(found, uids)
    total = _Folder()
    with contextlib.ExitStack() as stack:
        parts = {}
        for part in ("cur", "new"):
            with contextlib.suppress(OSError):
                parts[part] = stack.enter_context(opened(part, at))
        order = sorted(found, key=lambda base: uids.uids[base].uid if base in uids.uids else 0)
        for base in order:
            message = found[base]
            octets = _octets(parts[message.part], message.name)
            if octets is None:
                continue
            known = uids.uids.get(base, maildir.Uid(0))
            flags = [maildir.FLAGS[one] for one in message.flags if one in maildir.FLAGS]
            flags += [words[one] for one in message.flags if one in words]
            called = known.word("P") or maildir.uidl(uidl, known.uid, uids.validity, base)
            total.add((known.uid, octets, flags, called))
    return total.count(target, uids.validity, uids.next_uid, uidls=True)


def _octets(at: int, name: str) -> int | None:
    """A message's size, unpacked; None: it has gone."""
    told = maildir.size_in(name)
    try:
        size = os.stat(name, dir_fd=at, follow_symlinks=False).st_size
        if told == size:
            return size
        number = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    except OSError:
        return None
    try:
        head = os.pread(number, 6, 0)
    finally:
        os.close(number)
    return told if told is not None and is_packed(head) else size
