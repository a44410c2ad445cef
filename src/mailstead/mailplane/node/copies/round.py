"""One round of a copy from a Maildir: what is new comes over, all else is left as it is.

The first round builds the mailbox beside its place (`<home>/mail/.copies/<job>/Maildir`), so that
nobody sees half of it, and then lets it and what stands in its place change names in one step. Mail
that came to the old place meanwhile is moved in, message by message, each by rename. Later rounds
work in the mailbox itself. Ended at any point, a round goes on where it was: what is on disk tells
what has been done, and the book (`book.Book`) only what need not be looked at again.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mailstead.mailplane.node.copies import renamed, scan
from mailstead.mailplane.node.copies.adopt import adopt
from mailstead.mailplane.node.copies.book import Book, Seen, pack
from mailstead.mailplane.node.copies.files import (
    DIRECTORY,
    Copier,
    Odd,
    exchange,
    make_safe,
    open_path,
    opened,
    read_text,
)
from mailstead.mailplane.node.copies.fill import Filler, Origin, Outcome
from mailstead.mailplane.node.copies.naming import SPECIAL, Naming, name_folders
from mailstead.mailplane.node.copies.pace import Progress
from mailstead.mailplane.node.copies.places import Places, make_folders
from mailstead.mailplane.node.copies.scan import Folder, Message, Tree
from mailstead.mailplane.node.copies.texts import Texts, read
from mailstead.standards import maildir
from mailstead.standards.maildir import HOUSE_UIDL, INBOX
from mailstead.wire.changes import CopyPut

MARK = "mailstead-copy"
"""A file in the mailbox that names the copy which was put in its place."""
_SETTLED = 2.0
"""Seconds after which a directory's date tells of every change: two within one tick look alike."""
_SAVE_EVERY = 5.0


@dataclass
class Result:
    """What a round has to tell."""

    remarks: list[str] = field(default_factory=list)
    uids_kept: bool = True
    changed: bool = False
    copied: int = 0
    naming: Naming = field(default_factory=Naming)

    def take(self, outcome: Outcome, folder: str) -> None:
        """Add what became of a folder."""
        self.changed = self.changed or outcome.changed
        self.copied += outcome.copied
        self.uids_kept = self.uids_kept and not outcome.renumbered
        self.remarks += outcome.remarks
        if outcome.missing:
            self.remarks.append(
                f"{len(outcome.missing)} messages of {folder!a} went away while they were copied."
            )


