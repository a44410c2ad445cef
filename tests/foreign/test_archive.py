"""A source's files: the same view of an archive and of a directory, whatever is in them."""

from __future__ import annotations

import errno
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from tests.foreign.tars import WHEN, Part, info, packed, tar, unpacked, write

from mailstead.foreign import archive
from mailstead.foreign.archive import ArchiveTree, DirectoryTree, Limits, open_tree
from mailstead.standards.refusal import Refusal

FILES = [
    ("acct/version", b"pkgacct version: 10\n"),
    ("acct/homedir/etc/example.com/passwd", b"info:x:1:1::/home/acct/mail/example.com/info:/\n"),
    ("acct/homedir/mail/example.com/info/cur/1.a:2,S", b"From: a@x.example\n\nHello\n"),
    ("acct/homedir/mail/example.com/info/.Sent/cur/2.a:2,S", b"\x1f\x8b\x08\x00packed"),
    ("acct/va/example.com", b"*: acct\n"),
]
PACKINGS = ["", "gz", "zst"]


def _archive(
    folder: Path, parts: list[Part], how: str = "", keep: Callable[[str], bool] = lambda path: False
) -> ArchiveTree:
    tree = open_tree(write(folder, tar(parts), how), keep=keep, work=folder)
    assert isinstance(tree, ArchiveTree)
    return tree


def _codes(tree: ArchiveTree | DirectoryTree) -> list[tuple[str, str]]:
    return [(odd.code, odd.path) for odd in tree.oddities.listed]


@pytest.mark.parametrize("how", PACKINGS)
def test_an_archive_answers_as_its_directory_does(tmp_path: Path, how: str) -> None:
    folder = unpacked(FILES, tmp_path / "folder")
    for name, _ in FILES:
        os.utime(folder / name, (WHEN, WHEN))
    with _archive(tmp_path, list(FILES), how) as packed_, open_tree(folder) as plain:
        found = [(m.path, m.kind, m.size) for m in packed_.members()]
        assert found == [(m.path, m.kind, m.size) for m in plain.members()]
        assert [m for m in found if m[1] == "file"] == sorted(
            (name, "file", len(data)) for name, data in FILES
        )
        for tree in (packed_, plain):
            for name, data in FILES:
                assert tree.read(name) == data
                assert tree.head(name) == data[:4]
                member = tree.find(name)
                assert member is not None and member.mtime == WHEN
            assert [m.path for m in tree.children("acct/homedir")] == [
                "acct/homedir/etc",
                "acct/homedir/mail",
            ]
            assert list(tree.children("acct/nothing")) == []
            assert tree.find("acct/nothing") is None
            assert _codes(tree) == []


@pytest.mark.parametrize("outer", PACKINGS)
@pytest.mark.parametrize("inner", PACKINGS)
def test_an_archived_home_is_shown_in_its_place(tmp_path: Path, outer: str, inner: str) -> None:
    home = tar([info("./", tarfile.DIRTYPE), ("./etc/quota", b"1"), ("mail/cur/1", b"text")])
    name = f"acct/homedir.tar{'.' + inner if inner else ''}"
    with _archive(
        tmp_path, [("acct/version", b"v"), (name, packed(home, inner)), ("acct/last", b"z")], outer
    ) as tree:
        assert tree.read("acct/homedir/etc/quota") == b"1"
        assert tree.read("acct/homedir/mail/cur/1") == b"text"
        assert tree.head("acct/homedir/mail/cur/1") == b"text"
        assert tree.read("acct/last") == b"z"
        assert tree.find(name) is None
        out = tmp_path / "out"
        assert tree.extract(["acct/homedir/mail"], out, limit=10) == (1, 4)
        assert (out / "acct/homedir/mail/cur/1").read_bytes() == b"text"


