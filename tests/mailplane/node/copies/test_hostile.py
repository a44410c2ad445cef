"""Trees of strangers: nothing outside of them is read, and what is odd is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mailplane.node.copies.stores import Copying, Maildir, everything

from mailstead.home import Home
from mailstead.mailplane.node.copies.naming import SPECIAL, name_folders
from mailstead.standards import maildir


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_links_pipes_and_strange_files_stay_out(home: Home, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of somebody else\n")
    other = Maildir(tmp_path / "other")
    other.put(77)
    old = Maildir(tmp_path / "old")
    old.put(1)
    (old.root / "cur/link:2,").symlink_to(secret)
    os.mkfifo(old.root / "cur/pipe:2,")
    (old.root / ".Linked").symlink_to(other.root)
    (old.root / "dovecot-keywords").symlink_to(secret)
    (old.root / ".ann@a_example").symlink_to(other.root)
    (old.root / "notes.txt").write_text("?")
    (old.root / ".Empty").mkdir()
    copying = Copying(home, "ann@a.example", old.root)
    done = copying.run()
    assert [len(names) for names in everything(copying.maildir).values()] == [1]
    for word in ("link:2,", "pipe:2,", "'.Linked' is a link", "notes.txt", ".Empty"):
        assert word in done.words
    assert "ann@a_example" not in done.words  # cPanel's own


def test_a_link_on_the_way_to_the_source_is_refused(home: Home, tmp_path: Path) -> None:
    Maildir(tmp_path / "other" / "mail")
    (tmp_path / "old").symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match="Not a directory"):
        Copying(home, "ann@a.example", tmp_path / "old" / "mail").run()


def test_a_damaged_list_of_uids_costs_no_mail(home: Home, tmp_path: Path) -> None:
    old = Maildir(tmp_path / "old")
    bases = [old.put(number) for number in range(1, 4)]
    (old.root / "dovecot-uidlist").write_text(
        f"3 V9 N2\n5 :{bases[0]}\n4 :{bases[1]}\nnonsense\n99999999999 :{bases[2]}\n6 :../../x\n"
    )
    copying = Copying(home, "ann@a.example", old.root)
    done = copying.run()
    found = maildir.UidList.parse((copying.maildir / "dovecot-uidlist").read_text())
    assert {base: uid.uid for base, uid in found.uids.items()} == {
        bases[0]: 5, bases[1]: 6, bases[2]: 7,
    }  # fmt: skip
    assert len(everything(copying.maildir)[""]) == 3
    assert "lines could not be read" in done.words


def test_a_message_that_does_not_unpack_is_told(home: Home, tmp_path: Path) -> None:
    old = Maildir(tmp_path / "old")
    old.put(1, raw=b"\x1f\x8bnot gzip at all")
    old.put(2)
    copying = Copying(home, "ann@a.example", old.root)
    done = copying.run()
    assert len(everything(copying.maildir)[""]) == 1
    assert "cannot be unpacked" in done.words


_part = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=60)
_names = st.lists(
    st.lists(_part, min_size=1, max_size=4).map("/".join) | st.sampled_from(["spam", "Sent Items"]),
    max_size=12,
)


@given(_names)
@settings(max_examples=300)
def test_every_folder_gets_a_name_of_its_own_that_dovecot_can_keep(names: list[str]) -> None:
    made = name_folders(["INBOX", *names])
    assert set(made.folders) == {"INBOX", *names}
    targets = list(made.folders.values())
    directories = [maildir.directory(name) for name in targets]
    assert len(set(directories)) == len(directories)
    for name, directory in zip(targets, directories, strict=True):
        assert len(directory.encode()) <= 255 and directory.isascii() and "/" not in directory
        if name != "INBOX":
            assert "/".join(maildir.levels(directory, "mutf-7")) == name
            assert ".." not in directory and name.upper() != "INBOX"


def test_the_house_has_its_own_names_for_some_folders() -> None:
    made = name_folders(["INBOX", "spam", "spam/old", "Sent Items", "Sent", "Trash"]).folders
    assert made["spam"] == "Junk" and made["spam/old"] == "Junk/old"
    # Where the house's name is taken, nothing is merged.
    assert made["Sent Items"] == "Sent Items" and made["Sent"] == "Sent"
    assert set(SPECIAL) == {"Junk", "Sent", "Trash", "Drafts", "Archive"}
    kept = name_folders(
        ["spam", "A", "A/B"], special=False, wished=[("A", "X/Y")], without=["spam"]
    )
    assert kept.folders == {"A": "X/Y", "A/B": "X/Y/B"}
