"""Maildir++ as Dovecot keeps it: names of files and folders, flags, UIDs, keywords, subscriptions.

A mailbox is a directory with `cur`, `new` and `tmp`; each folder `A/B` is a directory `.A.B` in it.
A message is a file whose name ends in `:2,` and its flags. Beside them Dovecot keeps
`dovecot-uidlist` (UIDs and what POP3 calls messages), `dovecot-keywords` (what the letters `a` to
`z` among the flags mean) and `subscriptions`. Everything here may come from a stranger: what cannot
be read is left out, and nothing raises. Names of files are text in which octets that are not UTF-8
stand as `os.fsdecode` has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from imapclient import imap_utf7

Names = Literal["utf-8", "mutf-7"]
INBOX = "INBOX"
MOST_UID = 2**32 - 1
LONGEST_NAME = 255
"""Octets of a file's name (NAME_MAX of the usual file systems)."""
_LONGEST_DIRECTORY = 240
"""Octets; Dovecot makes names of files beside it."""
FLAGS = {
    "D": "\\Draft",
    "F": "\\Flagged",
    "R": "\\Answered",
    "S": "\\Seen",
    "T": "\\Deleted",
}
"""Letters after `:2,` and what IMAP calls them; Dovecot keeps other capitals and means nothing."""
HOUSE_UIDL = "%08Xu%08Xv"
_SIZE = re.compile(r",S=(\d{1,15})(?=[,:]|\Z)")
_SIZES = re.compile(r",[SW]=\d{1,15}(?=[,:]|\Z)")
_TIME = re.compile(r"(\d{1,12})(?:\.(?:[A-Z0-9]*?)M(\d{1,6}))?")
_GROUP = re.compile(r"&[A-Za-z0-9+,]+-")
_UIDL_PART = re.compile(r"%(0?)(\d{0,2})([Xx]?)([uvf%])")
_KEYWORD = re.compile(r"(\d{1,4}) ([^\s(){%*\"\\\]]{1,255})")


# Files


def split(name: str) -> tuple[str, str]:
    """What a message's file is called for ever, and its flags now."""
    base, _, rest = name.partition(":")
    return base, rest[2:] if rest.startswith("2,") else ""


def join(base: str, flags: Iterable[str]) -> str:
    """The name of a file in `cur`; the letters in their order."""
    return f"{base}:2,{''.join(sorted(set(flags)))}"


def size_in(name: str) -> int | None:
    """The message's size as its name tells it; None: it does not."""
    found = _SIZE.search(name)
    return int(found[1]) if found else None


def without_sizes(base: str) -> str:
    """The name without what it tells of sizes."""
    return _SIZES.sub("", base)


def arrival(base: str) -> tuple[int, int, str]:
    """Sorts messages that have no UID yet as Dovecot does: by the time in their names."""
    found = _TIME.match(base)
    if not found:
        return 0, 0, base
    return int(found[1]), int(found[2] or 0), base


# Names of folders


def is_mutf7(name: str) -> bool:
    """Whether the name is what modified UTF-7 makes of some text (RFC 3501, 5.1.3)."""
    if not name.isascii():
        return False
    try:
        return encode_mutf7(imap_utf7.decode(name.encode())) == name
    except (ValueError, IndexError):
        return False


def decode_mutf7(name: str) -> str:
    """The text of a name; what is not modified UTF-7 stays as it is."""
    return str(imap_utf7.decode(name.encode())) if is_mutf7(name) else name


def encode_mutf7(text: str) -> str:
    """A name in modified UTF-7. Raises `UnicodeError` for half characters."""
    return str(imap_utf7.encode(text), "ascii")


def writing(names: Iterable[str], subscribed: Iterable[str] = ()) -> tuple[Names, list[str]]:
    """How a mailbox writes the names of its folders, and those that could mean two things.

    The same octets can be read both ways: `A&-B` is "A&B" or itself. One name with an octet above
    127 says that all are UTF-8. Otherwise they are modified UTF-7, unless the subscriptions, which
    are written as clients see the names, show one that can only be the other way.
    """
    names = list(names)
    if any(not name.isascii() for name in names):
        return "utf-8", []
    doubtful = [name for name in names if "&" in name and is_mutf7(name)]
    known = set(subscribed)
    # Subscriptions in UTF-8: whoever wrote them used that for the folders' names too, unless one of
    # these is subscribed under the name that modified UTF-7 gives it.
    plain = any(not name.isascii() for name in known)
    if doubtful and plain and not any(decode_mutf7(name) in known for name in doubtful):
        return "utf-8", doubtful
    return "mutf-7", doubtful


