"""Of a mailbox's store it is told what kind it is and what it holds, by names and sizes alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.foreign.tars import tar, unpacked, write

from mailstead.foreign.archive import Limits, open_tree
from mailstead.foreign.inventory import Remark, Store
from mailstead.foreign.notes import Notes
from mailstead.foreign.stores import find_store

BOX = "mail/example.com/info"


def _message(
    folder: str, number: int, data: bytes = b"x" * 20, said: int = 20
) -> tuple[str, bytes]:
    path = f"{BOX}/{folder}/cur" if folder else f"{BOX}/cur"
    return f"{path}/17000000{number:02}.M1P1.h,S={said}:2,S", data


def _find(folder: Path, *files: tuple[str, bytes]) -> tuple[Store | None, tuple[Remark, ...]]:
    """As a directory says it; an archive must say the same."""
    notes, same = Notes(), Notes()
    tree = open_tree(unpacked(files, folder / "tree"))
    found = find_store(tree, BOX, notes, address="info@example.com")
    with open_tree(write(folder, tar(files), "gz"), work=folder) as archive:
        assert find_store(archive, BOX, same, address="info@example.com") == found
    assert same.all() == notes.all()
    return found, notes.all()


def test_messages_are_files_in_cur_and_new(tmp_path: Path) -> None:
    found, said = _find(
        tmp_path,
        _message("", 1),
        (f"{BOX}/new/1700000002.M2P1.h", b"12345"),
        _message(".Sent", 3),
        _message(".Archive.2023", 4, b"abc", 3),
        (f"{BOX}/tmp/1700000005.M5", b"half written"),
        (f"{BOX}/cur/.hidden", b"1"),
        (f"{BOX}/dovecot-uidlist", b"3 V1 N2\n"),
        (f"{BOX}/.directory/of/something", b"1"),
    )
    assert found == Store(
        kind="maildir",
        path=Path(BOX),
        messages=4,
        octets=48,
        folders=("Archive/2023", "Sent"),
    )
    assert said == ()


@pytest.mark.parametrize(
    ("names", "subscriptions", "writing", "folders", "codes"),
    [
        (["R&D"], None, "mutf-7", ("R&D",), []),
        (["Été & Co"], None, "utf-8", ("Été & Co",), []),
        (["Été", "A&-B"], None, "utf-8", ("A&-B", "Été"), []),
        (["A&-B"], None, "ambiguous", ("A&B",), ["folder-names-doubtful"]),
        (["&AMk-t&AOk-"], None, "ambiguous", ("Été",), ["folder-names-doubtful"]),
        (["A&-B"], "A&-B\nÉté\n", "utf-8", ("A&-B",), ["folder-names-doubtful"]),
        (["\udce9t\udce9"], None, "utf-8", ("\ufffdt\ufffd",), ["folder-name"]),
    ],
)
def test_names_of_folders_in_both_ways_of_writing(
    names: list[str],
    subscriptions: str | None,
    writing: str,
    folders: tuple[str, ...],
    codes: list[str],
    tmp_path: Path,
) -> None:
    files = [_message(f".{name}", number) for number, name in enumerate(names)]
    if subscriptions is not None:
        files.append((f"{BOX}/subscriptions", subscriptions.encode()))
    found, said = _find(tmp_path, (f"{BOX}/cur/.keep", b""), *files)
    assert found is not None
    assert (found.names, found.folders) == (writing, folders)
    assert [one.code for one in said] == codes


@pytest.mark.parametrize(
    ("data", "said", "compressed"),
    [
        (b"\x1f\x8b\x08\x00packed", 500, True),
        (b"\x28\xb5\x2f\xfdpacked", 500, True),
        (b"From: someone", 500, False),
        (b"\x1f\x8b\x08\x00", 4, False),
    ],
)
def test_packed_messages_are_seen(data: bytes, said: int, compressed: bool, tmp_path: Path) -> None:
    found, _ = _find(tmp_path, _message("", 1), _message(".Sent", 2, data, said))
    assert found is not None and found.compressed is compressed


def test_an_mdbox_is_told_by_its_mark_or_its_storage(tmp_path: Path) -> None:
    files = [
        (f"{BOX}/storage/m.1", b"x" * 700),
        (f"{BOX}/storage/m.2", b"x" * 50),
        (f"{BOX}/storage/dovecot.map.index", b"x" * 9000),
        (f"{BOX}/mailboxes/INBOX/dbox-Mails/dovecot.index.log", b""),
        (f"{BOX}/mailboxes/&AMk-t&AOk-/2023/dbox-Mails/dovecot.index.log", b""),
    ]
    expected = Store(kind="mdbox", path=Path(BOX), octets=750, folders=("Été/2023",))
    assert _find(tmp_path / "a", *files)[0] == expected
    mark = (f"{BOX}/mailbox_format.cpanel", b"mdbox\n")
    assert _find(tmp_path / "b", *files, mark, _message("", 1))[0] == expected
    mark = (f"{BOX}/mailbox_format.cpanel", b"maildir")
    found = _find(tmp_path / "c", *files, mark, _message("", 1))[0]
    assert found is not None and (found.kind, found.messages) == ("maildir", 1)


def test_a_store_that_is_half_converted_is_refused(tmp_path: Path) -> None:
    found, said = _find(tmp_path, _message("", 1), (f"{BOX}/conversion_in_progress.txt", b""))
    assert found is None
    assert [(one.grade, one.code) for one in said] == [("refused", "store-half-converted")]


def test_an_old_mbox_is_counted_by_its_separators(tmp_path: Path) -> None:
    text = b"From a@b Mon\n\nFrom here on\n\nFrom a@b Tue\nSubject: 2\n\nText\n>From x\n"
    found, _ = _find(tmp_path, (f"{BOX}/inbox", text))
    assert found is not None and (found.kind, found.messages) == ("mbox", 3)
    assert found.path == Path(BOX, "inbox")


def test_where_no_store_is_none_is_found(tmp_path: Path) -> None:
    assert _find(tmp_path / "a", ("mail/example.com/other/cur/1", b"x")) == (None, ())
    assert _find(tmp_path / "b", (f"{BOX}/file", b"x")) == (None, ())


def test_a_pass_over_the_archive_is_enough_to_see_packed_messages(tmp_path: Path) -> None:
    files = [_message("", number, b"\x1f\x8b" + bytes(50), 99) for number in range(50)]
    path = write(tmp_path, tar(files), "gz")
    with open_tree(path, limits=Limits(), work=tmp_path) as tree:
        path.unlink()
        found = find_store(tree, BOX, Notes())
    assert found is not None and found.compressed
