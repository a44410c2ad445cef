"""Stores that only Dovecot can read (mdbox, mbox), turned into a Maildir of our own by doveadm.

The source is never opened by Dovecot, which would write into it: its files are copied first, links
left out, and again when they change. doveadm runs as the mail user with a configuration of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from pathlib import Path

from mailstead.mailplane.engines.dovecot.control import DOVEADM
from mailstead.mailplane.engines.dovecot.model import FIRST_UID, MAIL_USER
from mailstead.mailplane.engines.processes import run
from mailstead.mailplane.node.copies.book import Book
from mailstead.mailplane.node.copies.files import DIRECTORY, Copier, Odd, open_path
from mailstead.mailplane.node.copies.pace import Progress
from mailstead.wire.moves import FilesSource

_SECONDS = 24 * 3600.0
_INBOXES = ("inbox", "INBOX", "mbox", "Inbox")
_LASTING = re.compile(r"m\.\d+")
"""Files of mdbox that hold messages: they only grow, or are replaced by others."""


def location(source: FilesSource, raw: Path) -> str:
    """Dovecot's name (`mail_location`) for our copy of the store."""
    if source.kind == "mdbox":
        return f"mdbox:{raw}"
    inbox = next((name for name in _INBOXES if (raw / name).is_file()), _INBOXES[0])
    return f"mbox:{raw}:INBOX={raw / inbox}:INDEX={raw}.index"


def settings(side: Path, where: str) -> Path:
    """The configuration with which doveadm sees the store; returns the file."""
    path = side / "doveadm.conf"
    path.write_text(
        f"base_dir = {side}/run\nlog_path = /dev/stderr\nssl = no\nstats_writer_socket_path =\n"
        f"first_valid_uid = {FIRST_UID}\nmail_location = {where}\nmail_home = {side}\n"
        "mail_fsync = never\nmail_plugins = zlib\n"
        "namespace inbox {\n  inbox = yes\n  separator = /\n}\n",
        encoding="utf-8",
    )
    shutil.chown(path, MAIL_USER, MAIL_USER)
    return path


class Store:
    """Our copy of a store, and the Maildir that is made of it."""

    def __init__(
        self,
        source: FilesSource,
        side: Path,
        book: Book,
        job: int,
        progress: Progress,
        copier: Copier,
    ) -> None:
        self._source, self._side, self._book, self._job = source, side, book, job
        self._progress, self._copier = progress, copier
        self.raw, self.mirror = side / "raw", side / "mirror"
        self.remarks: list[str] = []

    def update(self) -> None:
        """Bring both up to date; raises `EngineError`, `OSError`, `Stopped`."""
        path = Path(self._source.path)
        state: dict[str, list[int]] = {}
        one_file = path.is_file() and not path.is_symlink()
        root = open_path(path.parent if one_file else path)
        try:
            if one_file:
                self._look_at(path.name, root, state, "inbox")
            else:
                self._look(root, "", state)
            now = json.dumps(state, sort_keys=True).encode()
            if now == self._book.value(self._job, "raw") and self.mirror.exists():
                return
            # What our own doveadm wrote about the last copy goes; messages that are whole stay.
            goal = open_path(self.raw)
            try:
                self._copy(root, goal, state, path.name if one_file else "")
            finally:
                os.close(goal)
        finally:
            os.close(root)
        conf = settings(self._side, location(self._source, self.raw))
        command = [DOVEADM, "-c", str(conf), "backup", f"maildir:{self.mirror}"]
        run(["/usr/bin/env", f"USER={MAIL_USER}", f"HOME={self._side}", *command],
            user=MAIL_USER, timeout=_SECONDS)  # fmt: skip
        self._book.set_value(self._job, "raw", now)

    def _look(self, at: int, below: str, state: dict[str, list[int]]) -> None:
        for entry in sorted(os.scandir(at), key=lambda one: one.name):
            name = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                number = os.open(entry.name, DIRECTORY, dir_fd=at)
                try:
                    self._look(number, f"{name}/", state)
                finally:
                    os.close(number)
            elif entry.is_file(follow_symlinks=False):
                self._look_at(entry.name, at, state, name)
            else:
                self.remarks.append(f"{name!a} is no plain file and was left out.")

    def _look_at(self, name: str, at: int, state: dict[str, list[int]], as_: str) -> None:
        if name.endswith(".lock"):
            return
        status = os.stat(name, dir_fd=at, follow_symlinks=False)
        if stat.S_ISREG(status.st_mode):
            state[as_] = [status.st_size, status.st_mtime_ns]

    def _copy(self, root: int, goal: int, state: dict[str, list[int]], one_file: str) -> None:
        whole = set()
        for directory, _, names in os.walk(self.raw, followlinks=False):
            for name in names:
                path = Path(directory) / name
                known = state.get(str(path.relative_to(self.raw)))
                status = path.lstat()
                if _LASTING.fullmatch(name) and known == [status.st_size, status.st_mtime_ns]:
                    whole.add(str(path.relative_to(self.raw)))
                else:
                    path.unlink()
        todo = [name for name in state if name not in whole]
        self._progress.octets_all += sum(state[name][0] for name in todo)
        for name in todo:
            parts = name.split("/")
            self._one(root, goal, [one_file] if one_file else parts, parts)

    def _one(self, root: int, goal: int, parts: list[str], targets: list[str]) -> None:
        opened: list[int] = []
        at, to = root, goal
        try:
            for part, target in zip(parts[:-1], targets[:-1], strict=True):
                self._copier.folder(target, to)
                at, to = os.open(part, DIRECTORY, dir_fd=at), os.open(target, DIRECTORY, dir_fd=to)
                opened += [at, to]
            octets = self._copier.message(at, parts[-1], to, targets[-1])
            self._progress.done(octets, 0)
        except Odd as odd:
            self.remarks.append(f"{'/'.join(parts)!a} {odd}; left out.")
        finally:
            for number in opened:
                os.close(number)
