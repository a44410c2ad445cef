"""The door to a source's files: one read-only view of a directory or an archive (`open_tree`).

Read are directories, and `.tar`, `.tar.gz` and `.tar.zst` files, told by their octets and not by
their names, with an archive of the home inside them (`nested_home`). An archive is hostile: what
leads out of it, devices and links to elsewhere are left out and told (`Tree.oddities`); what is
damaged, cut off or a bomb ends with a `Refusal` (`archive-unreadable`, `archive-too-large`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from mailstead.foreign.archive_directory import DirectoryTree
from mailstead.foreign.archive_index import ArchiveTree
from mailstead.foreign.archive_tar import Item, Nested, walk
from mailstead.foreign.archive_tree import (
    DEFAULT,
    Extracted,
    Limits,
    Member,
    Oddities,
    Oddity,
    Tree,
)

__all__ = [
    "ArchiveTree",
    "DirectoryTree",
    "Extracted",
    "Limits",
    "Member",
    "Oddities",
    "Oddity",
    "Tree",
    "nested_home",
    "open_tree",
    "peek",
]

_PACKED = ("", ".gz", ".zst")
_HOMES = {"homedir.tar": "homedir", "home.tar": "home"}
"""Archives of a home: cPanel's beside the other files, DirectAdmin's in `backup/`."""


def nested_home(path: str) -> str | None:
    """Where the contents of an archived home are shown: `backup/home.tar.zst` at `backup/home`."""
    parent, _, name = path.rpartition("/")
    for archive, place in _HOMES.items():
        if name in [archive + ending for ending in _PACKED] and parent.count("/") == 0:
            return f"{parent}/{place}".lstrip("/")
    return None


def open_tree(
    path: Path,
    *,
    keep: Callable[[str], bool] = lambda path: False,
    nested: Nested = nested_home,
    limits: Limits = DEFAULT,
    work: Path | None = None,
) -> ArchiveTree | DirectoryTree:
    """The files of a source; raises `Refusal`.

    An archive is read once, from front to back. `keep` says for each path in it whether its file
    will be read later: those are laid aside in that pass, below `work` (default: the system's
    directory for temporary files); each other one costs a further pass when it is asked for. An
    archive inside a *directory* stays a file.
    """
    if path.is_dir():
        return DirectoryTree(path)
    return ArchiveTree(path, keep, nested, limits, work)


def peek(path: Path, nested: Nested = nested_home) -> Iterator[str]:
    """Paths in a source, one by one as they come, to tell what it is; raises `Refusal`.

    Of a directory only the first two levels are told.
    """
    if path.is_dir():
        tree = DirectoryTree(path)
        for top in tree.children():
            yield top.path
            if top.kind == "directory":
                yield from (inner.path for inner in tree.children(top.path))
        return
    items: Iterator[Item] = walk(path, DEFAULT, Oddities(), nested)
    for item in items:
        yield item.path
