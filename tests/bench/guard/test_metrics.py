"""The statistics of the tables, against values worked out by hand or printed in tables."""

from __future__ import annotations

import math

import pytest
from bench.guard.metrics import count_interval, median, quantile, share_interval


@pytest.mark.parametrize(
    ("values", "middle"), [([7], 7), ([1, 9], 5), ([3, 1, 2], 2), ([4, 1, 3, 2], 2.5)]
)
def test_the_median_is_the_middle_one(values: list[float], middle: float) -> None:
    assert median(values) == middle


@pytest.mark.parametrize(
    ("count", "value"),
    [(1, 1), (10, 10), (19, 19), (20, 19), (21, 20), (100, 95)],
)
def test_a_p95_is_the_value_that_five_in_a_hundred_exceed(count: int, value: int) -> None:
    assert quantile(range(count, 0, -1), 0.95) == value


def test_nothing_seen_still_has_an_upper_bound() -> None:
    low, high = count_interval(0)
    assert low == 0.0
    assert high == pytest.approx(-math.log(0.025), abs=1e-6)  # 3.689


@pytest.mark.parametrize(("count", "low", "high"), [(1, 0.0253, 5.5716), (10, 4.7954, 18.3904)])
def test_the_interval_of_a_count_is_the_one_in_the_tables(
    count: int, low: float, high: float
) -> None:
    assert count_interval(count) == pytest.approx((low, high), abs=1e-3)


def test_the_interval_of_a_large_count_is_about_twice_its_root() -> None:
    low, high = count_interval(10_000)
    assert low == pytest.approx(9_805, abs=5)
    assert high == pytest.approx(10_198, abs=5)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634)],
)
def test_the_interval_of_a_share(hits: int, of: int, low: float, high: float) -> None:
    assert share_interval(hits, of) == pytest.approx((low, high), abs=1e-4)
