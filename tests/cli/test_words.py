"""What people type and read: sizes, times, lengths of time, text for a terminal."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.cli.session import duration, moment, shown
from mailstead.standards.refusal import Refusal
from mailstead.standards.sizes import human, size


@pytest.mark.parametrize(
    ("text", "octets"),
    [("5G", 5 * 2**30), ("500m", 500 * 2**20), ("1.5K", 1536), ("1024", 1024), ("2GiB", 2**31),
     ("none", 0), ("0", 0)],
)  # fmt: skip
def test_sizes(text: str, octets: int) -> None:
    assert size(text) == octets


@pytest.mark.parametrize("text", ["", "G", "5X", "five", "5 5", "1e999G", "nan"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="is not a size"):
        size(text)


@pytest.mark.parametrize(("text", "seconds"), [("45m", 2700), ("12h", 43200), ("7d", 604800)])
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "d", "7", "-1d", "1.5h", "²d", "9999999d"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="is not a length of time"):
        duration(text)


def test_moments_are_utc_where_nothing_is_said() -> None:
    assert moment("2026-12-24") == dt.datetime(2026, 12, 24, tzinfo=dt.UTC)
    assert moment("2026-12-24T18:00:00+01:00") == dt.datetime(2026, 12, 24, 17, tzinfo=dt.UTC)
    assert moment(None) is None
    with pytest.raises(Refusal, match="is not a time"):
        moment("tomorrow")


def test_nothing_that_is_printed_moves_the_cursor() -> None:
    assert shown("a\x1b[2Jb\nc\u202ed") == "a�[2Jb�c�d"
    assert shown(None) == "-"
    assert shown(["a", True]) == "a, yes"


def test_sizes_for_people() -> None:
    assert [human(n) for n in (5, 1536, 5 * 2**30)] == ["5 B", "1.5 KiB", "5.0 GiB"]
