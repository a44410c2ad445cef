"""The files of one cPanel account, wherever they lie (`Source`), and how they are found.

An archive has one top directory of any name with everything in it; on a live server the same files
lie all over the system and are put together here under the archive's names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

from mailstead.foreign.archive import DirectoryTree, Member, Tree, open_tree, peek
from mailstead.foreign.cpanel.live import homes, live_mounts
from mailstead.foreign.notes import Notes, decoded
from mailstead.standards.refusal import Refusal

Form = Literal["archive", "unpacked", "live", ""]

MAX_TEXT = 16 * 2**20
_LOOKED_AT = 100_000
_CERTAIN = re.compile(
    r"(?!backup/)[^/]+/(cp/[^/]+|homedir(\.tar(\.gz|\.zst)?|/.*)?|homedir_paths|va/.*|vad/.*|vf/.*"
    r"|userdata/main|meta/user|version)"
)
_KEPT_AT_HOME = re.compile(
    r"[^/]+/homedir/(?:[^/]+/){0,2}?(?:etc/.*|\.autorespond/.*|\.cpanel/filter\.yaml|\.filter"
    r"|\.contactemail|\.spamassassin/user_prefs|mail/(?:.*/)?(?:subscriptions|courierimapsubscribed"
    r"|mailbox_format\.cpanel))"
)
_LEFT = re.compile(r"[^/]+/(?:homedir|logs|bandwidth|mma|mms|psql|mysql|httpfiles|counters)/.*")


def detect(path: Path) -> Form:
    """How a cPanel account lies there; empty: none does. Raises `Refusal` if it is unreadable."""
    if path.is_dir():
        if (path / "var/cpanel/users").is_dir():
            return "live"
        return "unpacked" if _top(DirectoryTree(path)) is not None else ""
    for name in islice(peek(path), _LOOKED_AT):
        if _CERTAIN.fullmatch(name):
            return "archive"
        if name.startswith(("backup/", "imap/", "domains/")) and "/" in name:
            return ""  # DirectAdmin's roots
    return ""


def accounts(path: Path) -> tuple[str, ...]:
    """The accounts of a live server."""
    names = (user.name for user in DirectoryTree(path, {"": "var/cpanel/users"}).children())
    return tuple(name for name in names if re.fullmatch(r"[a-z][a-z0-9_-]*", name))


def keep(path: str) -> bool:
    """Which files of an archive are read later (`open_tree`)."""
    if _LEFT.fullmatch(path):
        return bool(_KEPT_AT_HOME.fullmatch(path)) or path.endswith("/mysql/roundcube.sql")
    return True


class Source:
    """One account's files; every path that it gives is one of its tree."""

    def __init__(
        self, tree: Tree, top: str, account: str, notes: Notes, live: bool = False
    ) -> None:
        self.tree, self.account, self.notes, self.live = tree, account, notes, live
        self._top = top
        self._used: set[str] = set()
        self.home = self._home()

    def at(self, *parts: str) -> str:
        """A path beside `cp`, `va`, … in the archive."""
        return "/".join(part for part in (self._top, *parts) if part)

    def in_home(self, *parts: str) -> str:
        """A path in the account's home."""
        return "/".join((self.home, *parts))

    def place(self, path: str, line: int = 0) -> str:
        """How a remark names it."""
        return f"{self.tree.place(path)}:{line}" if line else self.tree.place(path)

    def exists(self, path: str) -> bool:
        """Whether a file or directory is there; it counts as understood then."""
        found = self.tree.find(path)
        if found is not None:
            self._used.add(path)
        return found is not None

    def use(self, path: str) -> None:
        """The file is understood."""
        self._used.add(path)

    def used(self, path: str) -> bool:
        """Whether somebody has understood the file."""
        return path in self._used

    def octets(self, path: str, limit: int = MAX_TEXT) -> bytes | None:
        """A file's octets; None if it is not there or, with a remark, too large."""
        found = self.tree.find(path)
        if found is None or found.kind != "file":
            return None
        self._used.add(path)
        try:
            return self.tree.read(path, limit)
        except Refusal as refused:
            self.notes.add("refused", refused.code, self.place(path), refused.words)
            return None

    def text(self, path: str, limit: int = MAX_TEXT) -> str:
        """A file's text; empty if there is none."""
        return decoded(self.octets(path, limit) or b"")

    def lines(self, path: str) -> Iterator[tuple[int, str]]:
        """Its lines with their numbers, without comments and empty ones."""
        for number, line in enumerate(self.text(path).splitlines(), 1):
            if line.strip() and not line.lstrip().startswith("#"):
                yield number, line.rstrip()

    def folders(self, path: str) -> Iterator[Member]:
        """Directories in a directory."""
        return (one for one in self.tree.children(path) if one.kind == "directory")

    def files(self, path: str) -> Iterator[Member]:
        """Files in a directory."""
        return (one for one in self.tree.children(path) if one.kind == "file")

    def _home(self) -> str:
        """Where `etc` and `mail` lie; empty if there is no home."""
        base = self.at("homedir")
        inner = [self.at("homedir", "homedir")]
        inner += [self.at("homedir", home.strip("/")) for home in homes(self, self.account)]
        for path in (base, *inner):
            if any(self.tree.find(f"{path}/{name}") for name in ("etc", "mail")):
                return path
        return base if next(self.tree.children(base), None) else ""


