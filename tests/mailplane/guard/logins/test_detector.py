"""Who is kept out, for how long, and above all who is not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.mailplane.guard.logins import detector as module
from mailstead.mailplane.guard.logins import limits
from mailstead.mailplane.guard.logins.clients import Trusted
from mailstead.mailplane.guard.logins.detector import Answer, Attempt, LoginDetector, blocks_of
from mailstead.mailplane.guard.logins.limits import DAY, HOUR, MINUTE
from mailstead.mailplane.guard.logins.state import (
    MOST_CROWD,
    MOST_DEVICES,
    MOST_TRIED,
    MOST_WRONG,
)
from mailstead.standards.client import client

NOW = 1_800_000_000.0
ANN, BOB = "ann@here.example", "bob@here.example"
OFFICE, NEIGHBOUR, THIEF = "192.0.2.10", "192.0.2.77", "198.51.100.5"
RIGHT = 0xBEEF


class People:
    """A detector and a clock; who tries is asked and reported as Dovecot does."""

    def __init__(self, *trusted: str) -> None:
        self.detector = LoginDetector(Trusted(trusted))
        self.at = NOW
        self.right = {ANN: RIGHT, BOB: RIGHT}

    def tries(self, account: str, address: str, password: int) -> Answer:
        """One log-in with all that follows from it."""
        attempt = Attempt(self.at, account, address, password)
        answer = self.detector.judge(attempt)
        if answer.reason is None:
            self.detector.learn(attempt, right=self.right.get(account) == password)
        self.at += 1
        return answer

    def enters(self, account: str, address: str, password: int | None = None) -> bool:
        """Whether the right password lets in."""
        wanted = self.right[account] if password is None else password
        return self.tries(account, address, wanted).reason is None

    def guesses(self, account: str, address: str, count: int, first: int = 0) -> list[Answer]:
        return [self.tries(account, address, first + number) for number in range(count)]


@pytest.fixture
def people() -> People:
    return People()


def refused(answers: list[Answer]) -> int:
    return sum(1 for one in answers if one.reason is not None)


class TestOneClientAtOneAccount:
    def test_is_kept_out_after_ten_different_wrong_passwords(self, people: People) -> None:
        answers = people.guesses(ANN, THIEF, 12)
        assert [one.reason for one in answers] == [None] * 10 + ["passwords"] * 2
        assert answers[-1].until == pytest.approx(people.at + 10 * MINUTE, abs=5)
        # Nobody else, nowhere else.
        assert people.enters(ANN, OFFICE) and people.enters(BOB, THIEF)

    def test_may_try_the_same_one_for_ever(self, people: People) -> None:
        for _ in range(5_000):
            assert people.tries(ANN, OFFICE, 7).reason is None
        assert people.enters(ANN, OFFICE)

    def test_is_let_in_again_and_kept_out_longer_each_time(self, people: People) -> None:
        people.guesses(ANN, THIEF, 10)
        lengths = []
        for turn in range(6):
            answer = people.tries(ANN, THIEF, 1_000 + turn)
            assert answer.reason == "passwords"
            lengths.append(round((answer.until - people.at + 1) / MINUTE))
            people.at = answer.until
            assert people.tries(ANN, THIEF, 2_000 + turn).reason is None
        assert lengths == [10, 30, 90, 270, 810, 1440]

    def test_begins_anew_after_a_quiet_week(self, people: People) -> None:
        people.guesses(ANN, THIEF, 10)
        people.at += 20 * MINUTE
        people.guesses(ANN, THIEF, 1, first=50)
        people.at += 8 * DAY
        assert refused(people.guesses(ANN, THIEF, 10, first=100)) == 0
        answer = people.tries(ANN, THIEF, 200)
        assert answer.until - people.at < 10 * MINUTE

    def test_is_forgiven_when_it_finds_the_right_one(self, people: People) -> None:
        people.guesses(ANN, OFFICE, 9)
        assert people.enters(ANN, OFFICE)
        assert refused(people.guesses(ANN, OFFICE, 9, first=100)) == 0

    def test_an_old_password_is_no_guess(self, people: People) -> None:
        assert people.enters(ANN, OFFICE)
        people.right[ANN] = 0x1234
        people.guesses(ANN, "203.0.113.9", 9)
        assert people.tries(ANN, "203.0.113.9", RIGHT).reason is None
        assert people.tries(ANN, "203.0.113.9", 0x1234).reason is None


class TestOneClientAtManyAccounts:
    def test_spraying_a_thousand_is_over_after_ten(self, people: People) -> None:
        answers = [people.tries(f"u{number}@here.example", THIEF, 7) for number in range(1_000)]
        assert [one.reason for one in answers[:11]] == [None] * 10 + ["accounts"]
        assert refused(answers) == 990
        assert people.enters(ANN, OFFICE)
        assert not people.enters(ANN, THIEF)

    def test_a_whole_ipv6_network_is_one_client(self, people: People) -> None:
        answers = [
            people.tries(f"u{n}@here.example", f"2001:db8:1:2::{n + 1:x}", 7) for n in range(20)
        ]
        assert refused(answers) == 10
        assert people.tries(ANN, "2001:db8:1:3::1", 7).reason is None

    def test_neighbours_are_not_kept_out_for_it(self, people: People) -> None:
        for number in range(30):
            people.tries(f"u{number}@here.example", NEIGHBOUR, 7)
        assert not people.enters(ANN, NEIGHBOUR)
        assert people.enters(ANN, OFFICE)

    def test_it_keeps_its_way_to_accounts_that_it_knows(self, people: People) -> None:
        assert people.enters(ANN, OFFICE)
        for number in range(30):
            people.tries(f"u{number}@here.example", OFFICE, 7)
        assert not people.enters(BOB, OFFICE)
        assert people.enters(ANN, OFFICE)
        # So does whoever is a neighbour there.
        for number in range(30):
            people.tries(f"u{number}@here.example", NEIGHBOUR, 7)
        assert people.enters(ANN, NEIGHBOUR)

    def test_an_office_with_a_wrong_telephone_is_never_locked_out(self, people: People) -> None:
        staff = [f"s{number}@office.example" for number in range(40)]
        people.right |= dict.fromkeys(staff, RIGHT)
        assert all(people.enters(one, OFFICE) for one in staff)
        for minute in range(2_000):
            people.at += MINUTE
            assert people.tries(staff[0], OFFICE, 7).reason is None
            assert people.enters(staff[minute % 40], OFFICE)

    def test_everybody_of_an_office_may_mistype(self, people: People) -> None:
        staff = [f"s{number}@office.example" for number in range(40)]
        people.right |= dict.fromkeys(staff, RIGHT)
        assert all(people.enters(one, OFFICE) for one in staff)
        for one in staff:
            assert refused(people.guesses(one, OFFICE, 5)) == 0
        assert people.enters(staff[7], OFFICE)


class TestManyClientsAtOneAccount:
    def test_strangers_wait_and_then_come_one_by_one(self, people: People) -> None:
        answers = [people.tries(ANN, f"10.{n >> 8}.{n & 255}.1", 10_000 + n) for n in range(1_000)]
        assert [one.wait for one in answers[:40]] == [0] * 20 + [limits.SLOW_SECONDS] * 20
        let_in = [one for one in answers[limits.ATTACKED :] if one.reason is None]
        # One try a second came; one in ten seconds was let through.
        assert len(let_in) == 90
        assert {one.reason for one in answers if one.reason} == {"attack"}
        assert people.detector.accounts[ANN].ban is not None

    def test_the_owner_is_not_slowed_down_where_they_were_before(self, people: People) -> None:
        assert people.enters(ANN, OFFICE)
        for number in range(1_000):
            people.tries(ANN, f"10.{number >> 8}.{number & 255}.1", 10_000 + number)
        for address in (OFFICE, NEIGHBOUR):
            assert people.tries(ANN, address, RIGHT) == Answer()
        assert people.tries(BOB, "10.9.9.9", RIGHT) == Answer()

    def test_it_ends_an_hour_after_the_last_guess(self, people: People) -> None:
        for number in range(200):
            people.tries(ANN, f"10.0.{number}.1", 10_000 + number)
            people.at += 10
        people.at += HOUR + 1
        for address in ("203.0.113.1", "203.0.113.2"):
            assert people.tries(ANN, address, 3).reason is None


class TestAKnownClientThatGuesses:
    def test_gets_no_further_but_its_owner_does(self, people: People) -> None:
        assert people.enters(ANN, OFFICE)
        answers = people.guesses(ANN, OFFICE, 2_000)
        # Ten, then one in five minutes, and one at the end of each block.
        assert 2_000 - refused(answers) <= 10 + 2 + 2_000 / limits.KNOWN_EVERY
        assert people.enters(ANN, OFFICE)

    def test_a_new_password_is_let_through_within_minutes(self, people: People) -> None:
        assert people.enters(ANN, OFFICE)
        people.guesses(ANN, OFFICE, 12)
        people.right[ANN] = 0x4321
        people.at += limits.KNOWN_EVERY
        assert people.enters(ANN, OFFICE)
        assert people.enters(ANN, OFFICE)


class TestLifting:
    def test_an_operator_lets_a_client_in(self, people: People) -> None:
        people.guesses(ANN, THIEF, 12)
        people.detector.lift(THIEF, ANN, people.at)
        assert people.enters(ANN, THIEF)

    def test_all_of_a_client(self, people: People) -> None:
        for number in range(30):
            people.tries(f"u{number}@here.example", THIEF, 7)
        people.detector.lift(THIEF, "", people.at)
        assert people.enters(ANN, THIEF)
        assert people.detector.guesses == 0

    def test_one_account_of_a_client_that_tried_many_needs_its_owner(self, people: People) -> None:
        for number in range(30):
            people.tries(f"u{number}@here.example", THIEF, 7)
        people.detector.lift(THIEF, ANN, people.at)
        assert not people.enters(ANN, THIEF)
        people.detector.lift(THIEF, ANN, people.at, owner=True)
        assert people.enters(ANN, THIEF)
        assert not people.enters(BOB, THIEF)

    def test_an_owner_at_a_new_place_is_let_in_while_robots_guess(self, people: People) -> None:
        for number in range(300):
            people.tries(ANN, f"10.0.{number % 250}.{number}", 10_000 + number)
        people.detector.lift("203.0.113.9", ANN, people.at, owner=True)
        assert all(people.enters(ANN, "203.0.113.9") for _ in range(5))
        people.detector.lift("", ANN, people.at)
        assert people.tries(ANN, "203.0.114.1", RIGHT) == Answer()

    def test_an_ipv6_network_is_named_as_it_is_told(self, people: People) -> None:
        people.guesses(ANN, "2001:db8:1:2::9", 12)
        (block,) = blocks_of("2001:db8:1:2::/64", people.detector.clients["2001:db8:1:2::/64"])
        people.detector.lift(block.client, block.account, people.at)
        assert people.enters(ANN, "2001:db8:1:2::9")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "203.0.113.40", "2001:db8:f::9", "", "not an address"],
)
def test_this_machine_and_the_companys_own_networks_are_never_kept_out(address: str) -> None:
    people = People("203.0.113.0/24", "2001:db8:f::/48")
    assert refused(people.guesses(ANN, address, 300)) == 0
    assert not people.detector.clients


def test_trust_ends_where_the_network_does() -> None:
    people = People("203.0.113.0/24")
    assert refused(people.guesses(ANN, "203.0.114.1", 300)) == 290


@pytest.mark.parametrize(
    ("address", "key", "near"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.0/24"),
        ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
    ],
)
def test_what_counts_as_one_client(address: str, key: str, near: str) -> None:
    found = client(address)
    assert found is not None and (found.key, found.near) == (key, near)


@given(
    seed=st.integers(0, 2**32),
    moves=st.lists(
        st.tuples(
            st.integers(0, 3),  # client of a /24, or of others
            st.integers(0, 3),  # account
            st.integers(0, 40),  # password
            st.sampled_from([0.0, 1.0, 61.0, 4_000.0, 90_000.0]),
        ),
        max_size=400,
    ),
)
@settings(max_examples=60)
def test_whatever_happens_the_owner_gets_in_where_they_were(
    seed: int, moves: list[tuple[int, int, int, float]]
) -> None:
    people = People()
    assert people.enters(ANN, OFFICE)
    entered = people.at
    addresses = (OFFICE, NEIGHBOUR, THIEF, "2001:db8::7")
    for who, account, password, pause in moves:
        people.at += pause
        if people.at - entered > limits.DEVICE_KEEPS:
            break
        name = (ANN, BOB, "x@here.example", "y@here.example")[account]
        people.tries(name, addresses[who], password)
        assert people.detector.judge(Attempt(people.at, ANN, OFFICE, RIGHT)) == Answer()


def test_memory_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CLIENTS", 200)
    monkeypatch.setattr(module, "MOST_GUESSES", 3_000)
    monkeypatch.setattr(module, "MOST_UNWRITTEN", 100)
    people, dice = People(), random.Random(5)
    found = people.detector
    for _ in range(15_000):
        account = f"u{dice.randrange(500)}@here.example"
        address = f"10.{dice.randrange(3)}.{dice.randrange(256)}.{dice.randrange(3)}"
        people.right[account] = dice.choice((1, 2))
        people.tries(account, address, dice.randrange(60))
    assert len(found.clients) <= 200
    assert found.guesses == sum(one.size() for one in found.clients.values()) <= 3_000
    assert len(found.accounts) <= 100
    assert found.changed_accounts <= found.accounts.keys()
    for state in found.clients.values():
        assert len(state.tried) <= MOST_TRIED
        assert all(len(one.wrong) <= MOST_WRONG for one in state.tried.values())
    for account in found.accounts.values():
        assert len(account.wrong) <= MOST_CROWD and len(account.devices) <= MOST_DEVICES
