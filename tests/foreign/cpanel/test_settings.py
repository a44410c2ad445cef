"""`cp/USER` says what the account may do, and how mail for each domain is routed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.cpanel import Account

from mailstead.foreign.cpanel.reader import read
from mailstead.foreign.inventory import Inventory


def _with(folder: Path, *lines: str, quota: str = "") -> Inventory:
    account = Account()
    for line in lines:
        account.add("cp/acct", line)
    account.put("quota", quota)
    return read(account.unpacked(folder))


def _codes(found: Inventory) -> list[str]:
    return [one.code for one in found.remarks if one.code != "sending-not-told"]


@pytest.mark.parametrize(
    ("value", "routing", "codes"),
    [
        ("0", "local", []),
        ("local", "local", []),
        ("auto", "auto", []),
        ("remote", "remote", []),
        ("REMOTE", "remote", []),
        ("secondary", "secondary", []),
        ("7", "unknown", ["routing-unknown"]),
    ],
)
def test_routing(value: str, routing: str, codes: list[str], tmp_path: Path) -> None:
    found = _with(tmp_path, f"MXCHECK-example.com={value}")
    assert found.domains[0].routing == routing
    assert _codes(found) == codes


@pytest.mark.parametrize(
    ("quota", "line", "octets", "codes"),
    [
        ("5120", "", 5120 * 2**20, []),
        ("0", "DISK_BLOCK_LIMIT=9", None, []),
        ("unlimited", "", None, []),
        ("", "DISK_BLOCK_LIMIT=2048", 2 * 2**20, []),
        ("", "DISK_BLOCK_LIMIT=0", None, []),
        ("5368709120", "", 5 * 2**30, ["quota-unit"]),
        ("much", "", None, ["limit-unknown"]),
    ],
)
def test_the_account_s_quota(
    quota: str, line: str, octets: int | None, codes: list[str], tmp_path: Path
) -> None:
    found = _with(tmp_path, *([line] if line else []), quota=quota)
    assert found.limits.octets == octets
    assert _codes(found) == codes


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("MAXPOP=0", "mailboxes", 0),
        ("MAXPOP=unlimited", "mailboxes", None),
        ("MAXLST=3", "lists", 3),
        ("MAX_EMAILACCT_QUOTA=unlimited", "mailbox_octets", None),
        ("MAX_EMAILACCT_QUOTA=250", "mailbox_octets", 250 * 2**20),
        ("MAX_EMAIL_PER_HOUR=0", "messages_per_hour", None),
        ("MAX_EMAIL_PER_HOUR=100", "messages_per_hour", 100),
    ],
)
def test_limits(line: str, name: str, value: int | None, tmp_path: Path) -> None:
    found = _with(tmp_path, line)
    assert getattr(found.limits, name) == value
    assert _codes(found) == []


def test_lines_that_nobody_knows_are_said_and_the_others_are_not(tmp_path: Path) -> None:
    found = _with(
        tmp_path,
        *("IP=192.0.2.1", "notify_disk_limit=1", "HASDKIM=1", "XDNS1=gone.example", "# words"),
        *("WHAT=1", "no equals sign", "MAXPOP=many", "MAX_DEFER_FAIL_PERCENTAGE=30"),
        "DNS2=not a domain",
    )
    assert sorted(_codes(found)) == [
        "domain-invalid",
        "limit-of-deferrals",
        "limit-unknown",
        "unknown-setting",
        "unknown-setting",
    ]
    assert [domain.name for domain in found.domains] == ["example.com"]


def test_who_is_written_to(tmp_path: Path) -> None:
    found = _with(tmp_path, "CONTACTEMAIL=a@b.example, c@d.example", "CONTACTEMAIL2=a@b.example")
    assert found.contacts == ("a@b.example", "c@d.example")


def test_an_older_server_keeps_the_owner_s_address_at_home(tmp_path: Path) -> None:
    account = Account()
    account.put("homedir/.contactemail", "---\nemail: 'owner@far.example'\nsecond_email: ''\n")
    assert read(account.archive(tmp_path)).contacts == ("owner@far.example",)
    account.add("cp/acct", "CONTACTEMAIL=new@far.example")
    assert read(account.archive(tmp_path)).contacts == ("new@far.example",)
