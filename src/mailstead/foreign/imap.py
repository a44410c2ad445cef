"""Mailboxes of any IMAP server: a list of log-ins as people write it, and the account it makes.

Each line is `address,password[,user]`; a semicolon or a tab parts as well where no comma does, as
spreadsheets write it. A cell that holds the mark itself stands in quotes. Lines that begin with `#`
and a first line of names are left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import msgspec

from mailstead.foreign.inventory import Domain, ImapSeen, ImapTls, Inventory, Mailbox, Store
from mailstead.standards import password as passwords
from mailstead.standards.address import mailbox_address, normalise_domain
from mailstead.standards.refusal import Refusal

MOST_ROWS = 1_000
"""Mailboxes of one move: somebody waits while their passwords are hashed, milliseconds each."""
LARGEST = 4 * 2**20
"""Characters of a list."""
_HEADS = frozenset({"address", "email", "e-mail", "mailbox"})
_MARKS = (",", ";", "\t")
_LONGEST = passwords.MAX_OCTETS
"""Octets of a password or a user's name."""


@dataclass(frozen=True)
class ImapLogin:
    """The server, and who logs in for everybody, if somebody does."""

    host: str
    port: int = 993
    tls: str = "imaps"
    """`imaps`, `starttls` or `none`."""
    prefix: str = ""
    """Of its folders, as `INBOX.`; empty: what the server says."""
    verify: bool = True
    master_user: str = ""
    master_password: str = ""


@dataclass(frozen=True)
class ImapRow:
    """One mailbox."""

    address: str
    """Here."""
    password: str
    """There; empty where a master user logs in. It becomes the one here."""
    user: str = ""
    """There; empty: the address."""


def checked_login(login: ImapLogin) -> ImapLogin:
    """The same with the host's name as it is compared; raises `Refusal` (`imap-invalid`)."""
    bare = login.host.strip().lower()
    host = bare if _is_number(bare) else normalise_domain(bare)
    printable = (login.prefix, login.master_user, login.master_password)
    wrong = login.tls not in get_args(ImapTls) or not 1 <= login.port <= 65535
    if wrong or len(login.prefix) > 60 or not all(one.isprintable() for one in printable):
        raise Refusal(
            "imap-invalid",
            "The port, the kind of TLS, the prefix or the master user is wrong.",
            remedy="Use a port up to 65535, and one of imaps, starttls and none.",
        )
    if bool(login.master_user) != bool(login.master_password):
        raise Refusal(
            "master-half",
            "A master user needs a password, and a password a master user.",
            remedy="Give both or neither.",
        )
    return ImapLogin(
        host=host,
        port=login.port,
        tls=login.tls,
        prefix=login.prefix.strip(),
        verify=login.verify,
        master_user=login.master_user.strip()[:320],
        master_password=login.master_password,
    )


def _is_number(host: str) -> bool:
    return bool(host) and all(one in "0123456789abcdef.:" for one in host) and (
        ":" in host or host.replace(".", "").isdigit()
    )  # fmt: skip


def read_csv(text: str) -> list[ImapRow]:
    """Rows of a list; raises `Refusal` (`csv-invalid`, `csv-size`) naming the line."""
    rows: dict[str, ImapRow] = {}
    if len(text) > LARGEST:
        raise _wrong_size()
    for number, cells in _cells(text):
        try:
            row = _row(cells)
            if row.address in rows:
                raise Refusal("address-twice", "{address} stands there twice", address=row.address)
        except Refusal as error:
            raise _bad_line(number, error.sentence) from error
        rows[row.address] = row
    if not 0 < len(rows) <= MOST_ROWS:
        raise _wrong_size()
    return list(rows.values())


def without_passwords(text: str) -> str:
    """The list as it may be shown again: what might be a password is left out."""
    shown = []
    for line in text.splitlines():
        try:
            cells = next(csv.reader([line], delimiter=_mark(text), strict=True), [])
        except csv.Error:
            # A quote that is open: what follows the first mark may be anything.
            cells = [line.split(_mark(text), 1)[0]]
        kept = cells[:1]
        if len(cells) > 1:
            user = cells[2:3] if '"' not in line else []
            kept = [*kept, "", *user]
        shown.append(_mark(text).join(kept))
    return "\n".join(shown)


def _cells(text: str) -> Iterator[tuple[int, list[str]]]:
    bare = text.removeprefix("\ufeff")
    reader = csv.reader(io.StringIO(bare), delimiter=_mark(bare), strict=True)
    first = True
    try:
        for line in reader:
            if not "".join(line).strip() or line[0].lstrip().startswith("#"):
                continue
            head, first = first and line[0].strip().lower() in _HEADS, False
            if not head:
                yield reader.line_num, line
    except csv.Error as error:
        raise _bad_line(reader.line_num, str(error)) from error


