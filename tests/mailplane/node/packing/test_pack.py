"""Mailboxes packed while they are in use come out whole, wherever the packing was stopped."""

from __future__ import annotations

import io
import os
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from tests.foreign.tars import packed as packed_as

from mailstead.home import Home
from mailstead.mailplane.node.packing import pack as packing
from mailstead.mailplane.node.packing import snapshot
from mailstead.mailplane.node.packing.pack import Stopped, Target, pack, side_of
from mailstead.standards.pieces import ENDINGS, Packing, packing_of
from mailstead.standards.refusal import Refusal
from mailstead.wire.exports import Box, Packed

HEAD = (("mailstead.json", b"{}"), ("README", "Grüße".encode()))
UIDS = "3 V7 N9 Gabc\n1 :a1\n2 :b1\n"


def box(address: str) -> Box:
    local, _, domain = address.rpartition("@")
    return Box(
        address=address,
        place=f"mail/{domain}/{local}",
        sieve_place=f"sieve/{domain}/{local}",
    )


def put(home: Home, address: str, files: dict[str, bytes]) -> Path:
    """A mailbox with these files; returns its Maildir."""
    local, _, domain = address.rpartition("@")
    maildir = home.mail / domain / local / "Maildir"
    for folder in ("cur", "new", "tmp"):
        (maildir / folder).mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (maildir / name).parent.mkdir(parents=True, exist_ok=True)
        (maildir / name).write_bytes(data)
    return maildir


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def names_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def target(home: Home, how: Packing = "zst") -> Target:
    folder = home.root / "out"
    folder.mkdir(parents=True, exist_ok=True)
    return Target(folder / "archive", side_of(home, "1"), how, reserve=0)


def run(home: Home, to: Target, *boxes: str, stop: Callable[[], bool] = lambda: False) -> Packed:
    return pack(home, to, HEAD, [box(one) for one in boxes], stop=stop, tell=lambda _: None)


def members(path: Path, how: Packing) -> dict[str, bytes | None]:
    """All that is in the archive, read by others' code; None: a directory."""
    data = path.read_bytes()
    if how == "zst":
        with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
            data = reader.read()
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz" if how == "gz" else "r:") as tar:
        found: dict[str, bytes | None] = {}
        for one in tar.getmembers():
            assert one.name not in found, "twice"
            file = tar.extractfile(one)
            found[one.name] = file.read() if file else None
        return found


@pytest.mark.parametrize("how", list(ENDINGS))
def test_what_is_a_mailboxs_own_is_packed_and_nothing_else(home: Home, how: Packing) -> None:
    maildir = put(
        home,
        "ann@a.example",
        {
            "cur/a1:2,Sa": b"seen",
            "new/b1": b"new",
            "tmp/c1": b"half",
            ".Entw&APw-rfe/cur/d1:2,": b"draft",
            ".Empty/cur/.hidden": b"x",
            ".Empty/maildirfolder": b"",
            "dovecot-uidlist": UIDS.encode(),
            "dovecot-keywords": b"0 $Work\n",
            "subscriptions": b"Entw&APw-rfe\n",
            "dovecot.index": b"\0",
            "maildirsize": b"1",
        },
    )
    (maildir / "cur/e1:2,").symlink_to("/etc/passwd")
    (maildir.parent / "sieve").mkdir()
    (maildir.parent / "sieve/mine.sieve").write_text("keep;")
    (maildir.parent / ".dovecot.sieve").symlink_to("sieve/mine.sieve")
    to = target(home, how)
    done = run(home, to, "ann@a.example", "never@a.example")
    at = "mail/a.example/ann"
    found = members(to.archive, how)
    assert list(found)[:2] == ["mailstead.json", "README"]
    assert {name: data for name, data in found.items() if name not in dict(HEAD)} == {
        f"{at}/cur": None,
        f"{at}/cur/a1:2,Sa": b"seen",
        f"{at}/new/b1": b"new",
        f"{at}/.Entw&APw-rfe/cur": None,
        f"{at}/.Entw&APw-rfe/cur/d1:2,": b"draft",
        f"{at}/.Empty/cur": None,
        f"{at}/.Empty/maildirfolder": b"",
        f"{at}/dovecot-uidlist": UIDS.encode(),
        f"{at}/dovecot-keywords": b"0 $Work\n",
        f"{at}/subscriptions": b"Entw&APw-rfe\n",
        "sieve/a.example/ann/mine.sieve": b"keep;",
        "sieve/a.example/ann/active": b"mine",
        "mail/a.example/never/cur": None,
    }
    assert (done.messages, done.octets) == (3, len("seen" + "new" + "draft"))
    assert done.size == to.archive.stat().st_size
    assert to.archive.stat().st_mode & 0o777 == 0o600
    assert not to.side.exists()
    assert not to.note.exists()
    assert names_in(maildir / "cur") == ["a1:2,Sa", "e1:2,"]


