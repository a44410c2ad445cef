"""A directory as a `Tree`: an unpacked archive, or the places of a live server put together.

What lies in somebody's home is theirs, so nothing below a mount follows a symbolic link: each part
of a path is opened in the one before (openat(2), O_NOFOLLOW).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Self

from mailstead.foreign.archive_tree import (
    Extracted,
    Member,
    Oddities,
    Walked,
    clean,
    fits,
    missing,
    too_large,
)
from mailstead.foreign.archive_write import Writer
from mailstead.standards.refusal import Refusal

_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class DirectoryTree(Walked):
    """A directory, or several that are shown as one; `Tree` says what it answers.

    `mounts` says where each path of the tree lies below `root` (`{"va": "etc/valiases"}`); without
    it the root itself is the tree. Links on the way to a mount are followed, since only root can
    have made them there; a mount that does not exist is empty.
    """

    def __init__(self, root: Path, mounts: Mapping[str, str] | None = None) -> None:
        self.oddities = Oddities()
        self.root = root
        self._mounts = dict(mounts if mounts is not None else {"": ""})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held."""

    def place(self, path: str) -> str:
        """The path as it is below the root."""
        found = self._mount(path)
        if found is None:
            return path
        mount, rest = found
        return "/".join(part for part in (self._mounts[mount], rest) if part)

    def find(self, path: str) -> Member | None:
        """What lies there."""
        if path in self._above():
            return Member(path, "directory", 0, 0)
        try:
            mount, rest = self._inside(path)
            if not rest:
                place = self._base(mount)
                return _member(path, place.stat(), place.parent, place.name, self.oddities)
            with self._folder(mount, rest.rpartition("/")[0]) as folder:
                name = rest.rpartition("/")[2]
                there = os.stat(name, dir_fd=folder, follow_symlinks=False)
                return _member(path, there, folder, name, self.oddities)
        except (OSError, Refusal):
            return None

    def children(self, under: str = "") -> Iterator[Member]:
        """What lies directly in a directory, by name."""
        known: set[str] = set()
        for path in sorted(self._above() | set(self._mounts)):
            if path and path.rpartition("/")[0] == under:
                found = self.find(path)
                if found is not None:
                    known.add(path)
                    yield found
        with suppress(OSError, Refusal):
            mount, rest = self._inside(under)
            with self._folder(mount, rest) as folder:
                for name in sorted(entry.name for entry in os.scandir(folder)):
                    path = f"{under}/{name}" if under else name
                    child = None if path in known else self._child(folder, name, path)
                    if child is not None:
                        yield child

    def _child(self, folder: int, name: str, path: str) -> Member | None:
        if not fits(path):
            self.oddities.add("name", path)
            return None
        try:
            there = os.stat(name, dir_fd=folder, follow_symlinks=False)
            return _member(path, there, folder, name, self.oddities)
        except OSError:  # a live server goes on working
            self.oddities.add("moved", path)
            return None

    def read(self, path: str, limit: int = 2**20) -> bytes:
        """A small file's octets; raises `Refusal`."""
        with self.stream(path) as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise too_large(path, limit)
        return data

    def head(self, path: str) -> bytes:
        """A file's first four octets."""
        with self.stream(path) as file:
            return file.read(4)

    @contextmanager
    def stream(self, path: str) -> Iterator[BinaryIO]:
        """A file of any size, from front to back."""
        with os.fdopen(self._open(path), "rb") as file:
            yield file

    def extract(self, under: Sequence[str], into: Path, *, limit: int) -> Extracted:
        """Bring files and all below directories to the same paths in `into` (`Tree`)."""
        writer = Writer(into, limit, self.oddities)
        chosen = [path for path in under if not any(_below(path, other) for other in under)]
        writer.expect(sum(file.size for path in chosen for file in self._files(path)))
        for path in chosen:
            for file in self._files(path):
                if writer.has(file.path, file.size, file.mtime):
                    continue
                self._copy(file.path, writer)
        return Extracted(writer.files, writer.octets)

    def _copy(self, path: str, writer: Writer) -> None:
        try:
            with self.stream(path) as data:
                there = os.fstat(data.fileno())
                writer.write(path, data, there.st_size, int(there.st_mtime))
        except Refusal as refused:
            if refused.code not in ("file-missing", "archive-unreadable"):
                raise
            self.oddities.add("moved", path)  # a live server goes on working

    def _files(self, path: str) -> Iterator[Member]:
        """The file itself, or all below the directory."""
        here = self.find(path)
        if here is not None and here.kind == "file":
            return iter((here,))
        return (one for one in self.members(path) if one.kind == "file")

    # -- paths

    def _above(self) -> set[str]:
        """Directories of the tree that exist because something is mounted below."""
        found = {""}
        for mount in self._mounts:
            parts = mount.split("/")
            found |= {"/".join(parts[:count]) for count in range(1, len(parts))}
        return found - set(self._mounts)

    def _mount(self, path: str) -> tuple[str, str] | None:
        """The mount that the path lies in, and the rest of the path."""
        for mount in sorted(self._mounts, key=len, reverse=True):
            if not mount or path == mount or path.startswith(mount + "/"):
                return mount, path[len(mount) :].lstrip("/")
        return None

    def _inside(self, path: str) -> tuple[str, str]:
        found = self._mount(path) if clean(path) == path else None
        if found is None:
            raise missing(path)
        return found

    def _base(self, mount: str) -> Path:
        return self.root / self._mounts[mount]

    @contextmanager
    def _folder(self, mount: str, path: str) -> Iterator[int]:
        """A directory, open; raises `OSError`."""
        folder = os.open(self._base(mount), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in path.split("/") if path else ():
                inner = os.open(part, _LOOK | os.O_DIRECTORY, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)

    def _open(self, path: str) -> int:
        """A regular file, open; raises `Refusal` (`file-missing`)."""
        file = -1
        try:
            mount, rest = self._inside(path)
            if not rest:
                file = os.open(self._base(mount), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            else:
                parent, _, name = rest.rpartition("/")
                with self._folder(mount, parent) as folder:
                    file = os.open(name, _LOOK, dir_fd=folder)
        except OSError:
            raise missing(path) from None
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise missing(path)
        return file


def _below(path: str, other: str) -> bool:
    return path != other and (not other or path.startswith(other + "/"))


def _member(
    path: str, there: os.stat_result, folder: int | Path, name: str, oddities: Oddities
) -> Member | None:
    mtime = int(there.st_mtime)
    if stat.S_ISREG(there.st_mode):
        return Member(path, "file", there.st_size, mtime)
    if stat.S_ISDIR(there.st_mode):
        return Member(path, "directory", 0, mtime)
    if stat.S_ISLNK(there.st_mode) and isinstance(folder, int):
        return Member(path, "symlink", 0, mtime, os.readlink(name, dir_fd=folder))
    oddities.add("device", path)
    return None
