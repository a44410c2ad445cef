"""Moves of another server, over its API; the names and arguments are its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from mailstead.cli.remote.things import Listed, Thing, one, thing
from mailstead.cli.session import SESSION, Row
from mailstead.foreign.imap import ImapLogin, ImapRow, read_csv

__all__ = ["ImapLogin", "ImapRow", "read_csv"]


def _move(plain: dict[str, Any]) -> Thing:
    return thing(plain)


def moves(actor: object, *, state: str = "", search: str = "") -> Listed:
    """The newest first."""
    return Listed("/moves", _move, state=state, q=search)


def move_told(actor: object, number: int) -> Thing:
    """One of them."""
    return _move(SESSION.api().get(f"/moves/{number}"))


def with_figures(move: Thing) -> Thing:
    """It has them already."""
    return move


def batches(actor: object) -> Listed:
    """In the order in which they were made."""
    return Listed("/batches", thing)


def paces(actor: object) -> list[Thing]:
    """How much each server copies at once."""
    return [thing(one) for one in SESSION.api().get("/copy-paces")]


def batch_named(actor: object, name: str) -> Thing:
    """One of them; raises `Refusal` (`batch-unknown`)."""
    found = next((row for row in batches(actor) if row.name == name), None)
    return one(found, "batch", name)


def domains_told(move: Thing) -> list[Row]:
    """The plan by domain, in figures."""
    found: list[Row] = SESSION.api().get(f"/moves/{move.pk}/domains")
    return found


def rows_told(move: Thing, *, grade: str = "", domain: str = "") -> Listed:
    """The plan."""
    return Listed(f"/moves/{move.pk}/rows", thing, grade=grade, domain=domain)


def report_lines(move: Thing) -> list[Row]:
    """The parity report, line by line."""
    found = SESSION.api().get(f"/moves/{move.pk}/report")
    lines: list[Row] = [
        {"about": one["address"], "state": one["state"], "words": _words(one["lines"])}
        for one in found["mailboxes"]
    ]
    return lines + [
        {"about": one["address"], "state": one["state"], "words": one["answer"]}
        for one in found["forwarders"]
    ]


def old_addresses(move: Thing) -> list[Thing]:
    """The old addresses that lead here."""
    return [thing(one) for one in SESSION.api().get(f"/moves/{move.pk}/redirects")]


def brought_back(move: Thing) -> Listed:
    """What is brought to the old server."""
    return Listed(f"/moves/{move.pk}/returns", thing)


def bring_back_again(*, actor: object, now: object, move: Thing, reason: str) -> None:
    """Try again what is left."""
    _post(move, "returns", {"reason": reason})


def end_returning(*, actor: object, now: object, move: Thing, reason: str) -> None:
    """Wait no longer for the old server."""
    _post(move, "returned", {"reason": reason})


def pointing(move: Thing) -> list[Thing]:
    """Where the DNS of its domains leads."""
    made = [thing(row) for row in SESSION.api().get(f"/moves/{move.pk}/dns")]
    for row in made:
        row.domain = Thing(name=row.domain)
    return made


def look_at_dns(*, actor: object, now: object, move: Thing) -> None:
    """Have all of them looked at."""
    SESSION.api().call("POST", f"/moves/{move.pk}/dns/check")


def add_redirect(*, actor: object, now: object, move: Thing, host: str, days: int) -> None:
    """A name of the old panel leads here."""
    body = {"host": host, "days": days}
    SESSION.api().call("POST", f"/moves/{move.pk}/redirects", body)


def end_redirect(*, actor: object, now: object, move: Thing, host: str) -> None:
    """It does no more."""
    SESSION.api().call("DELETE", f"/moves/{move.pk}/redirects/{quote(host, safe='')}")


def _words(lines: dict[str, str]) -> str:
    return "; ".join(f"{kind} {text}" for kind, text in lines.items())


def _post(move: Thing, what: str, body: object = None) -> None:
    move.take(_move(SESSION.api().call("POST", f"/moves/{move.pk}/{what}", body)))


def create_move(
    *,
    actor: object,
    now: object,
    place: str,
    server: Thing,
    customer: Thing | None,
    customer_name: str,
    account: str,
    old_host: str,
    batch: Thing | None,
) -> Thing:
    """A move from what lies below the server's `moves/incoming/`."""
    body = {
        "place": place,
        "server": server.name,
        "customer": customer.pk if customer else None,
        "customer_name": customer_name,
        "account": account,
        "old_host": old_host,
        "batch": batch.name if batch else "",
    }
    return _move(SESSION.api().call("POST", "/moves", body))


