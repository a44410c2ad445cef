"""Bring messages back to an IMAP server: into their folders, with flags and dates."""

from __future__ import annotations

import contextlib
import hashlib
import imaplib
import re
from collections.abc import Callable, Mapping

from imapclient.exceptions import IMAPClientError

from mailstead.mailplane.node.bringback.find import Text
from mailstead.mailplane.node.bringback.hand import Away, Refused
from mailstead.mailplane.node.copies import imap
from mailstead.standards import maildir
from mailstead.standards.maildir import INBOX
from mailstead.wire.moves import ImapSource

_LINE_END = re.compile(rb"\r?\n")
_BROKEN = (OSError, imaplib.IMAP4.abort)


class Server:
    """A session with the old server; raises `ImapError` where there can be none."""

    def __init__(self, source: ImapSource, names: Mapping[str, str]) -> None:
        """`names`: a folder here to what the copy found it as."""
        self._client = imap.connect(source)
        self._names = names
        try:
            self._learn(source)
        except (IMAPClientError, OSError) as error:
            words = str(error).replace(source.password, "…")[:300]
            raise imap.ImapError(f"{source.host} stopped answering: {words}") from error

    def close(self) -> None:
        """End the session."""
        with contextlib.suppress(Exception):
            self._client.shutdown()

    def _learn(self, source: ImapSource) -> None:
        found, _, _ = imap.folders(self._client, source.prefix)
        self._there = {one.name: one.theirs for one in found}
        self._uses = {one.use: one.theirs for one in found if one.use}
        self._prefix, self._mark = source.prefix, "/"
        if self._client.has_capability("NAMESPACE"):
            personal = self._client.namespace().personal
            if personal:
                self._prefix = self._prefix or personal[0][0]
                self._mark = personal[0][1] or self._mark

    def has(self, folder: str, text: Text) -> bool:
        """Whether a message of exactly this text is in the folder; raises `Away`, `Refused`."""
        body = _LINE_END.sub(b"\r\n", text.data)
        digest = hashlib.sha256(body).digest()
        try:
            self._client.select_folder(self._folder(folder), readonly=True)
            rows = imap.all_messages(self._client, ["RFC822.SIZE"])
            for uid in (uid for uid, row in rows.items() if row[b"RFC822.SIZE"] == len(body)):
                row = self._client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {})
                if hashlib.sha256(row.get(b"BODY[]") or b"").digest() == digest:
                    return True
        except _BROKEN as error:
            raise Away(f"The old server stopped answering: {error}"[:300]) from error
        except IMAPClientError as error:
            raise Refused(f"The old server says: {error}"[:300]) from error
        return False

    def put(self, folder: str, text: Text, begin: Callable[[], None]) -> None:
        """Save one message; `begin` is called before the server can have taken it.

        Raises `Away` (it may have it: ask `has`), `Refused`.
        """
        body = _LINE_END.sub(b"\r\n", text.data)
        flags = [maildir.FLAGS[one] for one in text.flags if one in maildir.FLAGS and one != "T"]
        try:
            theirs = self._folder(folder)
            begin()
            try:
                self._client.append(theirs, body, [*flags, *text.keywords], text.at)
            except imaplib.IMAP4.abort:
                raise
            except IMAPClientError:
                if not text.keywords:
                    raise
                # Not every server keeps words of a client's own.
                self._client.append(theirs, body, flags, text.at)
        except _BROKEN as error:
            raise Away(f"The old server stopped answering: {error}"[:300]) from error
        except IMAPClientError as error:
            raise Refused(f"The old server says: {error}"[:300]) from error

    def _folder(self, folder: str) -> str:
        """What the old server calls a folder of ours, made there where it is missing."""
        if folder == INBOX:
            return INBOX
        known = self._there.get(self._names.get(folder, folder)) or self._uses.get(folder)
        if known:
            return known
        levels = (part.replace(self._mark, "_") for part in folder.split("/"))
        theirs = self._prefix + self._mark.join(levels)
        self._client.create_folder(theirs)
        with contextlib.suppress(IMAPClientError):
            self._client.subscribe_folder(theirs)
        self._there[folder] = theirs
        return theirs
