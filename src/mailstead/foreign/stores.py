"""A mailbox's mail where it lies: what kind of store it is, and what it holds (`find_store`).

Only names and sizes are looked at. A message is counted where its file lies in `cur` or `new`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mailstead.foreign.archive_tree import Member, Tree
from mailstead.foreign.inventory import Store
from mailstead.foreign.notes import Notes, decoded, printable
from mailstead.standards import maildir
from mailstead.standards.refusal import Refusal

_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_PARTS = ("cur", "new", "tmp")
_SYNTAX_OF_DBOX = re.compile(r"m\.\d+")


def find_store(
    tree: Tree, path: str, notes: Notes, *, address: str = "", utf8: bool = True
) -> Store | None:
    """The store in the directory `path`; None where there is none.

    `utf8`: whether its server may have written folders' names in UTF-8, as cPanel's do; without
    that no name is doubtful. A store that is half converted is refused with a remark and not told.
    """
    inside = {one.name: one for one in tree.children(path)}
    place = tree.place(path)
    if "conversion_in_progress.txt" in inside:
        notes.add(
            "refused",
            "store-half-converted",
            place,
            "This mailbox was being converted to another format when it was copied; let the old"
            " server finish that, then make the archive again.",
            address=address,
        )
        return None
    kind = _said(tree, path, inside)
    if kind == "mdbox" or (kind != "maildir" and "storage" in inside):
        return _mdbox(tree, path, address, notes)
    if any(_is_folder(inside.get(part)) for part in ("cur", "new")):
        return _maildir(tree, path, inside, notes, address, utf8)
    inbox = inside.get("inbox")
    return mbox_store(tree, inbox) if inbox is not None and inbox.kind == "file" else None


def mbox_store(tree: Tree, file: Member) -> Store:
    """The store in a file of the mbox format."""
    return Store(
        kind="mbox",
        path=Path(tree.place(file.path)),
        messages=_messages_in_mbox(tree, file.path),
        octets=file.size,
    )


def _said(tree: Tree, path: str, inside: dict[str, Member]) -> str:
    """What cPanel's own mark says of the store."""
    mark = inside.get("mailbox_format.cpanel")
    if mark is None or mark.kind != "file":
        return ""
    try:
        return decoded(tree.read(mark.path, 100)).strip().lower()
    except Refusal:
        return ""


def _is_folder(member: Member | None) -> bool:
    return member is not None and member.kind == "directory"


def _maildir(
    tree: Tree, path: str, inside: dict[str, Member], notes: Notes, address: str, utf8: bool
) -> Store:
    names = [
        name[1:]
        for name, one in inside.items()
        if name.startswith(".")
        and one.kind == "directory"
        # cPanel puts links like `.info@example_com` beside the folders; copied ones hold no mail.
        and any(_is_folder(tree.find(f"{one.path}/{part}")) for part in _PARTS)
    ]
    writing, doubtful = maildir.writing(names, _subscribed(tree, path) if utf8 else ())
    doubtful = doubtful if utf8 else []
    messages = octets = 0
    compressed = False
    for folder in ["", *[f".{name}" for name in names]]:
        for message in _messages(tree, f"{path}/{folder}" if folder else path):
            messages += 1
            octets += message.size
            compressed = compressed or _is_packed(tree, message)
    folders = ["/".join(maildir.levels(f".{name}", writing)) for name in names]
    odd = [name for name in [*names, *folders] if printable(name) != name]
    if odd:
        notes.add(
            "differs",
            "folder-name",
            tree.place(path),
            "Names of folders are neither UTF-8 nor modified UTF-7; unreadable signs are replaced.",
            text="\n".join(odd),
            address=address,
        )
    if doubtful:
        notes.add(
            "asks",
            "folder-names-doubtful",
            tree.place(path),
            "Names of folders could be meant in two ways; they are read as"
            f" {'UTF-8' if writing == 'utf-8' else 'modified UTF-7'}.",
            text="\n".join(doubtful),
            address=address,
        )
    return Store(
        kind="maildir",
        path=Path(tree.place(path)),
        names="ambiguous" if doubtful and writing == "mutf-7" else writing,
        compressed=compressed,
        messages=messages,
        octets=octets,
        folders=tuple(sorted(printable(folder) for folder in folders)),
    )


def _subscribed(tree: Tree, path: str) -> list[str]:
    for name in ("subscriptions", "courierimapsubscribed"):
        try:
            text = tree.read(f"{path}/{name}", 2**20).decode("utf-8", "surrogateescape")
        except Refusal:
            continue
        return [".".join(parts) for parts in maildir.parse_subscriptions(text, "utf-8")]
    return []


def _messages(tree: Tree, folder: str) -> Iterator[Member]:
    for part in ("cur", "new"):
        for one in tree.children(f"{folder}/{part}"):
            # Dovecot does not look at names that begin with a dot.
            if one.kind == "file" and not one.name.startswith("."):
                yield one


def _is_packed(tree: Tree, message: Member) -> bool:
    """Whether its octets are packed; only looked at where the name's size is another."""
    if maildir.size_in(message.name) == message.size or not message.size:
        return False
    try:
        return tree.head(message.path).startswith(_PACKED)
    except Refusal:
        return False


def _mdbox(tree: Tree, path: str, address: str, notes: Notes) -> Store:
    """Its messages can be counted by Dovecot only."""
    octets = sum(
        one.size
        for one in tree.children(f"{path}/storage")
        if one.kind == "file" and _SYNTAX_OF_DBOX.fullmatch(one.name)
    )
    found = []
    base = f"{path}/mailboxes"
    for one in tree.members(base):
        if one.kind == "directory" and one.name == "dbox-Mails":
            folder = one.path[len(base) + 1 :].rpartition("/")[0]
            if folder and folder.upper() != "INBOX":
                found.append(printable("/".join(map(maildir.decode_mutf7, folder.split("/")))))
    return Store(
        kind="mdbox", path=Path(tree.place(path)), octets=octets, folders=tuple(sorted(found))
    )


def _messages_in_mbox(tree: Tree, path: str) -> int:
    count, last = 0, b"\n\n"
    with tree.stream(path) as file:
        while data := file.read(2**20):
            seen = last + data
            # A message begins after an empty line (RFC 4155), the first one at once.
            count += seen.count(b"\n\nFrom ")
            last = seen[-6:]  # one octet less than what is looked for
    return count
