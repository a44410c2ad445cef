"""Maildir++ as Dovecot and Courier write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.standards import maildir
from mailstead.standards.maildir import Uid, UidList

TEXT = st.text(st.characters(blacklist_categories=("Cs",)))
WORD = st.text(
    st.characters(blacklist_characters="\n:/ ", blacklist_categories=("Cs",)), min_size=1
)


@given(TEXT)
def test_every_text_has_a_name_and_every_name_is_read_back(text: str) -> None:
    name = maildir.encode_mutf7(text)
    assert name.isascii() and maildir.decode_mutf7(name) == text
    assert maildir.is_mutf7(name)


@pytest.mark.parametrize(
    ("name", "text"),
    [("&AMk-t&AOk-", "Été"), ("A&-B", "A&B"), ("R&D", "R&D"), ("&", "&"), ("&AEE-", "&AEE-"),
     ("&ANg=-", "&ANg=-"), ("&2D3eCQ-", "😉"), ("&2D0-", "&2D0-")],
)  # fmt: skip
def test_what_is_not_modified_utf7_stays_as_it_is(name: str, text: str) -> None:
    assert maildir.decode_mutf7(name) == text


@pytest.mark.parametrize(
    ("names", "subscribed", "expected"),
    [
        (["Été", "A&-B"], [], ("utf-8", [])),
        (["A&-B"], [], ("mutf-7", ["A&-B"])),
        (["A&-B"], ["Été"], ("utf-8", ["A&-B"])),
        (["&AMk-t&AOk-"], ["Été"], ("mutf-7", ["&AMk-t&AOk-"])),
        (["R&D"], [], ("mutf-7", [])),
    ],
)
def test_how_a_store_writes_its_names(
    names: list[str], subscribed: list[str], expected: object
) -> None:
    assert maildir.writing(names, subscribed) == expected


UIDS = st.dictionaries(WORD, st.lists(st.sampled_from(["Pabc", "G12", "W9", "O3"]), max_size=3))


@given(st.integers(1, maildir.MOST_UID), UIDS)
def test_a_list_of_uids_is_read_as_it_was_written(
    validity: int, names: dict[str, list[str]]
) -> None:
    made = UidList(validity, len(names) + 1, "ab" * 16)
    made.uids = {name: Uid(n, tuple(more)) for n, (name, more) in enumerate(names.items(), 1)}
    again = UidList.parse(made.render())
    assert (again.validity, again.next_uid, again.guid, again.uids, again.unread) == (
        validity, len(names) + 1, "ab" * 16, made.uids, 0,
    )  # fmt: skip


@given(
    st.text(max_size=300) | st.text("0123456789 VNG:\n.3PS", max_size=300).map("3 V1 N1\n".__add__)
)
def test_any_text_is_read_as_a_list_that_can_be_used(text: str) -> None:
    made = UidList.parse(text)
    uids = [uid.uid for uid in made.uids.values()]
    assert uids == sorted(set(uids)) and all(0 < uid < made.next_uid for uid in uids)
    assert UidList.parse(made.render()).uids == made.uids or not made.uids


def test_courier_has_a_list_of_its_own() -> None:
    made = UidList.parse("1 1234 9\n3 100.M1P2.host,S=3\n8 200.M1P2.host\n")
    assert (made.validity, made.next_uid) == (1234, 9)
    assert {name: uid.uid for name, uid in made.uids.items()} == {
        "100.M1P2.host,S=3": 3,
        "200.M1P2.host": 8,
    }


def test_subscriptions_of_all_kinds() -> None:
    assert maildir.parse_subscriptions("INBOX.Sent\nINBOX\nA.B\n&AMk-.X\n") == [
        ("Sent",), ("INBOX",), ("A", "B"), ("É", "X"),
    ]  # fmt: skip
    text = maildir.render_subscriptions(["Sent", "É/X", "A&B"])
    assert text.startswith("V\t2\n\n")
    assert maildir.parse_subscriptions(text) == [("Sent",), ("É", "X"), ("A&B",)]


def test_pop3_names() -> None:
    assert maildir.uidl("%08Xu%08Xv", 12, 0xABCDEF) == "0000000c00abcdef"
    assert maildir.uidl("UID%u-%v", 12, 9) == "UID12-9"
    assert maildir.uidl("%f%%", 1, 1, "1.M1") == "1.M1%"


@given(st.sets(st.sampled_from("DFRSTabcz")))
def test_flags_stand_in_a_name(flags: set[str]) -> None:
    name = maildir.join("1.M2.host,S=3", flags)
    base, found = maildir.split(name)
    assert base == "1.M2.host,S=3" and set(found) == flags and list(found) == sorted(found)
    assert maildir.size_in(name) == 3


def test_keywords() -> None:
    words = {"a": "$Junk", "c": "Project"}
    assert maildir.parse_keywords(maildir.render_keywords(words)) == words
    assert maildir.parse_keywords("0 ok\n1 two words\n26 far\nx y\n") == {"a": "ok"}
