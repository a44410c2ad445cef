"""Mailstead's own export of an account: its list of what is in it (`manifest`), and its reader.

A tar archive, plain or packed, or the same unpacked: first `mailstead.json`, which is an
`Inventory` with a version, then `README`, for people, then each mailbox's Maildir at
`mail/DOMAIN/LOCAL/` and the scripts of its user's own at `sieve/DOMAIN/LOCAL/`. It may have been
changed on its way, so what a reader of another panel checks is checked here too, and what our own
export cannot hold is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import msgspec

from mailstead.foreign.archive import Tree, open_tree, peek
from mailstead.foreign.inventory import Domain, Inventory, Mailbox, SieveScript, Store
from mailstead.foreign.notes import Notes, decoded
from mailstead.foreign.stores import find_store
from mailstead.standards.address import forwarder_address, mailbox_address, normalise_domain
from mailstead.standards.refusal import Refusal

MANIFEST, README = "mailstead.json", "README"
ACTIVE = "active"
"""Beside the scripts of a mailbox: the name of the one that is in force."""
VERSION = 1
MAX_MANIFEST = 64 * 2**20
MAX_SCRIPT = 2**20

Form = Literal["archive", "unpacked", ""]


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `mailstead.json` holds."""

    version: int
    inventory: Inventory


def detect(path: Path) -> Form:
    """How an export lies there; empty: none does. Raises `Refusal` (`archive-unreadable`)."""
    if path.is_dir():
        return "unpacked" if (path / MANIFEST).is_file() else ""
    return "archive" if MANIFEST in islice(peek(path), 1) else ""


def read(
    path: Path,
    account: str = "",
    *,
    work: Path | None = None,
    then: Callable[[Tree, Inventory], None] | None = None,
) -> Inventory:
    """The account in an export; `then` is called while the files are open.

    Raises `Refusal` (`export-…`, `account-other`, `archive-…`).
    """
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
        whole = msgspec.structs.replace(
            inventory,
            domains=domains,
            remarks=inventory.remarks + notes.all(),
            mail_missing=bool(boxes) and not any(box.stores for box in boxes),
        )
        if then is not None:
            then(tree, whole)
        return whole


def manifest(inventory: Inventory, with_mail: Callable[[str], bool]) -> bytes:
    """What `mailstead.json` holds; `with_mail` says of which addresses the mail comes too.

    Raises `Refusal` (`export-…`) for an inventory that could not be read again.
    """

    def placed(box: Mailbox) -> Mailbox:
        store = Store(kind="maildir", path=Path(place(box.address)))
        return msgspec.structs.replace(box, stores=(store,) if with_mail(box.address) else ())

    domains = tuple(
        msgspec.structs.replace(one, mailboxes=tuple(map(placed, one.mailboxes)))
        for one in inventory.domains
    )
    whole = msgspec.structs.replace(inventory, panel="mailstead", domains=domains)
    data = msgspec.json.encode(_Manifest(VERSION, whole), enc_hook=_plain)
    _decoded(data)
    return data


def place(address: str) -> str:
    """Where the Maildir of a mailbox lies in an export."""
    local, _, domain = address.rpartition("@")
    return f"mail/{domain}/{local}"


def sieve_place(address: str) -> str:
    """Where the Sieve scripts lie that its user has made, and `ACTIVE`."""
    local, _, domain = address.rpartition("@")
    return f"sieve/{domain}/{local}"


def _keep(path: str) -> bool:
    return path == MANIFEST or path.startswith("sieve/") or path.endswith("/subscriptions")


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
                if any(str(store.path) != place(box.address) for store in box.stores):
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
    box = msgspec.structs.replace(box, sieve=box.sieve + _scripts(tree, box.address, notes))
    if not box.stores:
        return box
    path = place(box.address)
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


def _scripts(tree: Tree, address: str, notes: Notes) -> tuple[SieveScript, ...]:
    """The scripts that the mailbox's user has made."""
    folder = sieve_place(address)
    there = {one.name: one for one in tree.children(folder) if one.kind == "file"}
    active = ""
    made = []
    try:
        if ACTIVE in there:
            active = decoded(tree.read(there.pop(ACTIVE).path, 1000)).strip()
        for name, one in there.items():
            text = decoded(tree.read(one.path, MAX_SCRIPT))
            script = name.removesuffix(".sieve")
            made.append(
                SieveScript(name=script, text=text, active=script == active, place=one.path)
            )
    except Refusal as refused:
        notes.add("refused", "script-unreadable", folder, refused.words, address=address)
    return tuple(made)


def _tell_unknown(tree: Tree, domains: tuple[Domain, ...], notes: Notes) -> None:
    """A remark for each file that belongs to no mailbox."""
    boxes = [box for domain in domains for box in domain.mailboxes]
    known = {place(box.address) for box in boxes if box.stores}
    known |= {sieve_place(box.address) for box in boxes}
    for member in tree.members():
        mailbox = "/".join(member.path.split("/")[:3])
        own = member.path in (MANIFEST, README) or mailbox in known
        if member.kind != "directory" and not own:
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
