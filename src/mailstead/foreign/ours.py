"""Mailstead's own export of an account: written (`write`) and read again (`read`).

A tar archive, plain or packed, or the same unpacked: first `mailstead.json`, which is an
`Inventory` with a version, then each mailbox's Maildir at `mail/DOMAIN/LOCAL/`. It may have been
changed on its way, so what a reader of another panel checks is checked here too, and what our own
export cannot hold is refused as a whole.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec

from mailstead.foreign.archive import Tree, open_tree, peek
from mailstead.foreign.inventory import Domain, Inventory, Mailbox, Store
from mailstead.foreign.notes import Notes
from mailstead.foreign.stores import find_store
from mailstead.standards.address import forwarder_address, mailbox_address, normalise_domain
from mailstead.standards.refusal import Refusal

MANIFEST = "mailstead.json"
VERSION = 1
MAX_MANIFEST = 64 * 2**20

Form = Literal["archive", "unpacked", ""]

_COPIED = ("dovecot-uidlist", "dovecot-keywords", "subscriptions", "maildirfolder")
"""Files of a folder besides its messages; indexes and sums are made anew (migration-formats, E)."""


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `mailstead.json` holds."""

    version: int
    inventory: Inventory


def detect(path: Path) -> Form:
    """How an export lies there; empty: none does. Raises `Refusal` (`archive-unreadable`)."""
    if path.is_dir():
        return "unpacked" if (path / MANIFEST).is_file() else ""
    return "archive" if MANIFEST in islice(peek(path), 1) else ""


def read(path: Path, account: str = "", *, work: Path | None = None) -> Inventory:
    """The account in an export; raises `Refusal` (`export-…`, `account-other`, `archive-…`)."""
    with open_tree(path, keep=_keep, nested=lambda _: None, work=work) as tree:
        inventory = _manifest(tree)
        if account and account != inventory.account:
            raise Refusal(
                "account-other",
                "The export is of the account '{name}', not of '{account}'.",
                remedy="Choose the export of the account that is to be moved.",
                name=inventory.account,
                account=ascii(account[:64])[1:-1],
            )
        notes = Notes()
        domains = tuple(_domain(tree, domain, notes) for domain in inventory.domains)
        _tell_unknown(tree, domains, notes)
        notes.odd(tree)
        boxes = [box for domain in domains for box in domain.mailboxes]
        return msgspec.structs.replace(
            inventory,
            domains=domains,
            remarks=inventory.remarks + notes.all(),
            mail_missing=bool(boxes) and not any(box.stores for box in boxes),
        )


