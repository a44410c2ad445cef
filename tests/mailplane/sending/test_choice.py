"""The choice of a sending address: never one that rests, never over a ceiling, steady else."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mailstead.mailplane.sending.choice import WAIT, Chooser
from mailstead.wire.pools import (
    EVERYWHERE,
    FALLBACK,
    FallbackRelay,
    MailClass,
    SenderMark,
    SendingAddress,
    SendingPlan,
    by_address,
)

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
HOST = "mail.node.example"
RECEIVERS = ("google", "microsoft", "far.example")
CEILINGS = (3, 5)


def address(
    number: int, state: str = "active", classes: tuple[MailClass, ...] = ("own",)
) -> SendingAddress:
    return SendingAddress(
        number=number, ipv4=f"192.0.2.{number}", helo=f"out{number}.example",
        state=state, classes=classes, warm_since=NOW.date(),  # type: ignore[arg-type]
    )  # fmt: skip


def chooser(*addresses: SendingAddress, relay: bool = False) -> Chooser:
    made = Chooser(HOST)
    other = FallbackRelay(host="relay.example") if relay else None
    made.take_plan(SendingPlan(addresses=addresses, relay=other, ceilings=CEILINGS))
    return made


_steps = st.one_of(
    st.tuples(st.just("send"), st.sampled_from("abcdef"), st.sampled_from(RECEIVERS)),
    st.tuples(st.just("refuse"), st.integers(1, 4), st.sampled_from(RECEIVERS)),
    st.tuples(st.just("rate"), st.integers(1, 4), st.sampled_from(RECEIVERS)),
    st.tuples(st.just("order"), st.integers(1, 4), st.sampled_from((*RECEIVERS, EVERYWHERE))),
    st.tuples(st.just("end"), st.integers(1, 4), st.sampled_from(RECEIVERS)),
    st.tuples(st.just("pass"), st.integers(1, 3000), st.just("")),
)


@given(st.lists(_steps, max_size=80), st.booleans())
def test_a_resting_address_is_never_chosen_and_a_ceiling_is_exact(
    steps: list[tuple[str, object, str]], relay: bool
) -> None:
    states = {1: "active", 2: "warming", 3: "warming", 4: "paused"}
    made = chooser(*(address(n, state) for n, state in states.items()), relay=relay)
    now, begun = NOW, NOW.date()
    until: dict[tuple[int, str], dt.datetime] = {}
    sent: Counter[tuple[dt.date, int, str]] = Counter()
    for what, which, receiver in steps:
        if what == "pass":
            assert isinstance(which, int)
            now += dt.timedelta(minutes=which)
        elif what == "send":
            free = []
            for number, state in states.items():
                left = CEILINGS[days] if (days := (now.date() - begun).days) < 2 else 10**9
                full = state == "warming" and sent[now.date(), number, receiver] >= left
                rests = any(until.get((number, w), now) > now for w in (receiver, EVERYWHERE))
                if state != "paused" and not rests and not full:
                    free.append(number)
            choice = made.choose(f"x@{which}.example", receiver, now)
            if free:
                assert choice.way in {by_address(number) for number in free}
                sent[now.date(), int(choice.way[4:]), receiver] += 1
            else:
                assert choice.way == (FALLBACK if relay else WAIT)
                assert choice.why
        elif what == "end":
            assert isinstance(which, int)
            made.end(which, receiver)
            until.pop((which, receiver), None)
        else:
            assert isinstance(which, int)
            if what == "order":
                rest = made.ordered(which, receiver, now + HOUR, now)
            else:
                kind = "reputation" if what == "refuse" else "rate"
                found = made.refused(which, receiver, kind, "550 no", now)  # type: ignore[arg-type]
                if found is None:
                    continue
                rest = found
            until[which, receiver] = rest.until


def test_a_domain_keeps_its_address_and_domains_are_spread() -> None:
    made = chooser(address(1), address(2), address(3))
    ways = {name: made.choose(f"a@{name}", "google", NOW).way for name in map(str, range(300))}
    assert all(made.choose(f"b@{name}", "google", NOW).way == way for name, way in ways.items())
    assert all(count > 60 for count in Counter(ways.values()).values())


def test_one_address_less_moves_only_its_own_domains() -> None:
    before, after = chooser(address(1), address(2), address(3)), chooser(address(1), address(3))
    for name in map(str, range(300)):
        way = before.choose(f"a@{name}", "google", NOW).way
        if way != by_address(2):
            assert after.choose(f"a@{name}", "google", NOW).way == way


def test_rests_grow_with_repetition_and_are_forgiven() -> None:
    made = chooser(address(1))
    now, lengths = NOW, []
    for _ in range(9):
        rest = made.refused(1, "google", "reputation", "550 no", now)
        assert rest is not None
        assert made.refused(1, "google", "reputation", "550 no", now + HOUR) is None, "under way"
        lengths.append(rest.until - now)
        now = rest.until
    assert lengths[:3] == [4 * HOUR, 8 * HOUR, 16 * HOUR]
    assert lengths[-1] == 7 * DAY
    late = made.refused(1, "google", "reputation", "550 no", now + 8 * DAY)
    assert late is not None and late.times == 1


def test_a_refusal_for_reputation_replaces_a_short_pause_and_not_the_other_way() -> None:
    made = chooser(address(1))
    assert made.refused(1, "google", "rate", "421 slow", NOW) is not None
    assert made.refused(1, "google", "reputation", "550 no", NOW) is not None
    assert made.refused(1, "google", "rate", "421 slow", NOW) is None
    assert made.rests[1, "google"].kind == "reputation"


def test_the_class_follows_from_the_sender() -> None:
    made = chooser(address(1))
    made.take_plan(
        SendingPlan(
            marks=(
                SenderMark(sender="@odd.example", to="suspect"),
                SenderMark(sender="good@odd.example", to="own"),
            )
        )
    )
    classes = {
        "ann@here.example": "own",
        "": "forwarded",
        f"SRS0=abcd=ef=far.example=bob@{HOST}": "forwarded",
        f"SRS1+abcd=x@{HOST}": "forwarded",
        f"postmaster@{HOST}": "notices",
        "srs0=abcd@here.example": "own",
        "Ann@Odd.example": "suspect",
        "good@odd.example": "own",
    }
    assert {sender: made.class_of(sender) for sender in classes} == classes


def test_suspect_mail_never_takes_the_relay_and_each_class_has_its_addresses() -> None:
    made = chooser(
        address(1), address(2, classes=("forwarded",)), address(3, classes=("suspect",)), relay=True
    )
    made._marks["@odd.example"] = "suspect"
    assert made.choose("a@here.example", "google", NOW).way == by_address(1)
    assert made.choose("", "google", NOW).way == by_address(2)
    assert made.choose("a@odd.example", "google", NOW).way == by_address(3)
    for number in (1, 2, 3):
        made.refused(number, "google", "reputation", "550 no", NOW)
    assert made.choose("a@here.example", "google", NOW).way == FALLBACK
    assert made.choose("a@odd.example", "google", NOW).way == WAIT


def test_a_class_without_addresses_goes_as_own_mail() -> None:
    made = chooser(address(1), address(2, classes=("forwarded",)))
    assert made.choose(f"postmaster@{HOST}", "google", NOW).way == by_address(1)


def test_an_address_on_a_list_comes_after_those_that_are_on_none() -> None:
    made = chooser(address(1), address(2), relay=True)
    first = int(made.choose("x@a.example", "google", NOW).way[4:])
    other = 3 - first
    made.listed = {first: "bl.example"}
    choice = made.choose("x@a.example", "google", NOW)
    assert (choice.way, choice.why) == (by_address(other), f"out{first}.example is on bl.example")
    # Who refuses the other one, and does not ask that list, gets its mail from the first still.
    made.refused(other, "google", "reputation", "no", NOW)
    assert made.choose("x@a.example", "google", NOW).way == by_address(first)
    made.refused(first, "google", "reputation", "no", NOW)
    assert made.choose("x@a.example", "google", NOW).way == FALLBACK
    made.listed = {}
    assert made.choose("x@a.example", "microsoft", NOW).way == by_address(first)


def test_where_lists_name_all_of_them_nothing_changes() -> None:
    made = chooser(address(1), address(2))
    before = made.choose("x@a.example", "google", NOW)
    made.listed = {1: "bl.example", 2: "bl.example"}
    assert made.choose("x@a.example", "google", NOW) == before
