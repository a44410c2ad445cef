"""A copy that is ended anywhere goes on where it was: nothing is doubled, nothing lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.mailplane.node.copies.stores import Copying, Maildir, everything

from mailstead.home import Home
from mailstead.mailplane.node.copies.pace import Progress, Stopped
from mailstead.standards import maildir
from mailstead.standards.maildir import UidList
from mailstead.wire import codec

FOLDERS = ("", ".A", ".B", ".A.C")


def store(root: Path, each: int = 60) -> Maildir:
    made = Maildir(root)
    number = 0
    for folder in FOLDERS:
        rows = []
        for _ in range(each):
            number += 1
            flags = None if number % 7 == 0 else "S" if number % 2 else ""
            rows.append((number, "", made.put(number, folder, flags)))
        made.list(rows, folder, validity=500 + len(folder))
    return made


def same(source: Path, target: Path) -> bool:
    """Whether all messages, flags, dates and UIDs are equal."""
    if everything(source) != everything(target):
        return False
    for folder in FOLDERS:
        one, other = (
            UidList.parse((root / folder / "dovecot-uidlist").read_text())
            for root in (source, target)
        )
        if (one.validity, one.uids) != (other.validity, other.uids):
            return False
        for path in (source / folder / "cur").iterdir():
            twin = target / folder / "cur" / path.name
            if (path.read_bytes(), path.stat().st_mtime_ns) != (
                twin.read_bytes(),
                twin.stat().st_mtime_ns,
            ):
                return False
    return True


def killed(copying: Copying, after: float, rate: int = 60_000) -> bool:
    """Begin a round in a process, and kill it after so many seconds; whether that was in time.

    `rate` 0: as fast as it goes, which is by a crew of processes.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "mailstead.mailplane.node.copies", "--home",
         str(copying.home.root)],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert process.stdin
    process.stdin.write(codec.encode(copying.put) + b"\nrate %d\n" % rate)
    process.stdin.flush()
    until = time.monotonic() + 30
    side = copying.home.mail / ".copies"
    while not side.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    finally:
        process.stdin.close()
    return False


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.mail.mkdir(parents=True)
    return made


def test_a_copy_that_is_killed_again_and_again_ends_whole(home: Home, tmp_path: Path) -> None:
    source = store(tmp_path / "old").root
    copying = Copying(home, "ann@a.example", source)
    chance = random.Random(7)
    times = sum(killed(copying, chance.uniform(0.0, 0.3)) for _ in range(6))
    assert times, "no run was killed before it was over"
    assert not copying.maildir.exists() or everything(copying.maildir)
    copying.run()
    assert same(source, copying.maildir)


class _Ending(Progress):
    """Stops the copy at a step."""

    def __init__(self, steps: int) -> None:
        super().__init__(lambda progress: None, time.monotonic)
        self._left = steps

    def done(self, octets: int, messages: int = 1) -> None:
        self._left -= 1
        if self._left < 0:
            self.stop()
        super().done(octets, messages)


@pytest.mark.parametrize("steps", [0, 1, 30, 61, 200, 239])
def test_a_paused_copy_goes_on(home: Home, tmp_path: Path, steps: int) -> None:
    source = store(tmp_path / "old").root
    copying = Copying(home, "ann@a.example", source)
    with pytest.raises(Stopped):
        copying.run(_Ending(steps))
    assert not copying.maildir.exists(), "nobody sees half a mailbox"
    copying.run()
    assert same(source, copying.maildir)


def test_a_later_round_that_is_killed_goes_on(home: Home, tmp_path: Path) -> None:
    old = store(tmp_path / "old")
    copying = Copying(home, "ann@a.example", old.root)
    copying.run()
    rows = UidList.parse((old.root / "dovecot-uidlist").read_text())
    more = [(old.put(900 + number), 900 + number) for number in range(80)]
    gone = next(base for base in rows.uids if rows.uids[base].uid == 3)
    old.remove(gone)
    old.list(
        [(uid.uid, "", base) for base, uid in rows.uids.items() if base != gone]
        + [(uid, "", base) for base, uid in more],
        validity=500,
    )
    chance = random.Random(3)
    for _ in range(4):
        killed(copying, chance.uniform(0.1, 0.8))
    copying.run()
    assert same(old.root, copying.maildir)


def test_a_message_of_which_only_half_was_written_is_copied_again(
    home: Home, tmp_path: Path
) -> None:
    old = store(tmp_path / "old")
    copying = Copying(home, "ann@a.example", old.root)
    with pytest.raises(Stopped):
        copying.run(_Ending(30))
    stage = home.mail / ".copies" / "1" / "Maildir"
    (half, *_) = sorted((stage / "cur").iterdir())
    half.write_bytes(half.read_bytes()[:10])
    copying.run()
    assert same(old.root, copying.maildir)


