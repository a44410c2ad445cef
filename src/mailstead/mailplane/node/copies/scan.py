"""What a Maildir++ holds: its folders, and in each the messages with flags and UIDs.

Links are never followed; what is neither mail nor one of the files that mail servers keep beside it
is told.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from mailstead.mailplane.node.copies.files import Odd, is_packed, opened, read_text
from mailstead.standards import maildir
from mailstead.standards.maildir import INBOX, Names, UidList

Part = Literal["cur", "new"]
_KNOWN = re.compile(
    r"cur|new|tmp|maildirsize|maildirfolder|maildircache|subscriptions|courier.*|dovecot.*"
    r"|mailbox_format\.cpanel|mailstead-copy|\.?sieve.*|managesieve\.sieve|control|shared-folders"
    r"|\.dovecot.*|\.mailboxlist|\.subscriptions|.*\.lock|\.spam.*|\.boxtrapper.*|cpanel.*"
)
_MOST_REMARKS = 200


class Message(NamedTuple):
    """One message's file."""

    part: Part
    name: str
    flags: str
    inode: int


@dataclass
class Folder:
    """One folder, without its messages."""

    name: str
    """Decoded, `/` between levels."""
    directory: str
    """Below the root; empty for INBOX."""


@dataclass
class Tree:
    """A Maildir++ that is open."""

    root: int
    names: Names = "mutf-7"
    folders: list[Folder] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    subscribed: list[str] = field(default_factory=list)

    def remark(self, words: str) -> None:
        """Tell something; a bounded number of them."""
        if len(self.remarks) < _MOST_REMARKS and words not in self.remarks:
            self.remarks.append(words)

    @contextmanager
    def open(self, folder: Folder) -> Iterator[int]:
        """The folder's directory; raises `OSError`."""
        with opened(folder.directory or ".", self.root) as number:
            yield number


def look(root: int, names: str) -> Tree:
    """The folders of the Maildir++ that is open as `root`; `names`: `ambiguous` decides by itself.

    Raises `OSError`.
    """
    tree = Tree(root)
    found: list[str] = []
    for entry in sorted(os.scandir(root), key=lambda one: one.name):
        name = entry.name
        if entry.is_symlink():
            if "@" not in name:  # cPanel's own short cuts from an account to its mailboxes
                tree.remark(f"{name!a} is a link and was left out.")
        elif name.startswith(".") and entry.is_dir(follow_symlinks=False):
            if _holds_mail(root, name):
                found.append(name)
            elif not _KNOWN.fullmatch(name):
                tree.remark(f"The directory {name!a} holds no mail and was left out.")
        elif not _KNOWN.fullmatch(name) and not entry.is_dir(follow_symlinks=False):
            tree.remark(f"The file {name!a} is none of a mailbox and was left out.")
    texts = []
    for name in ("subscriptions", "courierimapsubscribed"):
        try:
            texts.append(read_text(name, root))
        except Odd as odd:
            tree.remark(str(odd))
    raw = [
        part for text in texts for row in maildir.parse_subscriptions(text, "utf-8") for part in row
    ]
    bare = [part for name in found for part in name[1:].split(".")]
    decided, doubtful = maildir.writing(bare, raw)
    tree.names = decided if names == "ambiguous" else "utf-8" if names == "utf-8" else "mutf-7"
    if names == "ambiguous" and doubtful:
        listed = ", ".join(ascii(name) for name in doubtful[:20])
        tree.remark(f"Names that could be read in two ways were taken as {tree.names}: {listed}.")
    if _holds_mail(root, "."):
        tree.folders.append(Folder(INBOX, ""))
    for name in found:
        tree.folders.append(Folder("/".join(maildir.levels(name, tree.names)), name))
    for text in texts:
        # Dovecot writes them in modified UTF-7; a store in UTF-8 may do as it does with folders.
        way: Names = "mutf-7" if text.isascii() and tree.names == "mutf-7" else tree.names
        rows = maildir.parse_subscriptions(text, way)
        tree.subscribed += ["/".join(row) for row in rows]
    tree.subscribed = list(dict.fromkeys(tree.subscribed))
    return tree


def _holds_mail(root: int, name: str) -> bool:
    for part in ("cur", "new"):
        with suppress(OSError), opened(name, root) as at, opened(part, at):
            return True
    return False


