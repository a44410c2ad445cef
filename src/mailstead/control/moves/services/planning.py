"""The plan of a move: made from what was found, kept as rows, changed by answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from mailstead.control.moves import life
from mailstead.control.moves.models import Move, PlanRow, Stock
from mailstead.control.moves.plan import own, stock
from mailstead.control.moves.plan.make import plan
from mailstead.control.moves.plan.rows import Row
from mailstead.control.moves.queries import between_of, house_of, inventory_of
from mailstead.control.moves.services.common import locked, note, step
from mailstead.control.people.actor import Actor
from mailstead.foreign.inventory import Inventory
from mailstead.standards.refusal import Refusal


@transaction.atomic
def keep_inventory(*, actor: Actor, now: dt.datetime, move: Move, inventory: Inventory) -> None:
    """What the reader has found; the plan follows from it. Raises `Refusal`."""
    locked(move)
    if move.state not in life.TABLE["plan"]:
        life.after("plan", move.state)
    Stock.objects.update_or_create(
        move=move, defaults={"inventory": stock.written(inventory), "read_at": now}
    )
    move.panel, move.account = inventory.panel, inventory.account[:255]
    move.reading, move.reading_words = "read", ""
    _plan(actor, now, move)


@transaction.atomic
def make_plan(*, actor: Actor, now: dt.datetime, move: Move) -> None:
    """Plan anew: the house may have changed since. Raises `Refusal`."""
    locked(move)
    _plan(actor, now, move)


@transaction.atomic
def answer(*, actor: Actor, now: dt.datetime, move: Move, answers: Mapping[str, str]) -> None:
    """Decide what rows ask: key of a row to a choice, empty to take it back. Raises `Refusal`."""
    locked(move)
    life.after("plan", move.state)
    asked = PlanRow.objects.filter(move=move, key__in=list(answers))
    choices = dict(asked.values_list("key", "choices"))
    given = dict(move.answers)
    for key, wanted in answers.items():
        if key not in choices or (wanted and wanted not in choices[key]):
            raise Refusal(
                "answer-unknown",
                "'{wanted}' is no answer to '{key}'.",
                remedy="Choose one that the row offers.",
                wanted=wanted[:60],
                key=key[:200],
            )
        if wanted:
            given[key] = wanted
        else:
            given.pop(key, None)
    before, move.answers = move.answers, given
    note(actor, now, move, "answer", before={"answers": before}, after={"answers": given})
    _plan(actor, now, move)


def _made(move: Move) -> list[Row]:
    if move.origin == "node":
        return own.plan(between_of(move))
    inventory = inventory_of(move)
    return plan(inventory, house_of(move, inventory), move.answers)


def _plan(actor: Actor, now: dt.datetime, move: Move) -> None:
    was = dict(PlanRow.objects.filter(move=move).exclude(outcome="").values_list("key", "outcome"))
    made = _made(move)
    PlanRow.objects.filter(move=move).delete()
    PlanRow.objects.bulk_create(
        [_row(move, number, row, was) for number, row in enumerate(made)], batch_size=500
    )
    step(actor, now, move, "plan")


def _row(move: Move, number: int, row: Row, was: Mapping[str, str]) -> PlanRow:
    item, verdict = row.item, row.verdict
    outcome = was.get(item.key, "")
    return PlanRow(
        move=move,
        number=number,
        key=item.key,
        kind=item.kind,
        domain=item.domain,
        subject=item.subject[:1000],
        grade=verdict.grade,
        code=verdict.code,
        facts=dict(verdict.facts),
        choices=list(verdict.choices),
        makes=verdict.makes[:4000],
        octets=verdict.octets,
        messages=verdict.messages,
        outcome=outcome if outcome in ("made", "present") else "",
    )


def refuse_open_questions(move: Move) -> None:
    """Refuse to go on while something is to be decided."""
    found = PlanRow.objects.filter(move=move, grade="asks").order_by("number")
    first = found.values_list("subject", flat=True).first()
    if first is not None:
        raise Refusal(
            "move-asks",
            "{number} questions of the plan wait for an answer, the first about {subject}.",
            remedy="Answer them first.",
            number=found.count(),
            subject=first[:200],
        )