@pytest.mark.parametrize("how", PACKINGS)
def test_what_leads_out_or_is_no_file_is_left_out_and_told(tmp_path: Path, how: str) -> None:
    parts: list[Part] = [
        ("../../etc/passwd", b"1"),
        ("a/../../b", b"2"),
        ("/etc/shadow", b"3"),
        info("a/pipe", tarfile.FIFOTYPE),
        info("a/disk", tarfile.BLKTYPE),
        info("a/tty", tarfile.CHRTYPE),
        info("a/hard", tarfile.LNKTYPE, "/etc/passwd"),
        info("a/hard2", tarfile.LNKTYPE, "../x"),
        info("a/hard3", tarfile.LNKTYPE, "a/nothing"),
        ("a/" + "n" * 300, b"4"),
        ("d/" * 300 + "deep", b"5"),
        ("a/good", b"6"),
    ]
    with _archive(tmp_path, parts, how) as tree:
        assert [m.path for m in tree.members()] == ["a", "a/good"]
        assert [code for code, _ in _codes(tree)] == [
            *["path"] * 3,
            *["device"] * 3,
            *["path"] * 2,
            "link",
            "name",
            "name",
        ]
        tree.extract([""], tmp_path / "out", limit=100)
    assert [p.name for p in (tmp_path / "out").rglob("*")] == ["a", "good"]