def levels(directory: str, names: Names) -> tuple[str, ...]:
    """The levels of the folder that the directory `.A.B` holds; empty: it cannot be one."""
    if not directory.startswith(".") or directory in (".", ".."):
        return ()
    # No level holds a dot: it is not among the signs of modified UTF-7's groups either.
    parts = directory[1:].split(".")
    return tuple(decode_mutf7(part) if names == "mutf-7" else part for part in parts)


def directory(folder: str) -> str:
    """The directory in which Dovecot keeps a folder (`A/B`); empty for INBOX.

    Raises `UnicodeError` for half characters.
    """
    if folder == INBOX:
        return ""
    return "." + ".".join(encode_mutf7(part) for part in folder.split("/"))


def keepable(folder: str) -> str:
    """The nearest name that Dovecot can keep and clients can speak of; mostly the name itself.

    `folder` is not the inbox: one that another host called so gets another name.
    """
    parts = [_level(part) for part in folder.split("/")]
    if len(parts) == 1 and parts[0].upper() == INBOX:
        parts = [f"{parts[0]}_"]
    made = "/".join(parts)
    if len(directory(made).encode()) <= _LONGEST_DIRECTORY:
        return made
    mark = sha256(made.encode()).hexdigest()[:8]
    while len(directory(f"{made}~{mark}").encode()) > _LONGEST_DIRECTORY:
        made = made[:-1]
    return f"{made.rstrip('/')}~{mark}"


def _level(part: str) -> str:
    # Octets that are no UTF-8 stand as half characters, which no name can hold; `.` would be
    # another level, and control characters break lines in every client.
    text = part.encode("utf-8", "replace").decode()
    made = "".join("_" if sign in "./" or not sign.isprintable() else sign for sign in text)
    made = made.strip()
    if made.startswith("~"):
        made = "_" + made[1:]
    return made or "_"


# UIDs


@dataclass
class Uid:
    """What the list says of one message."""

    uid: int
    more: tuple[str, ...] = ()
    """Its other words, each with the letter that says what it is: `P` is what POP3 calls it, `G`
    its GUID."""

    def word(self, letter: str) -> str:
        """The word of that letter; empty: there is none."""
        return next((word[1:] for word in self.more if word[0] == letter), "")


@dataclass
class UidList:
    """`dovecot-uidlist`."""

    validity: int = 0
    next_uid: int = 1
    guid: str = ""
    uids: dict[str, Uid] = field(default_factory=dict)
    """By the name of a message without its flags."""
    unread: int = 0
    """Lines that could not be understood."""

    @classmethod
    def parse(cls, text: str) -> UidList:
        """Version 3 of Dovecot, or version 1 of Courier and old Dovecots."""
        lines = text.split("\n")
        words = lines[0].split()
        made = cls()
        version = words[0] if words else ""
        if version == "3":
            for word in words[1:]:
                made._head(word)
        elif version == "1" and len(words) >= 3 and all(w.isdecimal() for w in words[1:3]):
            made.validity, made.next_uid = int(words[1]), int(words[2])
        else:
            made.unread = len(lines) if text else 0
            return made
        if not 0 < made.validity <= MOST_UID:
            made.validity = 0
        last = 0
        for line in lines[1:]:
            if not line:
                continue
            found = _line(line, version)
            # RFC 3501, 2.3.1.1: UIDs ascend. A message that is listed twice has the later one.
            if found is None or found[1].uid <= last:
                made.unread += 1
                continue
            name, uid = found
            made.uids[name] = uid
            last = uid.uid
        made.next_uid = max(min(made.next_uid, MOST_UID), last + 1)
        return made

    def _head(self, word: str) -> None:
        letter, value = word[:1], word[1:]
        if letter == "V" and value.isdecimal():
            self.validity = int(value)
        elif letter == "N" and value.isdecimal():
            self.next_uid = int(value)
        elif letter == "G" and re.fullmatch(r"[0-9a-f]{32}", value):
            self.guid = value

    def render(self) -> str:
        """The file, version 3."""
        guid = f" G{self.guid}" if self.guid else ""
        lines = [f"3 V{self.validity} N{self.next_uid}{guid}"]
        for name, uid in sorted(self.uids.items(), key=lambda item: item[1].uid):
            more = "".join(f" {word}" for word in uid.more)
            lines.append(f"{uid.uid}{more} :{name}")
        return "\n".join(lines) + "\n"


