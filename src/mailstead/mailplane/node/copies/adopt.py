"""Move the mail of a mailbox into another, message by message; none is doubled or lost.

Each message moves by one rename, so that it is in one of the two at any time, and a run that was
ended goes on. A message that the other has under the same name is the same message.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from mailstead.mailplane.node.copies import scan
from mailstead.mailplane.node.copies.files import Copier, locked, open_path, opened, read_text
from mailstead.mailplane.node.copies.pace import Progress
from mailstead.mailplane.node.copies.words import Words, canonical
from mailstead.standards import maildir


def adopt(source: Path, target: Path, copier: Copier, progress: Progress) -> int:
    """Move all mail of the Maildir `source` into `target`; returns how many messages.

    Raises `OSError`, `TimeoutError`.
    """
    moved = 0
    root, to = open_path(source), open_path(target)
    try:
        tree = scan.look(root, "mutf-7")
        for folder in tree.folders:
            if folder.directory and not os.path.lexists(target / folder.directory):
                with tree.open(folder) as at:
                    moved += len(scan.messages(at))
                os.rename(folder.directory, folder.directory, src_dir_fd=root, dst_dir_fd=to)
                continue
            with tree.open(folder) as at, opened(folder.directory or ".", to) as goal:
                moved += _move(at, goal, copier, progress.wait)
                if scan.messages(at):
                    raise OSError(errno.EBUSY, "mail still comes into a mailbox that is replaced")
        have = maildir.parse_subscriptions(read_text("subscriptions", to))
        more = [tuple(name.split("/")) for name in tree.subscribed]
        wished = ["/".join(row) for row in dict.fromkeys((*have, *more))]
        copier.text("subscriptions", maildir.render_subscriptions(wished), to)
    finally:
        os.close(root)
        os.close(to)
    return moved


def _move(at: int, goal: int, copier: Copier, wait: Callable[[float], object]) -> int:
    found = scan.messages(at)
    if not found:
        return 0
    moved = 0
    words, theirs = Words(scan.keywords(goal)), scan.keywords(at)
    with locked(goal, wait):
        have = scan.messages(goal)
        for base, message in found.items():
            old = f"{message.part}/{message.name}"
            if base in have:
                os.unlink(old, dir_fd=at)
                continue
            name = (
                base
                if message.part == "new"
                else words.name(base, canonical(message.flags, theirs))
            )
            os.rename(old, f"{message.part}/{name}", src_dir_fd=at, dst_dir_fd=goal)
            moved += 1
        if words.changed:
            copier.text("dovecot-keywords", maildir.render_keywords(words.words), goal)
    return moved
