"""A profile at all its bounds is stored in as little as one that is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailstead.mailplane.guard.detector import MOST_FACTS
from mailstead.mailplane.guard.evidence import SIGNALS
from mailstead.mailplane.guard.networks import Place
from mailstead.mailplane.guard.profile import (
    DAY,
    LARGEST,
    MOST_DEVICES,
    MOST_PEOPLE,
    MOST_PLACES,
    MOST_TEXTS,
    Mark,
    Rate,
    Record,
    Text,
    person,
)

NOW = 1_790_000_000.123
times = st.floats(min_value=NOW - 900 * DAY, max_value=NOW, allow_nan=False)
keys = st.integers(min_value=0, max_value=2**64 - 1)
facts = st.text(max_size=MOST_FACTS)
nats = st.floats(min_value=-20, max_value=20, allow_nan=False)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Up to the bounds of every part, and often at them."""
    record = Record.new(draw(times))
    profile = record.profile
    for _ in range(draw(st.sampled_from([0, 5, MOST_PLACES, 2 * MOST_PLACES]))):
        at = draw(times)
        place = Place(draw(keys), draw(st.integers(0, 2**32 - 1)), "MX")
        record.enter(place, at, reading=True).first_read = at
    for _ in range(draw(st.sampled_from([0, MOST_DEVICES]))):
        record.use(draw(st.integers(0, 2**32 - 1)), draw(times))
    for number in range(draw(st.sampled_from([0, 40, MOST_PEOPLE, 2 * MOST_PEOPLE]))):
        record.meet(f"{number}@far.example")
    profile.texts = [
        Text(draw(keys), draw(times), draw(times), 70_000)
        for _ in range(draw(st.sampled_from([0, MOST_TEXTS])))
    ]
    for signal in draw(st.sets(st.sampled_from(sorted(SIGNALS)))) | draw(
        st.sampled_from([set(), set(SIGNALS)])
    ):
        profile.marks[signal] = Mark(draw(nats), draw(times), draw(facts))
    for name in ("hour", "day", "bad_now"):
        setattr(profile, name, Rate(draw(nats), draw(times), draw(nats), draw(times)))
    profile.messages = profile.logins = profile.active_days = profile.wides = 2**31
    profile.usual, profile.usual_new, profile.bad = draw(nats), draw(nats), draw(nats)
    for name in ("last", "active_at", "step_at", "away", "slowed", "trusted_until", "word_at"):
        setattr(profile, name, draw(times))
    profile.step, profile.held = "suspended", 2**31
    return record


@given(records())
def test_no_profile_is_larger_than_it_may_be(record: Record) -> None:
    before = bytes(record.people)
    raw = record.encode()
    assert len(raw) <= LARGEST
    again = Record.decode(raw)
    assert again.people == record.people
    assert before.endswith(record.people), "the oldest go first"
    profile, stored = record.profile, again.profile
    assert [one.key for one in stored.places] == [one.key for one in profile.places]
    assert [one.key for one in stored.devices] == [one.key for one in profile.devices]
    assert {name: one.nats for name, one in stored.marks.items()} == {
        name: one.nats for name, one in profile.marks.items()
    }
    assert all(
        0 <= own.last - kept.last < 1
        for own, kept in zip(profile.places, stored.places, strict=True)
    )
    # With fewer people there may be room again for what was shortened: what it says stays.
    once_more = Record.decode(again.encode())
    assert once_more.people == again.people and once_more.profile == stored


def test_one_that_fits_loses_nothing() -> None:
    record = Record.new(NOW)
    for number in range(MOST_PEOPLE):
        record.meet(f"{number}@far.example")
    for number in range(MOST_PLACES // 2):
        record.enter(Place(number, number, "DE"), NOW + number, reading=True)
    again = Record.decode(record.encode())
    assert again.profile == record.profile and again.people == record.people
    assert again.knows("0@far.example") and person("0@far.example") == again.people[:4]
