"""The simulated attackers do what their names say, in order, and the same for the same seed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from bench.guard.attacks import (
    ATTACKS,
    Attack,
    Burst,
    FastBlast,
    NightOnly,
    OneRecipient,
    ReplyChain,
    SlowAndLow,
    Snowshoe,
    WarmUp,
)
from bench.guard.botnet import Botnet, made_up
from bench.guard.clock import DAY, HOUR, START, hour, midnight
from bench.guard.letters import Event, Letter
from bench.guard.world import World, under_attack

from mailstead.mailplane.guard import acts

HISTORY = 2
BOTNET = Botnet([f"198.51.{n // 250}.{n % 250 + 1}" for n in range(1_000)], 4, "made by hand")
kinds = pytest.mark.parametrize("kind", ATTACKS, ids=lambda kind: kind.name)


def _world(kind: type[Attack], seed: int = 1) -> World:
    return under_attack(seed, kind, HISTORY, BOTNET)


def _attack(kind: type[Attack], seed: int = 1) -> list[Event]:
    """The whole attack by itself."""
    return list(_world(kind, seed).attack)


def _letters(events: list[Event]) -> list[Letter]:
    return [event for event in events if isinstance(event, Letter)]


@kinds
def test_a_seed_tells_an_attack(kind: type[Attack]) -> None:
    assert _attack(kind) == _attack(kind)
    assert _attack(kind) != _attack(kind, seed=2)


@kinds
def test_an_attack_goes_forward_and_comes_after_the_peace(kind: type[Attack]) -> None:
    for seed in range(1, 6):
        events = _attack(kind, seed)
        assert all(one.at <= other.at for one, other in pairwise(events))
        assert events[0].at >= midnight(HISTORY)


@kinds
def test_each_mailbox_is_stolen_from_its_first_act_on(kind: type[Attack]) -> None:
    world = _world(kind)
    first: dict[str, float] = {}
    for event in world.attack:
        mailbox = event.submission.mailbox if isinstance(event, Letter) else event.mailbox
        first.setdefault(mailbox, event.at)
    assert len(world.stolen) == kind.accounts
    assert midnight(HISTORY) <= world.counted_from <= min(world.stolen.values())
    assert set(first) == set(world.stolen)
    assert all(first[mailbox] >= at for mailbox, at in world.stolen.items())


@kinds
def test_every_message_is_marked_as_stolen_and_follows_a_sign_in(kind: type[Attack]) -> None:
    seen: set[tuple[str, str]] = set()
    for event in _attack(kind):
        if isinstance(event, acts.SignIn):
            seen.add((event.mailbox, event.client))
        if isinstance(event, Letter):
            assert event.stolen
            assert event.submission.instance.startswith("x")
    assert seen


@kinds
def test_owner_and_bots_are_mixed_in_one_order(kind: type[Attack]) -> None:
    world = _world(kind)
    events = list(world.events())
    assert all(one.at <= other.at for one, other in pairwise(events))
    assert {letter.stolen for letter in _letters(events)} == {True, False}
    assert all(event.at < world.end for event in events)


def test_a_blast_is_fast_and_from_one_network() -> None:
    for seed in range(1, 6):
        letters = _letters(_attack(FastBlast, seed))
        assert len({one.submission.client.rpartition(".")[0] for one in letters}) == 1
        assert len({one.submission.client for one in letters}) <= 3
        assert letters[-1].at - letters[0].at < 2 * HOUR


def test_slow_and_low_takes_the_botnets_addresses_and_few_messages_an_hour() -> None:
    for seed in range(1, 6):
        letters = _letters(_attack(SlowAndLow, seed))
        clients = {one.submission.client for one in letters}
        assert clients <= set(BOTNET.addresses)
        assert len(clients) > 50
        assert len(letters) / ((letters[-1].at - letters[0].at) / HOUR) < 70
        assert max(len(one.submission.recipients) for one in letters) <= 10


def test_snowshoe_sends_one_text_through_six_mailboxes_at_once() -> None:
    letters = _letters(_attack(Snowshoe))
    bodies = [one.content.body for one in letters]
    assert max((bodies[0] ^ body).bit_count() for body in bodies) <= 12
    day = [one for one in letters if one.at < letters[0].at + DAY]
    assert len({one.submission.mailbox for one in day}) == 6


def test_a_burst_takes_one_mailbox_after_the_other_within_a_day() -> None:
    world = _world(Burst)
    turns = list(world.stolen.values())
    assert turns == sorted(turns)
    assert all(other - one > 2 * HOUR for one, other in pairwise(turns))
    assert turns[-1] - turns[0] < DAY
    bodies = [one.content.body for one in _letters(list(world.attack))]
    assert max((bodies[0] ^ body).bit_count() for body in bodies) <= 12


def test_one_recipient_a_message_is_one() -> None:
    assert {len(one.submission.recipients) for one in _letters(_attack(OneRecipient))} == {1}


def test_a_warm_up_begins_with_two_messages_and_grows() -> None:
    letters = _letters(_attack(WarmUp))
    first = letters[0].at
    days = [sum(n * DAY <= one.at - first < (n + 1) * DAY for one in letters) for n in (0, 3, 6)]
    assert days[0] <= 8 < days[1] < days[2]


def test_night_only_is_at_night() -> None:
    assert all(0.4 <= hour(one.at) <= 5.1 for one in _letters(_attack(NightOnly)))


def test_a_reply_chain_reads_first_and_writes_to_correspondents_only() -> None:
    for seed in range(1, 6):
        world = _world(ReplyChain, seed)
        (victim,) = (one for one in world.accounts if one.mailbox in world.stolen)
        events = list(world.attack)
        first = events[0]
        assert isinstance(first, acts.SignIn)
        assert first.protocol == "imap"
        letters = _letters(events)
        assert {to for one in letters for to in one.submission.recipients} <= set(victim.book)
        assert len({one.content.subject for one in letters}) == len(letters)
        assert max((letters[0].content.body ^ one.content.body).bit_count() for one in letters) < 13


def test_bought_lists_bounce_far_more_than_peoples_own() -> None:
    letters = [one for seed in range(1, 9) for one in _letters(_attack(SlowAndLow, seed))]
    recipients = sum(len(one.submission.recipients) for one in letters)
    bounced = sum(outcome.fate == "bounced" for one in letters for outcome in one.outcomes)
    assert 0.06 <= bounced / recipients <= 0.25


def test_some_stolen_passwords_are_known_and_some_are_not() -> None:
    worlds = [_world(Snowshoe, seed) for seed in range(1, 9)]
    known = [one.breached for w in worlds for one in w.accounts if one.mailbox in w.stolen]
    assert 0.2 < sum(known) / len(known) < 0.6


def test_the_simulation_starts_on_a_monday() -> None:
    assert START // DAY % 7 == 4  # 1970-01-01 was a Thursday


def test_made_up_bots_are_many_in_many_networks() -> None:
    botnet = made_up()
    assert len(botnet.addresses) > 5_000
    assert botnet.networks > 500
    assert botnet.addresses == made_up().addresses
