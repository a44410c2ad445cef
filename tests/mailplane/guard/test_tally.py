"""What the guard counts of its own work."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from mailstead.mailplane.guard.session import Decision
from mailstead.mailplane.guard.store import Store, counted
from mailstead.mailplane.guard.tally import Tally
from mailstead.standards.reply import Reply
from mailstead.wire.events import NodeSeen
from mailstead.wire.protection import GUARD_COUNTS


@pytest.mark.parametrize(
    ("decision", "name"),
    [
        (Decision("stolen", "unusual", Reply(450, "4.7.1", "x")), "guard_slowed"),
        (Decision("stolen", "stolen", hold="held"), "guard_held"),
        (Decision("stolen", "stolen", Reply(554, "5.7.1", "x")), "guard_refused"),
        (Decision("limits", "hour", Reply(452, "4.7.1", "x")), "guard_limited"),
        (Decision("suppressed", "unknown", Reply(550, "5.1.1", "x")), "guard_limited"),
        (None, ""),
    ],
)
def test_each_answer_counts_as_what_it_is(decision: Decision | None, name: str) -> None:
    tally = Tally()
    tally.answered(decision, 0.0003)
    found = dict(tally.counts)
    assert found.pop("guard_asked") == 1 and found.pop("guard_took_1") == 1
    assert found == ({name: 1} if name else {})


def test_an_answer_counts_in_the_range_of_its_time() -> None:
    tally = Tally()
    for seconds in (0.0, 0.00025, 0.000251, 0.002, 0.05, 0.051, 3.0):
        tally.answered(None, seconds)
    found = [tally.counts.get(f"guard_took_{n}", 0) for n in range(8)]  # type: ignore[call-overload]
    assert found == [2, 1, 0, 1, 0, 0, 1, 2]


def test_what_is_written_only_grows(tmp_path: Path) -> None:
    path = tmp_path / "guard.db"
    assert counted(path) == {}
    store, tally = Store(path), Tally()
    for _ in range(2):
        tally.add("guard_cases")
        store.count(tally.counts)
        tally.clear()
        store.count(tally.counts)
    assert counted(path) == {"guard_cases": 2}
    store.close()


def test_the_control_plane_hears_of_all() -> None:
    assert set(GUARD_COUNTS) <= set(msgspec.structs.asdict(NodeSeen(id="x", at=None, seconds=1)))  # type: ignore[arg-type]
