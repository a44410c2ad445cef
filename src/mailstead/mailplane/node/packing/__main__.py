"""The process that packs one export for the control plane.

Purpose: write the archive of `<home>/exports/NUMBER/` (`wire.exports`), apart from the agent.
Protocol: `--home H NUMBER`; ends when the archive is whole, when a file `stop` is there, or on
    SIGTERM; who starts it again lets it go on. A second one for the same export ends at once. Where
    the export was removed, it removes what was held still for it.
Files: `<home>/exports/NUMBER/`, `<home>/mail/.exports/NUMBER/`, the mailboxes (read only).
Security: runs as root, because mail is the mail user's and exports are the control plane's; no link
    is followed, and what it writes is its own (0600) until it is whole and given over.
Diagnostics: exit code 0: whole, 3: stopped, 1: failed; `progress.json` says why.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from mailstead.home import Home
from mailstead.mailplane.node.packing.pack import Stopped, Target, pack, side_of
from mailstead.standards.refusal import Refusal
from mailstead.wire.exports import ARCHIVE, JOB, PROGRESS, STOP, Job, Packed

_BUSY, _STOPPED = 0, 3
_ONLY_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


def main(arguments: list[str]) -> int:
    """Pack; see the module."""
    parser = argparse.ArgumentParser(prog="pack")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("number", type=int)
    given = parser.parse_args(arguments)
    home = Home(given.home)
    path = home.event_spool.with_name(f"export-{given.number}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _BUSY
    os.nice(5)
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    folder = home.exports / str(given.number)
    if not folder.is_dir():
        # It was removed: what is held still would take room for ever.
        shutil.rmtree(side_of(home, str(given.number)), ignore_errors=True)
        return 0
    tell = _teller(folder)
    try:
        done = _pack(home, folder, given.number, asked, tell)
    except Stopped:
        if folder.is_dir():
            tell(Packed(state="stopped", at=time.time()))
        return _STOPPED
    except Refusal as refusal:
        tell(Packed(state="failed", at=time.time(), words=refusal.sentence))
        return 1
    except (OSError, EOFError, msgspec.MsgspecError) as error:
        tell(Packed(state="failed", at=time.time(), words=f"It cannot be packed: {error}"[:900]))
        return 1
    tell(done)
    return 0


def _pack(
    home: Home,
    folder: Path,
    number: int,
    asked: threading.Event,
    tell: Callable[[Packed], None],
) -> Packed:
    job = msgspec.json.decode(_read(folder / JOB), type=Job)
    head = [(name, _read(folder / Path(name).name)) for name in job.head]
    target = Target(folder / ARCHIVE, side_of(home, str(number)), job.packing)
    stop = folder / STOP
    done = pack(
        home, target, head, job.boxes, stop=lambda: asked.is_set() or stop.exists(), tell=tell
    )
    owner = folder.stat()
    os.chown(target.archive, owner.st_uid, owner.st_gid, follow_symlinks=False)
    return done


def _read(path: Path) -> bytes:
    with os.fdopen(os.open(path, _ONLY_FILE), "rb") as file:
        return file.read()


def _teller(folder: Path) -> Callable[[Packed], None]:
    owner = folder.stat()

    def tell(packed: Packed) -> None:
        if not folder.is_dir():
            raise Stopped
        fresh = folder / f"{PROGRESS}.new"
        fresh.unlink(missing_ok=True)
        number = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(msgspec.json.encode(packed))
            os.fchown(number, owner.st_uid, owner.st_gid)
        fresh.replace(folder / PROGRESS)

    return tell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
