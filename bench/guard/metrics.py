"""The few statistics that the tables need."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

CONFIDENCE = 0.95
_Z = 1.959964
"""Of the normal distribution, two sides, 95 %."""


def median(values: Sequence[float]) -> float:
    """The middle one; of two, the mean. `values` is not empty."""
    return (quantile(values, 0.5) + -quantile([-value for value in values], 0.5)) / 2


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def share_interval(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson's, which holds near 0 and 1 too); `of` is not 0."""
    share, square = hits / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = math.sqrt(share * (1 - share) / of + square / (4 * of * of)) * _Z / (1 + square / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def count_interval(count: int) -> tuple[float, float]:
    """95 % interval of the mean of a Poisson count (the exact one)."""
    tail = (1 - CONFIDENCE) / 2
    top = count + 10 * math.sqrt(count + 1) + 10
    low = 0.0 if count == 0 else _root(lambda mean: 1 - _poisson(count - 1, mean) - tail, 0.0, top)
    return low, _root(lambda mean: tail - _poisson(count, mean), 0.0, top)


def _poisson(count: int, mean: float) -> float:
    """Probability of `count` or fewer."""
    if mean <= 0:
        return 1.0
    return sum(
        math.exp(number * math.log(mean) - mean - math.lgamma(number + 1))
        for number in range(count + 1)
    )


def _root(rising: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(60):
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
