"""What this node has room for: limits of the system and of Dovecot, and what is used of them."""

from __future__ import annotations

import os
import pwd
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from mailstead.config import load
from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.model import MAIL_USER, DovecotModel, from_settings
from mailstead.wire.orders import LimitsLooked

_PROC = Path("/proc")


def look(home: Home, memory: tuple[int, int]) -> LimitsLooked:
    """Look now; `memory`: what can be had and all of it. Raises `OSError`, `sqlite3.Error`."""
    model = from_settings(load(home.root), home)
    store = home.mail if home.mail.exists() else home.root
    disk, system = shutil.disk_usage(store), os.statvfs(store)
    instances, watches = _inotify(pwd.getpwnam(MAIL_USER).pw_uid) if _has_user() else (0, 0)
    files = (_PROC / "sys/fs/file-nr").read_text(encoding="ascii").split()
    return LimitsLooked(
        inotify_instances=_number("fs/inotify/max_user_instances"),
        inotify_instances_used=instances,
        inotify_watches=_number("fs/inotify/max_user_watches"),
        inotify_watches_used=watches,
        open_files=_number("fs/file-max"),
        open_files_used=int(files[0]),
        open_files_process=_open_files(home),
        processes=min(_number("kernel/pid_max"), _number("kernel/threads-max")),
        processes_used=sum(1 for entry in os.scandir(_PROC) if entry.name.isdigit()),
        **_sessions(model),
        disk_free=disk.free,
        disk_total=disk.total,
        inodes_free=system.f_favail,
        inodes_total=system.f_files,
        memory_available=memory[0],
        memory_total=memory[1],
        mailboxes=_mailboxes(home),
    )


def _sessions(model: DovecotModel) -> dict[str, int]:
    return {
        "imap_sessions": model.imap_processes,
        "pop3_sessions": model.pop3_processes,
        "sieve_sessions": model.sieve_processes,
        "deliveries": model.lmtp_processes,
    }


def _number(name: str) -> int:
    with suppress(FileNotFoundError):
        # A bound that is no bound at all is larger than what a message can hold.
        return min(int((_PROC / "sys" / name).read_text(encoding="ascii")), 2**62)
    return 0


def _has_user() -> bool:
    with suppress(KeyError):
        return bool(pwd.getpwnam(MAIL_USER))
    return False


def _inotify(uid: int) -> tuple[int, int]:
    """Instances and watches that the processes of a user hold (proc(5), fdinfo)."""
    instances = watches = 0
    for process in os.scandir(_PROC):
        if not process.name.isdigit():
            continue
        # Whatever ends meanwhile is left out.
        with suppress(OSError):
            if process.stat().st_uid != uid:
                continue
            for file in Path(process.path, "fd").iterdir():
                if str(file.readlink()) == "anon_inode:inotify":
                    instances += 1
                    told = Path(process.path, "fdinfo", file.name).read_text(encoding="ascii")
                    watches += sum(1 for line in told.splitlines() if line.startswith("inotify "))
    return instances, watches


def _open_files(home: Home) -> int:
    """What Dovecot's master may open; 0 where it does not run."""
    with suppress(OSError, ValueError):
        number = int((home.dovecot_run / "master.pid").read_text(encoding="ascii"))
        for line in (_PROC / str(number) / "limits").read_text(encoding="ascii").splitlines():
            if line.startswith("Max open files"):
                words = line.split()
                return 2**62 if words[3] == "unlimited" else int(words[3])
    return 0


def _mailboxes(home: Home) -> int:
    if not home.directory_database.exists():
        return 0
    path = f"file:{home.directory_database}?mode=ro"
    with closing(sqlite3.connect(path, uri=True, timeout=5)) as reader:
        row = reader.execute("SELECT count(*) FROM thing WHERE kind = 'mailbox'").fetchone()
    return int(row[0])