def test_the_exchange_may_be_cut_in_the_middle(home: Home, tmp_path: Path) -> None:
    """Mail that was there first is in the mailbox once, wherever the run was ended."""
    old = store(tmp_path / "old")
    copying = Copying(home, "ann@a.example", old.root)
    early = Maildir(copying.maildir)
    own = [early.put(5000 + number, folder) for number, folder in enumerate(("", "", ".A", ".Z"))]

    def broken(*words: object) -> int:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("mailstead.mailplane.node.copies.round.adopt", broken)
        with pytest.raises(KeyboardInterrupt):
            copying.run()
    copying.run()
    found = everything(copying.maildir)
    bases = [maildir.split(name)[0] for names in found.values() for name in names]
    assert sorted(bases) == sorted(set(bases)) and len(bases) == 4 * 60 + 4
    assert set(own) <= set(bases)
    # A second copy into the same mailbox, as when a move was taken back and begun anew.
    Copying(home, "ann@a.example", old.root, job=2).run()
    assert everything(copying.maildir) == found


def test_a_crew_that_is_killed_again_and_again_ends_whole(home: Home, tmp_path: Path) -> None:
    source = store(tmp_path / "old", 1500).root
    copying = Copying(home, "ann@a.example", source)
    chance = random.Random(9)
    stage = home.mail / ".copies/1/Maildir/cur"
    times = 0
    for turn in range(24):
        # Longer and longer: on a busy machine Python takes its time to start.
        times += killed(copying, chance.uniform(0.1, 0.6) * (1 + turn / 4), rate=0)
        # Who takes it up again waits for what is left of the crew: nobody writes beside it.
        if turn >= 7 and (stage.exists() or same(source, copying.maildir)):
            break
    assert times, "no run was killed before it was over"
    assert stage.exists() or same(source, copying.maildir)
    copying.run()
    assert same(source, copying.maildir)


def _broken_after(steps: int) -> Callable[..., None]:
    left = steps

    def step(at: int, one: str, other: str, *more: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        os.rename(one, other, src_dir_fd=at, dst_dir_fd=at)

    return step


def test_rounds_that_merge_may_be_killed_and_nothing_is_lost_or_doubled(
    home: Home, tmp_path: Path
) -> None:
    """After the switch: mail comes to both, is read and deleted here, while rounds are killed."""
    old = store(tmp_path / "old")
    copying = Copying(home, "ann@a.example", old.root)
    copying.run()
    before = {maildir.split(name)[0] for name in everything(old.root)[""]}
    here = Maildir(copying.maildir)
    rows = UidList.parse((old.root / "dovecot-uidlist").read_text())
    deleted = next(base for base, uid in rows.uids.items() if uid.uid == 4)
    read = next(base for base, uid in rows.uids.items() if uid.uid == 8)
    here.remove(deleted)
    here.flag(read, "FS")
    chance = random.Random(5)
    own: set[str] = set()
    come: dict[str, int] = {}
    times = 0
    for turn in range(6):
        for number in range(40):
            uid = 1000 + turn * 40 + number
            come[old.put(uid, flags=None if number % 3 else "S")] = uid
        old.list(
            [(uid.uid, "", base) for base, uid in rows.uids.items()]
            + [(uid, "", base) for base, uid in come.items()],
            validity=500,
        )
        # Delivered here meanwhile, under the source's next UIDs.
        own.add(here.put(9000 + turn, flags=None))
        copying.put = msgspec.structs.replace(copying.put, merge=True, round=2 + turn)
        times += killed(copying, chance.uniform(0.2, 1.5), rate=3000)
    assert times, "no run was killed before it was over"
    copying.round = 8
    # Ended in the middle of what is done under the lock, too.
    for step in (0, 1, 25, 120):
        with pytest.MonkeyPatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr("mailstead.mailplane.node.copies.fill._rename", _broken_after(step))
            copying.run(merge=True)
    with pytest.MonkeyPatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("mailstead.mailplane.node.copies.files.Copier.text", _broken_after(0))
        copying.run(merge=True)
    copying.run(merge=True)
    copying.run(merge=True)
    assert copying.progress.messages == 0
    names = everything(copying.maildir)[""]
    bases = [maildir.split(name)[0] for name in names]
    assert sorted(bases) == sorted((before | own | set(come)) - {deleted})
    assert next(name for name in names if name.startswith(read)).endswith(":2,FS")
    uids = UidList.parse((copying.maildir / "dovecot-uidlist").read_text())
    assert not uids.unread
    for base, uid in rows.uids.items():
        if base != deleted:
            assert uids.uids[base].uid == uid.uid
    assert not list((copying.maildir / "tmp").iterdir())
    assert not list(copying.maildir.glob("dovecot-uidlist.*"))
