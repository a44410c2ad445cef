"""A round that looks at everything again: what was lost here comes again, and nothing twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.mailplane.node.copies.stores import Copying, Maildir, everything, message

from mailstead.home import Home
from mailstead.standards import maildir
from mailstead.standards.maildir import UidList

ADDRESS = "ann@a.example"


@pytest.fixture
def copying(tmp_path: Path) -> Copying:
    """A mailbox after the switch."""
    old = Maildir(tmp_path / "old")
    old.list([(n, "", old.put(n, flags="S")) for n in range(1, 7)])
    old.list([(n, "", old.put(n, ".A")) for n in range(7, 10)], ".A")
    home = Home(tmp_path / "home")
    made = Copying(home, ADDRESS, old.root)
    made.run()
    made.run(merge=True)
    return made


def bases(copying: Copying) -> list[str]:
    found = everything(copying.maildir).values()
    return sorted(maildir.split(name)[0] for names in found for name in names)


def lose(copying: Copying, pattern: str) -> Path:
    (path,) = copying.maildir.glob(pattern)
    path.unlink()
    return path


def test_only_such_a_round_brings_what_was_lost(copying: Copying) -> None:
    before = everything(copying.maildir)
    for pattern in ("cur/*M2P1.old*", ".A/cur/*M8P1.old*"):
        lose(copying, pattern)
    copying.run(merge=True)
    assert len(bases(copying)) == 7
    copying.run(merge=True, anew=True)
    assert everything(copying.maildir) == before
    # Dovecot had not seen that they were gone: they keep their UIDs.
    rows = UidList.parse((copying.maildir / "dovecot-uidlist").read_text())
    assert sorted(one.uid for one in rows.uids.values()) == [1, 2, 3, 4, 5, 6]
    copying.run(merge=True, anew=False)
    assert copying.progress.messages == 0


def test_one_that_dovecot_knows_to_be_gone_gets_a_new_uid(copying: Copying) -> None:
    lose(copying, "cur/*M2P1.old*")
    path = copying.maildir / "dovecot-uidlist"
    lines = [one for one in path.read_text().splitlines() if "M2P1" not in one]
    path.write_text("\n".join(lines) + "\n")
    copying.run(merge=True, anew=True)
    rows = UidList.parse(path.read_text())
    assert sorted(one.uid for one in rows.uids.values()) == [1, 3, 4, 5, 6, 7]
    assert len(bases(copying)) == 9


def test_a_whole_folder_and_a_whole_mailbox_come_again(copying: Copying) -> None:
    before = everything(copying.maildir)
    for path in sorted((copying.maildir / ".A").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (copying.maildir / ".A").rmdir()
    copying.run(merge=True, anew=True)
    assert everything(copying.maildir) == before
    for path in sorted(copying.maildir.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    copying.maildir.rmdir()
    copying.run(merge=True, anew=True)
    assert everything(copying.maildir) == before


def test_what_its_user_has_moved_does_not_come_a_second_time(copying: Copying) -> None:
    path = lose(copying, "cur/*M3P1.old*")
    text = message(3)
    moved = copying.maildir / ".A" / "cur" / f"1700000000.M1P1.node,S={len(text)}:2,S"
    moved.write_bytes(text)
    os.utime(moved, (1, 1))
    own = copying.maildir / "new" / "1700000001.M2P1.node"
    own.write_bytes(b"Subject: own\n\nown\n")
    copying.run(merge=True, anew=True)
    assert not list(copying.maildir.glob(f"cur/{path.name.partition(':')[0]}*"))
    assert moved.exists() and own.exists()
    assert copying.progress.messages == 0


def test_before_the_switch_it_mends_too(tmp_path: Path) -> None:
    old = Maildir(tmp_path / "old")
    old.list([(n, "", old.put(n)) for n in range(1, 4)])
    copying = Copying(Home(tmp_path / "home"), ADDRESS, old.root)
    copying.run()
    copying.run()
    before = everything(copying.maildir)
    lose(copying, "cur/*M2P1.old*")
    copying.run(anew=True)
    assert everything(copying.maildir) == before
