"""The counters: windows that slide, nothing counted twice, nothing forgotten."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.mailplane.guard.store import BUCKET, Claim, Full, Store
from mailstead.wire.sending import Ceilings

NOON = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
_numbers = itertools.count()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "guard" / "guard.db")
    yield made
    made.close()


def minutes(number: float) -> dt.datetime:
    return NOON + dt.timedelta(minutes=number)


def send(
    store: Store, at: dt.datetime, *claims: Claim, recipients: int = 1, instance: str = ""
) -> Full | None:
    number = instance or f"i{next(_numbers)}"
    return store.reserve(instance=number, claims=claims, recipients=recipients, now=at)


def claim(key: str = "k", **ceilings: int) -> Claim:
    return Claim(key, Ceilings(**ceilings))


def test_the_limit_is_reached_and_not_passed(store: Store) -> None:
    one = claim(recipients_hour=10)
    assert send(store, NOON, one, recipients=6) is None
    full = send(store, NOON, one, recipients=5)
    assert full is not None
    assert (full.measure, full.window, full.limit) == ("recipients", "hour", 10)
    assert send(store, NOON, one, recipients=4) is None
    assert send(store, NOON, one) is not None


def test_the_same_message_asked_about_again_is_counted_once(store: Store) -> None:
    one = claim(messages_hour=2)
    for _ in range(5):
        assert send(store, NOON, one, instance="a") is None
    assert send(store, NOON, one, instance="b") is None
    assert send(store, NOON, one, instance="c") is not None
    assert send(store, NOON, one, instance="a") is None


def test_what_is_refused_under_one_key_is_counted_under_none(store: Store) -> None:
    mailbox, customer = claim("m", messages_day=5), claim("c", messages_day=1)
    assert send(store, NOON, mailbox, customer) is None
    for _ in range(9):
        assert send(store, NOON, mailbox, customer) is not None
    for _ in range(4):
        assert send(store, NOON, mailbox) is None
    assert send(store, NOON, mailbox) is not None


def test_there_is_no_second_burst_when_an_hour_or_a_day_begins(store: Store) -> None:
    midnight = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    one = claim(messages_day=3)
    before = midnight - dt.timedelta(minutes=1)
    for _ in range(3):
        assert send(store, before, one) is None
    full = send(store, midnight + dt.timedelta(minutes=1), one)
    assert full is not None and full.opens is not None
    assert (
        dt.timedelta(0)
        <= full.opens - (before + dt.timedelta(days=1))
        <= dt.timedelta(seconds=BUCKET)
    )
    assert send(store, full.opens, one) is None


def test_the_time_that_is_named_is_true(store: Store) -> None:
    one = claim(recipients_hour=10)
    for at in (0, 12, 31):
        assert send(store, minutes(at), one, recipients=3) is None
    full = send(store, minutes(40), one, recipients=6)
    assert full is not None and full.opens is not None
    assert send(store, full.opens - dt.timedelta(seconds=1), one, recipients=6) is not None
    assert send(store, full.opens, one, recipients=6) is None


def test_a_message_that_never_fits_is_told_apart(store: Store) -> None:
    full = send(store, NOON, claim(recipients_hour=4, messages_day=100), recipients=5)
    assert full is not None and full.opens is None
    assert send(store, NOON, claim(messages_hour=0)) is not None


def test_of_several_the_longest_is_told(store: Store) -> None:
    one = claim(messages_hour=1, messages_day=1)
    assert send(store, NOON, one) is None
    full = send(store, NOON, one)
    assert full is not None and full.window == "day"


def test_a_new_guard_goes_on_where_a_killed_one_stopped(tmp_path: Path) -> None:
    path, one = tmp_path / "guard.db", claim(messages_day=2)
    first = Store(path)  # never closed, as after a kill
    assert send(first, NOON, one, instance="a") is None
    second = Store(path)
    assert send(second, NOON, one, instance="a") is None
    assert send(second, NOON, one, instance="b") is None
    assert send(second, NOON, one, instance="c") is not None


def test_what_no_window_holds_is_forgotten_and_a_wrong_clock_is_got_over(store: Store) -> None:
    one = claim(messages_day=1)
    future = NOON + dt.timedelta(days=900)
    assert send(store, future, one) is None
    assert send(store, NOON, one) is not None
    store.prune(NOON)
    assert send(store, NOON, one) is None
    store.prune(NOON + dt.timedelta(days=2))
    assert store._db.execute("SELECT COUNT(*) FROM bucket").fetchone() == (0,)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 1800), st.integers(1, 6)), max_size=60))
def test_no_hour_ever_holds_more_than_the_limit(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]
) -> None:
    store, one = Store(tmp_path_factory.mktemp("g") / "guard.db"), claim(recipients_hour=12)
    at, taken = NOON, list[tuple[dt.datetime, int]]()
    for seconds, recipients in steps:
        at += dt.timedelta(seconds=seconds)
        if send(store, at, one, recipients=recipients) is None:
            taken.append((at, recipients))
    for end, _ in taken:
        hour = [n for when, n in taken if end - dt.timedelta(hours=1) < when <= end]
        assert sum(hour) <= 12
    store.close()