def messages(at: int, tree: Tree | None = None, where: str = "") -> dict[str, Message]:
    """The messages of the folder that is open as `at`, by their names without flags."""
    made: dict[str, Message] = {}
    parts: tuple[Part, ...] = ("new", "cur")
    for part in parts:
        try:
            with opened(part, at) as number:
                for entry in os.scandir(number):
                    name = entry.name
                    if name.startswith("."):
                        continue
                    if not entry.is_file(follow_symlinks=False):
                        if tree:
                            tree.remark(f"{where}{part}/{name!a} is no plain file; left out.")
                        continue
                    base, flags = maildir.split(name)
                    made[base] = Message(part, name, flags if part == "cur" else "", entry.inode())
        except OSError:
            continue
    return made


def mend_sizes(at: int, found: dict[str, Message], uids: UidList) -> int:
    """Let those whose names tell a wrong size have names here that tell none; returns how many.

    Programs that wrote into stored mail leave such names behind, and Dovecot refuses to read a
    message that is longer than its name says.
    """
    wrong = [base for base, message in found.items() if _is_wrong(at, message)]
    for base in wrong:
        plain = maildir.without_sizes(base)
        if plain in found:
            continue
        found[plain] = found.pop(base)
        if base in uids.uids:
            uids.uids[plain] = uids.uids.pop(base)
    return len(wrong)


def _is_wrong(at: int, message: Message) -> bool:
    told, path = maildir.size_in(message.name), f"{message.part}/{message.name}"
    if told is None:
        return False
    with suppress(OSError):
        if os.stat(path, dir_fd=at, follow_symlinks=False).st_size == told:
            return False
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
        try:
            # Of a compressed one the name tells the size that it has unpacked.
            return not is_packed(os.pread(number, 6, 0))
        finally:
            os.close(number)
    return False


def uid_list(at: int, tree: Tree | None = None, where: str = "") -> UidList:
    """The folder's UIDs; an empty list where there is none, Courier's where Dovecot has none."""
    for name in ("dovecot-uidlist", "courierimapuiddb"):
        try:
            text = read_text(name, at)
        except Odd as odd:
            if tree:
                tree.remark(f"{where}{odd}")
            continue
        if text:
            made = UidList.parse(text)
            if made.unread and tree:
                tree.remark(f"{where}{name}: {made.unread} lines could not be read.")
            return made
    return UidList()


def keywords(at: int) -> dict[str, str]:
    """Letter to keyword."""
    try:
        return maildir.parse_keywords(read_text("dovecot-keywords", at))
    except Odd:
        return {}


def left_behind(at: int) -> list[str]:
    """What the folder has that no copy brings, in words."""
    words = []
    with suppress(Odd):
        text = read_text("dovecot-keywords", at)
        beyond = maildir.keywords_beyond(text)
        if beyond:
            words.append(f"more than 26 keywords; these did not come: {_listed(beyond)}.")
        elif len(maildir.parse_keywords(text)) == 26:
            words.append(
                "26 keywords; what others the source's Dovecot has in its index alone did not come."
            )
    with suppress(Odd):
        if shared := maildir.parse_acl(read_text("dovecot-acl", at)):
            words.append(f"was shared with others, and is not shared here: {_listed(shared)}.")
    return words


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(ascii(name) for name in names[:20]) + more


def signature(at: int) -> str:
    """Differs when something in the folder has changed (names of files, UIDs, keywords)."""
    words = []
    for name in ("cur", "new", "dovecot-uidlist", "courierimapuiddb", "dovecot-keywords"):
        try:
            status = os.stat(name, dir_fd=at, follow_symlinks=False)
            words.append(f"{status.st_ino}.{status.st_mtime_ns}.{status.st_size}")
        except OSError:
            words.append("-")
    return " ".join(words)


def number_all(found: dict[str, Message], uids: UidList) -> None:
    """Give those that have no UID yet the next ones, as Dovecot will when it looks."""
    fresh = [base for base in found if base not in uids.uids]
    for base in sorted(fresh, key=maildir.arrival):
        uids.uids[base] = maildir.Uid(uids.next_uid)
        uids.next_uid += 1
