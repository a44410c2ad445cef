"""Moves of another server, over its API; the names and arguments are its own."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mailstead.cli.remote.things import Listed, Thing, one, thing
from mailstead.cli.session import SESSION, Row


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


def batch_named(actor: object, name: str) -> Thing:
    """One of them; raises `Refusal` (`batch-unknown`)."""
    found = next((row for row in Listed("/batches", thing) if row.name == name), None)
    return one(found, "batch", name)


def rows_told(move: Thing, *, grade: str = "") -> Listed:
    """The plan."""
    return Listed(f"/moves/{move.pk}/rows", thing, grade=grade)


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


def read_now(move: Thing) -> None:
    """Its server reads it by itself."""


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


def copy_again(*, actor: object, now: object, move: Thing) -> None:
    """Another round."""
    _post(move, "copy")


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
