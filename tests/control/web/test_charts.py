"""Charts, and colours that can be read."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.control.web.charts import HEIGHT, WIDTH, Series, line_chart, steps
from mailstead.control.web.colours import DARK_GROUND, ENOUGH, contrast, for_dark

START = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def times(count: int) -> list[dt.datetime]:
    return [START + dt.timedelta(minutes=n) for n in range(count)]


@given(st.just(0.0) | st.floats(min_value=0.001, max_value=1e12))
def test_an_axis_has_a_few_round_steps_up_to_its_highest_value(most: float) -> None:
    found = steps(most)
    assert found[0] == 0
    assert found[-1] >= most * (1 - 1e-6)
    assert 2 <= len(found) <= 6


def test_a_gap_breaks_the_line_and_a_value_alone_is_a_dot() -> None:
    series = Series("one", [1, 2, None, 3, None, 4, 5])
    chart = line_chart(key="k", title="T", times=times(7), series=[series])
    (drawn,) = chart.series
    assert drawn.path.count("M") == 3
    assert len(drawn.dots) == 1
    assert len(chart.rows) == 5
    assert chart.rows[-1][1] == ["1"]


def test_every_point_lies_on_the_paper() -> None:
    values = [float(n * n) for n in range(60)]
    chart = line_chart(key="k", title="T", times=times(60), series=[Series("one", values)], most=9)
    numbers = chart.series[0].path.replace("M", " ").replace("L", " ").split()
    assert all(0 <= float(x) <= WIDTH for x in numbers[::2])
    assert all(0 <= float(y) <= HEIGHT for y in numbers[1::2])


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_chart_of_hardly_anything_is_drawn(count: int) -> None:
    chart = line_chart(key="k", title="T", times=times(count), series=[Series("a", [5.0] * count)])
    assert chart.empty == (count == 0)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(st.integers(0, 0xFFFFFF))
def test_every_colour_has_a_tone_that_is_read_on_dark_pages(colour: int) -> None:
    assert contrast(for_dark(f"#{colour:06x}"), DARK_GROUND) >= ENOUGH
