"""One round of a return: look, bring back, and keep in a file what cannot be; its process's work.

Where the source is an IMAP server that still lets us in, every message goes into its folder there.
Otherwise what was delivered here is handed over by SMTP, and what the user has saved is kept.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import partial

import structlog

from mailstead.home import Home
from mailstead.mailplane.node.bringback import keep, trace
from mailstead.mailplane.node.bringback.append import Server
from mailstead.mailplane.node.bringback.book import BringBackBook, Item, ItemState
from mailstead.mailplane.node.bringback.find import Finder, Mailbox, Text
from mailstead.mailplane.node.bringback.hand import Away, Doubt, Later, Line, Refused
from mailstead.mailplane.node.copies.book import Book, book_path
from mailstead.mailplane.node.copies.files import Odd
from mailstead.mailplane.node.copies.imap import ImapError
from mailstead.mailplane.node.copies.pace import Progress
from mailstead.mailplane.node.copies.texts import HEAD
from mailstead.standards import maildir
from mailstead.wire.changes import BringBackPut
from mailstead.wire.moves import ImapSource

_MOST_WORDS = 4000
_DOUBT = "The old server may have it: the connection ended while it was taking it."

log = structlog.get_logger("returns")


@dataclass(frozen=True)
class Counts:
    """How far a return is, over all its rounds."""

    arrived: int = 0
    saved: int = 0
    returned: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Done:
    """What a round has to tell when it is over."""

    later: bool
    """The old server wants to be asked again."""
    words: str
    kept: int
    kept_octets: int


def counts(book: BringBackBook, job: int) -> Counts:
    """As the book has them; what its user has deleted here counts no more."""
    rows = [one for one in book.items(job) if one.state != "gone"]
    return Counts(
        arrived=sum(1 for one in rows if one.kind == "arrived"),
        saved=sum(1 for one in rows if one.kind == "saved"),
        returned=sum(1 for one in rows if one.state == "returned"),
        failed=sum(
            1 for one in rows if one.state in ("refused", "doubtful", "handing", "appending")
        ),
    )


def work(
    home: Home, put: BringBackPut, hostname: str, book: BringBackBook, progress: Progress
) -> Done:
    """Do one round; raises `Stopped`, `OSError`."""
    with closing(Mailbox(home, put.address)) as mailbox:
        return _Work(home, put, hostname, book, progress, mailbox).run()


class _Work:
    def __init__(
        self,
        home: Home,
        put: BringBackPut,
        hostname: str,
        book: BringBackBook,
        progress: Progress,
        mailbox: Mailbox,
    ) -> None:
        self._mailbox = mailbox
        self._home, self._put, self._hostname = home, put, hostname
        self._book, self._progress = book, progress
        self._remarks: list[str] = []
        self._later = False

    def run(self) -> Done:
        put, book = self._put, self._book
        if put.anew:
            for item in book.items(put.job):
                if item.state == "refused":
                    book.set_item(put.job, item.key, "found")
        with closing(Book(book_path(self._home))) as copies:
            finder = Finder(self._home, put, self._hostname, book, copies)
            finder.look(self._progress)
            self._remarks += finder.remarks
            self._later = finder.missed
            server = self._server(copies)
        for item in self._todo("handing", *(() if server else ("appending",))):
            book.set_item(put.job, item.key, "doubtful", _DOUBT)
        if server is not None:
            with closing(server):
                self._append(server)
        else:
            self._hand_over()
        rest = [one for one in book.items(put.job) if one.state not in ("returned", "gone")]
        for item in rest:
            if item.words:
                self._remarks.append(item.words)
        kept, octets = keep.keep(self._home, put.job, self._mailbox, rest, self._progress)
        words = "\n".join(dict.fromkeys(self._remarks))[:_MOST_WORDS]
        return Done(self._later, words, kept, octets)

    def _todo(self, *states: str) -> list[Item]:
        """Those in one of the states, the oldest first."""
        rows = [one for one in self._book.items(self._put.job) if one.state in states]
        return sorted(rows, key=lambda one: maildir.arrival(one.base))

    def _text(self, item: Item) -> Text | None:
        try:
            return self._mailbox.text(item)
        except Odd as odd:
            self._set(item, "refused", f"A message in {item.folder!a} cannot be read: {odd}")
            return None

    def _set(self, item: Item, state: ItemState, words: str = "") -> None:
        self._book.set_item(self._put.job, item.key, state, words)

    # By IMAP

    def _server(self, copies: Book) -> Server | None:
        for one in self._put.sources:
            if isinstance(one.source, ImapSource):
                names = {seen.target: name for name, seen in copies.seen(one.copy).items()}
                try:
                    return Server(one.source, names)
                except ImapError as error:
                    self._remarks.append(f"{error} What has arrived goes by SMTP.")
        return None

    def _append(self, server: Server) -> None:
        todo = self._todo("appending", "found")
        self._progress.messages_all += len(todo)
        for item in todo:
            self._progress.check()
            text = self._text(item)
            if text is None:
                continue
            try:
                # After a run that was ended the server is asked whether it has it.
                if item.state != "appending" or not server.has(item.folder, text):
                    server.put(item.folder, text, partial(self._set, item, "appending"))
                self._set(item, "returned")
                self._progress.done(len(text.data))
            except Refused as error:
                self._set(item, "refused", str(error))
            except Away as error:
                self._later = True
                self._remarks.append(str(error))
                return

    # By SMTP

    def _hand_over(self) -> None:
        put = self._put
        todo = [one for one in self._todo("found") if one.kind == "arrived"]
        self._progress.messages_all += len(todo)
        if not todo:
            return
        domain = put.address.rpartition("@")[2]
        with closing(Line(put.host, put.port, domain, self._hostname)) as line:
            for item in todo:
                self._progress.check()
                text = self._text(item)
                if text is None:
                    continue
                try:
                    self._one(line, item, text)
                    self._set(item, "returned")
                    self._progress.done(len(text.data))
                except Refused as error:
                    self._set(item, "refused", str(error))
                except Doubt as error:
                    log.warning("doubtful", address=put.address, words=str(error))
                    self._set(item, "doubtful", _DOUBT)
                except Later as error:
                    self._set(item, "found")
                    self._later = True
                    self._remarks.append(str(error))
                    if isinstance(error, Away):
                        return

    def _one(self, line: Line, item: Item, text: Text) -> None:
        put = self._put
        found = trace.delivered(text.data[:HEAD], put.address, self._hostname)
        sender = found.sender if found else ""
        data = trace.as_it_came(text.data, found) if found else text.data
        line.hand(sender, put.address, data, partial(self._set, item, "handing"))
