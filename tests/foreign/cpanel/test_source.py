"""Whether an account of cPanel lies somewhere, and in which form."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.foreign.tars import info, packed, tar, unpacked, write
from tests.support.cpanel import Account
from tests.support.cpanel_account import everything

from mailstead.foreign.cpanel.reader import read
from mailstead.foreign.cpanel.source import accounts, detect, keep
from mailstead.standards.refusal import Refusal


@pytest.mark.parametrize("how", ["", "gz", "zst"])
@pytest.mark.parametrize("wrapper", ["cpmove-acct", "acct", "backup-1.2.2026_03-04-05_acct"])
def test_an_archive_is_told_by_what_is_in_it(how: str, wrapper: str, tmp_path: Path) -> None:
    path = everything().archive(tmp_path, how, wrapper=wrapper)
    path = path.rename(tmp_path / "some-name")
    assert detect(path) == "archive"


def test_directories_are_told_too(tmp_path: Path) -> None:
    account = everything()
    assert detect(account.unpacked(tmp_path / "a")) == "unpacked"
    assert detect(tmp_path / "a") == "unpacked"  # the directory around it
    root = account.live(tmp_path / "b")
    assert detect(root) == "live"
    (root / "var/cpanel/users/other").write_text("USER=other\n")
    (root / "var/cpanel/users/.tmp").write_text("")
    assert accounts(root) == ("acct", "other")


@pytest.mark.parametrize("how", ["", "gz", "zst"])
def test_other_archives_are_none_of_ours(how: str, tmp_path: Path) -> None:
    directadmin = [("backup/user.conf", b"username=acct\n"), ("imap/example.com/a/Maildir/x", b"")]
    assert detect(write(tmp_path, tar(directadmin), how)) == ""
    assert detect(write(tmp_path, tar([("some/file", b"1")]), how, "other")) == ""
    assert detect(unpacked(directadmin, tmp_path / "folder")) == ""
    with pytest.raises(Refusal, match="no account of cPanel"):
        read(write(tmp_path, tar(directadmin), how))


def test_a_home_of_a_thousand_files_in_front_does_not_matter(tmp_path: Path) -> None:
    account = Account()
    for number in range(1000):
        account.files = {f"homedir/public_html/{number}": b""} | account.files
    assert detect(account.archive(tmp_path)) == "archive"


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("cpmove-acct/va/example.com", True),
        ("cpmove-acct/homedir/etc/example.com/passwd", True),
        ("cpmove-acct/homedir/.autorespond/a@b.example", True),
        ("cpmove-acct/homedir/mail/example.com/info/subscriptions", True),
        ("cpmove-acct/homedir/mail/example.com/info/cur/1", False),
        ("cpmove-acct/homedir/public_html/etc.zip", False),
        ("cpmove-acct/mysql/roundcube.sql", True),
        ("cpmove-acct/mysql/shop.sql", False),
        ("cpmove-acct/mma/priv/x.mbox/x.mbox", False),
    ],
)
def test_only_what_is_read_later_is_laid_aside(path: str, wanted: bool) -> None:
    assert keep(path) is wanted


def test_a_packed_archive_is_read_twice_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once until it is known for what it is, once for all that is in it."""
    from mailstead.foreign import archive_tar

    opened = []
    before = archive_tar.opened

    def counted(path: Path) -> object:
        opened.append(path)
        return before(path)

    monkeypatch.setattr(archive_tar, "opened", counted)
    monkeypatch.setattr("mailstead.foreign.archive_index.opened", counted)
    account = everything()
    account.put("mysql/roundcube.sql", "-- nothing\n")
    read(account.archive(tmp_path, home=""))
    assert len(opened) == 2


def test_what_is_hostile_in_an_archive_is_said_and_does_nothing(tmp_path: Path) -> None:
    account = everything()
    out = account.archive(tmp_path, "")
    whole = out.read_bytes().rstrip(b"\0")
    whole += bytes(-len(whole) % 512)
    evil = tar(
        [
            ("../../evil", b"1"),
            ("/etc/evil", b"1"),
            info("cpmove-acct/pipe", b"6"),
            info("cpmove-acct/va/link.example", b"2", "/etc/passwd"),
            info("cpmove-acct/homedir/etc/link.example", b"2", "/etc"),
            info("cpmove-acct/va/hard.example", b"1", "/etc/passwd"),
        ]
    )
    path = tmp_path / "evil.tar.gz"
    path.write_bytes(packed(whole + evil, "gz"))
    found = read(path, work=tmp_path)
    codes = sorted(
        one.code for one in found.remarks if one.code.startswith(("odd", "unknown-link"))
    )
    assert codes == ["odd-device", "odd-path", "odd-path", "odd-path"] + ["unknown-link"] * 2
    assert "root:" not in repr(found)
    assert found.domain("link.example") is None
    assert sorted(one.name for one in tmp_path.iterdir()) == ["cpmove-acct.tar", "evil.tar.gz"]
    assert not (tmp_path.parent.parent / "evil").exists()


def test_a_live_home_with_links_shows_nothing_of_others(tmp_path: Path) -> None:
    account = everything()
    root = account.live(tmp_path)
    other = root / "home/other/etc/example.com"
    other.mkdir(parents=True)
    (other / "passwd").write_text("stolen:x:1:1::/home/other/mail/example.com/stolen:/x\n")
    etc = root / "home/acct/etc"
    for name in ("passwd", "shadow", "quota"):
        (etc / "example.com" / name).unlink()
    (etc / "example.com/passwd").symlink_to(other / "passwd")
    (etc / "linked.example").symlink_to(other)
    found = read(root, "acct")
    assert "stolen" not in [box.address.partition("@")[0] for box in found.mailboxes()]
    assert found.domain("linked.example") is None
