"""Odd cases of copies: what cannot come is told by name, and nothing comes twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.mailplane.node.copies.stores import Copying, Maildir, everything

from mailstead.home import Home
from mailstead.mailplane.node.copies import imap
from mailstead.mailplane.node.copies.book import Status
from mailstead.mailplane.node.copies.words import Words
from mailstead.standards import maildir
from mailstead.wire import codec


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def bases(path: Path) -> list[str]:
    found = everything(path)
    return sorted(maildir.split(name)[0] for names in found.values() for name in names)


# What stays behind


def test_shares_and_keywords_without_a_letter_are_told_by_name_in_each_round(
    home: Home, tmp_path: Path
) -> None:
    old = Maildir(tmp_path / "old")
    base = old.put(1, ".Team", "Sz")
    old.list([(1, "", base)], ".Team")
    (old.root / ".Team/dovecot-keywords").write_text(
        "".join(f"{number} word{number}\n" for number in range(28))
    )
    (old.root / ".Team/dovecot-acl").write_text("owner lrwstipekxa\nuser=bob lr\nanyone l\n")
    copying = Copying(home, "ann@a.example", old.root)
    for done in (copying.run(), copying.run()):
        assert (
            "'Team': more than 26 keywords; these did not come: 'word26', 'word27'." in done.words
        )
        assert "'Team': was shared with others" in done.words
        assert "'user=bob', 'anyone'" in done.words and "owner" not in done.words
    assert not (copying.maildir / ".Team/dovecot-acl").exists()
    words = maildir.parse_keywords((copying.maildir / ".Team/dovecot-keywords").read_text())
    assert len(words) == 26 and words["z"] == "word25"


def test_keywords_for_which_no_letter_is_left_keep_their_names() -> None:
    words = Words({})
    name = words.name("m", "S" + "".join(f" k{number:02}" for number in range(28)))
    assert name == "m:2,S" + "abcdefghijklmnopqrstuvwxyz"
    assert words.beyond == ["k26", "k27"]
    assert maildir.keywords_beyond(words.render()) == ["k26", "k27"]
    assert len(maildir.parse_keywords(words.render())) == 26


# Folders with another name than before


@pytest.mark.parametrize("merge", [False, True])
def test_a_folder_that_was_given_another_name_is_not_there_twice(
    home: Home, tmp_path: Path, merge: bool
) -> None:
    old = Maildir(tmp_path / "old")
    rows = [(number, "", old.put(number, ".A", "S")) for number in range(1, 9)]
    old.list(rows, ".A", validity=77)
    copying = Copying(home, "ann@a.example", old.root)
    copying.run()
    own = Maildir(copying.maildir).put(500, ".A")
    (old.root / ".A").rename(old.root / ".B")
    rows.append((9, "", old.put(9, ".B")))
    old.list(rows, ".B", validity=77)
    done = copying.run(merge=merge)
    assert copying.progress.messages == 1
    assert bases(copying.maildir) == sorted([own, *(base for _, _, base in rows)])
    assert set(everything(copying.maildir)) == {"", ".B"}
    assert "The folder 'A' is called 'B' at the source now" in done.words
    assert bases(copying.maildir) == (copying.run(merge=merge) and bases(copying.maildir))


def test_a_folder_whose_name_here_stays_the_same_loses_nothing(home: Home, tmp_path: Path) -> None:
    old = Maildir(tmp_path / "old")
    rows = [(number, "", old.put(number, ".spam", "S")) for number in range(1, 4)]
    old.list(rows, ".spam", validity=77)
    copying = Copying(home, "ann@a.example", old.root)
    copying.run()
    assert set(everything(copying.maildir)) == {"", ".Junk"}
    (old.root / ".spam").rename(old.root / ".Junk")
    copying.run()
    copying.run()
    assert bases(copying.maildir) == sorted(base for _, _, base in rows)


def test_what_goes_at_the_source_after_the_switch_stays_and_is_told(
    home: Home, tmp_path: Path
) -> None:
    old = Maildir(tmp_path / "old")
    old.list([(1, "", old.put(1, ".A"))], ".A", validity=77)
    copying = Copying(home, "ann@a.example", old.root)
    copying.run()
    subprocess.run(["rm", "-r", str(old.root / ".A")], check=True)
    done = copying.run(merge=True)
    assert "The folder 'A' is not at the source any more" in done.words
    assert len(bases(copying.maildir)) == 1


def test_a_name_that_went_while_the_first_round_was_ended_leaves_nothing(
    home: Home, tmp_path: Path
) -> None:
    old = Maildir(tmp_path / "old")
    old.list([(1, "", old.put(1, ".A"))], ".A", validity=77)
    begun = Maildir(home.mail / ".copies/1/Maildir")
    begun.put(1, ".A")
    (old.root / ".A").rename(old.root / ".B")
    copying = Copying(home, "ann@a.example", old.root)
    copying.run()
    assert set(everything(copying.maildir)) == {"", ".B"}


# Names on IMAP servers


class Server:
    """What an IMAP server says of its folders."""

    def __init__(self, names: list[str], mark: str = ".", prefix: str | None = None) -> None:
        self._rows = [((), mark.encode(), name) for name in names]
        self._prefix = prefix

    def has_capability(self, name: str) -> bool:
        return name == "NAMESPACE" and self._prefix is not None

    def namespace(self) -> object:
        class Told:
            personal = ((self._prefix, "."),)

        return Told()

    def list_folders(self) -> list[tuple[tuple[()], bytes, str]]:
        return self._rows

    def list_sub_folders(self) -> list[tuple[tuple[()], bytes, str]]:
        return self._rows[1:]


@pytest.mark.parametrize(
    ("server", "prefix", "names"),
    [
        (Server(["INBOX", "INBOX.Sent", "INBOX.A.B"], prefix="INBOX."), "", ["Sent", "A/B"]),
        # Typed without the mark, or in small letters.
        (Server(["INBOX", "INBOX.Sent", "INBOX.A.B"]), "INBOX", ["Sent", "A/B"]),
        (Server(["INBOX", "INBOX.Sent"]), "inbox.", ["Sent"]),
        # Nobody tells a prefix, and everything has it.
        (Server(["INBOX", "INBOX/Sent"], "/"), "", ["Sent"]),
        # Folders below the inbox, of a server that has no prefix.
        (Server(["INBOX", "INBOX.Sent", "Work"]), "", ["INBOX/Sent", "Work"]),
        (Server(["INBOX", "INBOX.Sent"], prefix=""), "", ["INBOX/Sent"]),
        # Not the inbox, and not one folder.
        (Server(["INBOX", "INBOX.INBOX", "INBOX.Inbox"], prefix="INBOX."), "",
         ["INBOX_", "Inbox_"]),
        (Server(["INBOX", "a.b", "a_b"], "/"), "", ["a_b", "a_b 2"]),
    ],
)  # fmt: skip
def test_prefixes_of_imap_servers_are_not_in_the_names(
    server: Server, prefix: str, names: list[str]
) -> None:
    found, subscribed, _ = imap.folders(server, prefix)  # type: ignore[arg-type]
    assert [one.name for one in found] == ["INBOX", *names]
    assert subscribed == names


# No room


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 2 MB."""
    path = tmp_path / "small"
    path.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", path], check=False)
    if made.returncode:
        pytest.skip("cannot mount a file system")
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def test_a_disk_that_gets_full_is_told_and_the_copy_goes_on_where_it_was(
    small: Path, tmp_path: Path
) -> None:
    old = Maildir(tmp_path / "old")
    text = b"Subject: x\n\n" + b"x" * 10_000
    rows = [(number, "", old.put(number, text=text)) for number in range(1, 400)]
    old.list(rows)
    copying = Copying(Home(small / "home"), "ann@a.example", old.root)

    def run() -> Status:
        process = subprocess.Popen(
            [sys.executable, "-m", "mailstead.mailplane.node.copies", "--home",
             str(copying.home.root)],
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        assert process.stdin
        process.stdin.write(codec.encode(copying.put) + b"\n")
        process.stdin.flush()
        process.wait(60)
        process.stdin.close()
        return msgspec.json.decode(copying.book.value(1, "status"), type=Status)

    (small / "room").write_bytes(b"x" * 500_000)
    status = run()
    assert status.state == "failed" and "no room left on the disk" in status.words
    assert not copying.maildir.exists()
    before = len(list((small / "home/mail/.copies/1/Maildir/cur").iterdir()))
    assert before > 50
    subprocess.run(["mount", "-o", "remount,size=64m", small], check=True)
    copying.run()
    assert bases(copying.maildir) == sorted(base for _, _, base in rows)
    assert copying.progress.messages < 400 - before + 10
    copying.book.close()
