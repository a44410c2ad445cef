"""What could not be brought back, as one file that its owner can fetch: mboxes in a zip.

`<home>/moves/returns/<job>.zip`, of the control plane's user; each folder is `A/B.mbox` in it
(mboxrd, which every large mail program can take in), flags in `Status` and `X-Status`.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.node.bringback.book import Item
from mailstead.mailplane.node.bringback.find import Mailbox, Text
from mailstead.mailplane.node.copies.files import Odd
from mailstead.mailplane.node.copies.pace import Progress

_FROM = re.compile(rb"(?m)^(>*From )")
_STATES = {"R": "A", "F": "F", "D": "T", "T": "D"}
"""Letters of Maildir to those of `X-Status`."""


def path_of(home: Home, job: int) -> Path:
    """Where the file of a return is."""
    return home.moves / "returns" / f"{job}.zip"


def keep(
    home: Home, job: int, mailbox: Mailbox, items: Iterable[Item], progress: Progress
) -> tuple[int, int]:
    """Write the file anew; returns its messages and octets. None of them: there is no file.

    Raises `OSError`, `Stopped`.
    """
    path = path_of(home, job)
    by_folder: dict[str, list[Item]] = {}
    for item in items:
        by_folder.setdefault(item.folder, []).append(item)
    if not by_folder:
        path.unlink(missing_ok=True)
        return 0, 0
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    count = 0
    with part.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        owner = path.parent.stat()
        if os.geteuid() == 0:
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            taken: set[str] = set()
            for folder, some in sorted(by_folder.items()):
                name = _name(folder, taken)
                with archive.open(name, "w", force_zip64=True) as box:
                    for item in some:
                        progress.check()
                        try:
                            text = mailbox.text(item)
                        except Odd:
                            text = None
                        if text is not None:
                            box.write(_row(text))
                            count += 1
        file.flush()
        os.fsync(file.fileno())
    if not count:
        part.unlink()
        path.unlink(missing_ok=True)
        return 0, 0
    part.rename(path)
    return count, path.stat().st_size


def _row(text: Text) -> bytes:
    """One message of an mbox."""
    head = f"From MAILER-DAEMON {text.at:%a %b %d %H:%M:%S %Y}\n"
    status = "RO" if "S" in text.flags else "O"
    more = "".join(sorted(_STATES[one] for one in text.flags if one in _STATES))
    head += f"Status: {status}\n" + (f"X-Status: {more}\n" if more else "")
    if text.keywords:
        head += f"X-Keywords: {' '.join(text.keywords)}\n"
    body = text.data.replace(b"\r\n", b"\n")
    body = _FROM.sub(rb">\1", body)
    return head.encode("utf-8", "replace") + body.rstrip(b"\n") + b"\n\n"


def _name(folder: str, taken: set[str]) -> str:
    """A name that every unpacker can write: folders are named by their users."""
    parts = []
    for part in folder.split("/"):
        safe = "".join("_" if one in '\\:*?"<>|' or not one.isprintable() else one for one in part)
        parts.append(safe.strip(". ")[:80] or "_")
    made, number = "/".join(parts), 1
    while f"{made}.mbox".lower() in taken:
        number += 1
        made = f"{'/'.join(parts)} {number}"
    taken.add(f"{made}.mbox".lower())
    return f"{made}.mbox"