def create_imap_move(
    *,
    actor: object,
    now: object,
    login: ImapLogin,
    rows: Sequence[ImapRow],
    server: Thing,
    customer: Thing | None,
    customer_name: str,
    old_host: str,
    batch: Thing | None,
) -> Thing:
    """A move from an IMAP server that the other machine reaches."""
    body = {
        **asdict(login),
        "mailboxes": [asdict(row) for row in rows],
        "server": server.name,
        "customer": customer.pk if customer else None,
        "customer_name": customer_name,
        "old_host": old_host,
        "batch": batch.name if batch else "",
    }
    return _move(SESSION.api().call("POST", "/imap-moves", body))


def update_logins(
    *, actor: object, now: object, move: Thing, rows: Sequence[ImapRow], login: ImapLogin | None
) -> None:
    """Other passwords, or another server."""
    body = {
        "mailboxes": [asdict(row) for row in rows],
        "source": asdict(login) if login else None,
    }
    _post(move, "logins", body)


def update_move(
    *,
    actor: object,
    now: object,
    move: Thing,
    batch: Thing | None,
    no_batch: bool,
    customer: Thing | None,
    customer_name: str | None,
    note_words: str | None,
    **values: Any,
) -> None:
    """What was asked of it."""
    body = {
        **values,
        "batch": batch.name if batch else ("" if no_batch else None),
        "customer": customer.pk if customer else None,
        "customer_name": customer_name,
        "note": note_words,
    }
    _change(f"/moves/{move.pk}", body)


def set_pace(*, actor: object, now: object, server: Thing, **values: Any) -> None:
    """How much a server copies at once."""
    _change(f"/servers/{server.name}/copy-pace", values)


def create_batch(*, actor: object, now: object, name: str, at_once: int) -> None:
    """Moves that belong together."""
    SESSION.api().call("POST", "/batches", {"name": name, "at_once": at_once})


def update_batch(*, actor: object, now: object, batch: Thing, at_once: int) -> None:
    """How many of its moves copy at the same time."""
    _change(f"/batches/{batch.pk}", {"at_once": at_once})


def _change(path: str, values: dict[str, Any]) -> None:
    body = {name: value for name, value in values.items() if value is not None}
    SESSION.api().call("PATCH", path, body)


def create_own_move(
    *,
    actor: object,
    now: object,
    server: Thing,
    customer: Thing | None,
    domains: list[Thing],
    batch: Thing | None,
) -> Thing:
    """A move to another of its servers."""
    body = {
        "server": server.name,
        "customer": customer.pk if customer else None,
        "domains": [one.name for one in domains],
        "batch": batch.name if batch else "",
    }
    return _move(SESSION.api().call("POST", "/own-moves", body))


def read_now(move: Thing) -> None:
    """Its server reads it by itself."""


def ask_reading(*, actor: object, now: object, move: Thing) -> None:
    """The server reads it when it comes to it."""
    _post(move, "read")


def answer(*, actor: object, now: object, move: Thing, answers: dict[str, str]) -> None:
    """What was decided."""
    _post(move, "answers", {"answers": answers})


def announce(*, actor: object, now: object, move: Thing, **values: Any) -> None:
    """Write to those concerned."""
    plain = {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in values.items()
    }
    _post(move, "announce", plain)


def start(*, actor: object, now: object, move: Thing, reason: str) -> None:
    """Make everything there."""
    _post(move, "start", {"reason": reason})


def pause(*, actor: object, now: object, move: Thing, paused: bool, reason: str) -> None:
    """Stop the copies."""
    assert paused
    _post(move, "pause", {"reason": reason})


def go_on(*, actor: object, now: object, move: Thing, reason: str) -> None:
    """Let the copies go on."""
    _post(move, "resume", {"reason": reason})


def copy_again(
    *, actor: object, now: object, move: Thing, anew: bool, mailbox: str, reason: str
) -> None:
    """Another round."""
    _post(move, "copy", {"anew": anew, "mailbox": mailbox, "reason": reason})


def switch(*, actor: object, now: object, move: Thing, force: bool, reason: str) -> None:
    """Deliver the mail there."""
    _post(move, "switch", {"force": force, "reason": reason})


def verify(*, actor: object, now: object, move: Thing, reason: str) -> None:
    """Ask the customer."""
    _post(move, "verify", {"reason": reason})


def confirm(*, actor: object, now: object, move: Thing, reason: str) -> None:
    """All is there."""
    _post(move, "confirm", {"reason": reason})


def finish(*, actor: object, now: object, move: Thing, reason: str) -> None:
    """The move is done."""
    _post(move, "finish", {"reason": reason})


def back(*, actor: object, now: object, move: Thing, old_host: str, reason: str) -> None:
    """Mail goes to the old server again."""
    _post(move, "back", {"old_host": old_host, "reason": reason})


def remove_move(*, actor: object, now: object, move: Thing) -> None:
    """Forget it."""
    SESSION.api().call("DELETE", f"/moves/{move.pk}")
