"""Mailboxes: `etc/DOMAIN/{passwd,shadow,quota}`, the account's own, and stores without either."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from mailstead.foreign.cpanel.filters import mailbox_filter
from mailstead.foreign.cpanel.secrets import read_secret
from mailstead.foreign.cpanel.source import Source
from mailstead.foreign.inventory import Mailbox, Store
from mailstead.foreign.stores import find_store
from mailstead.standards.address import mailbox_address
from mailstead.standards.refusal import Refusal

_STORE = ("cur", "new", "storage", "inbox")
_NO_MAILBOX = frozenset({"cur", "new", "tmp", "storage", "mailboxes"})


@dataclass
class _Seen:
    """What the three files and the store say of one local part."""

    passwd: int = 0
    """Line; 0: not there."""
    home: str = ""
    secret: str | None = None
    quota: int = 0
    store: bool = False


def read_mailboxes(source: Source, domain: str, suspended: bool) -> list[Mailbox]:
    """The domain's mailboxes, by address; `suspended`: the whole account is."""
    if not source.home:
        return []
    seen: dict[str, _Seen] = {}
    _passwd(source, domain, seen)
    _shadow(source, domain, seen)
    _quota(source, domain, seen)
    for one in source.folders(source.in_home("mail", domain)):
        if one.name.startswith(".") or one.name in _NO_MAILBOX:
            continue
        if any(source.tree.find(f"{one.path}/{part}") for part in _STORE):
            seen.setdefault(one.name, _Seen()).store = True
    made = [_mailbox(source, domain, local, seen[local], suspended) for local in sorted(seen)]
    return [box for box in made if box is not None]


def account_mailbox(source: Source, domain: str, suspended: bool, there: list[Mailbox]) -> Mailbox:
    """The mailbox of the account's own log-in, `acct@DOMAIN`, joined with one of that name."""
    notes, path = source.notes, source.at("shadow")
    address = f"{source.account}@{domain}"
    secret = read_secret(_system_secret(source))
    if not secret.known:
        _bad_hash(source, path, 0, address)
    store = None
    if source.home:
        store = find_store(source.tree, source.in_home("mail"), notes, address=address)
    own = next((box for box in there if box.address == address), None)
    if own is not None:
        notes.add(
            "differs",
            "two-stores",
            source.place(source.in_home("etc", domain, "passwd")),
            "The account's own mailbox and a mailbox of the same name were two; they become one,"
            " with the password of the latter.",
            address=address,
        )
        stores = (*own.stores, store) if store is not None else own.stores
        return msgspec.structs.replace(
            own, login=source.account, secret=own.secret or secret.hash, stores=stores
        )
    return Mailbox(
        address=address,
        secret=secret.hash,
        login_suspended=(secret.account_locked or secret.login_locked) and not suspended,
        login=source.account,
        stores=(store,) if store is not None else (),
    )


def _system_secret(source: Source) -> str:
    """The account's own hash: alone in its file, or in a line of a whole shadow file."""
    lines = [line for _, line in source.lines(source.at("shadow"))]
    for line in lines:
        if line.startswith(f"{source.account}:"):
            return line.split(":")[1]
    return lines[0] if len(lines) == 1 and ":" not in lines[0] else ""


def _rows(source: Source, domain: str, name: str) -> list[tuple[int, list[str]]]:
    path = source.in_home("etc", domain, name)
    return [(number, line.split(":")) for number, line in source.lines(path)]


def _passwd(source: Source, domain: str, seen: dict[str, _Seen]) -> None:
    for number, fields in _rows(source, domain, "passwd"):
        if len(fields) < 6 or not fields[0]:
            _unknown(source, domain, "passwd", number, ":".join(fields))
            continue
        one = seen.setdefault(fields[0], _Seen())
        one.passwd, one.home = number, fields[5]


def _shadow(source: Source, domain: str, seen: dict[str, _Seen]) -> None:
    for number, fields in _rows(source, domain, "shadow"):
        if len(fields) < 2 or not fields[0]:
            # Its text may be a hash.
            _unknown(source, domain, "shadow", number, "")
            continue
        seen.setdefault(fields[0], _Seen()).secret = fields[1]


