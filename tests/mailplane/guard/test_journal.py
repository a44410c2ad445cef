"""What the guard was told is kept, bounded, and says what other weights would have done."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.mailplane.guard.mailboxes import (
    ANN,
    BOT,
    DAYS,
    FAR,
    FRIENDS,
    HOME,
    NETWORKS,
    NOW,
    content,
    message,
    strangers,
)

from mailstead.mailplane.guard.acts import Complaint, Outcome, SignIn
from mailstead.mailplane.guard.evidence import HOLD
from mailstead.mailplane.guard.journal import Journal, Word, entry, read
from mailstead.mailplane.guard.profile import DAY, HOUR
from mailstead.mailplane.guard.replay import replay
from mailstead.standards.refusal import Refusal


def kept(folder: Path, begin: float = 0.0) -> Journal:
    """Weeks of an owner, and then a thief."""
    journal = Journal(folder, 100)
    for day in range(DAYS):
        at = begin + day * DAY + 9 * HOUR
        journal.note(entry(SignIn(at, ANN, "imap", HOME)))
        for number in range(4):
            to = FRIENDS[(day + number) % 12]
            journal.note(entry(message(at + number * HOUR, to)))
        journal.flush(at)
    for number in range(16):
        at = begin + NOW + number
        act = message(at, *strangers(2, f"x{number}"), client=FAR, helo=BOT)
        journal.note(entry(act))
    journal.flush(begin + NOW)
    return journal


def test_the_same_weights_find_the_same_thief(tmp_path: Path) -> None:
    kept(tmp_path)
    found = replay(read(tmp_path, 0), NETWORKS)
    assert list(found) == [ANN]
    assert found[ANN].nats >= HOLD and found[ANN].first >= NOW and found[ANN].times == 1


def test_lighter_weights_let_more_go_and_none_lets_all(tmp_path: Path) -> None:
    kept(tmp_path)
    now = replay(read(tmp_path, 0), NETWORKS)[ANN]
    lighter = replay(read(tmp_path, 0), NETWORKS, {"network-new": 2.5})
    assert ANN not in lighter or lighter[ANN].out > now.out
    assert replay(read(tmp_path, 0), NETWORKS, bound=100) == {}
    with pytest.raises(Refusal, match="no signal"):
        replay(read(tmp_path, 0), NETWORKS, {"network-old": 2.5})


def test_what_was_released_is_the_owners(tmp_path: Path) -> None:
    journal = kept(tmp_path)
    journal.note(Word(NOW + HOUR, ANN, "released"))
    act = message(NOW + 2 * DAY, *strangers(2, "y"), client=FAR, helo=BOT)
    journal.note(entry(act))
    journal.flush(NOW + 2 * DAY)
    assert replay(read(tmp_path, 0), NETWORKS)[ANN].times == 1


def test_everything_comes_back_and_no_recipients_address_is_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 10)
    told = [
        message(NOW, "secret@far.example"), content(NOW, 7), SignIn(NOW, ANN, "pop3", HOME),
        Outcome(NOW, ANN, "secret@far.example", "bounced"), Complaint(NOW, ANN),
    ]  # fmt: skip
    for act in told:
        journal.note(entry(act))
    journal.flush(NOW)
    assert [type(one).__name__ for one in read(tmp_path, 0)] == [
        "Submitted", "Contained", "SignedIn", "Fared", "Complained",
    ]  # fmt: skip
    assert all(b"secret" not in path.read_bytes() for path in tmp_path.iterdir())
    assert list(read(tmp_path, NOW + 1)) == []


def test_old_days_go_and_a_torn_end_hides_nothing_before_it(tmp_path: Path) -> None:
    kept(tmp_path)
    (last,) = sorted(tmp_path.iterdir())[-1:]
    whole = len(list(read(tmp_path, NOW)))
    last.write_bytes(last.read_bytes()[:-3])
    assert len(list(read(tmp_path, NOW))) == whole - 1
    Journal(tmp_path, 5).prune(NOW)
    assert len(list(tmp_path.iterdir())) == 6


def test_where_nothing_is_to_be_kept_nothing_is(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", 0)
    journal.note(entry(message(NOW, "a@b.example")))
    journal.flush(NOW)
    assert not (tmp_path / "journal").exists()
