"""A mirror of a mailbox on an IMAP server, kept as a Maildir of our own.

The mirror has the server's UIDs, UIDVALIDITY, flags, keywords, dates and subscriptions, so that
from then on the copy is one from a Maildir. Each message is one file whose name tells its UID: a
run that was ended fetches nothing twice. Where a server has given all messages of a folder new
UIDs, they are known again by Message-ID and size.

Not doveadm's imapc: that says nothing of how far it is, cannot be held to a bandwidth, and begins a
folder anew when it is stopped (docs/decisions/0044).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from mailstead.mailplane.node.copies import scan
from mailstead.mailplane.node.copies.book import Book
from mailstead.mailplane.node.copies.files import Copier, open_path, opened
from mailstead.mailplane.node.copies.pace import Progress
from mailstead.mailplane.node.copies.words import Words, canonical
from mailstead.standards import maildir
from mailstead.standards.maildir import INBOX, Uid, UidList
from mailstead.wire.moves import ImapSource

_SECONDS = 120.0
_OCTETS_AT_ONCE = 4 * 2**20
_MESSAGES_AT_ONCE = 200
_ASKED_AT_ONCE = 1000
"""UIDs in one command: servers bound the length of a line."""
_ITEMS = ["FLAGS", "RFC822.SIZE", "INTERNALDATE"]
_NAME = re.compile(r"\d+\.M(\d+)V(\d+)\.imap")
_LETTER = {name.lower(): letter for letter, name in maildir.FLAGS.items()}
_DOUBLES = {b"\\all", b"\\flagged", b"\\important"}
"""Uses (RFC 6154) of folders that show messages which lie in others."""
USES = {b"\\junk": "Junk", b"\\sent": "Sent", b"\\trash": "Trash", b"\\drafts": "Drafts",
        b"\\archive": "Archive"}  # fmt: skip


Listed = tuple[tuple[bytes, ...], bytes | None, str]
"""A folder as LIST tells it: flags, what separates levels, name."""


class ImapError(Exception):
    """The server cannot be read; the words are for the operator."""


class LoginRefused(ImapError):
    """The server does not let this user in."""


@dataclass(frozen=True)
class Remote:
    """A folder of the server."""

    name: str
    """Decoded, `/` between levels, without the server's prefix."""
    theirs: str
    use: str = ""
    """The house's folder for the use that the server says it has."""


def connect(source: ImapSource, seconds: float = _SECONDS) -> IMAPClient:
    """A session that has logged in, which waits so long for each answer; raises `ImapError`,
    `LoginRefused`."""
    context = ssl.create_default_context()
    if not source.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    secure = source.tls == "imaps"
    try:
        client = IMAPClient(
            source.host,
            source.port,
            ssl=secure,
            ssl_context=context if secure else None,
            timeout=seconds,
        )
        if source.tls == "starttls":
            client.starttls(context)
    except (OSError, IMAPClientError) as error:
        raise ImapError(f"{source.host} cannot be reached: {error}") from error
    client.normalise_times = False
    user = f"{source.user}*{source.master_user}" if source.master_user else source.user
    try:
        client.login(user, source.password)
    except (OSError, IMAPClientError) as error:
        with contextlib.suppress(Exception):
            client.shutdown()
        words = _said(error).replace(source.password or "\0", "…")
        if isinstance(error, LoginError):
            words = f"{source.host} refuses the log-in of {user!a}: {words[:300]}"
            raise LoginRefused(words) from error
        raise ImapError(f"{source.host} does not answer the log-in: {words[:300]}") from error
    return client


def _said(error: Exception) -> str:
    """The server's own words, which the library hands on as the name of octets."""
    return re.sub(r"\Ab(['\"])(.*)\1\Z", r"\2", str(error), flags=re.DOTALL)


def folders(client: IMAPClient, prefix: str) -> tuple[list[Remote], list[str], list[str]]:
    """The folders, the names of those that are subscribed, and remarks."""
    listed = client.list_folders()
    prefix = prefix_of(client, prefix, listed)
    found: list[Remote] = []
    remarks: list[str] = []
    taken: dict[str, str] = {}
    for flags, delimiter, theirs in listed:
        marks = {flag.lower() for flag in flags}
        if marks & {b"\\noselect", b"\\nonexistent"}:
            continue
        if marks & _DOUBLES:
            remarks.append(f"{theirs!a} only shows mail of other folders; left out.")
            continue
        use = next((name for mark, name in USES.items() if mark in marks), "")
        name = free = _own_name(theirs, delimiter, prefix)
        number = 1
        while free in taken:
            # `a.b` and `a_b`: two folders never become one.
            number += 1
            free = f"{name} {number}"
        taken[free] = theirs
        if free != name:
            remarks.append(f"The folder {theirs!a} is called {free!a} here.")
        found.append(Remote(free, theirs, use))
    by_theirs = {theirs: name for name, theirs in taken.items()}
    subscribed = [
        by_theirs.get(name) or _own_name(name, mark, prefix)
        for _, mark, name in client.list_sub_folders()
    ]
    return found, subscribed, remarks