def opened(path: Path, account: str = "", work: Path | None = None) -> Source:
    """The account's files; raises `Refusal` (`not-cpanel`, `account-needed`, …). Close its tree."""
    form = detect(path)
    if form == "live":
        return _live(path, account)
    tree = open_tree(path, keep=keep, work=work)
    try:
        top = _top(tree) if form else None
        if top is None:
            raise _not_cpanel(path)
        name = _account(tree, top)
        if account and account != name:
            raise Refusal(
                "account-other",
                "The archive is of the account '{name}', not of '{account}'.",
                remedy="Choose the archive of the account that is to be moved.",
                name=name,
                account=account,
            )
        return Source(tree, top, name, Notes())
    except Refusal:
        tree.close()
        raise


def _live(path: Path, account: str) -> Source:
    there = accounts(path)
    if account not in there:
        raise Refusal(
            "account-needed",
            "The server has {count} accounts, and none was chosen of them.",
            remedy="Give the account's name as it is in var/cpanel/users.",
            count=len(there),
        )
    return Source(DirectoryTree(path, live_mounts(path, account)), "", account, Notes(), True)


def _top(tree: Tree) -> str | None:
    """The directory with the account's files: the only one, or the tree itself."""
    tops = [one.path for one in tree.children() if one.kind == "directory"]
    for top in ["", *tops]:
        prefix = f"{top}/" if top else ""
        marks = ("cp", "va", "homedir", "userdata", "homedir_paths", "version")
        if sum(tree.find(prefix + mark) is not None for mark in marks) >= 2:
            return top
    return None


def _account(tree: Tree, top: str) -> str:
    """The account's log-in: what `cp/USER` says, or the name of that file."""
    prefix = f"{top}/" if top else ""
    names = [one.name for one in tree.children(prefix + "cp") if one.kind == "file"]
    for name in names:
        said = re.search(rb"^USER=([a-z][a-z0-9_.-]*)\s*$", tree.read(f"{prefix}cp/{name}"), re.M)
        if said is not None:
            return said[1].decode()
    if len(names) == 1 and re.fullmatch(r"[a-z][a-z0-9_.-]*", names[0]):
        return names[0]
    raise Refusal(
        "archive-without-account",
        "The archive does not say of which account it is (cp/USER).",
        remedy="Make it again at the source, and with everything.",
    )


def _not_cpanel(path: Path) -> Refusal:
    return Refusal(
        "not-cpanel",
        "'{name}' holds no account of cPanel.",
        remedy="Give an archive as cPanel makes it (cpmove-USER.tar.gz), or a server's root.",
        name=ascii(path.name)[1:-1],
    )
