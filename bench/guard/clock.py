"""The simulated time: seconds since 1970, from a Monday on; all people live in one time zone."""

from __future__ import annotations

HOUR = 3_600.0
DAY = 86_400.0
START = 1_704_067_200.0
"""Monday, 2024-01-01 00:00 UTC."""
WEEK = 7


def midnight(day: int) -> float:
    """When day `day` of the simulation begins."""
    return START + day * DAY


def weekend(day: int) -> bool:
    """Day 0 is a Monday."""
    return day % WEEK >= 5


def hour(at: float) -> float:
    """Of the day, 0 to 24."""
    return (at - START) % DAY / HOUR


def at_work(at: float) -> bool:
    """Office hours of a weekday."""
    return not weekend(int((at - START) // DAY)) and 8.5 <= hour(at) < 17.5
