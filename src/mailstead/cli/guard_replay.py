"""`mailstead guard replay`: who would have been held with other weights."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailstead.cli.session import SESSION
from mailstead.home import Home
from mailstead.standards.refusal import Refusal

if TYPE_CHECKING:
    from mailstead.mailplane.guard.replay import Held


def replay(
    weight: Annotated[
        list[str] | None,
        typer.Option(help="A signal and its weight in nats: network-new=3. As often as wanted."),
    ] = None,
    bound: Annotated[
        float | None, typer.Option(help="Nats from which on a mailbox counts as stolen.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="So far back.")] = 14,
) -> None:
    """Hear the last days once more, with the weights as they are and with others.

    The first three days teach what is usual and do not count. Nothing is changed by it.
    """
    from mailstead.mailplane.guard import evidence, journal
    from mailstead.mailplane.guard.networks import Networks
    from mailstead.mailplane.guard.replay import replay as run

    SESSION.refuse_server()
    settings = SESSION.settings()
    folder = Home(settings.home).guard_journal
    if not any(folder.glob("*")):
        raise Refusal(
            "journal-empty",
            "The guard of this machine has kept nothing of what it was told.",
            remedy="It does while the instance runs, unless journal_days is 0 or mode is off.",
        )
    since = (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).timestamp()
    weights = dict(_weight(text) for text in weight or [])
    file = settings.guard.networks
    networks = Networks.read(Path(file)) if file else Networks()
    now = run(journal.read(folder, since), networks)
    then = run(
        journal.read(folder, since), networks, weights, evidence.HOLD if bound is None else bound
    )
    rows = [_row(name, now.get(name), then.get(name)) for name in sorted(now.keys() | then.keys())]
    SESSION.print_rows(rows)


def _weight(text: str) -> tuple[str, float]:
    signal, _, nats = text.partition("=")
    try:
        return signal, float(nats)
    except ValueError:
        raise Refusal(
            "weight-invalid",
            "{text} is no signal with a weight.",
            remedy="Write it as network-new=3.",
            text=ascii(text[:60]),
        ) from None


def _row(mailbox: str, now: Held | None, then: Held | None) -> dict[str, Any]:
    return {
        "mailbox": mailbox,
        "change": "as now" if now and then else "new" if then else "no more",
        "held_now": _moment(now),
        "out_now": now.out if now else None,
        "held_then": _moment(then),
        "out_then": then.out if then else None,
        "evidence": f"{(then or now).nats:.1f}",  # type: ignore[union-attr]
    }


def _moment(held: Held | None) -> dt.datetime | None:
    return dt.datetime.fromtimestamp(int(held.first), dt.UTC) if held else None
