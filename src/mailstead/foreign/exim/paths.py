"""Where a filter of another panel files mail: paths on the old server as folders here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailstead.foreign.exim.model import Owner
from mailstead.foreign.exim.reasons import cannot
from mailstead.standards import maildir

_NEW = re.compile(r"/(?:new|cur)/?$")
_OWN_FOLDER = re.compile(r'"?(?P<local>[^"@+]+)\+(?P<folder>[^"@]*)"?@(?P<domain>[^@"]+)')


@dataclass(frozen=True)
class Place:
    """A folder of a mailbox; without an address nothing is kept."""

    address: str
    folder: str = "INBOX"


NOWHERE = Place("")


def saved(path: str, owner: Owner) -> Place:
    """Where `save` puts a message; raises `Refusal`."""
    if path == "/dev/null":
        return NOWHERE
    whole = path if path.startswith("/") else f"{owner.home}/{path}"
    if not owner.home or not whole.startswith(owner.home + "/") or "/../" in f"{whole}/":
        raise cannot("save-file", path)
    if not whole.endswith("/"):
        # Without it Exim writes one file of many messages.
        raise cannot("save-file", path)
    inside = _NEW.sub("/", whole[len(owner.home) :]).strip("/")
    parts = [part for part in inside.split("/") if part]
    if parts[:1] == ["mail"]:
        return _in_cpanel(parts[1:], path, owner)
    if parts[:1] == ["imap"] and parts[3:4] == ["Maildir"]:
        return _place(f"{parts[2]}@{parts[1]}", parts[4:], path, owner)
    if parts[:1] == ["Maildir"]:
        return _place(_account(owner, path), parts[1:], path, owner)
    raise cannot("save-file", path)


def _in_cpanel(parts: list[str], path: str, owner: Owner) -> Place:
    if len(parts) <= 1 and all(part.startswith(".") for part in parts):
        return _place(_account(owner, path), parts, path, owner)
    if len(parts) < 2:
        raise cannot("save-file", path)
    return _place(f"{parts[1]}@{parts[0]}", parts[2:], path, owner)


def _account(owner: Owner, path: str) -> str:
    """The mailbox of the account itself, whose mail lies in its home."""
    if not owner.logins:
        raise cannot("save-file", path)
    return owner.logins[0][1]


def _place(address: str, folder: list[str], path: str, owner: Owner) -> Place:
    address = address.lower()
    if address not in owner.mailboxes | {owner.address} or len(folder) > 1:
        raise cannot("save-file", path)
    if not folder:
        return Place(address)
    if not folder[0].startswith("."):
        raise cannot("save-file", path)
    return Place(address, folder_name(folder[0][1:], owner))


def delivered(text: str, owner: Owner) -> Place | None:
    """The folder that an address of the form `local+Folder@domain` names; None: it names none."""
    found = _OWN_FOLDER.fullmatch(text)
    if not found:
        return None
    address = f"{found['local']}@{found['domain']}".lower()
    if address not in owner.mailboxes | {owner.address}:
        return None
    folder = found["folder"]
    if folder.upper() == "INBOX" or not folder:
        return Place(address)
    name = folder[6:] if folder.upper().startswith("INBOX.") else folder
    return Place(address, folder_name(name, owner))


def folder_name(text: str, owner: Owner) -> str:
    """A folder's name here, of one with `.` between its levels: the name that the copy gives it.

    Raises `Refusal`.
    """
    levels = maildir.levels(f".{text}", owner.names)
    bad = any(not level or "/" in level or not level.isprintable() for level in levels)
    if bad or len(text) > 255 or len(levels) > 16:
        raise cannot("folder-invalid", text)
    joined = "/".join(levels)
    for old, new in owner.folders:
        if joined == old or joined.startswith(old + "/"):
            joined = new + joined[len(old) :]
            break
    return maildir.keepable(joined)
