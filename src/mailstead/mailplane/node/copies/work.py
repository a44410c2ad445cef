"""One round of a copy, whatever it is from; what the process of a copy does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.control import DOVEADM, Doveadm
from mailstead.mailplane.engines.dovecot.render import config_file
from mailstead.mailplane.engines.processes import EngineError, run
from mailstead.mailplane.node.copies import between
from mailstead.mailplane.node.copies.book import Book
from mailstead.mailplane.node.copies.convert import Store
from mailstead.mailplane.node.copies.count import Counter
from mailstead.mailplane.node.copies.files import Copier
from mailstead.mailplane.node.copies.imap import ImapError, LoginRefused, Mirror
from mailstead.mailplane.node.copies.pace import Progress
from mailstead.mailplane.node.copies.places import Places, make_folders
from mailstead.mailplane.node.copies.round import Result, Round
from mailstead.standards.maildir import HOUSE_UIDL
from mailstead.wire.changes import CopyPut
from mailstead.wire.moves import FilesSource, FolderCount, ImapSource, NodeSource

_TRIES = 4
_PAUSE = 5.0
"""Seconds before a server that went away is asked again; three times as long each time."""
_MOST_WORDS = 8000
_RECALC_SECONDS = 1800.0

_Count = Callable[[], tuple[FolderCount, ...]]


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What the independent pass found."""

    source: tuple[FolderCount, ...] = ()
    target: tuple[FolderCount, ...] = ()


@dataclass(frozen=True)
class Done:
    """What a round has to tell when it is over."""

    words: str
    uids_kept: bool
    counted: Counted | None


def work(home: Home, put: CopyPut, book: Book, progress: Progress) -> Done:
    """Do one round and count; raises `Stopped`, `OSError`, `EngineError`, `ImapError`."""
    return _Work(home, put, book, progress).run()


class _Work:
    def __init__(self, home: Home, put: CopyPut, book: Book, progress: Progress) -> None:
        self._home, self._put, self._book, self._progress = home, put, book, progress
        self._places = Places(home.mail, put)
        self._counter = Counter(book, put.job)
        self._doveadm = Doveadm(home)
        status = home.mail.stat()
        self._copier = Copier(status.st_uid, status.st_gid)

    def run(self) -> Done:
        source = self._put.source
        make_folders(self._places.side, self._home.mail)
        if self._put.anew:
            self._book.forget_looks(self._put.job)
        if isinstance(source, NodeSource) and self._put.merge:
            remarks = between.both(self._home, self._put.address, source, self._places.side)
            return Done("\n".join(remarks), True, self._counted(lambda: (), virtual=False))
        if isinstance(source, NodeSource):
            result, count = self._node(source)
            virtual = False
        elif isinstance(source, ImapSource):
            result, count = self._imap(source)
            virtual = True
        elif source.kind == "maildir":
            result, count = self._files(source)
            virtual = False
        else:
            result, count = self._store(source)
            virtual = True
        if result.changed:
            self._measure()
        result.remarks += self._over_quota()
        counted = self._counted(count, virtual=virtual)
        words = "\n".join(dict.fromkeys(result.remarks))[:_MOST_WORDS]
        return Done(words, result.uids_kept, counted)

    def _round(self, put: CopyPut, progress: Progress, *, link: bool) -> Round:
        return Round(put, self._places, self._book, progress, kick=self._kick, link=link)

    def _kick(self) -> None:
        with contextlib.suppress(EngineError):
            self._doveadm.kick([self._put.address])

    def _files(self, source: FilesSource) -> tuple[Result, _Count]:
        path = Path(source.path)
        result = self._round(self._put, self._progress, link=False).run(
            path, source.names, source.uidl
        )
        name = result.naming.of
        return result, lambda: self._counter.files(path, source.names, source.uidl, name)

    def _imap(self, source: ImapSource) -> tuple[Result, _Count]:
        make_folders(self._places.mirror, self._home.mail)
        mirror = Mirror(
            source, self._places.mirror, self._book, self._put.job, self._progress, self._copier
        )
        pause = _PAUSE
        for attempt in range(_TRIES):
            try:
                mirror.update(self._put.without)
                break
            except ImapError as error:
                if attempt + 1 == _TRIES or isinstance(error, LoginRefused):
                    raise
                mirror.remarks.append(f"{error}; asked again after {pause:.0f} seconds.")
                self._progress.wait(pause)
                pause *= 3
        told = {name for name, _ in self._put.folders}
        wished = tuple(use for use in mirror.uses if use[0] not in told)
        put = msgspec.structs.replace(
            self._put, folders=(*self._put.folders, *(wished if self._put.special else ()))
        )
        result = self._round(put, self._progress.silent(), link=True).run(
            self._places.mirror, "mutf-7"
        )
        result.remarks = [*mirror.remarks, *result.remarks]
        result.uids_kept = result.uids_kept and not mirror.renumbered
        return result, lambda: self._counter.imap(source, result.naming.of)

    def _store(self, source: FilesSource) -> tuple[Result, _Count]:
        make_folders(self._places.raw, self._home.mail)
        store = Store(
            source, self._places.side, self._book, self._put.job, self._progress, self._copier
        )
        store.update()
        result = self._round(self._put, self._progress.silent(), link=True).run(
            self._places.mirror, "mutf-7", HOUSE_UIDL
        )
        self._progress.messages = self._progress.messages_all = result.copied
        result.remarks = [*store.remarks, *result.remarks]
        conf = self._places.side / "doveadm.conf"
        name = result.naming.of
        return result, lambda: self._counter.store(conf, self._places.side, name)

    def _node(self, source: NodeSource) -> tuple[Result, _Count]:
        places = self._places
        make_folders(places.mirror, self._home.mail)
        between.mirror(self._home, self._put.address, source, places.side)
        result = self._round(self._put, self._progress.silent(), link=True).run(
            places.mirror, "mutf-7"
        )
        self._progress.messages = self._progress.messages_all = result.copied
        name = result.naming.of
        return result, lambda: self._counter.files(places.mirror, "mutf-7", HOUSE_UIDL, name)

    def _measure(self) -> None:
        """Let Dovecot add up what the mailbox uses now."""
        conf = config_file(self._home)
        if conf.exists():
            with contextlib.suppress(EngineError):
                command = [DOVEADM, "-c", str(conf), "quota", "recalc", "-u", self._put.address]
                run(command, timeout=_RECALC_SECONDS)

    def _over_quota(self) -> list[str]:
        """Copied mail is never refused for its size; what comes after it is."""
        conf = config_file(self._home)
        if not conf.exists():
            return []
        command = [DOVEADM, "-c", str(conf), "-f", "tab", "quota", "get", "-u", self._put.address]
        with contextlib.suppress(EngineError):
            for row in run(command, timeout=_RECALC_SECONDS).out.splitlines()[1:]:
                words = row.split("\t")
                # KiB; `-` where there is no limit.
                if "STORAGE" not in words or not all(word.isdigit() for word in words[2:4]):
                    continue
                used, limit = (int(word) for word in words[2:4])
                if used > limit:
                    return [
                        f"All mail has come, but the mailbox is over its quota now ({used} of "
                        f"{limit} KiB): new mail to it is not taken until the quota is raised or "
                        "mail is deleted."
                    ]
        return []

    def _counted(self, source: _Count, *, virtual: bool) -> Counted | None:
        conf = config_file(self._home)
        if not conf.exists() or self._put.urgent:
            return None
        self._progress.check()
        target = self._counter.mailbox(conf, self._put.address, virtual=virtual)
        return Counted(source=source(), target=target)
