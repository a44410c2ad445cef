"""Moves of mailboxes from any IMAP server: one by one or from a CSV file, or by a master user.

Passwords are kept encrypted with a key of the panel's own until the move is done. The node needs
them to log in: they travel in the feed, as hashes and signing keys do.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import InvalidToken
from django.db import transaction

from mailstead.control.hosting.models import Customer, Server
from mailstead.control.moves.models import Batch, Copy, Move, SourceLogin
from mailstead.control.moves.services.common import note
from mailstead.control.moves.services.planning import keep_inventory
from mailstead.control.moves.services.sealing import box
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.foreign.inventory import Domain, Inventory, Mailbox, Store
from mailstead.standards import password as passwords
from mailstead.standards.address import mailbox_address, normalise_domain
from mailstead.standards.refusal import Refusal
from mailstead.wire.moves import ImapSource

MOST_ROWS = 20_000
MASTER = "*"
TLS = ("imaps", "starttls", "none")


@dataclass(frozen=True)
class ImapLogin:
    """The server, and who logs in for everybody, if somebody does."""

    host: str
    port: int = 993
    tls: str = "imaps"
    prefix: str = ""
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


def read_csv(text: str) -> list[ImapRow]:
    """Rows of `address,password[,user]`; raises `Refusal` (`csv-invalid`) naming the line."""
    rows = []
    reader = csv.reader(io.StringIO(text))
    try:
        for line in reader:
            if not line or not "".join(line).strip() or line[0].lstrip().startswith("#"):
                continue
            cells = [*(cell.strip() for cell in line[:1]), *line[1:3], "", ""]
            address = str(mailbox_address(cells[0]))
            rows.append(ImapRow(address, cells[1], cells[2].strip()))
    except (csv.Error, Refusal) as error:
        raise Refusal(
            "csv-invalid",
            "Line {line} is no row of a mailbox: {error}.",
            remedy="Write address,password or address,password,user in each line.",
            line=reader.line_num,
            error=str(error).rstrip("."),
        ) from error
    if not 0 < len(rows) <= MOST_ROWS:
        raise Refusal(
            "csv-size",
            "The file must have between 1 and {most} mailboxes.",
            remedy="Split it.",
            most=MOST_ROWS,
        )
    return rows


def inventory(rows: Sequence[ImapRow], host: str) -> Inventory:
    """The mailboxes as an account that was found at that server."""
    by_domain: dict[str, list[Mailbox]] = {}
    for row in rows:
        name = row.address.rpartition("@")[2]
        box = Mailbox(
            address=row.address,
            secret=passwords.hashed(row.password) if row.password else "",
            stores=(Store(kind="imap", path=Path()),),
        )
        by_domain.setdefault(name, []).append(box)
    domains = tuple(
        Domain(name=name, kind="other", mailboxes=tuple(boxes)) for name, boxes in by_domain.items()
    )
    return Inventory(panel="imap", account=host, domains=domains)


@transaction.atomic
def create_imap_move(
    *,
    actor: Actor,
    now: dt.datetime,
    login: ImapLogin,
    rows: Sequence[ImapRow],
    server: Server,
    customer: Customer | None = None,
    customer_name: str = "",
    old_host: str = "",
    batch: Batch | None = None,
) -> Move:
    """A planned move of these mailboxes. Raises `Refusal`."""
    roles.require(actor, "move.create")
    host = normalise_domain(login.host) if not _is_number(login.host) else login.host
    if login.tls not in TLS or not 1 <= login.port <= 65535:
        raise Refusal("imap-invalid", "The port or the kind of TLS is wrong.", remedy="Mend it.")
    if not login.master_user and not all(row.password for row in rows):
        raise Refusal(
            "password-missing",
            "A mailbox without a password needs a master user.",
            remedy="Give the passwords, or a master user.",
        )
    name = customer.name if customer else " ".join(customer_name.split())[:120]
    if not name:
        raise Refusal("customer-name-empty", "A move needs a customer.", remedy="Name one.")
    move = Move.objects.create(
        customer=customer,
        customer_name=name,
        server=server,
        origin="imap",
        place=f"{host}:{login.port}",
        old_host=old_host.strip().lower(),
        batch=batch,
        since=now,
        created_at=now,
        created_by=str(actor)[:280],
    )
    secrets = {row.address: [row.user or row.address, row.password] for row in rows}
    if login.master_user:
        secrets[MASTER] = [login.master_user, login.master_password]
    SourceLogin.objects.create(
        move=move,
        host=host,
        port=login.port,
        tls=login.tls,
        prefix=login.prefix[:60],
        verify=login.verify,
        master_user=login.master_user[:320],
        sealed=box().encrypt(json.dumps(secrets).encode()).decode(),
    )
    note(actor, now, move, "create", after={"place": move.place, "mailboxes": len(rows)})
    keep_inventory(actor=actor, now=now, move=move, inventory=inventory(rows, host))
    return move


def _is_number(host: str) -> bool:
    return bool(host) and all(part in "0123456789abcdef.:" for part in host.lower())


def source(copy: Copy) -> ImapSource:
    """Where and how the node fetches one mailbox; raises `Refusal` (`login-gone`)."""
    login = SourceLogin.objects.filter(move=copy.move_id).first()
    secrets = _opened(login) if login else {}
    user, password = secrets.get(copy.address, ("", ""))
    if login is None or not user:
        raise Refusal("login-gone", "The log-in at the old server is not kept any more.")
    if login.master_user:
        password = secrets[MASTER][1]
    return ImapSource(
        host=login.host,
        port=login.port,
        tls=login.tls,  # type: ignore[arg-type]
        user=user,
        password=password,
        master_user=login.master_user,
        prefix=login.prefix,
        verify=login.verify,
    )


def _opened(login: SourceLogin) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(box().decrypt(login.sealed.encode()))
    except InvalidToken as error:
        raise Refusal(
            "login-sealed",
            "The log-ins at the old server cannot be read: the panel's key is another one now.",
            remedy="Make the move anew.",
        ) from error
    return found


def forget(move: Move) -> None:
    """The passwords are needed no more."""
    SourceLogin.objects.filter(move=move).delete()