def prefix_of(client: IMAPClient, given: str, listed: Iterable[Listed]) -> str:
    """What stands before the names of all folders but the INBOX: as given, as the server says (RFC
    2342), or as it looks where it does not say."""
    marks = {(mark or b"").decode("ascii", "replace") for _, mark, _ in listed} - {""}
    mark = marks.pop() if len(marks) == 1 else ""
    if given:
        return given if given.endswith(mark) else given + mark
    if client.has_capability("NAMESPACE"):
        personal = client.namespace().personal
        return str(personal[0][0] or "") if personal else ""
    others = [name for _, _, name in listed if name.upper() != INBOX]
    below = INBOX + mark
    looks = mark and others and all(name.upper().startswith(below) for name in others)
    return below if looks else ""


def all_messages(client: IMAPClient, items: list[str]) -> dict[int, dict[bytes, Any]]:
    """What the server says of each message of the chosen folder, by UID."""
    uids = client.search("ALL")
    made: dict[int, dict[bytes, Any]] = {}
    for first in range(0, len(uids), _ASKED_AT_ONCE):
        made.update(client.fetch(uids[first : first + _ASKED_AT_ONCE], items))
    return made


def _own_name(theirs: str, delimiter: bytes | None, prefix: str) -> str:
    mark = (delimiter or b"").decode("ascii", "replace")
    if theirs.upper() == INBOX:
        return INBOX
    ours = prefix and theirs.upper().startswith(prefix.upper())
    bare = theirs[len(prefix) :] if ours else theirs
    if bare.upper() == INBOX:
        # `INBOX.INBOX` is another folder than the inbox.
        return f"{bare}_"
    parts = bare.split(mark) if mark else [bare]
    # A level may hold what separates levels here.
    return "/".join(re.sub(r"[./]", "_", part) or "_" for part in parts)