class Round:
    """One round from an open Maildir."""

    def __init__(
        self,
        put: CopyPut,
        places: Places,
        book: Book,
        progress: Progress,
        *,
        kick: Callable[[], None],
        link: bool = False,
    ) -> None:
        self._put, self._places, self._book, self._progress = put, places, book, progress
        self._kick = kick
        status = places.mail.stat()
        self._copier = Copier(status.st_uid, status.st_gid, link=link)
        self._filler = Filler(self._copier, progress)
        self._result = Result()
        self._pending: dict[str, Seen] = {}
        self._in_flight: dict[str, Seen] = {}
        self._guids: set[str] = set()
        self._safe = False
        """What a folder's end leaves is on the disk (`Filler.live`)."""
        self._elsewhere = Texts()
        self._saver = ThreadPoolExecutor(1)
        self._saving: Future[None] | None = None
        self._saved = time.monotonic()

    def run(self, source: Path, names: str, uidl: str = HOUSE_UIDL) -> Result:
        """Do it; raises `Stopped`, `OSError`, `TimeoutError`."""
        put, places, book = self._put, self._places, self._book
        root = open_path(source)
        try:
            tree = scan.look(root, names)
            naming = name_folders(
                (folder.name for folder in tree.folders),
                wished=put.folders,
                special=put.special,
                without=put.without,
            )
            self._result.naming = naming
            in_place = book.job(put.job).installed
            if not in_place and _marked(places.target, str(put.job)):
                # Ended after the exchange: what lies beside the mailbox is mail that came first.
                self._install()
                book.set_installed(put.job)
                in_place = True
            if not in_place and put.merge and not places.stage.exists():
                in_place = True
            self._safe = in_place
            goal = places.target if in_place else places.stage
            make_folders(goal, places.mail)
            to = open_path(goal)
            try:
                self._all(tree, naming, to, live=in_place, uidl=uidl)
                self._subscribe(tree, naming, to)
                self._save(to)
                if in_place and self._result.changed:
                    # Dovecot counts anew.
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink("maildirsize", dir_fd=to)
            finally:
                self._saver.shutdown()
                os.close(to)
            if not in_place:
                self._install()
            if not book.job(put.job).installed:
                book.set_installed(put.job)
            self._result.remarks = [*tree.remarks, *naming.remarks, *self._result.remarks]
            return self._result
        finally:
            self._filler.close()
            os.close(root)

    # Folders

    def _all(self, tree: Tree, naming: Naming, to: int, *, live: bool, uidl: str) -> None:
        seen = self._book.seen(self._put.job)
        if self._put.anew:
            # What the copy has put there itself is found by its name.
            known = {base for one in seen.values() for base in one.flags()}
            self._elsewhere.add(scan.look(to, "mutf-7"), without=known)
        if live:
            told = renamed.follow(tree, naming, seen, to, self._kick)
            if told:
                self._book.see(self._put.job, seen)
                for name in self._book.seen(self._put.job).keys() - seen.keys():
                    self._book.unsee(self._put.job, name)
                self._result.changed = True
                self._result.remarks += told
        else:
            renamed.clear(naming, to)
        todo = []
        for folder in tree.folders:
            target = naming.of(folder.name)
            if target is None:
                continue
            before = seen.get(folder.name)
            if before and before.target != target:
                before = None
            with tree.open(folder) as at:
                # Also of what need not be looked at again: each round tells all of it.
                for words in scan.left_behind(at):
                    tree.remark(f"{folder.name!a}: {words}")
                if before and not self._put.anew and before.signature == scan.signature(at):
                    continue
                self._estimate(at, None if self._put.anew else before)
            todo.append((folder, target, before))
            self._progress.check()
        with contextlib.ExitStack() as stack, contextlib.ExitStack() as failed:
            # Nothing may work in directories that are closed.
            failed.callback(self._filler.close)
            # Of two folders the first is copied while the second is read.
            last: Callable[[], None] | None = None
            for folder, target, before in todo:
                end = self._one(tree, folder, target, before, to, live=live, uidl=uidl, stack=stack)
                if last:
                    last()
                last = end
            if last:
                last()
            failed.pop_all()
        names = {folder.name for folder in tree.folders}
        for name, before in seen.items():
            if name in names:
                continue
            if before.target in naming.folders.values():
                # Another folder has its name here by now, and what it holds is that one's.
                self._book.unsee(self._put.job, name)
            else:
                self._gone(name, before, to)

    def _estimate(self, at: int, before: Seen | None) -> None:
        known = before.flags() if before else {}
        for base, message in scan.messages(at).items():
            if base not in known:
                self._progress.messages_all += 1
                size = maildir.size_in(message.name)
                if size is None:
                    with contextlib.suppress(FileNotFoundError):
                        size = os.stat(f"{message.part}/{message.name}", dir_fd=at).st_size
                self._progress.octets_all += size or 0

    def _one(
        self,
        tree: Tree,
        folder: Folder,
        target: str,
        before: Seen | None,
        to: int,
        *,
        live: bool,
        uidl: str,
        stack: contextlib.ExitStack,
    ) -> Callable[[], None]:
        """Begin one folder; returns what ends it. `stack` closes what is open if that does not."""
        self._progress.folder = target
        directory = maildir.directory(target)
        if directory:
            self._copier.folder(directory, to)
        opening = contextlib.ExitStack()
        stack.callback(opening.close)
        at = opening.enter_context(tree.open(folder))
        goal = opening.enter_context(opened(directory or ".", to))
        signature = _signature(at)
        where = f"{folder.name!a}: "
        # UIDs first: a message that comes in between has none yet, and gets the next one.
        uids = scan.uid_list(at, tree, where)
        if uids.guid in self._guids:
            # Two folders with one identity would be one to Dovecot.
            uids.guid = ""
        self._guids.add(uids.guid)
        found = scan.messages(at, tree, where)
        if wrong := scan.mend_sizes(at, found, uids):
            tree.remark(f"{where}{wrong} messages told a wrong size in their names.")
        origin = Origin(
            at,
            found,
            uids,
            scan.keywords(at),
            uidl if target == INBOX and uidl != HOUSE_UIDL else "",
        )
        if uids.validity:
            scan.number_all(origin.messages, uids)
        elif origin.messages:
            self._result.uids_kept = False
            tree.remark(f"{where}the source has no UIDs; clients will read it anew.")
        if directory:
            # Marks a folder for delivery programs (Maildir++).
            with contextlib.suppress(FileExistsError):
                os.close(os.open("maildirfolder", os.O_CREAT | os.O_EXCL, 0o600, dir_fd=goal))
                self._own(goal, "maildirfolder")
        if live:
            outcome = self._live(origin, goal, to, before)
            copied: Callable[[], Outcome] = partial(_same, outcome)
        else:
            copied = self._filler.stage(origin, goal, again=True)

        def end() -> None:
            outcome = copied()
            opening.close()
            self._result.take(outcome, folder.name)
            flags = origin.canonical()
            for base in outcome.missing:
                flags.pop(base, None)
            seen = Seen(target, "" if outcome.missing else signature, uids.validity, pack(flags))
            self._pending[folder.name] = seen
            self._save_soon(to)

        return end

    def _live(self, origin: Origin, goal: int, to: int, before: Seen | None) -> Outcome:
        flags = before.flags() if before else None
        lost = self._is_lost if self._put.anew else None
        outcome = self._filler.live(origin, goal, flags, merge=self._put.merge, lost=lost)
        if outcome.kick:
            for name in ("dovecot.list.index", "dovecot.list.index.log"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=to)
            self._kick()
        return outcome

    def _is_lost(self, at: int, message: Message) -> bool:
        """Whether a message of the source is nowhere in the mailbox, moved by its user or not."""
        with contextlib.suppress(OSError, Odd):
            octets, digest, _ = read(at, f"{message.part}/{message.name}")
            return not self._elsewhere.has(octets, digest)
        return True

    def _own(self, at: int, name: str) -> None:
        if os.geteuid() == 0:
            status = self._places.mail.stat()
            os.chown(name, status.st_uid, status.st_gid, dir_fd=at, follow_symlinks=False)

    def _save_soon(self, to: int) -> None:
        """Now and then have what is done written to the disk, while the copy goes on."""
        if self._saving and self._saving.done():
            self._saving.result()
            self._book.see(self._put.job, self._in_flight)
            self._saving = None
        due = time.monotonic() - self._saved > _SAVE_EVERY
        if self._safe:
            self._save(to)
        elif due and self._pending and not self._saving:
            self._in_flight, self._pending = self._pending, {}
            self._saved = time.monotonic()
            self._saving = self._saver.submit(make_safe, to)

    def _save(self, to: int) -> None:
        """Remember all that is done, after it is safe on disk."""
        if self._saving:
            self._saving.result()
            self._pending = self._in_flight | self._pending
            self._saving = None
        if self._pending:
            if not self._safe:
                make_safe(to)
            self._book.see(self._put.job, self._pending)
            self._pending = {}

    def _gone(self, name: str, before: Seen, to: int) -> None:
        """The source has the folder no more."""
        directory = maildir.directory(before.target)
        if not self._put.merge and directory:
            with contextlib.suppress(FileNotFoundError):
                with opened(directory, to) as goal:
                    known = before.flags()
                    for base, message in scan.messages(goal).items():
                        if base in known:
                            os.unlink(f"{message.part}/{message.name}", dir_fd=goal)
                    left = len(scan.messages(goal))
                if not left and before.target not in SPECIAL:
                    shutil.rmtree(directory, dir_fd=to)
                self._result.changed = True
        elif directory:
            self._result.remarks.append(
                f"The folder {name!a} is not at the source any more; here it stays as it is."
            )
        self._book.unsee(self._put.job, name)

    # Subscriptions

    def _subscribe(self, tree: Tree, naming: Naming, to: int) -> None:
        job = self._put.job
        # Folders that are subscribed but not there are no use to anybody here.
        now = [made for name in tree.subscribed if (made := naming.of(name)) and made != INBOX]
        now += [made for made in naming.folders.values() if made in SPECIAL]
        now = list(dict.fromkeys(now))
        last = json.loads(self._book.value(job, "subscribed") or b"[]")
        try:
            have = [
                "/".join(row) for row in maildir.parse_subscriptions(read_text("subscriptions", to))
            ]
        except Odd:
            have = []
        dropped = set() if self._put.merge else set(last) - set(now)
        wished = [name for name in dict.fromkeys((*have, *now)) if name not in dropped]
        if self._put.merge:
            # What somebody has unsubscribed here stays so.
            wished = [name for name in wished if name in have or name not in last]
        if wished != have or not have:
            self._copier.text("subscriptions", maildir.render_subscriptions(wished), to)
        if now != last:
            self._book.set_value(job, "subscribed", json.dumps(now).encode())

    # In its place

    def _install(self) -> None:
        """Put the mailbox in its place, and what was there into it."""
        places, job = self._places, str(self._put.job)
        make_folders(places.box, places.mail)
        if not _marked(places.target, job):
            (places.stage / MARK).write_text(job, encoding="ascii")
            self._kick()
            try:
                places.stage.rename(places.target)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                exchange(places.stage, places.target)
            _sync(places.box)
            _sync(places.side)
        if places.stage.exists():
            moved = adopt(places.stage, places.target, self._copier, self._progress)
            if moved:
                self._result.remarks.append(f"{moved} messages that had come here first were kept.")
            shutil.rmtree(places.stage)


def _same(outcome: Outcome) -> Outcome:
    return outcome


def _marked(target: Path, job: str) -> bool:
    try:
        return (target / MARK).read_text(encoding="ascii") == job
    except FileNotFoundError:
        return False


def _sync(path: Path) -> None:
    number = os.open(path, DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _signature(at: int) -> str:
    """The folder's signature, or none where a change may hide behind the one before it."""
    for name in ("cur", "new"):
        with contextlib.suppress(OSError):
            if time.time() - os.stat(name, dir_fd=at).st_mtime < _SETTLED:
                return ""
    return scan.signature(at)
