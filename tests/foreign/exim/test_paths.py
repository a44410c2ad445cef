"""A filter files into the folder that the copy of the mailbox makes, whatever it was called."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailstead.foreign.exim.model import Owner
from mailstead.foreign.exim.paths import folder_name
from mailstead.mailplane.node.copies.naming import name_folders
from mailstead.standards import maildir
from mailstead.standards.refusal import Refusal

_level = st.text(
    st.sampled_from("aB &-+,~._éß日") | st.characters(blacklist_categories=("Cs",)),
    min_size=1,
    max_size=12,
) | st.sampled_from(["&AEE-", "&AMk-t&AOk-", "R&D", "A&-B", "INBOX", "inbox", "~x", " a "])
_names = st.sampled_from(["utf-8", "mutf-7"])


@given(st.lists(_level, min_size=1, max_size=3).map(".".join), _names)
@example("&AEE-", "mutf-7")  # modified UTF-7, but not the shortest: it stays as it is
@example("&AC4-", "mutf-7")  # a dot in it would be another level
@example("~x. y", "mutf-7")
@example("INBOX", "utf-8")
def test_the_filters_folder_is_the_copys(text: str, names: Literal["utf-8", "mutf-7"]) -> None:
    there = "/".join(maildir.levels(f".{text}", names))
    owner = Owner(address="a@example.com", home="/home/acct", names=names)
    try:
        found = folder_name(text, owner)
    except Refusal as refusal:
        assert refusal.code == "folder-invalid"
        return
    if there != "INBOX":
        assert found == name_folders(["INBOX", there], special=False).of(there)


@pytest.mark.parametrize("text", ["a/b", "a..b", "a\tb", "x" * 256])
def test_what_is_no_folder_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        folder_name(text, Owner(address="a@example.com", home="/home/acct"))
