"""Trying log-ins at another IMAP server before a move: who is let in, and how much is there.

The server is a stranger's: what it says is bounded in length, number and time.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import time
from collections.abc import Iterable
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from mailstead.home import Home
from mailstead.mailplane.node.copies import imap
from mailstead.standards.maildir import INBOX
from mailstead.wire.moves import ImapSource
from mailstead.wire.orders import ImapFound, ImapTried, TryImap

SECONDS = 8.0
"""For each answer of the server."""
ALTOGETHER = 4.0
"""After which no further mailbox is begun in one order: others wait behind it."""
EACH = 15.0
"""For the folders of one mailbox."""
MOST_FOLDERS = 500
_SAMPLE = 500
"""Messages of a folder that are measured where the server does not tell the folder's size."""
_LONGEST = 200


def look(home: Home, order: TryImap) -> ImapTried:
    """Try one after the other until the time is over; the first one always."""
    until = time.monotonic() + ALTOGETHER
    found: list[ImapFound] = []
    for source in order.sources:
        if found and time.monotonic() > until:
            break
        found.append(one(source, time.monotonic() + EACH))
        if found[-1].away:
            break
    return ImapTried(found=tuple(found))


def one(source: ImapSource, until: float) -> ImapFound:
    """What one log-in finds before the time is over."""
    try:
        client = imap.connect(source, SECONDS)
    except imap.LoginRefused as error:
        return ImapFound(problem=str(error)[:600])
    except imap.ImapError as error:
        return ImapFound(problem=str(error)[:600], away=True)
    try:
        return _inside(client, source, until)
    except (OSError, IMAPClientError, ssl.SSLError, ValueError, UnicodeError) as error:
        words = str(error).replace(source.password or "\0", "…")
        return ImapFound(problem=f"{source.host} stopped answering: {words[:300]}")
    finally:
        with contextlib.suppress(Exception):
            client.shutdown()


def _inside(client: IMAPClient, source: ImapSource, until: float) -> ImapFound:
    listed = client.list_folders()
    prefix = imap.prefix_of(client, source.prefix, listed)
    marks = {(mark or b"").decode("ascii", "replace") for _, mark, _ in listed}
    folders, _, _ = imap.folders(client, prefix)
    tells = client.has_capability("STATUS=SIZE")
    messages = octets = 0
    cut = len(folders) > MOST_FOLDERS
    for folder in folders[:MOST_FOLDERS]:
        if time.monotonic() > until:
            cut = True
            break
        items = ["MESSAGES", *(["SIZE"] if tells else [])]
        status = client.folder_status(folder.theirs, items)
        number = int(status.get(b"MESSAGES", 0))
        messages += number
        octets += int(status[b"SIZE"]) if b"SIZE" in status else _octets(client, folder, number)
    return ImapFound(
        capabilities=tuple(sorted({_words(one) for one in client.capabilities()}))[:100],
        prefix=prefix[:60],
        separator=min(marks, default="", key=len)[:1] if len(marks) == 1 else "",
        uses=tuple((one.name[:_LONGEST], one.use) for one in folders if one.use)[:20],
        folders=tuple(one.name[:_LONGEST] for one in folders[:MOST_FOLDERS] if one.name != INBOX),
        messages=messages,
        octets=octets,
        cut=cut,
    )


def _octets(client: IMAPClient, folder: imap.Remote, number: int) -> int:
    """About the size of a folder whose server does not tell it (RFC 8438): its first messages are
    measured, the others are taken to be alike."""
    if not number:
        return 0
    client.select_folder(folder.theirs, readonly=True)
    client.use_uid = False
    try:
        rows = client.fetch(range(1, min(number, _SAMPLE) + 1), ["RFC822.SIZE"])
    finally:
        client.use_uid = True
    return sum(_sizes(rows.values())) * number // max(1, len(rows))


def _sizes(rows: Iterable[dict[bytes, Any]]) -> list[int]:
    return [int(row.get(b"RFC822.SIZE", 0)) for row in rows]


def _words(capability: bytes) -> str:
    return re.sub(r"[^!-~]", "", capability.decode("ascii", "replace"))[:60]
