"""What a source of files looks like to a reader, be it an archive or a directory (`Tree`).

Paths are relative to the source's root, with `/` and without `.` and `..`; octets of a name that
are not UTF-8 stay as surrogates (`os.fsdecode`). Nothing is ever followed or run: a link is told as
a link, and leads somewhere only where a caller asks for it (`Tree.beside`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, Protocol

from mailstead.standards.refusal import Refusal, Term

Kind = Literal["file", "directory", "symlink"]

MAX_PATH = 4096
MAX_NAME = 255
"""Octets: what Linux can hold (limits.h)."""
MAX_DEPTH = 200
MAX_ODDITIES = 200


class Member(NamedTuple):
    """One thing in a tree; what is neither file, directory nor symbolic link is an `Oddity`."""

    path: str
    kind: Kind
    size: int
    """Octets of a file, as unpacked; 0 of others. A hard link has its file's."""
    mtime: int
    """Seconds since 1970."""
    target: str = ""
    """Where a symbolic link leads, as written there."""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class Oddity(NamedTuple):
    """Something that was left out, or is not what it seems."""

    code: Literal["path", "name", "device", "link", "duplicate", "trailing", "clash", "moved"]
    """`path`: leads out of the tree. `name`: too long or too deep. `device`: a device, pipe or
    socket. `link`: a hard link to nothing. `duplicate`: there twice; the last one counts.
    `trailing`: octets after the archive's end. `clash`: a file where a directory is too. `moved`:
    gone or changed while it was read."""
    path: str
    """As it stands there, not to be trusted."""


class Oddities:
    """The first `MAX_ODDITIES` of what was found, and how many there were in all."""

    def __init__(self) -> None:
        self.listed: list[Oddity] = []
        self.total = 0

    def add(self, code: str, path: str) -> None:
        """Note one."""
        self.total += 1
        if len(self.listed) < MAX_ODDITIES:
            self.listed.append(Oddity(code, path[:MAX_PATH]))  # type: ignore[arg-type]


class Limits(NamedTuple):
    """What an archive may take; beyond it, reading ends with a `Refusal`."""

    octets: int = 4 * 2**40
    """Of all members, as unpacked."""
    members: int = 20_000_000
    ratio: int = 250
    """Octets out for one in, once `free` are out. Mail packs to a third; deflate ends at 1032."""
    free: int = 2**30
    kept_each: int = 64 * 2**20
    """A larger file is not kept aside while the archive is read; `stream` gets it later."""
    kept: int = 4 * 2**30
    """Of all that is kept aside, on disk."""


DEFAULT = Limits()


class Extracted(NamedTuple):
    """What `Tree.extract` has brought."""

    files: int
    octets: int


class Tree(Protocol):
    """Files of one source, read only. Close it, or use it as a context manager."""

    @property
    def oddities(self) -> Oddities:
        """What was left out so far."""

    def find(self, path: str) -> Member | None:
        """What lies there."""

    def children(self, under: str = "") -> Iterator[Member]:
        """What lies directly in a directory, by name; nothing where there is none."""

    def members(self, under: str = "") -> Iterator[Member]:
        """Everything below a directory, each directory before what is in it."""

    def read(self, path: str, limit: int = 2**20) -> bytes:
        """A small file's octets; raises `Refusal` (`file-missing`, `file-too-large`)."""

    def head(self, path: str) -> bytes:
        """A file's first four octets, at no cost for a file in a Maildir's `cur` or `new`."""

    def stream(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A file of any size, from front to back. May read the archive once more."""

    def beside(self, path: str) -> str:
        """The file in the same directory that a symbolic link names by its last part; or ""."""

    def extract(self, under: Sequence[str], into: Path, *, limit: int) -> Extracted:
        """Bring the files `under`, and all below directories `under`, to the same paths in `into`.

        Times of change are kept, modes and owners are not, symbolic links are left out; hard links
        stay such. What is there already with that size and time is left alone, so a stopped run
        can be made again. Raises `Refusal` (`archive-too-large`) before it writes more than
        `limit` octets.
        """

    def place(self, path: str) -> str:
        """The path as a person finds it at the source, from the root of the source."""

    def close(self) -> None:
        """Give back what it holds."""


class Walked(ABC):
    """What follows from `find` and `children` alone, the same for every kind of source."""

    @abstractmethod
    def find(self, path: str) -> Member | None:
        """As `Tree.find`."""

    @abstractmethod
    def children(self, under: str = "") -> Iterator[Member]:
        """As `Tree.children`."""

    def members(self, under: str = "") -> Iterator[Member]:
        """As `Tree.members`."""
        ahead = [self.children(under)]
        while ahead:
            child = next(ahead[-1], None)
            if child is None:
                ahead.pop()
                continue
            yield child
            if child.kind == "directory":
                ahead.append(self.children(child.path))

    def beside(self, path: str) -> str:
        """As `Tree.beside`."""
        link = self.find(path)
        if link is None or link.kind != "symlink":
            return ""
        there = f"{path.rpartition('/')[0]}/{link.target.rpartition('/')[2]}".lstrip("/")
        found = self.find(there)
        return there if found is not None and found.kind == "file" else ""


def clean(path: str) -> str | None:
    """`path` without `.` and doubled `/`; None if it leads out of the tree or nowhere."""
    if path.startswith("/") or "\0" in path:
        return None
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return None if ".." in parts else "/".join(parts)


def fits(path: str) -> bool:
    """Whether a file system could hold it."""
    octets = octets_of(path)
    parts = octets.split(b"/")
    short = all(len(part) <= MAX_NAME for part in parts)
    return short and len(octets) < MAX_PATH and len(parts) <= MAX_DEPTH


def octets_of(path: str) -> bytes:
    """The path's own octets."""
    return path.encode("utf-8", "surrogateescape")


def missing(path: str) -> Refusal:
    """There is no such file."""
    return Refusal("file-missing", "The source has no file '{path}'.", path=_shown(path))


def too_large(path: str, limit: int) -> Refusal:
    """A file is larger than it may be."""
    return Refusal(
        "file-too-large",
        "'{path}' is larger than {limit} octets.",
        remedy="Look at the file; it should be small.",
        path=_shown(path),
        limit=limit,
    )


def unreadable(reason: Term | str) -> Refusal:
    """The archive as a whole cannot be read; `reason` ends the sentence."""
    return Refusal(
        "archive-unreadable",
        "The archive cannot be read: {reason}.",
        remedy="Make it again at the source, or copy it once more and compare the sizes.",
        reason=reason,
    )


def not_ours(path: Path) -> Refusal:
    """Whoever reads sources here may not read this one."""
    return Refusal(
        "archive-not-ours",
        "The panel's own user may not read '{name}'.",
        remedy="Give the file to it: chown mailstead FILE, in moves/incoming/.",
        name=_shown(path.name),
    )


def excessive(reason: Term | str) -> Refusal:
    """The archive is more than it may be."""
    return Refusal(
        "archive-too-large",
        "The archive was not read further: {reason}.",
        remedy="Check where it comes from; if it is in order, raise the limit.",
        reason=reason,
    )


def _shown(path: str) -> str:
    return ascii(path[:200])[1:-1]
