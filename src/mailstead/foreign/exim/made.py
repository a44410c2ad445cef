"""A condition told in Sieve, and how such pieces are put together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailstead.foreign.exim.model import HouseRule
from mailstead.standards import sieve

Notes = frozenset[str]
NONE: Notes = frozenset()


@dataclass(frozen=True)
class Made:
    """A test; `true` and `false` stand for themselves."""

    test: str
    needs: Notes = NONE
    """Extensions of Sieve."""
    notes: Notes = NONE
    """Codes of `reasons.DIFFERENCES`."""
    narrower: bool = False
    """It may be false where Exim's is true, so it must not be turned round."""
    house: tuple[HouseRule, ...] | None = None
    """Conditions of the house's own rules that are the same, joined by `join`."""
    join: str = ""


TRUE, FALSE = Made("true", house=()), Made("false")


def everyone(parts: list[Made]) -> Made:
    """All of them."""
    return _joined("and", parts)


def anyone(parts: list[Made]) -> Made:
    """One of them."""
    return _joined("or", parts)


def _joined(join: str, parts: list[Made]) -> Made:
    settled, neutral = ("false", "true") if join == "and" else ("true", "false")
    notes = NONE.union(*(part.notes for part in parts))
    if any(part.test == settled for part in parts):
        return replace(TRUE if settled == "true" else FALSE, notes=notes)
    kept = [part for part in parts if part.test != neutral]
    if not kept:
        return replace(TRUE if neutral == "true" else FALSE, notes=notes)
    if len(kept) == 1:
        return replace(kept[0], notes=notes)
    tests = [part.test for part in kept]
    house: list[HouseRule] | None = []
    for part in kept:
        if house is not None and part.house is not None and part.join in ("", join):
            house += part.house
        else:
            house = None
    return Made(
        sieve.all_of(tests) if join == "and" else sieve.any_of(tests),
        NONE.union(*(part.needs for part in kept)),
        notes,
        any(part.narrower for part in kept),
        None if house is None else tuple(house),
        join,
    )


def opposite(part: Made) -> Made:
    """The opposite; whoever asks has looked at `narrower`."""
    if part.test in ("true", "false"):
        return replace(FALSE if part.test == "true" else TRUE, notes=part.notes)
    house = None
    if part.house is not None and len(part.house) == 1:
        house = ({**part.house[0], "negate": not part.house[0]["negate"]},)
    test = part.test[4:] if part.test.startswith("not ") else f"not {part.test}"
    return replace(part, test=test, house=house, join="")