def _line(line: str, version: str) -> tuple[str, Uid] | None:
    head, colon, name = line.partition(" :") if version == "3" else line.partition(" ")
    number, *more = head.split(" ")
    base = name.partition(":")[0]
    if not colon or not base or "/" in base or not (number.isascii() and number.isdecimal()):
        return None
    uid = int(number)
    if not 0 < uid <= MOST_UID or not all(word[:1].isalpha() for word in more):
        return None
    return base, Uid(uid, tuple(more))


def uidl(form: str, uid: int, validity: int, base: str = "") -> str:
    """What Dovecot's POP3 calls a message under a `pop3_uidl_format`.

    `%u`, `%v` (with a width and `X`, which Dovecot writes in small letters) and `%f`; other words
    stand for themselves.
    """

    def one(found: re.Match[str]) -> str:
        zero, width, base16, letter = found.groups()
        if letter == "%":
            return "%"
        if letter == "f":
            return base
        number = uid if letter == "u" else validity
        return format(number, f"{zero}{width}{'x' if base16 else 'd'}")

    return _UIDL_PART.sub(one, form)


# Keywords


def parse_keywords(text: str) -> dict[str, str]:
    """Letter to keyword (`dovecot-keywords`)."""
    made = {}
    for line in text.split("\n"):
        found = _KEYWORD.fullmatch(line)
        if found and int(found[1]) < 26:
            made[chr(ord("a") + int(found[1]))] = found[2]
    return made


def keywords_beyond(text: str) -> list[str]:
    """Keywords of the file that have no letter: Dovecot keeps those beyond 26 in its index."""
    rows = (_KEYWORD.fullmatch(line) for line in text.split("\n"))
    return [found[2] for found in rows if found and int(found[1]) >= 26]


def parse_acl(text: str) -> list[str]:
    """Whom `dovecot-acl` lets into a folder (`user=ann`, `anyone`), but for its owner."""
    rows = (line.strip().rsplit(" ", 1)[0] for line in text.split("\n") if line.strip())
    return [who for who in dict.fromkeys(rows) if who != "owner" and who.isprintable()]


def render_keywords(keywords: Mapping[str, str]) -> str:
    """The file, in the order of the letters."""
    return "".join(
        f"{ord(letter) - ord('a')} {word}\n" for letter, word in sorted(keywords.items())
    )


# Subscriptions


def parse_subscriptions(text: str, names: Names = "mutf-7") -> list[tuple[str, ...]]:
    """The levels of each subscribed folder, without a prefix `INBOX` that stands for the namespace.

    Version 1 has a name on each line as clients of the old server saw it; version 2 has the levels.
    Courier writes them as version 1, always with `INBOX.`.
    """
    lines = text.split("\n")
    if lines[0] == "V\t2":
        rows = [tuple(line.split("\t")) for line in lines[1:] if line]
    else:
        rows = [tuple(re.split(r"[./]", line)) for line in lines if line]
    made = []
    for parts in rows:
        if len(parts) > 1 and parts[0].upper() == INBOX:
            parts = parts[1:]
        elif parts[0].upper() == INBOX:
            parts = (INBOX,)
        if names == "mutf-7":
            parts = tuple(decode_mutf7(part) for part in parts)
        if all(parts) and not any(ord(sign) < 32 for part in parts for sign in part):
            made.append(parts)
    return list(dict.fromkeys(made))


def render_subscriptions(folders: Iterable[str]) -> str:
    """The file, version 2. Raises `UnicodeError` for half characters."""
    lines = ["\t".join(encode_mutf7(part) for part in folder.split("/")) for folder in folders]
    return "V\t2\n\n" + "".join(f"{line}\n" for line in lines)