def _quota(source: Source, domain: str, seen: dict[str, _Seen]) -> None:
    for number, fields in _rows(source, domain, "quota"):
        value = fields[1].strip() if len(fields) == 2 else ""
        if not value.isascii() or not value.isdigit() or len(value) > 18:
            _unknown(source, domain, "quota", number, ":".join(fields))
        elif fields[0] in seen:
            seen[fields[0]].quota = int(value)
        else:
            source.notes.add(
                "dropped",
                "quota-leftover",
                source.place(source.in_home("etc", domain, "quota"), number),
                "This quota is of a mailbox that is not there.",
                text=fields[0],
                domain=domain,
            )


def _unknown(source: Source, domain: str, name: str, number: int, text: str) -> None:
    place = source.place(source.in_home("etc", domain, name), number)
    source.notes.add(
        "unknown", f"{name}-line", place, "This line is not understood.", text=text, domain=domain
    )


def _mailbox(
    source: Source, domain: str, local: str, seen: _Seen, suspended: bool
) -> Mailbox | None:
    notes = source.notes
    etc, mail = source.in_home("etc", domain), source.in_home("mail", domain, local)
    try:
        address = str(mailbox_address(f"{local}@{domain}"))
    except Refusal as refused:
        place = source.place(f"{etc}/passwd", seen.passwd) if seen.passwd else source.place(mail)
        notes.add("refused", refused.code, place, refused.words, text=local, domain=domain)
        return None
    secret = read_secret(seen.secret or "")
    if not secret.known:
        _bad_hash(source, f"{etc}/shadow", 0, address)
    _say_differences(source, domain, local, address, seen)
    store = find_store(source.tree, mail, notes, address=address)
    exim, receiving = mailbox_filter(source, domain, local, address)
    return Mailbox(
        address=address,
        secret=secret.hash,
        login_suspended=secret.login_locked or (secret.account_locked and not suspended),
        receiving_suspended=not receiving,
        quota=seen.quota,
        stores=_stores(store),
        filter=exim,
    )


def _stores(store: Store | None) -> tuple[Store, ...]:
    return (store,) if store is not None else ()


def _say_differences(source: Source, domain: str, local: str, address: str, seen: _Seen) -> None:
    """Where `passwd`, `shadow` and the stores do not name the same mailboxes."""
    etc = source.in_home("etc", domain)
    if not seen.passwd and seen.secret is None:
        code, words = "store-without-mailbox", "There is mail, but no such mailbox any more."
        place = source.place(source.in_home("mail", domain, local))
        source.notes.add("asks", code, place, words, address=address)
        return
    if not seen.passwd:
        code, words = "only-in-shadow", "There is a password, but no such mailbox any more."
        source.notes.add("asks", code, source.place(f"{etc}/shadow"), words, address=address)
    elif seen.secret is None:
        code, words = "no-password", "The mailbox has no password; a new one must be set."
        place = source.place(f"{etc}/passwd", seen.passwd)
        source.notes.add("differs", code, place, words, address=address)
    if seen.passwd and not seen.home.rstrip("/").endswith(f"/mail/{domain}/{local}"):
        source.notes.add(
            "differs",
            "home-elsewhere",
            source.place(f"{etc}/passwd", seen.passwd),
            "The mailbox's directory is not the usual one; the usual one was read.",
            text=seen.home,
            address=address,
        )
    if not seen.store and source.tree.find(source.in_home("mail")):
        code, words = "no-store", "The mailbox has no mail, not even an empty store."
        place = source.place(source.in_home("mail", domain, local))
        source.notes.add("differs", code, place, words, address=address)


def _bad_hash(source: Source, path: str, number: int, address: str) -> None:
    source.notes.add(
        "refused",
        "hash-unknown",
        source.place(path, number),
        "The password's hash is of a kind that is not known; a new password must be set.",
        address=address,
    )
