"""Moves of mailboxes from any IMAP server: one by one or from a list, or by a master user.

Passwords are kept encrypted with a key of the panel's own until the move is done. They are in no
row of the feed: a node that begins a run asks for the one that it needs (`source_of_copy`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cryptography.fernet import InvalidToken
from django.db import transaction

from mailstead.control.hosting.models import Customer, Server
from mailstead.control.hosting.services.domains import checked_relay
from mailstead.control.moves import life
from mailstead.control.moves.models import Batch, Move, SourceLogin
from mailstead.control.moves.queries import inventory_of
from mailstead.control.moves.services.common import locked, note
from mailstead.control.moves.services.planning import keep_inventory
from mailstead.control.moves.services.sealing import box
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.foreign.imap import (
    ImapLogin,
    ImapRow,
    checked_login,
    checked_rows,
    inventory,
    untried,
    with_passwords,
    with_tried,
)
from mailstead.standards.refusal import Refusal
from mailstead.wire.moves import ImapSource

MASTER = "*"


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
    """A planned move of these mailboxes, whose log-ins are tried next. Raises `Refusal`."""
    roles.require(actor, "move.create")
    login, rows = checked_login(login), checked_rows(rows)
    _refuse_without_password(login, rows)
    name = customer.name if customer else " ".join(customer_name.split())[:120]
    if not name:
        raise Refusal("customer-name-empty", "A move needs a customer.", remedy="Name one.")
    # Before the transaction: hashing takes its time, and SQLite has one writer.
    found = inventory(rows, login.host)
    with transaction.atomic():
        move = Move.objects.create(
            customer=customer,
            customer_name=name,
            server=server,
            origin="imap",
            place=f"{login.host}:{login.port}",
            old_host=checked_relay(old_host),
            batch=batch,
            since=now,
            created_at=now,
            created_by=str(actor)[:280],
        )
        _keep(move, login, {row.address: [row.user or row.address, row.password] for row in rows})
        note(actor, now, move, "create", after={"place": move.place, "mailboxes": len(rows)})
        keep_inventory(actor=actor, now=now, move=move, inventory=found)
        _ask_trial(move, len(rows))
        return move


@transaction.atomic
def update_logins(
    *,
    actor: Actor,
    now: dt.datetime,
    move: Move,
    rows: Sequence[ImapRow] = (),
    login: ImapLogin | None = None,
) -> None:
    """Other passwords for some mailboxes, or another server for all; they hold from the next run.

    Without a master password in `login` the old one stays. What is not made yet is planned anew,
    and the log-ins are tried. Raises `Refusal` (`address-other`, `login-gone`).
    """
    locked(move)
    kept = SourceLogin.objects.filter(move=move).first()
    if move.origin != "imap" or kept is None:
        raise Refusal("login-gone", "The log-in at the old server is not kept any more.")
    secrets = _opened(kept)
    given = checked_rows(rows) if rows else []
    other = next((row.address for row in given if row.address not in secrets), "")
    if other:
        raise Refusal(
            "address-other",
            "{address} does not belong to this move.",
            remedy="Make another move for it.",
            address=other,
        )
    if login is None:
        login = _login_of(kept, secrets)
    elif login.master_user and not login.master_password and MASTER in secrets:
        login = replace(login, master_password=secrets[MASTER][1])
    login = checked_login(login)
    for row in given:
        before = secrets[row.address]
        secrets[row.address] = [row.user or before[0], row.password or before[1]]
    people = [ImapRow(name, one[1]) for name, one in secrets.items() if name != MASTER]
    _refuse_without_password(login, people)
    note(actor, now, move, "update", after={"source": login.host, "mailboxes": len(given)})
    _keep(move, login, {name: one for name, one in secrets.items() if name != MASTER})
    move.place = f"{login.host}:{login.port}"
    move.save(update_fields=["place"])
    if move.state in life.TABLE["plan"]:
        found = with_passwords(inventory_of(move), given)
        if not given:
            found = with_tried(found, dict.fromkeys(one.address for one in people))
        keep_inventory(actor=actor, now=now, move=move, inventory=found)
        _ask_trial(move, len(untried(found)))


def _refuse_without_password(login: ImapLogin, rows: Sequence[ImapRow]) -> None:
    missing = next((row.address for row in rows if not row.password), "")
    if missing and not login.master_user:
        raise Refusal(
            "password-missing",
            "{address} has no password; only a master user can do without.",
            remedy="Give the password, or a master user.",
            address=missing,
        )


def _ask_trial(move: Move, number: int) -> None:
    """Let the worker try the log-ins (`trying`)."""
    move.reading, move.reading_words, move.reading_at = "asked", "", None
    move.reading_done, move.reading_total = 0, number
    move.save()


def _keep(move: Move, login: ImapLogin, secrets: dict[str, Any]) -> None:
    if login.master_user:
        secrets = {**secrets, MASTER: [login.master_user, login.master_password]}
    SourceLogin.objects.update_or_create(
        move=move,
        defaults={
            "host": login.host,
            "port": login.port,
            "tls": login.tls,
            "prefix": login.prefix,
            "verify": login.verify,
            "master_user": login.master_user,
            "sealed": box().encrypt(json.dumps(secrets).encode()).decode(),
        },
    )


def _login_of(kept: SourceLogin, secrets: dict[str, Any]) -> ImapLogin:
    return ImapLogin(
        host=kept.host,
        port=kept.port,
        tls=kept.tls,
        prefix=kept.prefix,
        verify=kept.verify,
        master_user=kept.master_user,
        master_password=secrets[MASTER][1] if MASTER in secrets else "",
    )


def told_source(move: Move, address: str) -> ImapSource:
    """Where the mail is, as rows of the feed tell it: without what is needed to log in."""
    host, _, port = move.place.rpartition(":")
    return ImapSource(host=host, port=int(port), tls="imaps", user=address)


def sources(move: Move, addresses: Sequence[str]) -> list[ImapSource]:
    """Where and how mailboxes are read; raises `Refusal` (`login-gone`, `login-sealed`)."""
    login = SourceLogin.objects.filter(move=move).first()
    secrets = _opened(login) if login else {}
    if login is None or not all(address in secrets for address in addresses):
        raise Refusal("login-gone", "The log-in at the old server is not kept any more.")
    return [
        ImapSource(
            host=login.host,
            port=login.port,
            tls=login.tls,  # type: ignore[arg-type]
            user=secrets[address][0],
            password=secrets[MASTER if login.master_user else address][1],
            master_user=login.master_user,
            prefix=login.prefix,
            verify=login.verify,
        )
        for address in addresses
    ]


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