def test_it_can_be_stopped_at_any_message_and_goes_on(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "PIECE", 2_000)
    for number in range(3):
        files = {f"cur/m{one}:2,": os.urandom(1_500) for one in range(12)}
        put(home, f"box{number}@a.example", files | {"dovecot-uidlist": UIDS.encode()})
    names = [f"box{number}@a.example" for number in range(3)]
    whole = target(home)
    run(home, whole, *names)
    wanted = members(whole.archive, "zst")
    whole.archive.unlink()
    left, stops = 0, 0
    for allowed in range(1, 200):
        left = 1 + allowed % 5

        def stop() -> bool:
            nonlocal left
            left -= 1
            return left < 0

        try:
            run(home, whole, *names, stop=stop)
        except Stopped:
            stops += 1
            # A crash leaves what came after the last piece, and more.
            with whole.archive.open("ab") as file:
                file.write(b"torn")
            # What comes and goes meanwhile is none of this archive's.
            put(home, names[0], {f"cur/late{allowed}:2,": b"late"})
            continue
        break
    else:
        pytest.fail("it never came to its end")
    assert stops > 5
    assert members(whole.archive, "zst") == wanted


def test_a_mailbox_that_is_held_no_longer_is_packed_from_the_beginning(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "PIECE", 100)
    put(home, "ann@a.example", {f"cur/m{one}:2,": b"x" * 200 for one in range(5)})
    to, turns = target(home), iter([False] * 3 + [True])
    with pytest.raises(Stopped):
        run(home, to, "ann@a.example", stop=lambda: next(turns))
    for path in sorted(to.side.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    put(home, "ann@a.example", {"cur/a0:2,": b"early"})
    run(home, to, "ann@a.example")
    assert len([name for name in members(to.archive, "zst") if "/cur/" in name]) == 6


def test_nothing_is_lost_or_told_twice_while_flags_and_folders_change(home: Home) -> None:
    base = [f"m{number}" for number in range(300)]
    maildir = put(home, "ann@a.example", {f"cur/{one}:2,": one.encode() for one in base})
    (maildir / ".Later/cur").mkdir(parents=True)
    over = threading.Event()

    def restless() -> None:
        while not over.is_set():
            for old, new in (("", "S"), ("S", "")):
                for one in base[:200]:
                    (maildir / f"cur/{one}:2,{old}").rename(maildir / f"cur/{one}:2,{new}")
                    if over.is_set():
                        return

    thread = threading.Thread(target=restless)
    thread.start()
    try:
        for turn in range(5):
            held = snapshot.take(maildir, home.mail / f".exports/{turn}")
            found = [name.partition(":")[0] for name in names_in(held / "cur")]
            assert sorted(found) == sorted(base)
    finally:
        over.set()
        thread.join()


def test_a_message_that_moves_to_another_folder_is_in_one_of_them(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    maildir = put(home, "ann@a.example", {".B/cur/b:2,": b"b", ".A/cur/a:2,": b"a"})
    seen = 0
    real = snapshot.messages

    def moving(at: int) -> object:
        nonlocal seen
        found = real(at)
        seen += 1
        if seen == 2:  # INBOX and A were looked at: what moves now is missed by the first look
            (maildir / ".B/cur/b:2,").rename(maildir / ".A/cur/b:2,S")
        if seen == 4:
            (maildir / ".A/cur/a:2,").rename(maildir / ".B/cur/a:2,")
        return found

    monkeypatch.setattr(snapshot, "messages", moving)
    held = snapshot.take(maildir, home.mail / ".exports/1")
    assert names_in(held / ".A/cur") == ["b:2,S"]
    assert names_in(held / ".B/cur") == ["a:2,"]


def test_a_list_that_is_half_written_loses_its_last_line_only(home: Home) -> None:
    maildir = put(home, "ann@a.example", {"cur/a1:2,": b"a"})
    (maildir / "dovecot-uidlist").write_text(UIDS + "3 :c")
    held = snapshot.take(maildir, home.mail / ".exports/1")
    assert (held / "dovecot-uidlist").read_text() == UIDS


def test_a_full_disk_is_told_before_mail_has_no_room(home: Home) -> None:
    put(home, "ann@a.example", {"cur/a1:2,": b"a"})
    to = target(home)
    full = Target(to.archive, to.side, to.packing, reserve=2**62)
    with pytest.raises(Refusal) as refused:
        run(home, full, "ann@a.example")
    assert refused.value.code == "no-room"


@pytest.mark.parametrize("address", ["../x@a.example", "x", "a/b@c.example", "x@../etc"])
def test_only_mailboxes_are_packed(home: Home, address: str) -> None:
    with pytest.raises(Refusal):
        pack(
            home,
            target(home),
            HEAD,
            [Box(address=address, place="mail/x", sieve_place="sieve/x")],
            stop=lambda: False,
            tell=lambda _: None,
        )


def test_the_name_says_how_it_is_packed() -> None:
    assert [packing_of(name) for name in ("a.tar.zst", "a.tar.gz", "a.tar", "a.zip")] == [
        "zst",
        "gz",
        "tar",
        None,
    ]
    assert packed_as(b"x", "gz")
