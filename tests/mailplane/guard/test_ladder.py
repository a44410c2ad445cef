"""The ladder as a table: up by evidence, down by somebody's word alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.mailplane.guard.evidence import HOLD, THRESHOLDS
from mailstead.mailplane.guard.ladder import MOST_HELD, STEPS, Step, by_evidence, by_word

SLOW, FULL = THRESHOLDS["slow"], THRESHOLDS["suspended"]


@pytest.mark.parametrize(
    ("now", "nats", "held", "then"),
    [
        ("normal", SLOW - 0.1, 0, "normal"),
        ("normal", SLOW, 0, "slow"),
        ("normal", HOLD, 0, "hold"),
        ("normal", FULL + 9, 0, "hold"),
        ("slow", SLOW - 0.1, 0, "normal"),
        ("slow", HOLD, 0, "hold"),
        ("hold", 0.0, 1, "hold"),
        ("hold", FULL, 1, "suspended"),
        ("hold", 0.0, MOST_HELD, "suspended"),
        ("suspended", -9.0, 0, "suspended"),
    ],
)
def test_by_evidence(now: Step, nats: float, held: int, then: Step) -> None:
    assert by_evidence(now, nats, held) == then


def test_by_word() -> None:
    assert by_word("released") == "normal"
    assert by_word("confirmed") == "suspended"


@given(st.sampled_from(STEPS), st.floats(-50, 50), st.integers(0, 99))
def test_no_evidence_takes_a_case_back(now: Step, nats: float, held: int) -> None:
    then = by_evidence(now, nats, held)
    if now in ("hold", "suspended"):
        assert STEPS.index(then) >= STEPS.index(now)
