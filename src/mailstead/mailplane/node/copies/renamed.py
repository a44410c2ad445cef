"""Folders that got another name at the source since the last round, and those that are gone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

from mailstead.mailplane.node.copies import scan
from mailstead.mailplane.node.copies.book import Seen
from mailstead.mailplane.node.copies.naming import Naming
from mailstead.mailplane.node.copies.places import is_there
from mailstead.mailplane.node.copies.scan import Tree
from mailstead.standards import maildir
from mailstead.standards.maildir import INBOX


def follow(
    tree: Tree, naming: Naming, seen: dict[str, Seen], to: int, kick: Callable[[], None]
) -> list[str]:
    """Give folders here the names that they have at the source now; returns what is to be told.

    A folder is known again by its UIDVALIDITY and half of its messages at least; `seen` has it
    under its new name then. Raises `OSError`.
    """
    names = {folder.name for folder in tree.folders}
    gone = {name: one for name, one in seen.items() if name not in names and one.validity}
    told: list[str] = []
    for folder in tree.folders if gone else ():
        target = naming.of(folder.name)
        if folder.name in seen or not target or target == INBOX:
            continue
        with tree.open(folder) as at:
            validity, there = scan.uid_list(at).validity, scan.messages(at).keys()
        for name, before in gone.items():
            known = before.flags().keys()
            if before.validity != validity or len(known & there) * 2 < max(1, len(known)):
                continue
            old, new = maildir.directory(before.target), maildir.directory(target)
            if old != new:
                if not old or is_there(new, to) or not is_there(old, to):
                    continue
                kick()
                os.rename(old, new, src_dir_fd=to, dst_dir_fd=to)
            told.append(
                f"The folder {name!a} is called {folder.name!a} at the source now, so here."
            )
            seen[folder.name] = Seen(target, before.signature, validity, before.packed)
            del seen[name], gone[name]
            break
    return told


def clear(naming: Naming, to: int) -> None:
    """Take away what an ended first round began under names that are gone by now.

    Nobody has seen the mailbox `to` yet.
    """
    wanted = {maildir.directory(target) for target in naming.folders.values()}
    for entry in list(os.scandir(to)):
        ours = entry.name in wanted or not entry.name.startswith(".")
        if not ours and entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.name, dir_fd=to)