@pytest.mark.parametrize("how", PACKINGS)
def test_a_link_through_a_symbolic_link_writes_nothing_elsewhere(tmp_path: Path, how: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    parts: list[Part] = [
        info("a/way", tarfile.SYMTYPE, str(outside)),
        ("a/way/in", b"evil"),
        ("a/file", b"1"),
        ("a/file/below", b"2"),
    ]
    with _archive(tmp_path, parts, how) as tree:
        tree.extract([""], tmp_path / "out", limit=100)
        assert ("clash", "a/file/below") in _codes(tree)
    assert list(outside.iterdir()) == []
    assert not (tmp_path / "out/a/way").is_symlink()


@pytest.mark.parametrize("how", PACKINGS)
def test_a_hard_link_is_its_file_wherever_that_lies(tmp_path: Path, how: str) -> None:
    """Dovecot copies messages between folders by hard links, and tar keeps them such."""
    parts: list[Part] = [
        ("mail/a/cur/1", b"one message"),
        ("mail/b/cur/0", b"other"),
        info("mail/b/cur/1", tarfile.LNKTYPE, "mail/a/cur/1"),
        info("mail/b/cur/2", tarfile.LNKTYPE, "mail/b/cur/1"),
    ]
    with _archive(tmp_path, parts, how) as tree:
        assert tree.read("mail/b/cur/2") == b"one message"
        assert tree.head("mail/b/cur/2") == b"one "
        found = tree.find("mail/b/cur/1")
        assert found is not None and (found.kind, found.size) == ("file", 11)
        assert tree.extract(["mail/b"], tmp_path / "out", limit=16) == (3, 16)
    assert (tmp_path / "out/mail/b/cur/1").read_bytes() == b"one message"
    assert (tmp_path / "out/mail/b/cur/2").read_bytes() == b"one message"
    assert not (tmp_path / "out/mail/a").exists()


def test_of_a_member_that_is_there_twice_the_last_counts(tmp_path: Path) -> None:
    parts: list[Part] = [("a/b", b"first"), ("a/b", b"2nd"), info("a", tarfile.DIRTYPE)]
    for how in PACKINGS:
        with _archive(tmp_path, parts, how) as tree:
            assert tree.read("a/b") == b"2nd"
            assert _codes(tree) == [("duplicate", "a/b")]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_in_no_encoding_keep_their_octets(tmp_path: Path, form: int) -> None:
    name = "mail/.\udce9t\udce9/cur/1"  # Latin-1
    data = tar([(name, b"x")], form)
    tree = open_tree(write(tmp_path, data, "gz"), work=tmp_path)
    with tree:
        assert [m.path for m in tree.members() if m.kind == "file"] == [name]
        tree.extract([""], tmp_path / "out", limit=1)
    assert os.fsencode(tmp_path / "out") + b"/mail/.\xe9t\xe9/cur/1" in [
        os.fsencode(path) for path in (tmp_path / "out").rglob("1")
    ]


@pytest.mark.parametrize("how", PACKINGS)
def test_a_symbolic_link_leads_only_beside_itself(tmp_path: Path, how: str) -> None:
    parts: list[Part] = [
        ("etc/u.db.17", b"data"),
        info("etc/u.db.latest", tarfile.SYMTYPE, "/home/acct/etc/u.db.17"),
        info("etc/out", tarfile.SYMTYPE, "../../etc/passwd"),
        info("etc/up", tarfile.SYMTYPE, ".."),
    ]
    with _archive(tmp_path, parts, how) as tree:
        assert tree.beside("etc/u.db.latest") == "etc/u.db.17"
        assert tree.beside("etc/out") == tree.beside("etc/up") == tree.beside("etc/u.db.17") == ""
        with pytest.raises(Refusal, match="no file"):
            tree.read("etc/u.db.latest")


@pytest.mark.parametrize("how", ["gz", "zst"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_an_archive_that_is_cut_off_is_refused(tmp_path: Path, how: str, share: float) -> None:
    data = packed(tar([(f"a/{n}", os.urandom(3000)) for n in range(50)]), how)
    path = tmp_path / "cut"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(Refusal) as told:
        open_tree(path, work=tmp_path)
    assert told.value.code == "archive-unreadable"
    assert [p.name for p in tmp_path.iterdir()] == ["cut"]


@pytest.mark.parametrize("cut", [512, 700, 3072 + 100, 3 * 3584])
def test_a_plain_archive_that_is_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut"
    path.write_bytes(tar([(f"a/{n}", bytes(3000)) for n in range(50)])[:cut])
    with pytest.raises(Refusal, match="ends in the middle"):
        open_tree(path, work=tmp_path)


@pytest.mark.parametrize("how", PACKINGS)
def test_damage_in_the_middle_is_not_taken_for_the_end(tmp_path: Path, how: str) -> None:
    data = bytearray(tar([(f"a/{n}", bytes(100)) for n in range(9)]))
    data[4 * 1024 + 10] ^= 0xFF  # in the name of the fifth file
    with pytest.raises(Refusal, match="damaged"):
        open_tree(write(tmp_path, bytes(data), how), work=tmp_path)


@pytest.mark.parametrize(
    "data", [b"", b"no archive at all", bytes(100), b"x" * 5000, b"\x1f\x8b", b"\x28\xb5\x2f\xfd"]
)
def test_other_files_are_no_archives(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(Refusal) as told:
        open_tree(path, work=tmp_path)
    assert told.value.code == "archive-unreadable"


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "nothing"):
        with pytest.raises(Refusal):
            open_tree(path, work=tmp_path)


@pytest.mark.parametrize("how", ["gz", "zst"])
def test_a_bomb_ends_by_its_ratio(tmp_path: Path, how: str) -> None:
    path = write(tmp_path, tar([("a", bytes(40 * 2**20))]), how)
    with pytest.raises(Refusal) as told:
        open_tree(path, limits=Limits(free=2**20), work=tmp_path)
    assert told.value.code == "archive-too-large"
    with open_tree(path, work=tmp_path) as tree:  # so small a one does no harm
        assert [m.path for m in tree.members()] == ["a"]


@pytest.mark.parametrize("how", PACKINGS)
def test_a_bomb_inside_the_home_ends_too(tmp_path: Path, how: str) -> None:
    home = packed(tar([("a", bytes(40 * 2**20))]), "zst")
    path = write(tmp_path, tar([("acct/homedir.tar.zst", home)]), how)
    with pytest.raises(Refusal, match="far more"):
        open_tree(path, limits=Limits(free=2**20), work=tmp_path)


@pytest.mark.parametrize("how", PACKINGS)
@pytest.mark.parametrize("limits", [Limits(members=5), Limits(octets=500)])
def test_more_than_may_be_is_refused(tmp_path: Path, how: str, limits: Limits) -> None:
    path = write(tmp_path, tar([(f"a/{n}", bytes(90)) for n in range(6)]), how)
    with pytest.raises(Refusal) as told:
        open_tree(path, limits=limits, work=tmp_path)
    assert told.value.code == "archive-too-large"


def test_zstd_that_asks_for_gigabytes_of_memory_is_refused(tmp_path: Path) -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=30)
    data = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    path = tmp_path / "wide"
    path.write_bytes(data.compress(tar([("a", b"x")])) + data.flush())
    with pytest.raises(Refusal, match="memory"):
        open_tree(path, work=tmp_path)


@pytest.mark.parametrize("how", PACKINGS)
@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_of_megabytes_is_refused(tmp_path: Path, how: str, kind: bytes) -> None:
    long = info("x", kind, size=8 * 2**20)
    data = long.tobuf(tarfile.GNU_FORMAT) + b"11 path=aaa" * (8 * 2**20 // 11)
    for before in (b"", tar([("a", b"1")])[:1024]):
        with pytest.raises(Refusal, match="far too long"):
            open_tree(write(tmp_path, before + data + bytes(9000), how), work=tmp_path)


@pytest.mark.parametrize("how", PACKINGS)
def test_headers_without_end_are_refused(tmp_path: Path, how: str) -> None:
    one = info("x", tarfile.XHDTYPE, size=12).tobuf(tarfile.USTAR_FORMAT) + b"12 path=abc\n".ljust(
        512, b"\0"
    )
    with pytest.raises(Refusal, match="far too long"):
        open_tree(write(tmp_path, one * 3000, how), work=tmp_path)


@pytest.mark.parametrize("how", PACKINGS)
def test_files_that_were_asked_for_are_kept_aside(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = _archive(tmp_path, list(FILES), how, keep=lambda path: "/va/" in path)
    (tmp_path / ("archive.tar" + ("." + how if how else ""))).unlink()
    with tree:
        assert tree.read("acct/va/example.com") == b"*: acct\n"
        with pytest.raises(Refusal):
            tree.read("acct/version")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", PACKINGS)
def test_no_more_is_written_than_there_is_room_for(tmp_path: Path, how: str) -> None:
    parts: list[Part] = [("m/1", b"x" * 60), ("m/2", b"y" * 60)]
    folder = unpacked([("m/1", b"x" * 60), ("m/2", b"y" * 60)], tmp_path / "folder")
    for tree in (_archive(tmp_path, parts, how), open_tree(folder)):
        with tree, pytest.raises(Refusal, match="less room"):
            tree.extract(["m"], tmp_path / "out", limit=119)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("how", PACKINGS)
def test_an_interrupted_extraction_goes_on(tmp_path: Path, how: str) -> None:
    parts: list[Part] = [(f"m/{n}", bytes([n]) * 50) for n in range(5)]
    out = tmp_path / "out"
    with _archive(tmp_path, parts, how) as tree:
        tree.extract(["m"], out, limit=1000)
        (out / "m/2").unlink()
        (out / "m/3").write_bytes(b"half")
        before = (out / "m/1").stat().st_ino
        assert tree.extract(["m", "m"], out, limit=1000) == (5, 250)
    assert [(out / f"m/{n}").read_bytes() for n in range(5)] == [bytes([n]) * 50 for n in range(5)]
    assert (out / "m/1").stat().st_ino == before
    assert (out / "m/3").stat().st_mtime == WHEN


def test_a_directory_with_links_shows_nothing_from_outside(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/file").write_bytes(b"secret")
    folder = unpacked([("home/etc/passwd", b"1")], tmp_path / "folder")
    (folder / "home/way").symlink_to(tmp_path / "secret")
    (folder / "home/etc/shadow").symlink_to(tmp_path / "secret/file")
    os.mkfifo(folder / "home/etc/pipe")
    with open_tree(folder) as tree:
        assert [(m.path, m.kind) for m in tree.members("home")] == [
            ("home/etc", "directory"),
            ("home/etc/passwd", "file"),
            ("home/etc/shadow", "symlink"),
            ("home/way", "symlink"),
        ]
        for path in ("home/way/file", "home/etc/shadow", "home/../../secret/file", "home/etc/pipe"):
            with pytest.raises(Refusal, match="no file"):
                tree.read(path)
        assert list(tree.children("home/way")) == []
        tree.extract([""], tmp_path / "out", limit=10)
        assert ("device", "home/etc/pipe") in _codes(tree)
    assert [p.name for p in (tmp_path / "out").rglob("*") if p.is_file()] == ["passwd"]


def test_places_of_a_live_server_are_one_tree(tmp_path: Path) -> None:
    unpacked(
        [
            ("etc/valiases/a.example", b"*: x\n"),
            ("home2/acct/mail/cur/1", b"m"),
            ("etc/hosts", b""),
        ],
        tmp_path,
    )
    (tmp_path / "home").mkdir()
    (tmp_path / "home/acct").symlink_to("../home2/acct")
    mounts = {"va/a.example": "etc/valiases/a.example", "homedir": "home/acct", "vf/a": "etc/none"}
    with DirectoryTree(tmp_path, mounts) as tree:
        assert [m.path for m in tree.members()] == [
            "homedir",
            "homedir/mail",
            "homedir/mail/cur",
            "homedir/mail/cur/1",
            "va",
            "va/a.example",
            "vf",
        ]
        assert tree.read("va/a.example") == b"*: x\n"
        assert tree.read("homedir/mail/cur/1") == b"m"
        assert tree.place("va/a.example") == "etc/valiases/a.example"
        assert tree.place("homedir/mail") == "home/acct/mail"
        assert tree.find("etc/hosts") is None
        with pytest.raises(Refusal):
            tree.read("etc/hosts")


def test_a_peek_reads_no_further_than_it_is_asked(tmp_path: Path) -> None:
    data = packed(tar([("acct/version", b"v"), ("acct/big", os.urandom(2**20))]), "gz")
    path = tmp_path / "cut"
    path.write_bytes(data[: len(data) // 2])
    assert next(archive.peek(path)) == "acct/version"
    folder = unpacked(FILES, tmp_path / "folder")
    assert list(archive.peek(folder)) == ["acct", "acct/homedir", "acct/va", "acct/version"]


def test_a_large_file_is_read_from_front_to_back(tmp_path: Path) -> None:
    big = os.urandom(3 * 2**20)
    for how in PACKINGS:
        with _archive(tmp_path, [("a/big", big), ("a/small", b"s")], how) as tree:
            with tree.stream("a/big") as file:
                assert file.read(7) + file.read() == big
            with pytest.raises(Refusal, match="larger than"):
                tree.read("a/big")


def test_a_full_disk_is_said_and_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, tar(FILES), "gz")
    with open_tree(path, work=tmp_path) as tree:

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("mailstead.foreign.archive_write.copy", full)
        with pytest.raises(Refusal) as told:
            tree.extract([""], tmp_path / "out", limit=1000)
        monkeypatch.setattr("mailstead.foreign.archive_index.copy", full)
        with pytest.raises(Refusal) as again:
            open_tree(path, keep=lambda path: True, work=tmp_path)
    assert (told.value.code, again.value.code) == ("no-room", "no-room")
    assert not told.value.permanent
    assert sorted(one.name for one in tmp_path.iterdir()) == ["archive.tar.gz", "out"]


def test_a_file_that_goes_while_a_directory_is_copied_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = unpacked([("m/1", b"1"), ("m/2", b"2")], tmp_path / "folder")
    with open_tree(folder) as tree:
        listed = list(tree.members("m"))
        monkeypatch.setattr(tree, "members", lambda under: iter(listed))
        (folder / "m/2").unlink()
        assert tree.extract(["m"], tmp_path / "out", limit=10) == (1, 1)
        assert _codes(tree) == [("moved", "m/2")]


@pytest.mark.parametrize("how", PACKINGS)
def test_single_files_are_brought_too(tmp_path: Path, how: str) -> None:
    files = [("m/a/inbox", b"12"), ("m/a/other", b"34"), ("m/b/1", b"5"), ("m/b0/1", b"6")]
    for number, tree in enumerate(
        (_archive(tmp_path, list(files), how), open_tree(unpacked(files, tmp_path / "folder")))
    ):
        out = tmp_path / f"out{number}"
        with tree:
            assert tree.extract(["m/a/inbox", "m/b", "m/none"], out, limit=3) == (2, 3)
        found = sorted(str(one.relative_to(out)) for one in out.rglob("*") if one.is_file())
        assert found == ["m/a/inbox", "m/b/1"]


def test_an_archive_that_may_not_be_read_says_to_whom_to_give_it(tmp_path: Path) -> None:
    path = tmp_path / "cpmove-acct.tar"
    path.write_bytes(tar([]))
    path.chmod(0o600)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    os.seteuid(65534)
    try:
        with pytest.raises(Refusal) as refused, open_tree(path):
            pass
    finally:
        os.seteuid(0)
    assert refused.value.code == "archive-not-ours"
    assert "cpmove-acct.tar" in refused.value.sentence