def _mark(text: str) -> str:
    """What parts the cells, as the first line with an address shows."""
    lines = (one for one in text.splitlines() if "@" in one and not one.lstrip().startswith("#"))
    line = next(lines, "").partition("@")[2]
    return min((mark for mark in _MARKS if mark in line), key=line.index, default=",")


def _row(cells: Sequence[str]) -> ImapRow:
    address, password, user = [*cells[:3], "", ""][:3]
    if len(cells) > 3 and "".join(cells[3:]).strip():
        raise Refusal("cells-many", "it has more than three cells; a comma needs quotes around it")
    if (
        max(len(password.encode()), len(user.encode())) > _LONGEST
        or not (password + user).isprintable()
    ):
        raise Refusal("cell-invalid", "its password or user cannot be typed")
    return ImapRow(str(mailbox_address(address.strip())), password, user.strip())


def checked_rows(rows: Iterable[ImapRow]) -> list[ImapRow]:
    """Rows that came as values, checked as those of a list are; raises `Refusal`."""
    made: dict[str, ImapRow] = {}
    for number, one in enumerate(rows, 1):
        try:
            row = _row((one.address, one.password, one.user))
        except Refusal as error:
            raise _bad_line(number, error.sentence) from error
        if row.address in made:
            raise _bad_line(number, f"{row.address} stands there twice")
        made[row.address] = row
    if not 0 < len(made) <= MOST_ROWS:
        raise _wrong_size()
    return list(made.values())


def _bad_line(number: int, words: str) -> Refusal:
    return Refusal(
        "csv-invalid",
        "Line {line} is no row of a mailbox: {error}.",
        remedy="Write address,password or address,password,user in each line.",
        line=number,
        error=words.rstrip("."),
    )


def _wrong_size() -> Refusal:
    return Refusal(
        "csv-size",
        "The list must have between 1 and {most} mailboxes.",
        remedy="Split it.",
        most=MOST_ROWS,
    )


def inventory(rows: Sequence[ImapRow], host: str) -> Inventory:
    """The mailboxes as an account that was found at that server."""
    by_domain: dict[str, list[Mailbox]] = {}
    for row in rows:
        name = row.address.rpartition("@")[2]
        box = Mailbox(
            address=row.address,
            secret=passwords.hashed_as_found(row.password) if row.password else "",
            stores=(Store(kind="imap", path=Path()),),
        )
        by_domain.setdefault(name, []).append(box)
    domains = tuple(
        Domain(name=name, kind="other", mailboxes=tuple(boxes)) for name, boxes in by_domain.items()
    )
    return Inventory(panel="imap", account=host, domains=domains)


@dataclass(frozen=True)
class Tried:
    """What a log-in at the server has found."""

    messages: int = 0
    octets: int = 0
    folders: tuple[str, ...] = ()
    seen: ImapSeen | None = None
    problem: str = ""


def with_tried(found: Inventory, tried: dict[str, Tried | None]) -> Inventory:
    """The account with what log-ins have found, by address; None: not tried any more."""

    def box_of(box: Mailbox) -> Mailbox:
        if box.address not in tried:
            return box
        one = tried[box.address] or Tried()
        store = Store(
            kind="imap",
            path=Path(),
            messages=one.messages,
            octets=one.octets,
            folders=one.folders,
            seen=one.seen,
            problem=one.problem,
        )
        return msgspec.structs.replace(box, stores=(store,))

    return _each(found, box_of)


def with_passwords(found: Inventory, rows: Iterable[ImapRow]) -> Inventory:
    """The account with other passwords, which nobody has tried yet."""
    given = {row.address: row.password for row in rows}

    def box_of(box: Mailbox) -> Mailbox:
        password = given.get(box.address, "")
        secret = passwords.hashed_as_found(password) if password else box.secret
        return msgspec.structs.replace(box, secret=secret)

    return with_tried(_each(found, box_of), dict.fromkeys(given))


def _each(found: Inventory, of: Callable[[Mailbox], Mailbox]) -> Inventory:
    domains = tuple(
        msgspec.structs.replace(one, mailboxes=tuple(of(box) for box in one.mailboxes))
        for one in found.domains
    )
    return msgspec.structs.replace(found, domains=domains)


def untried(found: Inventory) -> list[str]:
    """Addresses with which nobody has tried to log in."""
    return [
        box.address
        for box in found.mailboxes()
        if any(one.kind == "imap" and not one.seen and not one.problem for one in box.stores)
    ]