class Mirror:
    """The mirror of one mailbox."""

    def __init__(
        self,
        source: ImapSource,
        path: Path,
        book: Book,
        job: int,
        progress: Progress,
        copier: Copier,
    ) -> None:
        self._source, self._path, self._book, self._job = source, path, book, job
        self._progress, self._copier = progress, copier
        self.remarks: list[str] = []
        self.uses: list[tuple[str, str]] = []
        """Folders whose use the server tells, and the house's name for it."""
        self.renumbered = False

    def update(self, without: Iterable[str]) -> None:
        """Make it what the server has now; raises `ImapError`, `Stopped`, `OSError`."""
        client = connect(self._source)
        try:
            self._update(client, tuple(without))
        except (IMAPClientError, ssl.SSLError, TimeoutError, ConnectionError) as error:
            words = str(error).replace(self._source.password, "…")
            raise ImapError(f"{self._source.host} stopped answering: {words[:300]}") from error
        finally:
            with contextlib.suppress(Exception):
                client.shutdown()

    def _update(self, client: IMAPClient, without: tuple[str, ...]) -> None:
        found, subscribed, remarks = folders(client, self._source.prefix)
        self.remarks += remarks
        found = [
            one
            for one in found
            if not any(one.name == left or one.name.startswith(left + "/") for left in without)
        ]
        self.uses = [(one.name, one.use) for one in found if one.use and one.name != one.use]
        condstore = client.has_capability("CONDSTORE")
        items = ["MESSAGES", "UIDNEXT", "UIDVALIDITY", *(["HIGHESTMODSEQ"] if condstore else [])]
        directories = {}
        root = open_path(self._path)
        try:
            work = []
            for one in found:
                self._progress.check()
                directories[maildir.directory(one.name)] = one
                status = client.folder_status(one.theirs, items)
                state = json.dumps({k.decode(): v for k, v in status.items()}, sort_keys=True)
                name = f"imap {one.name}"
                if condstore and self._book.value(self._job, name) == state.encode():
                    continue
                work.append((one, name, state))
            for one, name, state in work:
                self._progress.folder = one.name
                directory = maildir.directory(one.name)
                if directory:
                    self._copier.folder(directory, root)
                with opened(directory or ".", root) as at:
                    for part in ("cur", "new", "tmp"):
                        self._copier.folder(part, at)
                    self._folder(client, one, at)
                self._book.set_value(self._job, name, state.encode())
            for entry in list(os.scandir(root)):
                if entry.name.startswith(".") and entry.name not in directories:
                    shutil.rmtree(self._path / entry.name)
            self._copier.text("subscriptions", maildir.render_subscriptions(subscribed), root)
        finally:
            os.close(root)

    def _folder(self, client: IMAPClient, remote: Remote, at: int) -> None:
        chosen = client.select_folder(remote.theirs, readonly=True)
        validity = int(chosen[b"UIDVALIDITY"])
        there: dict[int, dict[bytes, Any]] = {}
        if chosen.get(b"EXISTS"):
            there = all_messages(client, _ITEMS)
        have, listed = scan.messages(at), scan.uid_list(at)
        by_uid: dict[int, str] = {}
        if listed.validity in (0, validity):
            for base in have:
                known = listed.uids.get(base)
                told = _NAME.match(base)
                if known:
                    by_uid[known.uid] = base
                elif told and int(told[2]) == validity:
                    by_uid[int(told[1])] = base
        else:
            by_uid = self._known_again(client, have, there, at)
        words = Words(scan.keywords(at))
        for base in have.keys() - by_uid.values():
            os.unlink(f"{have[base].part}/{have[base].name}", dir_fd=at)
        for uid, base in list(by_uid.items()):
            message = have[base]
            if uid not in there:
                os.unlink(f"{message.part}/{message.name}", dir_fd=at)
                del by_uid[uid]
                continue
            name = words.name(base, _flags(there[uid]))
            if message.part != "cur" or name != message.name:
                os.rename(
                    f"{message.part}/{message.name}", f"cur/{name}", src_dir_fd=at, dst_dir_fd=at
                )
        fresh = [uid for uid in sorted(there) if uid not in by_uid]
        self._progress.messages_all += len(fresh)
        self._progress.octets_all += sum(int(there[uid][b"RFC822.SIZE"]) for uid in fresh)
        for uids in _batches(fresh, there):
            for uid, row in client.fetch(uids, ["BODY.PEEK[]", "INTERNALDATE"]).items():
                if uid in there and b"BODY[]" in row:
                    by_uid[uid] = self._write(uid, validity, row, _flags(there[uid]), words, at)
        made = UidList(validity, int(chosen.get(b"UIDNEXT") or max(by_uid, default=0) + 1))
        made.uids = {base: Uid(uid) for uid, base in by_uid.items()}
        self._copier.text("dovecot-keywords", words.render(), at)
        self._copier.text("dovecot-uidlist", made.render(), at)

    def _write(
        self, uid: int, validity: int, row: dict[bytes, Any], flags: str, words: Words, at: int
    ) -> str:
        wire = row[b"BODY[]"] or b""
        # As Dovecot keeps it: lines end in LF alone; W is the size with CR and LF.
        text = wire.replace(b"\r\n", b"\n")
        date = row[b"INTERNALDATE"].timestamp()
        base = f"{max(0, int(date))}.M{uid}V{validity}.imap,S={len(text)},W={len(wire)}"
        number = os.open(
            f"tmp/{base}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600, dir_fd=at
        )
        with os.fdopen(number, "wb") as file:
            file.write(text)
            self._copier.own(number)
            file.flush()
            os.utime(number, (date, date))
        os.rename(f"tmp/{base}", f"cur/{words.name(base, flags)}", src_dir_fd=at, dst_dir_fd=at)
        self._progress.done(len(wire))
        return base

    def _known_again(
        self,
        client: IMAPClient,
        have: dict[str, scan.Message],
        there: dict[int, dict[bytes, Any]],
        at: int,
    ) -> dict[int, str]:
        """The messages that the mirror has, under UIDs that the server has given anew."""
        self.renumbered = True
        ours: dict[tuple[bytes, int], list[str]] = {}
        for base, message in have.items():
            with os.fdopen(
                os.open(f"{message.part}/{message.name}", os.O_RDONLY | os.O_NOFOLLOW, dir_fd=at),
                "rb",
            ) as file:
                head = file.read(65536)
            size = re.search(r",W=(\d+)", base)
            ours.setdefault((_message_id(head), int(size[1]) if size else 0), []).append(base)
        made = {}
        uids = sorted(there)
        for first in range(0, len(uids), _MESSAGES_AT_ONCE):
            some = uids[first : first + _MESSAGES_AT_ONCE]
            query = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
            for uid, row in client.fetch(some, [query]).items():
                head = next((value for key, value in row.items() if key.startswith(b"BODY[")), b"")
                known = ours.get((_message_id(head), int(there[uid][b"RFC822.SIZE"])))
                if known:
                    made[uid] = known.pop()
        return made


def _flags(row: dict[bytes, Any]) -> str:
    letters, words = set(), set()
    for flag in row.get(b"FLAGS", ()):
        name = flag.decode("utf-8", "replace")
        letter = _LETTER.get(name.lower())
        if letter:
            letters.add(letter)
        elif not name.startswith("\\"):
            words.add(name)
    return canonical("".join(letters), {}) + "".join(f" {word}" for word in sorted(words))


def _batches(uids: list[int], there: dict[int, dict[bytes, Any]]) -> Iterator[list[int]]:
    batch: list[int] = []
    octets = 0
    for uid in uids:
        size = int(there[uid][b"RFC822.SIZE"])
        if batch and (octets + size > _OCTETS_AT_ONCE or len(batch) >= _MESSAGES_AT_ONCE):
            yield batch
            batch, octets = [], 0
        batch.append(uid)
        octets += size
    if batch:
        yield batch


def _message_id(head: bytes) -> bytes:
    found = re.search(rb"^message-id:\s*(\S+)", head, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else b""
