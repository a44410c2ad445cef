"""A mailbox held still while it is in use: each message by a second name of the same file.

Messages never change, only their names do, where flags are set or a folder gets another one. So
the folders are looked at again and again until a whole look has found nothing new: what is then in
the snapshot is what the mailbox was at that moment. The lists of UIDs and keywords are copied after
that, under Dovecot's lock: a message that is not in the snapshot may stand in them, but none that
is there is missing.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from mailstead.mailplane.node.copies.files import Odd, locked, open_path, opened, read_text
from mailstead.mailplane.node.copies.scan import Folder, Message, look, messages

LISTS = ("dovecot-uidlist", "dovecot-keywords", "maildirfolder")
"""Files of a folder besides its messages; indexes and sums are made anew (migration-formats, E)."""
SUBSCRIPTIONS = "subscriptions"
DONE = "complete"
_LOOKS = 20
"""A mailbox that never rests is taken as it is after so many looks."""
_AGAIN = 5
"""Looks at one folder in which a message was renamed just now."""
_PATIENCE = 5.0
"""Seconds for which Dovecot's lock is waited for; a list is then read without it."""


def take(maildir: Path, into: Path) -> Path:
    """Hold the Maildir still below `into`; returns where it is. One that was taken stays as it is.

    Where there is no Maildir an empty one is told. Raises `OSError`.
    """
    made, mark = into / "Maildir", into / DONE
    if mark.exists():
        return made
    shutil.rmtree(into, ignore_errors=True)
    before = os.umask(0o077)  # for the directories above it too
    try:
        (made / "cur").mkdir(parents=True)
    finally:
        os.umask(before)
    try:
        root = open_path(maildir)
    except FileNotFoundError:
        mark.touch()
        return made
    try:
        held: dict[str, dict[str, Message]] = {}
        for _ in range(_LOOKS):
            if not _look(root, made, held):
                break
        _lists(root, made, held)
    finally:
        os.close(root)
    mark.touch()
    return made


def _look(root: int, made: Path, held: dict[str, dict[str, Message]]) -> bool:
    """One look at all folders; returns whether anything was not as the last one has left it."""
    tree = look(root, "mutf-7")
    folders = {"": Folder("INBOX", "")} | {one.directory: one for one in tree.folders}
    changed = False
    for gone in held.keys() - folders.keys():
        shutil.rmtree(made / gone, ignore_errors=True)
        del held[gone]
        changed = True
    for directory in sorted(folders):
        if directory not in held:
            held[directory] = {}
            for part in ("cur", "new"):
                (made / directory / part).mkdir(parents=True, exist_ok=True, mode=0o700)
            changed = True
        with suppress(FileNotFoundError), opened(directory or ".", root) as at:
            for _ in range(_AGAIN):
                moved, again = _hold(at, made / directory, held[directory])
                changed = changed or moved
                if not again:
                    break
    return changed


def _hold(at: int, to: Path, held: dict[str, Message]) -> tuple[bool, bool]:
    """Make the snapshot of a folder what it is now: whether something was done, and whether a
    message was renamed meanwhile."""
    found = messages(at)
    changed = again = False
    for base in held.keys() - found.keys():
        gone = held.pop(base)
        (to / gone.part / gone.name).unlink(missing_ok=True)
        changed = True
    for base, one in found.items():
        old = held.get(base)
        if old == one:
            continue
        changed = True
        target = to / one.part / one.name
        if old is not None:
            (to / old.part / old.name).rename(target)
        else:
            try:
                source = f"{one.part}/{one.name}"
                os.link(source, target, src_dir_fd=at, follow_symlinks=False)
            except FileNotFoundError:
                again = True
                continue
        held[base] = one
    return changed, again


def _lists(root: int, made: Path, held: dict[str, dict[str, Message]]) -> None:
    for directory in held:
        with suppress(FileNotFoundError), opened(directory or ".", root) as at:
            for name, text in _texts(at).items():
                (made / directory / name).write_bytes(os.fsencode(text))
    with suppress(Odd):
        text = read_text(SUBSCRIPTIONS, root)
        if text:
            (made / SUBSCRIPTIONS).write_bytes(os.fsencode(text))


def _texts(at: int) -> dict[str, str]:
    """The folder's lists as they are together."""
    with suppress(TimeoutError), locked(at, time.sleep, _PATIENCE):
        return _read(at)
    return _read(at)


def _read(at: int) -> dict[str, str]:
    found = {}
    for name in LISTS:
        with suppress(Odd):
            text = read_text(name, at)
            if name == "dovecot-uidlist":
                # Without the lock its last line may be half written.
                text = text[: text.rfind("\n") + 1]
            if text or (name == "maildirfolder" and _is_there(name, at)):
                found[name] = text
    return found


def _is_there(name: str, at: int) -> bool:
    try:
        os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
