"""`mailstead guard`: mailboxes that look stolen, why, and what is answered (`guard_cases`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailstead.cli import guard_cases, guard_replay, options
from mailstead.cli.session import SESSION, now
from mailstead.home import Home
from mailstead.standards.refusal import Refusal

if TYPE_CHECKING:
    # The detector is loaded by who asks it, not by every command.
    from mailstead.mailplane.guard.case_store import Case, CaseStore
    from mailstead.mailplane.guard.evidence import Finding
    from mailstead.mailplane.guard.memory import Memory
    from mailstead.mailplane.guard.profile import Record

_HELD: dict[str, bool | None] = {"held": True, "ended": False, "all": None}
app = typer.Typer(help="Mailboxes whose password seems to be stolen.", no_args_is_help=True)
app.command("cases")(guard_cases.cases)
app.command("release")(guard_cases.release)
app.command("confirm")(guard_cases.confirm)
app.command("replay")(guard_replay.replay)


@contextmanager
def _memory() -> Iterator[Memory]:
    from mailstead.mailplane.guard.memory import Memory

    with closing(Memory.reading(_file("guard_profiles"))) as memory:
        yield memory


@contextmanager
def _cases() -> Iterator[CaseStore]:
    from mailstead.mailplane.guard.case_store import CaseStore

    with closing(CaseStore.reading(_file("guard_cases"))) as store:
        yield store


def _file(name: str) -> Path:
    """One of the guard's files; raises `Refusal` where it has none yet."""
    SESSION.refuse_server()
    path: Path = getattr(Home(SESSION.settings().home), name)
    if not path.exists():
        raise Refusal(
            "guard-knows-nothing",
            "The guard of this machine has not learned anything yet.",
            remedy="It does while the instance runs, unless mode is off in [guard].",
        )
    return path


@app.command("list")
def list_(limit: options.Limit = 50) -> None:
    """List mailboxes that have looked stolen in the last 90 days, the newest first."""
    with _cases() as store:
        rows = store.cases(limit)
    SESSION.print_rows(
        [
            {
                "mailbox": row.mailbox,
                "at": _moment(row.opened),
                "step": row.step,
                "held": row.held,
                "evidence": _evidence(row.nats),
                "why": "; ".join(_reasons(row)),
            }
            for row in rows
        ]
    )


@app.command("blocks")
def blocks(
    search: Annotated[str, typer.Argument(help="Part of a network or mailbox address.")] = "",
    which: Annotated[str, typer.Option("--which", help="held, ended or all.")] = "held",
    limit: options.Limit = 50,
) -> None:
    """List whose log-ins are refused for many wrong passwords, the newest first."""
    SESSION.control()
    if which not in _HELD:
        raise Refusal(
            "which-invalid", "--which is held, ended or all.", remedy="Choose one of them."
        )
    found: Any
    if SESSION.client is not None:
        from mailstead.cli.remote import blocks as remote

        found = remote.blocks(search, which)
    else:
        from mailstead.control.protection import queries

        held = _HELD[which]
        found = queries.blocks(SESSION.actor(), now=now(), search=search, held=held)
    names = ("client", "account", "reason", "since", "until", "count", "end", "server")
    SESSION.print_rows([{n: getattr(row, n) for n in names} for row in islice(found, limit)])


@app.command("unblock")
def unblock(
    client: Annotated[str, typer.Argument(help="Network address; '' for all strangers.")],
    mailbox: Annotated[str, typer.Argument(help="Only at this one.")] = "",
) -> None:
    """Let a client log in again at once."""
    SESSION.control()
    if SESSION.client is not None:
        from mailstead.cli.remote import blocks as remote

        count = remote.lift(client, mailbox)
    else:
        from mailstead.control.protection import services

        count = services.lift_block(
            actor=SESSION.actor(), now=now(), client=client, account=mailbox
        )
    who = client or "Everybody"
    SESSION.done(f"{who} may log in again.", {"client": client, "lifted": count})


@app.command("explain")
def explain(mailbox: str) -> None:
    """Say what the guard knows of a mailbox, and what speaks for a theft: now, and in its case.

    What is known is written once a second, a case at once.
    """
    address = mailbox.strip().lower()
    with _memory() as memory, _cases() as store:
        record, case = memory.load(address), store.case(address)
    if record is None and case is None:
        raise Refusal(
            "mailbox-not-learned",
            "The guard has not seen {mailbox} send or read anything.",
            remedy="Give the mailbox's own address.",
            mailbox=address,
        )
    shown: dict[str, object] = {"mailbox": address}
    if record is not None:
        shown |= _known(address, record)
    SESSION.print_row(shown | _suspected(case))


def _known(address: str, record: Record) -> dict[str, object]:
    from mailstead.mailplane.guard.detector import Detector

    at = dt.datetime.now(dt.UTC).timestamp()
    detector, profile = Detector(records={address: record}), record.profile
    return {
        "known_since": _moment(profile.since),
        "messages": profile.messages,
        "last_sent": _moment(profile.last) if profile.last else None,
        "networks": [
            f"{seen.country or '?'} since {_moment(seen.first):%Y-%m-%d}, {seen.days} days"
            for seen in profile.places
        ],
        "programs": len(profile.devices),
        "people": record.people_known,
        "evidence": _evidence(detector.weigh(address, profile, at)),
        "why": [_words(one) for one in detector.why(address, at) if abs(one.nats) >= 0.05],
    }


def _suspected(case: Case | None) -> dict[str, object]:
    if case is None:
        return {"step": "normal", "looked_stolen": None}
    return {
        "step": case.step,
        "looked_stolen": _moment(case.opened),
        "case_evidence": _evidence(case.nats),
        "case_why": _reasons(case),
    }


def _evidence(nats: float) -> str:
    from mailstead.mailplane.guard.evidence import HOLD

    return f"{nats:.1f} of {HOLD:.1f}"


def _reasons(case: Case) -> list[str]:
    from mailstead.mailplane.guard.evidence import Finding

    return [_words(Finding(one.signal, one.nats, one.facts)) for one in case.clues]


def _moment(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(int(at), dt.UTC)


def _words(one: Finding) -> str:
    from mailstead.mailplane.guard.evidence import SIGNALS

    facts = f" ({one.facts})" if one.facts else ""
    return f"{SIGNALS[one.signal].why}{facts}: {one.nats:+.1f}"
