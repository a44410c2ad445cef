"""The simulation's tables in Markdown, and ours beside the targets of the issue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.guard.attacks import Burst, FastBlast, SlowAndLow, Snowshoe
from bench.guard.drive import Stolen
from bench.guard.metrics import count_interval, median, quantile, share_interval
from bench.guard.populations import POPULATIONS
from bench.guard.run import OURS, SCENARIOS, Plan, Tally
from bench.report import Figure

PER = 10_000
"""Account-days that false holds are told for."""


def as_markdown(plan: Plan, tallies: dict[str, Tally], words: str) -> str:
    """All tables of one set of seeds; `words` says what the seeds are for."""
    first, last = min(plan.seeds), max(plan.seeds)
    seeds = str(first) if first == last else f"{first}–{last}"
    lines = [
        f"### Seeds {seeds}: {words}",
        "",
        f"{len(plan.seeds)} seeds; every attack once for each, on a server of"
        f" {len(POPULATIONS)} accounts after {plan.history} days of peace; false holds from a"
        f" server of {plan.each * len(POPULATIONS)} accounts over {plan.days} days for each. Bots:"
        f" {plan.botnet.source}, {len(plan.botnet.addresses):,} in {plan.botnet.networks:,}"
        " networks.",
        "",
    ]
    if OURS in tallies:
        lines += [*_targets(tallies[OURS]), ""]
    lines += [*_attacks(tallies), "", *_together(tallies), "", *_false(tallies), ""]
    return "\n".join(lines)


def figures(tally: Tally) -> list[Figure]:
    """Ours beside the targets; what was not run is left out."""
    found: list[Figure] = []

    def add(what: str, value: float, unit: str, most: float) -> None:
        found.append(Figure("guard", what, value, unit, at_most=most))

    for kind, measure, middle, most in (
        (FastBlast, _messages, 5, 15),
        (SlowAndLow, _recipients, 25, 60),
    ):
        if values := [measure(one) for run in tally.attacks.get(kind.name, ()) for one in run]:
            unit = "messages" if measure is _messages else "recipients"
            add(f"{kind.name}: out before the hold, median", median(values), unit, middle)
            add(f"{kind.name}: out before the hold, p95", quantile(values, 0.95), unit, most)
    if runs := tally.attacks.get(Snowshoe.name):
        totals = [sum(one.messages for one in run) for run in runs]
        add(f"{Snowshoe.name}: out in total, median", median(totals), "messages", 40)
        add(f"{Snowshoe.name}: out in total, p95", quantile(totals, 0.95), "messages", 40)
    if runs := tally.attacks.get(Burst.name):
        third = [run[2].messages for run in runs]
        add(f"{Burst.name}: out by the third, median", median(third), "messages", 2)
        add(f"{Burst.name}: out by the third, p95", quantile(third, 0.95), "messages", 2)
    if stolen := [one for runs in tally.attacks.values() for run in runs for one in run]:
        caught = 100 * sum(one.caught for one in stolen) / len(stolen)
        found.append(Figure("guard", "attacked accounts caught", caught, "%", at_least=99))
    if days := sum(tally.account_days.values()):
        rate = PER * tally.false.total() / days
        add(f"false holds per {PER:,} account-days, all populations", rate, "", 1)
        kind_of_worst = max(tally.account_days, key=lambda kind: _rate(tally, kind))
        worst = _rate(tally, kind_of_worst)
        add(f"the same, worst population ({kind_of_worst})", worst, "", 5)
    return found


def _messages(stolen: Stolen) -> float:
    return stolen.messages


def _recipients(stolen: Stolen) -> float:
    return stolen.recipients


def _rate(tally: Tally, kind: str) -> float:
    return PER * tally.false[kind] / tally.account_days[kind]


def _targets(tally: Tally) -> Iterator[str]:
    yield f"{OURS} beside its targets:"
    yield ""
    yield "| figure | value | target | |"
    yield "|---|---:|---:|---|"
    for one in figures(tally):
        yield f"| {one.what} | {one.shown} | {one.target} | {one.verdict} |"


def _attacks(tallies: dict[str, Tally]) -> Iterator[str]:
    yield (
        "Attacks. Out: taken for delivery before the mailbox's first hold, all of it where there"
        " was none; later: after it, where a limit lets go again. Time: from the first message to"
        " the hold, of those caught. Median / p95 over accounts."
    )
    yield ""
    yield (
        "| attack | method | runs | accounts caught | messages out | recipients out | messages"
        " later | time |"
    )
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for scenario in SCENARIOS:
        for method, tally in tallies.items():
            runs = tally.attacks.get(scenario, [])
            stolen = [one for run in runs for one in run]
            if not stolen:
                continue
            caught = sum(one.caught for one in stolen)
            cells = (
                scenario,
                method,
                str(len(runs)),
                _share(caught, len(stolen)),
                _pair([one.messages for one in stolen]),
                _pair([one.recipients for one in stolen]),
                _pair([one.later for one in stolen]),
                _times([one.seconds for one in stolen if one.seconds is not None]),
            )
            yield f"| {' | '.join(cells)} |"


def _together(tallies: dict[str, Tally]) -> Iterator[str]:
    yield "Attacks over six accounts, messages out before the hold. Median / p95 over runs."
    yield ""
    yield (
        f"| method | {Snowshoe.name}: in total | {Burst.name}: first account | second | third |"
        " fourth to sixth together |"
    )
    yield "|---|---:|---:|---:|---:|---:|"
    for method, tally in tallies.items():
        snowshoe, burst = (tally.attacks.get(kind.name, []) for kind in (Snowshoe, Burst))
        cells = [
            method,
            _pair([sum(one.messages for one in run) for run in snowshoe]),
            *(_pair([run[turn].messages for run in burst]) for turn in range(3)),
            _pair([sum(one.messages for one in run[3:]) for run in burst]),
        ]
        yield f"| {' | '.join(cells)} |"


def _false(tallies: dict[str, Tally]) -> Iterator[str]:
    yield (
        f"False holds per {PER:,} account-days with their 95 % interval. The owner releases after"
        " an hour; a hold after that is another one. The guard begins knowing nobody; *first week*"
        " are the holds of the first seven days. *Beside an attack*: the other accounts of an"
        " attacked server since the attack began; a caught mailbox is confirmed as stolen after two"
        " hours."
    )
    yield ""
    yield f"| population | account-days | {' | '.join(tallies)} |"
    yield f"|---|---:|{'---:|' * len(tallies)}"
    some = next(iter(tallies.values()))
    for kind in (one.kind for one in POPULATIONS):
        if days := some.account_days.get(kind):
            cells = [_count(one.false[kind], days) for one in tallies.values()]
            yield f"| {kind} | {days:,.0f} | {' | '.join(cells)} |"
    if days := sum(some.account_days.values()):
        cells = [_count(one.false.total(), days) for one in tallies.values()]
        yield f"| **all** | {days:,.0f} | {' | '.join(cells)} |"
        cells = [str(one.first_week) for one in tallies.values()]
        yield f"| first week, holds |  | {' | '.join(cells)} |"
        cells = [_percent(one.slowed.total(), one.letters.total()) for one in tallies.values()]
        yield f"| messages that had to come again |  | {' | '.join(cells)} |"
    if days := some.beside_days:
        cells = [_count(one.beside, one.beside_days) for one in tallies.values()]
        yield f"| beside an attack | {days:,.0f} | {' | '.join(cells)} |"


def _share(hits: int, of: int) -> str:
    low, high = share_interval(hits, of)
    return f"{hits} of {of}: {100 * hits / of:.1f} % [{100 * low:.1f}–{100 * high:.1f}]"


def _percent(part: int, of: int) -> str:
    return f"{100 * part / of:.2f} %" if of else "–"


def _count(count: int, days: float) -> str:
    low, high = (PER * bound / days for bound in count_interval(count))
    return f"{PER * count / days:.2f} [{low:.2f}–{high:.2f}]"


def _pair(values: Sequence[float]) -> str:
    if not values:
        return "–"
    middle = median(values)
    return f"{middle:,.{0 if middle == int(middle) else 1}f} / {quantile(values, 0.95):,.0f}"


def _times(seconds: Sequence[float]) -> str:
    if not seconds:
        return "–"
    return f"{_time(median(seconds))} / {_time(quantile(seconds, 0.95))}"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h"
