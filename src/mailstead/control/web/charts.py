"""Charts as SVG, computed here and drawn by `web/chart.html`: lines over time or bars by day.

Each series has its own dash or outline besides its colour, and all numbers stand in a table below:
nothing is said by colour alone.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.formats import date_format, number_format

WIDTH, HEIGHT = 320, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 8, 22
MOST_SERIES = 4
"""Colours and dashes that the style sheet has."""


@dataclass(frozen=True)
class Series:
    """What one line shows; None where nothing is known."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Mark:
    """A line of the grid, or a time below it, with its words."""

    at: float
    words: str


@dataclass(frozen=True)
class Drawn:
    """One series as a path; `number` picks colour and dash."""

    name: str
    number: int
    path: str
    dots: list[tuple[float, float]]
    """Values that stand alone, between two gaps."""
    total: str
    bars: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Left, top, width and height of each, in place of the path."""


@dataclass(frozen=True)
class Chart:
    """What the template draws."""

    key: str
    title: str
    words: str
    """What is to be seen, for who does not see it."""
    unit: str
    series: list[Drawn]
    grid: list[Mark]
    times: list[Mark]
    heads: list[str]
    rows: list[tuple[str, list[str]]]
    empty: bool
    by_day: bool = False
    """Bars, a day each."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def steps(most: float, wanted: int = 4) -> list[float]:
    """Round numbers from 0 to at least `most`: steps of 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return [0.0, 1.0]
    rough = most / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= rough)
    count = math.ceil(most / step - 1e-9)
    return [round(n * step, 10) for n in range(count + 1)]


def number(value: float) -> str:
    """A number as the reader writes it, large ones short."""
    if value >= 1_000_000:
        return f"{_rounded(value / 1_000_000, 1)} M"
    if value >= 10_000:
        return f"{_rounded(value / 1000, 0)} k"
    whole = abs(value - round(value)) < 1e-9
    return _rounded(value, 0 if whole else 1)


def _rounded(value: float, places: int) -> str:
    # Django's `number_format` cuts off what does not fit.
    return str(number_format(round(value, places), places, force_grouping=True))


def _time_words(at: dt.datetime, span: dt.timedelta) -> str:
    local = timezone.localtime(at)
    if span <= dt.timedelta(days=1):
        return date_format(local, "TIME_FORMAT")
    return date_format(local, "MONTH_DAY_FORMAT")


def line_chart(
    *,
    key: str,
    title: str,
    times: Sequence[dt.datetime],
    series: Sequence[Series],
    unit: str = "",
    most: float | None = None,
    sums: bool = True,
    words: Callable[[float], str] = number,
) -> Chart:
    """Lines over `times`; `most` fixes the top of the axis, `sums` says totals, else last values.

    `words` writes a value. All series have as many values as there are times.
    """
    assert 0 < len(series) <= MOST_SERIES
    known = [value for one in series for value in one.values if value is not None]
    ticks = steps(most if most is not None else max(known, default=0.0))
    span = times[-1] - times[0] if len(times) > 1 else dt.timedelta(minutes=1)

    def x(place: int) -> float:
        inner = WIDTH - _LEFT - _RIGHT
        return round(_LEFT + inner * place / max(1, len(times) - 1), 1)

    def y(value: float) -> float:
        inner = HEIGHT - _TOP - _BOTTOM
        return round(HEIGHT - _BOTTOM - inner * min(value, ticks[-1]) / ticks[-1], 1)

    drawn = [_drawn(n, one, x, y, sums, words) for n, one in enumerate(series, start=1)]
    marked = sorted({0, len(times) // 2, len(times) - 1}) if times else []
    return Chart(
        key=key,
        title=title,
        words=", ".join(f"{one.name}: {one.total}" for one in drawn),
        unit=unit,
        series=drawn,
        grid=[Mark(y(tick), words(tick)) for tick in ticks],
        times=[Mark(x(place), _time_words(times[place], span)) for place in marked],
        heads=[one.name for one in series],
        rows=_rows(times, series, words),
        empty=not known,
    )


def bar_chart(
    *, key: str, title: str, days: Sequence[dt.date], series: Sequence[Series], unit: str = ""
) -> Chart:
    """A bar for each day, the series one upon the other; all have as many values as days."""
    assert 0 < len(series) <= MOST_SERIES
    heights = [sum(one.values[n] or 0 for one in series) for n in range(len(days))]
    ticks = steps(max(heights, default=0.0))
    scale = (HEIGHT - _TOP - _BOTTOM) / ticks[-1]
    width = (WIDTH - _LEFT - _RIGHT) / max(1, len(days))
    below = [0.0] * len(days)
    drawn = []
    for place, one in enumerate(series, start=1):
        bars = []
        for n, value in enumerate(one.values):
            if value:
                below[n] += value
                left = _LEFT + width * n + width * 0.1
                top = HEIGHT - _BOTTOM - below[n] * scale
                bars.append(
                    (round(left, 1), round(top, 1), round(width * 0.8, 1), round(value * scale, 1))
                )
        total = number(sum(value or 0 for value in one.values))
        drawn.append(Drawn(one.name, place, "", [], total, bars))
    marked = sorted({0, len(days) // 2, len(days) - 1}) if days else []
    return Chart(
        key=key,
        title=title,
        words=", ".join(f"{one.name}: {one.total}" for one in drawn),
        unit=unit,
        series=drawn,
        grid=[Mark(round(HEIGHT - _BOTTOM - tick * scale, 1), number(tick)) for tick in ticks],
        times=[
            Mark(round(_LEFT + width * (n + 0.5), 1), date_format(days[n], "MONTH_DAY_FORMAT"))
            for n in marked
        ],
        heads=[one.name for one in series],
        rows=[
            (
                date_format(days[n], "SHORT_DATE_FORMAT"),
                [number(one.values[n] or 0) for one in series],
            )
            for n in range(len(days) - 1, -1, -1)
            if heights[n]
        ],
        empty=not any(heights),
        by_day=True,
    )


def _drawn(
    place: int,
    one: Series,
    x: Callable[[int], float],
    y: Callable[[float], float],
    sums: bool,
    words: Callable[[float], str],
) -> Drawn:
    parts: list[str] = []
    dots: list[tuple[float, float]] = []
    values = one.values
    for n, value in enumerate(values):
        if value is None:
            continue
        after_gap = n == 0 or values[n - 1] is None
        parts.append(f"{'M' if after_gap else 'L'}{x(n)} {y(value)}")
        if after_gap and (n + 1 == len(values) or values[n + 1] is None):
            dots.append((x(n), y(value)))
    known = [value for value in values if value is not None]
    total = (sum(known) if sums else known[-1]) if known else None
    return Drawn(one.name, place, "".join(parts), dots, "–" if total is None else words(total))


def _rows(
    times: Sequence[dt.datetime], series: Sequence[Series], words: Callable[[float], str]
) -> list[tuple[str, list[str]]]:
    """The numbers as a table, newest first; times of which nothing is known are left out."""
    rows = []
    for n in range(len(times) - 1, -1, -1):
        cells = [one.values[n] for one in series]
        if any(cell is not None for cell in cells):
            at = date_format(timezone.localtime(times[n]), "SHORT_DATETIME_FORMAT")
            rows.append((at, ["–" if cell is None else words(cell) for cell in cells]))
    return rows