def write(inventory: Inventory, mail: Callable[[str], Path | None], into: BinaryIO) -> None:
    """The account as a plain tar; `mail` gives the Maildir of an address, None where it has none.

    Raises `Refusal` (`export-…`) for an inventory that could not be read again.
    """
    homes: dict[str, Path] = {}

    def placed(box: Mailbox) -> Mailbox:
        home = mail(box.address)
        if home is None:
            return msgspec.structs.replace(box, stores=())
        homes[box.address] = home
        return msgspec.structs.replace(
            box, stores=(Store(kind="maildir", path=Path(_place(box.address))),)
        )

    domains = tuple(
        msgspec.structs.replace(one, mailboxes=tuple(map(placed, one.mailboxes)))
        for one in inventory.domains
    )
    whole = msgspec.structs.replace(inventory, panel="mailstead", domains=domains)
    data = msgspec.json.encode(_Manifest(VERSION, whole), enc_hook=_plain)
    _decoded(data)
    with tarfile.open(fileobj=into, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        head = tarfile.TarInfo(MANIFEST)
        head.size, head.mode = len(data), 0o600
        archive.addfile(head, io.BytesIO(data))
        for address, home in homes.items():
            for inside, file in _files(home):
                _add(archive, f"{_place(address)}/{inside}", file)


def _place(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"mail/{domain}/{local}"


def _files(home: Path) -> Iterator[tuple[str, Path]]:
    """The files of a Maildir that are its own, with their paths in it; messages in `tmp` are
    none."""
    folders = [home, *sorted(one for one in home.glob(".*") if one.is_dir())]
    for folder in folders:
        inside = [folder / name for name in _COPIED]
        for part in ("cur", "new"):
            inside += sorted((folder / part).glob("*"))
        for file in inside:
            yield str(file.relative_to(home)), file


def _add(archive: tarfile.TarFile, name: str, path: Path) -> None:
    """One file, unless it went while the others were written; links are not followed."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    with os.fdopen(handle, "rb") as file:
        there = os.fstat(handle)
        if stat.S_ISREG(there.st_mode):
            head = tarfile.TarInfo(name)
            head.size, head.mtime, head.mode = there.st_size, int(there.st_mtime), 0o600
            archive.addfile(head, file)


def _keep(path: str) -> bool:
    return path == MANIFEST or path.endswith("/subscriptions")


def _manifest(tree: Tree) -> Inventory:
    if tree.find(MANIFEST) is None:
        raise Refusal(
            "export-missing",
            "This is no export of Mailstead: it has no file {name}.",
            remedy="Make the export again, and bring it whole.",
            name=MANIFEST,
        )
    return _decoded(tree.read(MANIFEST, MAX_MANIFEST))


def _decoded(data: bytes) -> Inventory:
    """The inventory in a manifest, with names that are what they should be; raises `Refusal`."""
    try:
        version = msgspec.json.decode(data, type=dict[str, msgspec.Raw]).get("version")
        if version is not None and bytes(version).isdigit() and int(bytes(version)) > VERSION:
            raise Refusal(
                "export-newer",
                "The export was made by a later Mailstead, in a form that this one does not know.",
                remedy="Bring this server up to date first.",
            )
        found = msgspec.json.decode(data, type=_Manifest, dec_hook=_value).inventory
        text = _check(found)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        text = str(error)
    if text:
        raise Refusal(
            "export-invalid",
            "The export's list of what is in it cannot be used: {reason}.",
            remedy="Make the export again, and do not change it.",
            reason=ascii(text[:200])[1:-1],
        )
    return found


def _check(found: Inventory) -> str:
    """What is wrong with the names in it; empty: nothing."""
    if found.panel != "mailstead":
        return "it is of another panel"
    try:
        for domain in found.domains:
            if normalise_domain(domain.name) != domain.name:
                return f"{domain.name} is no domain"
            for box in domain.mailboxes:
                if str(mailbox_address(box.address)) != f"{_local(box.address)}@{domain.name}":
                    return f"{box.address} is no mailbox of {domain.name}"
                if any(str(store.path) != _place(box.address) for store in box.stores):
                    return f"the mail of {box.address} is elsewhere"
            for address in (
                *(alias.address for alias in domain.aliases),
                *(answer.address for answer in domain.autoresponders),
                *(one.address for one in domain.lists),
            ):
                if str(forwarder_address(address)) != f"{_local(address)}@{domain.name}":
                    return f"{address} is no address of {domain.name}"
    except Refusal as refused:
        return refused.words
    return ""


def _local(address: str) -> str:
    return address.rpartition("@")[0]


def _domain(tree: Tree, domain: Domain, notes: Notes) -> Domain:
    """The domain with what is really there of its mail."""
    return msgspec.structs.replace(
        domain, mailboxes=tuple(_mailbox(tree, box, notes) for box in domain.mailboxes)
    )


def _mailbox(tree: Tree, box: Mailbox, notes: Notes) -> Mailbox:
    if not box.stores:
        return box
    path = _place(box.address)
    store = find_store(tree, path, notes, address=box.address, utf8=False)
    if store is None:
        notes.add(
            "refused",
            "mail-not-there",
            path,
            "The export lacks the mail of this mailbox.",
            address=box.address,
        )
    return msgspec.structs.replace(box, stores=(store,) if store is not None else ())


def _tell_unknown(tree: Tree, domains: tuple[Domain, ...], notes: Notes) -> None:
    """A remark for each file that belongs to no mailbox."""
    known = {_place(box.address) for domain in domains for box in domain.mailboxes if box.stores}
    for member in tree.members():
        mailbox = "/".join(member.path.split("/")[:3])
        if member.kind != "directory" and member.path != MANIFEST and mailbox not in known:
            words = "This file is not known, so it was not read."
            notes.add("unknown", "unknown-file", member.path, words)


def _plain(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(type(value).__name__)


def _value(kind: type, value: Any) -> Any:
    if issubclass(kind, Path):
        return Path(value)
    raise NotImplementedError(kind.__name__)
