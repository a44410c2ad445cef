"""Whatever stands in an account's files, reading ends with an inventory or a refusal."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.foreign.directadmin.accounts import Files, archive, home, mail, octets, whole
from tests.foreign.tars import info, tar, write

from mailstead.foreign.directadmin import read
from mailstead.foreign.inventory import Inventory
from mailstead.standards.refusal import Refusal

READ = sorted(path for path in whole() if path.startswith("backup/") and path != "backup/user.conf")
JUNK = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")),
    st.sampled_from(
        [b"\0", b":" * 40, b"=" * 40, b'"' * 41, b"\\" * 41, b"*:", b"\n ", b"%00%zz", b"a@" * 40]
    ),
)


def whole_again(inventory: Inventory) -> None:
    """It can be kept as a move keeps it."""

    def plain(value: Any) -> str:
        return str(value)

    def value(kind: type, text: Any) -> Any:
        return kind(text)

    data = msgspec.json.encode(inventory, enc_hook=plain)
    assert msgspec.json.decode(data, type=Inventory, dec_hook=value) == inventory
    assert "\ud800" not in repr(inventory)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(st.sampled_from(READ), st.data())
def test_junk_in_a_file_spoils_that_file_alone(
    tmp_path: Path, path: str, data: st.DataObject
) -> None:
    files = dict(octets(whole() | mail()))
    old = files[path]
    place = data.draw(st.integers(0, len(old)))
    files[path] = old[:place] + data.draw(JUNK) + data.draw(st.sampled_from([b"", old[place:]]))
    source = read(archive(tmp_path, dict(files.items()), home(), "", ""))
    whole_again(source)
    assert source.account == "acct"
    if "example.com/email" not in path and "example.com/domain" not in path:
        assert {"info@example.com", "acct@example.com"} <= {
            box.address for box in source.mailboxes()
        }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.binary(max_size=200))
def test_junk_as_the_accounts_settings(tmp_path: Path, junk: bytes) -> None:
    files: Files = whole() | {"backup/user.conf": b"username=acct\n" + junk}
    try:
        whole_again(read(archive(tmp_path, files, None, "", "")))
    except Refusal as refused:
        assert refused.code == "account-unknown"


@pytest.mark.parametrize(
    "name",
    [
        "backup/../../etc/passwd",
        "/etc/passwd",
        "imap/example.com/info/Maildir/cur/../../../../x",
        "backup/example.com/email/reply/" + "x" * 300,
    ],
)
def test_a_path_that_leads_out_is_left_out_and_told(tmp_path: Path, name: str) -> None:
    data = tar([*octets(whole() | mail()), (name, b"x")])
    source = read(write(tmp_path, data, "gz", "bad"))
    assert [one.code for one in source.remarks if one.code.startswith("odd-")]
    whole_again(source)


def test_links_in_a_backup_lead_nowhere(tmp_path: Path) -> None:
    files = {path: data for path, data in whole().items() if not path.endswith("/aliases")}
    parts = [
        *octets(files | mail()),
        info("backup/example.com/email/aliases", tarfile.SYMTYPE, "/etc/passwd"),
        info("imap/example.com/sales", tarfile.SYMTYPE, "/home"),
        info("backup/example.com/email/filter2", tarfile.LNKTYPE, "/etc/passwd"),
    ]
    source = read(write(tmp_path, tar(parts), "gz", "links"))
    domain = source.domain("example.com")
    assert domain is not None
    assert domain.aliases == ()
    codes = {one.code for one in source.remarks}
    assert {"no-file", "unknown-file"} <= codes
    assert "root:" not in repr(source)
