"""Counts of a source and a mailbox, held against each other."""

from __future__ import annotations

import pytest

from mailstead.control.moves.parity import compare, worst
from mailstead.wire.moves import FolderCount


def folder(name: str = "INBOX", **facts: object) -> FolderCount:
    """One with ten messages that everybody knows by the same numbers."""
    given = {
        "messages": 10,
        "octets": 1000,
        "uid_validity": 7,
        "uid_next": 11,
        "flags": {"\\Seen": 4, "Important": 2},
        "subscribed": True,
        "uids": "a",
        "uidls": "b",
    }
    return FolderCount(folder=name, **{**given, **facts})  # type: ignore[arg-type]


def states(source: FolderCount, target: FolderCount, *, kept: bool = True) -> dict[str, str]:
    """What differs, by kind."""
    lines = compare([source], [target], kept=kept)
    return {line.kind: line.state for line in lines if line.state != "good"}


def test_what_is_the_same_is_good() -> None:
    lines = compare([folder(), folder("Sent")], [folder(), folder("Sent"), folder("Junk")])
    assert {line.state for line in lines} == {"good"}
    assert {line.kind for line in lines} >= {"messages", "octets", "uidvalidity", "flags", "uidls"}


def test_a_message_less_is_bad_and_its_folder_is_named() -> None:
    (line,) = [
        line
        for line in compare([folder(), folder("Sent")], [folder(), folder("Sent", messages=9)])
        if line.kind == "messages"
    ]
    assert (line.state, line.source, line.target, line.where) == ("bad", "20", "19", "Sent")


def test_mail_that_has_arrived_since_is_no_fault() -> None:
    found = states(folder(), folder(messages=11, octets=1100, uid_next=12, uids="x", uidls="y"))
    assert found == {"messages": "more", "octets": "more"}


@pytest.mark.parametrize("fact", [{"uid_validity": 8}, {"uids": "x"}, {"uidls": "y"}])
def test_other_numbers_are_bad_where_they_were_promised(fact: dict[str, object]) -> None:
    assert set(states(folder(), folder(**fact)).values()) == {"bad"}
    assert set(states(folder(), folder(**fact), kept=False).values()) == {"differs"}


def test_a_folder_that_its_server_never_opened_has_no_numbers_to_be_kept() -> None:
    never = folder(uid_validity=0, uid_next=1, uids="", uidls="")
    assert states(never, folder()) == {}


def test_flags_that_are_gone_are_told_and_new_ones_are_not() -> None:
    assert states(folder(), folder(flags={"\\Seen": 3, "Important": 2})) == {"flags": "differs"}
    assert states(folder(), folder(flags={"\\Seen": 9, "Important": 2})) == {}
    assert states(folder(), folder(flags={"\\Seen": 4})) == {"keywords": "differs"}


def test_a_missing_folder_is_bad_with_mail_in_it_and_told_without() -> None:
    full = compare([folder(), folder("Old")], [folder()])
    empty = compare([folder(), folder("Old", messages=0, octets=0, flags={})], [folder()])
    assert worst(line.state for line in full) == "bad"
    assert {line.kind for line in empty if line.state != "good"} == {"folders"}
    assert worst(line.state for line in empty) == "differs"
