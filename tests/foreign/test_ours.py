"""An export of Mailstead comes back as it went, and a changed one does no harm."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.foreign.directadmin.accounts import TEXT, archive, home, mail, whole
from tests.foreign.tars import packed, tar, unpacked, write

from mailstead.foreign import directadmin, ours
from mailstead.foreign.inventory import Inventory
from mailstead.standards.refusal import Refusal


@pytest.fixture
def account(tmp_path: Path) -> Inventory:
    """Something with everything in it."""
    return directadmin.read(archive(tmp_path, whole() | mail(), home()))


MAIL = {
    "cur/1.a:2,S": TEXT,
    "new/2.b": TEXT,
    ".Entw&APw-rfe/cur/4.d:2,": TEXT,
    "dovecot-uidlist": b"3 V1 N5 G0\n",
    "subscriptions": b"Entw&APw-rfe\n",
}


def exported(account: Inventory, mail: str = "info@example.com") -> bytes:
    """An export with mail for one mailbox."""
    parts = [(ours.MANIFEST, ours.manifest(account, lambda address: address == mail))]
    parts.append((ours.README, b"Read me."))
    parts += [(f"{ours.place(mail)}/{name}", data) for name, data in MAIL.items() if mail]
    return tar(parts)


@pytest.mark.parametrize("how", ["", "gz", "zst", "unpacked"])
def test_an_export_comes_back_as_it_went(account: Inventory, tmp_path: Path, how: str) -> None:
    data = exported(account)
    if how == "unpacked":
        path = tmp_path / "out"
        with tarfile.open(fileobj=io.BytesIO(data)) as inside:
            files = [(one.name, inside.extractfile(one)) for one in inside.getmembers()]
            unpacked([(name, file.read()) for name, file in files if file is not None], path)
    else:
        path = write(tmp_path, data, how, "export")
    assert ours.detect(path) == ("unpacked" if how == "unpacked" else "archive")
    back = ours.read(path, "acct")
    assert back.panel == "mailstead"
    for old, new in zip(account.domains, back.domains, strict=True):
        without = msgspec.structs.replace(old, mailboxes=())
        assert msgspec.structs.replace(new, mailboxes=()) == without
        for was, is_ in zip(old.mailboxes, new.mailboxes, strict=True):
            assert msgspec.structs.replace(is_, stores=was.stores) == was
    assert back.remarks == account.remarks
    (store,) = back.domains[0].mailboxes[0].stores
    assert (str(store.path), store.kind, store.messages) == (
        "mail/example.com/info",
        "maildir",
        3,
    )
    assert store.folders == ("Entwürfe",)


def changed(account: Inventory, folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The export with another list of what is in it."""
    listed = json.loads(ours.manifest(account, lambda _: False))
    change(listed)
    return write(folder, tar([(ours.MANIFEST, json.dumps(listed).encode())]), "", "changed")


def _box(listed: dict[str, Any]) -> dict[str, Any]:
    box: dict[str, Any] = listed["inventory"]["domains"][0]["mailboxes"][0]
    return box


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda listed: listed.update(version=2), "export-newer"),
        (lambda listed: listed.update(more=1), "export-invalid"),
        (lambda listed: listed.pop("inventory"), "export-invalid"),
        (lambda listed: listed["inventory"].update(panel="cpanel"), "export-invalid"),
        (lambda listed: listed["inventory"]["domains"][0].update(name="a/b"), "export-invalid"),
        (lambda listed: _box(listed).update(address="x@other.example"), "export-invalid"),
        (lambda listed: _box(listed).update(address="../x@example.com"), "export-invalid"),
        (
            lambda listed: _box(listed).update(stores=[{"kind": "maildir", "path": "../../etc"}]),
            "export-invalid",
        ),
        (
            lambda listed: listed["inventory"]["domains"][0]["aliases"][0].update(address="a"),
            "export-invalid",
        ),
    ],
)
def test_a_list_that_was_changed_is_refused(
    account: Inventory, tmp_path: Path, change: Callable[[dict[str, Any]], object], code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        ours.read(changed(account, tmp_path, change))
    assert refused.value.code == code


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b'{"version": 1}', b"\xff"])
def test_a_list_that_is_none_is_refused(tmp_path: Path, data: bytes) -> None:
    path = write(tmp_path, tar([(ours.MANIFEST, data)]), "", "bad")
    with pytest.raises(Refusal) as refused:
        ours.read(path)
    assert refused.value.code == "export-invalid"


def test_mail_that_is_missing_and_files_that_are_too_many_are_told(
    account: Inventory, tmp_path: Path
) -> None:
    listed = ours.manifest(account, lambda address: address == "info@example.com")
    parts = [(ours.MANIFEST, listed), ("mail/other.example/x/cur/1.a:2,", TEXT), ("stray", b"x")]
    path = tmp_path / "export.tar.gz"
    path.write_bytes(packed(tar(parts), "gz"))
    back = ours.read(path)
    told = [(one.code, one.place) for one in back.remarks[len(account.remarks) :]]
    assert told == [
        ("mail-not-there", "mail/example.com/info"),
        ("unknown-file", "mail/other.example/x/cur/1.a:2,"),
        ("unknown-file", "stray"),
    ]
    assert back.mail_missing


def test_another_account_and_another_file_are_refused(account: Inventory, tmp_path: Path) -> None:
    path = write(tmp_path, exported(account), "", "export")
    with pytest.raises(Refusal) as other:
        ours.read(path, "other")
    assert other.value.code == "account-other"
    stray = write(tmp_path, tar([("stray", b"x")]), "", "stray")
    assert ours.detect(stray) == ""
    with pytest.raises(Refusal) as none:
        ours.read(stray)
    assert none.value.code == "export-missing"


def test_what_could_not_be_read_again_is_not_written(account: Inventory) -> None:
    first, *others = account.domains
    bad = msgspec.structs.replace(first, name="Not A Domain")
    with pytest.raises(Refusal) as refused:
        ours.manifest(msgspec.structs.replace(account, domains=(bad, *others)), lambda _: False)
    assert refused.value.code == "export-invalid"


def test_scripts_of_the_mailboxs_user_come_with_it(account: Inventory, tmp_path: Path) -> None:
    parts = [
        (ours.MANIFEST, ours.manifest(account, lambda _: False)),
        ("sieve/example.com/info/mine.sieve", b"keep;"),
        ("sieve/example.com/info/old.sieve", b"discard;"),
        ("sieve/example.com/info/active", b"mine"),
        ("sieve/other.example/x/a.sieve", b"keep;"),
    ]
    path = tmp_path / "export.tar"
    path.write_bytes(tar(parts))
    back = ours.read(path)
    (info,) = [box for box in back.mailboxes() if box.address == "info@example.com"]
    found = {one.name: (one.text, one.active) for one in info.sieve if one.place.startswith("sie")}
    assert found == {"mine": ("keep;", True), "old": ("discard;", False)}
    (remark,) = back.remarks[len(account.remarks) :]
    assert (remark.code, remark.place) == ("unknown-file", "sieve/other.example/x/a.sieve")
